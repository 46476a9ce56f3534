"""Two ladders beside each other in one scrolling widget: a row of it is a pair of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pktscope.alignment import Pair
from pktscope.render import cells
from pktscope.render.beside import Beside, beside, half_columns, paint_pair, pair_height
from pktscope.rows import Arrow, Fold, Row
from pktscope.timeline import Timeline
from pktscope.tui.ladder import Ladder
from pktscope.tui.player import is_stop
from pktscope.tui.styles import Styles

TOGETHER = 80
"""Columns from which both stand beside each other; below them there is one at a time."""
TIMED = 100
"""Columns from which each has its column of times without being asked."""

EMPTY = (Timeline(), Timeline())


class PairLadder(Ladder):
    """Shows two aligned timelines, or one of them alone (`alone`: 0 the left, 1 the right)."""

    def __init__(self, styles: Styles, options: cells.Options) -> None:
        super().__init__(EMPTY[0], styles, options)
        self.alone: int | None = None
        self.both: Beside = beside(EMPTY, (), (half_columns(40, None), None), options)

    def show_both(self, timelines: tuple[Timeline, Timeline], pairs: Sequence[Pair]) -> None:
        """Two other timelines."""
        self.both = beside(timelines, pairs, self.both.halves, self.options)
        self.fit_columns(*self.app.size)
        self.show(timelines[0])

    @property
    def count(self) -> int:
        """Pairs."""
        return len(self.both.pairs)

    @property
    def breadth(self) -> int:
        """Cells of a line."""
        return self.both.width

    def fit_columns(self, width: int, height: int) -> None:
        """Both halves equally wide; the scroll bar has a cell of its own."""
        hidden = self.hidden ^ ({"time"} if width < TIMED else set())
        room = width - 1
        if self.side(width) is None:
            left = (room - 1) // 2
            sizes: tuple[int, ...] = (left, room - 1 - left)
        else:
            hidden = self.hidden
            sizes = (room, 0) if self.side(width) == 0 else (0, room)
        left_half, right_half = (
            half_columns(size, height, hidden=frozenset(hidden), time_format=self.options.time_format) if size else None
            for size in sizes
        )
        self.both = replace(self.both, halves=(left_half, right_half), options=self.options)

    def side(self, width: int) -> int | None:
        """Which of the two is shown alone; None for both."""
        return self.alone if self.alone is not None or width >= TOGETHER else 0

    def lines(self, row: int, progress: float) -> list[list[cells.Run]]:
        """The cell lines of a pair."""
        return paint_pair(self.both, row, progress=progress)

    def measure(self, row: int) -> int:
        """How many they are."""
        return pair_height(self.both, row)


def leading(timelines: tuple[Timeline, Timeline], pairs: Sequence[Pair]) -> list[Row]:
    """The row of each pair that says how long it is looked at: a packet before a call; its time from its own start."""
    rows: list[Row] = []
    for pair in pairs:
        found = [
            (timeline.rows[row], timeline.start or 0)
            for timeline, row in zip(timelines, pair, strict=True)
            if row is not None
        ]
        row, start = max(found, key=lambda each: (isinstance(each[0], Arrow | Fold), is_stop(each[0])))
        rows.append(replace(row, time=row.time - start))
    return rows
