"""A list to choose from, one line an entry, painted when visible, so that a hundred thousand are as quick as ten."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Generic, TypeVar

from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from pktscope.tui.chrome import lines_of
from pktscope.tui.parts import Line
from pktscope.tui.styles import Styles, Surface

Item = TypeVar("Item")


class PickList(ScrollView, Generic[Item], can_focus=True, inherit_bindings=False):
    """Lines of `entries`; `place` is the selected one."""

    DEFAULT_CSS = """
    PickList { height: 1fr; width: 100%; overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    """

    def __init__(self, styles: Styles) -> None:
        super().__init__()
        self.inks = styles
        self.entries: Sequence[Item] = ()
        self.place = 0

    def runs(self, entry: Item, width: int) -> Line:
        """One entry as runs of text of `width` cells together."""
        raise NotImplementedError

    def choosable(self, place: int) -> bool:
        """Whether the entry at a place can be selected."""
        return True

    def show(self, entries: Sequence[Item]) -> None:
        """Other entries; the selected place stays where there still is one."""
        self.entries = entries
        self.place = self.nearest(min(self.place, max(0, len(entries) - 1)), 1)
        self.virtual_size = Size(self.size.width, max(1, len(entries)))
        self.refresh()

    def nearest(self, place: int, direction: int) -> int:
        """The first place that can be selected, from `place` on in a direction, else in the other one."""
        place = min(max(0, place), max(0, len(self.entries) - 1))
        ahead = range(place, len(self.entries)) if direction > 0 else range(place, -1, -1)
        back = range(place, -1, -1) if direction > 0 else range(place, len(self.entries))
        return next((each for each in chain(ahead, back) if self.choosable(each)), 0) if self.entries else 0

    def select(self, place: int, direction: int = 1) -> None:
        """Select a line and keep it, and a heading above it, in sight."""
        self.place = self.nearest(place, direction)
        first, view = self.scroll_offset.y, max(1, self.size.height)
        top = self.place - (1 if self.place and not self.choosable(self.place - 1) else 0)
        if top < first:
            self.scroll_to(y=top, animate=False, force=True)
        elif self.place >= first + view:
            self.scroll_to(y=self.place - view + 1, animate=False, force=True)
        self.refresh()

    @property
    def chosen(self) -> Item | None:
        """The selected entry."""
        return self.entries[self.place] if self.place < len(self.entries) and self.choosable(self.place) else None

    def render_line(self, y: int) -> Strip:
        """One entry."""
        width = self.size.width
        place = y + self.scroll_offset.y
        if place >= len(self.entries):
            return Strip.blank(width, self.inks.ground(Surface.LADDER))
        surface = Surface.SELECTED if place == self.place and self.choosable(place) else Surface.LADDER
        runs = [(self.inks.line(text), role) for text, role in self.runs(self.entries[place], width)]
        return lines_of(runs, self.inks, surface, width)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three lines, at once."""
        self._wheel(event, 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three lines back."""
        self._wheel(event, -3)

    def _wheel(self, event: Any, lines: int) -> None:
        event.stop()
        event.prevent_default()
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False, force=True)
