"""Two timelines beside each other in terminal cells, pair of rows by pair of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace

from pktscope.alignment import Pair
from pktscope.model import NO_STATES, States
from pktscope.render.bands import Run, brush, join
from pktscope.render.cells import height, paint
from pktscope.render.columns import NARROWEST, Columns, Options, TimeFormat, columns
from pktscope.render.header import paint_header
from pktscope.render.spans import rail_runs
from pktscope.render.text import ink
from pktscope.rows import Arrow, Role
from pktscope.text import fit
from pktscope.theme import Depth, Palette
from pktscope.timeline import Timeline

ROOMY = 40
"""Cells of an arrow that has room for every number."""

BETWEEN = {False: "║", True: "#"}
"""What stands between the two, by: ASCII only?"""


@dataclass(frozen=True, slots=True)
class Beside:
    """Two aligned timelines and the columns each is drawn in; a half of no columns is not drawn."""

    timelines: tuple[Timeline, Timeline]
    pairs: Sequence[Pair]
    halves: tuple[Columns | None, Columns | None]
    options: Options
    before: Sequence[tuple[int, int]]
    """The last row of either side in the pairs before each pair; -1 for none."""
    brief: tuple[Timeline, Timeline]
    """The same timelines with labels that say the length first, for short arrows."""

    def drawn(self, side: int) -> Timeline:
        """The timeline of a side as its columns have room for."""
        half = self.halves[side]
        return self.brief[side] if half is not None and half.wire < ROOMY else self.timelines[side]

    @property
    def width(self) -> int:
        """Cells of a line."""
        sizes = [half.width for half in self.halves if half is not None]
        return sum(sizes) + len(sizes) - 1


def beside(
    timelines: tuple[Timeline, Timeline],
    pairs: Sequence[Pair],
    halves: tuple[Columns | None, Columns | None],
    options: Options,
) -> Beside:
    """Both timelines ready to be drawn."""
    before: list[tuple[int, int]] = []
    left = right = -1
    for one, other in pairs:
        before.append((left, right))
        left = left if one is None else one
        right = right if other is None else other
    return Beside(timelines, pairs, halves, options, before, (shortened(timelines[0]), shortened(timelines[1])))


def shortened(timeline: Timeline) -> Timeline:
    """The timeline with the length in front of the flags: where writes are compared, it tells most."""
    short = copy(timeline)
    short.rows = [length_first(row) if isinstance(row, Arrow) else row for row in timeline.rows]
    return short


def length_first(row: Arrow) -> Arrow:
    """An arrow whose label begins with its length and ends with its flags, where it carries data and nothing else."""
    if row.role is not Role.DATA:
        return row
    labels = [
        (*sorted(label[1:], key=lambda part: not part.startswith("len=")), *label[:1])
        for label in (row.label, row.raw_label)
    ]
    return replace(row, label=labels[0], raw_label=labels[1])


def half_columns(
    cells: int, height: int | None, *, hidden: frozenset[str] = frozenset(), time_format: TimeFormat = "relative"
) -> Columns:
    """The columns of one side in so many cells; what it has less than the least is the wire's loss."""
    made = columns(max(cells, NARROWEST), height, hidden=hidden | {"notes"}, time_format=time_format)
    missing = made.width - cells
    return replace(made, width=cells, wire=made.wire - missing) if missing > 0 else widened(made, -missing)


def widened(made: Columns, spare: int) -> Columns:
    """The same with `spare` cells more beside the server's lifeline."""
    return replace(made, width=made.width + spare, right=made.right + spare) if spare else made


def paint_pair(both: Beside, index: int, *, progress: float = 1.0) -> list[list[Run]]:
    """The cell lines of a pair, each exactly as wide as `both.width`; the shorter side is filled up."""
    painted = [lines_of(both, index, side, progress) for side in (0, 1)]
    tall = max(len(lines) for lines in painted)
    filled = [[*lines, *([rest(both, index, side)] * (tall - len(lines)))] for side, lines in enumerate(painted)]
    return [joined(both, [filled[0][at], filled[1][at]]) for at in range(tall)]


def pair_height(both: Beside, index: int) -> int:
    """How many cell lines a pair takes."""
    sizes = [
        height(both.drawn(side), row, half, both.options)
        for side, (row, half) in enumerate(zip(both.pairs[index], both.halves, strict=True))
        if row is not None and half is not None
    ]
    return max(sizes, default=0)


def lines_of(both: Beside, index: int, side: int, progress: float) -> list[list[Run]]:
    """One side's own lines of a pair."""
    row, half = both.pairs[index][side], both.halves[side]
    if row is None or half is None:
        return []
    return paint(both.drawn(side), row, half, both.options, progress=progress)


def rest(both: Beside, index: int, side: int) -> list[Run]:
    """A line in which one side has nothing to show: lifelines and braces go on, as far as there is more of it."""
    half, timeline = both.halves[side], both.timelines[side]
    if half is None:
        return []
    own = both.pairs[index][side]
    row = both.before[index][side] if own is None else own
    if not 0 <= row < len(timeline.rows) - 1:
        return [(" " * half.width, Role.PLAIN)]
    tool = brush(half, both.options, len(timeline.waypoints))
    band = tool.band()
    spans = tuple(span for span in timeline.spans_at(row) if row < span.last)
    return join(band, rail_runs(timeline, row, spans, tool, band, False), tool)


def joined(both: Beside, lines: Sequence[list[Run]]) -> list[Run]:
    """Both sides' lines as one, what separates them between them."""
    if both.halves[0] is None or both.halves[1] is None:
        return [*lines[0], *lines[1]]
    return [*lines[0], (BETWEEN[both.options.ascii], Role.TIME), *lines[1]]


def paint_names(both: Beside, names: tuple[str, str]) -> list[Run]:
    """A line with the name of either side over it."""
    drawn = [[] if half is None else [(fit(f" {name}", half.width), Role.TITLE)]
             for half, name in zip(both.halves, names, strict=True)]  # fmt: skip
    return joined(both, drawn)


def paint_heads(both: Beside, states: tuple[States, States] = (NO_STATES, NO_STATES)) -> list[list[Run]]:
    """What stands above the ladders: lanes, states, endpoints of both."""
    heads = [
        [] if half is None else paint_header(timeline, half, state, both.options)
        for timeline, half, state in zip(both.timelines, both.halves, states, strict=True)
    ]
    tall = max(map(len, heads))
    blank = [[(" " * half.width, Role.PLAIN)] if half is not None else [] for half in both.halves]
    return [
        joined(both, [lines[at] if at < len(lines) else blank[side] for side, lines in enumerate(heads)])
        for at in range(tall)
    ]


def text_beside(both: Beside, names: tuple[str, str], palette: Palette, colours: Depth) -> Iterator[str]:
    """Both timelines beside each other as lines of text, without their notes."""
    for line in (paint_names(both, names), *paint_heads(both)):
        yield ink(line, palette, colours)
    for index in range(len(both.pairs)):
        for line in paint_pair(both, index):
            yield ink(line, palette, colours)
