"""The ladder: a timeline in one scrolling widget. Only the visible rows are painted, and each of them once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from pktscope.render import cells
from pktscope.rows import Role
from pktscope.timeline import Timeline
from pktscope.tui.heights import Heights
from pktscope.tui.styles import Styles, Surface
from pktscope.words import _, say

KEPT_ROWS = 1024
"""Painted rows kept: some twenty screens."""
EDGE = 2
"""Cells beside the drawing: a blank, and the scroll bar."""
MARGIN = 2
"""Lines kept in sight beyond the current row."""


class Ladder(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows `timeline`; `row` is the current one, `limit` the first one not shown, `progress` the current arrow's."""

    DEFAULT_CSS = """
    Ladder { height: 1fr; width: 1fr; overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    """

    def __init__(self, timeline: Timeline, styles: Styles, options: cells.Options) -> None:
        super().__init__()
        self.timeline = timeline
        self.inks = styles
        self.options = options
        self.dense: bool | None = None
        self.hidden: frozenset[str] = frozenset()
        self.columns = cells.columns(80, 24)
        self.heights = Heights(self.measure)
        self.painted: dict[tuple[int, Surface], list[Strip]] = {}
        self.row = 0
        self.limit = 0
        self.progress = 1.0
        self.focus_mode = False
        self.clicked: Callable[[int, bool], None] = lambda row, twice: None
        """What to do when a row is clicked, once or twice."""
        self.resized: Callable[[], None] = lambda: None

    # What another drawing of other rows does otherwise

    @property
    def count(self) -> int:
        """Rows there are."""
        return len(self.timeline.rows)

    @property
    def breadth(self) -> int:
        """Cells of a line."""
        return self.columns.width

    def fit_columns(self, width: int, height: int) -> None:
        """New columns for a screen of this size."""
        self.columns = cells.columns(
            width, height, dense=self.dense, hidden=self.hidden, time_format=self.options.time_format, margin=EDGE
        )

    def lines(self, row: int, progress: float) -> list[list[cells.Run]]:
        """The cell lines of a row."""
        return cells.paint(self.timeline, row, self.columns, self.options, progress=progress)

    def measure(self, row: int) -> int:
        """How many they are."""
        return cells.height(self.timeline, row, self.columns, self.options)

    # What changes

    def show(self, timeline: Timeline) -> None:
        """Another timeline, from its first row."""
        self.timeline = timeline
        self.heights = Heights(self.measure)
        self.heights.grow(self.count)
        self.restyle()

    def grown(self, last_kept: int, touched: list[int]) -> None:
        """Rows were appended behind `last_kept`, which may have been replaced; notes came to the rows `touched`."""
        for row in (last_kept, *touched):
            self._forget(row)
            self.heights.changed(row)
        self.heights.grow(self.count)
        self._sized()
        self.refresh()

    def redraw(self, **changes: Any) -> None:
        """Change how rows are drawn (`options=`, `dense=`, `hidden=`, `inks=`); the current row stays in its place."""
        held = self._held()
        for name, value in changes.items():
            setattr(self, name, value)
        self._lay_out()
        self._hold(held)

    def restyle(self) -> None:
        """Paint everything anew."""
        self.painted.clear()
        self._sized()
        self.refresh()

    def place(self, row: int, limit: int, progress: float, *, keep: bool = True) -> None:
        """Make a row current; `keep` it in sight. Repaints only what changed."""
        old_row, old_limit = self.row, self.limit
        moved = (row, limit) != (old_row, old_limit)
        if not moved and progress == self.progress:
            return
        self.row, self.limit, self.progress = row, limit, progress
        if old_limit != limit:
            self._sized()
            self.refresh()
        if self.focus_mode and old_row != row:
            self.refresh()
        self._repaint(old_row)
        self._repaint(row)
        if keep and moved:
            self.reveal(row)

    def reveal(self, row: int) -> None:
        """Scroll as little as possible so that a row, and a little beyond it, is in sight."""
        if not self.heights.count or not self.size.height:
            return
        row = min(row, self.heights.count - 1)
        top = self.heights.top(row)
        bottom = self.heights.top(
            min(max(row + 1, self.limit if self.limit - row < 4 else row + 1), self.heights.count)
        )
        view = self.size.height
        first = self.scroll_offset.y
        margin = min(MARGIN, max(0, (view - (bottom - top)) // 2))
        if top - margin < first:
            self._scroll(top - margin)
        elif bottom + margin > first + view:
            self._scroll(min(top, bottom + margin - view))

    # Geometry

    def on_resize(self, event: events.Resize) -> None:
        """A new size: new columns, the current row where it was."""
        held = self._held()
        self._lay_out()
        self._hold(held)
        self.resized()

    def _lay_out(self) -> None:
        size = self.scrollable_content_region.size
        if not size.width or not size.height:
            return
        screen = self.app.size
        self.fit_columns(screen.width, screen.height)
        self.heights.clear()
        self.restyle()

    def _held(self) -> int:
        return self.heights.top(self.row) - self.scroll_offset.y if self.heights.count else 0

    def _hold(self, held: int) -> None:
        if self.heights.count:
            self._scroll(self.heights.top(self.row) - held)
            self.reveal(self.row)

    def _scroll(self, line: int) -> None:
        self._sized()
        self.scroll_to(y=max(0, line), animate=False, force=True)

    def _sized(self) -> None:
        shown = self.heights.top(self.limit) if self.limit < self.heights.count else self.heights.total
        self.virtual_size = Size(self.breadth, max(1, shown + (1 if self.limit < self.heights.count else 0)))

    # Painting

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.size.width
        found = self.heights.find(y + self.scroll_offset.y)
        if found is None or found[0] >= self.limit:
            if found is not None and found == (self.limit, 0) and self.progress >= 1.0:
                return self._later(width)
            return Strip.blank(width, self.inks.ground(Surface.LADDER))
        row, line = found
        strips = self._strips(row)
        return strips[line] if line < len(strips) else Strip.blank(width, self.inks.ground(Surface.LADDER))

    def _strips(self, row: int) -> list[Strip]:
        surface = Surface.SELECTED if row == self.row else Surface.FADED if self.focus_mode else Surface.LADDER
        moving = row == self.row and self.progress < 1.0
        known = None if moving else self.painted.get((row, surface))
        if known is None:
            lines = self.lines(row, self.progress if row == self.row else 1.0)
            known = [self._strip(line, surface) for line in lines]
            if not moving:
                self._keep(row, surface, known)
        return known

    def _strip(self, line: list[tuple[str, Role]], surface: Surface) -> Strip:
        of = self.inks.of
        segments = [Segment(text, of(role, surface)) for text, role in line]
        spare = self.size.width - self.breadth
        if spare > 0:
            segments.append(Segment(" " * spare, self.inks.ground(surface)))
        return Strip(segments, self.breadth + max(0, spare))

    def _keep(self, row: int, surface: Surface, strips: list[Strip]) -> None:
        self.painted[row, surface] = strips
        if len(self.painted) > KEPT_ROWS:
            for old in list(self.painted)[: KEPT_ROWS // 4]:
                del self.painted[old]

    def _later(self, width: int) -> Strip:
        left = self.count - self.limit
        text = _("1 more row to come: n or space; End shows all")
        if left != 1:
            text = say("{left:,} more rows to come: n or space; End shows all", {"left": left})
        return Strip(
            [Segment(text[:width].center(width), self.inks.muted(Surface.LADDER))],
            width,
        )

    def _forget(self, row: int) -> None:
        for surface in Surface:
            self.painted.pop((row, surface), None)

    def _repaint(self, row: int) -> None:
        if row < self.heights.count:
            self.refresh_lines(self.heights.top(row), self.heights.height(row))

    # Mouse

    def row_at(self, y: int) -> int | None:
        """The row drawn at a line of the widget."""
        found = self.heights.find(y + self.scroll_offset.y)
        return found[0] if found and found[0] < self.limit else None

    def on_click(self, event: events.Click) -> None:
        """Select; twice: inspect."""
        row = self.row_at(event.y)
        if row is not None:
            self.clicked(row, event.chain > 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three lines, at once: an animated scroll would take hours on a long capture."""
        self._wheel(event, 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three lines back."""
        self._wheel(event, -3)

    def _wheel(self, event: events.MouseEvent, lines: int) -> None:
        event.stop()
        event.prevent_default()
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False, force=True)
