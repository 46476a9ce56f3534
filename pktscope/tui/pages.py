"""Long texts in parts, painted one visible line at a time: the inspector, the story, the help."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.geometry import Size
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.strip import Strip

from pktscope.rows import Role
from pktscope.text import fit
from pktscope.tui.chrome import ASCII_WORDS, Heading, KeyBar, lines_of
from pktscope.tui.keys import bindings, footer
from pktscope.tui.parts import Part
from pktscope.tui.styles import Styles, Surface
from pktscope.words import _


class Pages(ScrollView, can_focus=True, inherit_bindings=False):
    """Parts under their titles."""

    BINDINGS = bindings("text")
    DEFAULT_CSS = (
        "Pages { width: 1fr; height: 1fr; overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }"
    )

    def __init__(self, styles: Styles, parts: Callable[[int], Sequence[Part]]) -> None:
        super().__init__()
        self.inks = styles
        self.make = parts
        self.parts: Sequence[Part] = ()
        self.starts: list[int] = [0]
        self.stepped: Callable[[int], None] | None = None
        self.closed: Callable[[], None] = lambda: None

    @property
    def inner(self) -> int:
        """Cells a line of text may take."""
        return max(20, self.size.width - 3)

    def renew(self, *, stay: bool = True) -> None:
        """Make the parts again, for this width; `stay` where the reader was."""
        if not self.size.width:
            return
        self.parts = self.make(self.inner)
        self.starts = [0, *accumulate(len(part.lines) + 2 for part in self.parts)]
        self.virtual_size = Size(self.size.width, self.starts[-1])
        if not stay:
            self.scroll_to(y=0, animate=False, force=True)
        self.refresh()

    def on_resize(self) -> None:
        """Another width: other lines."""
        self.renew()

    def show_mark(self) -> None:
        """Bring the first stressed line into the upper third, if there is one."""
        for start, part in zip(self.starts, self.parts, strict=False):
            if part.marked:
                self.turn_to(start + 1 + min(part.marked) - self.size.height // 3)
                return

    def show_text(self, *signs: str) -> None:
        """Scroll as little as needed to the first line that begins with one of these."""
        for start, part in zip(self.starts, self.parts, strict=False):
            for index, line in enumerate(part.lines):
                if line and line[0][0].startswith(signs):
                    at, first = start + 1 + index, self.scroll_offset.y
                    if not first <= at < first + self.size.height - 1:
                        self.turn_to(at - self.size.height // 2)
                    return

    def render_line(self, y: int) -> Strip:
        """One line."""
        width = self.size.width
        ground = self.inks.ground(Surface.LADDER)
        place = y + self.scroll_offset.y
        if place >= self.starts[-1]:
            return Strip.blank(width, ground)
        index = bisect_right(self.starts, place) - 1
        part, line = self.parts[index], place - self.starts[index] - 1
        if line < 0:
            title = self.inks.line(fit(self.inks.say(f" {_(part.title)}"), width))
            return Strip([Segment(title, self.inks.of(Role.DATA))], width)
        if line >= len(part.lines):
            return Strip.blank(width, ground)
        surface = Surface.SELECTED if line in part.marked else Surface.LADDER
        runs = [(self.inks.line(self.inks.say(text)), role) for text, role in part.lines[line]]
        return lines_of([(" ", Role.PLAIN), *runs], self.inks, surface, width)

    def turn_to(self, line: int) -> None:
        """Scroll to a line, at once."""
        self.scroll_to(y=max(0, line), animate=False, force=True)

    def action_line(self, by: int) -> None:
        """A line down or up."""
        self.turn_to(self.scroll_offset.y + by)

    def action_page(self, by: int) -> None:
        """A screen down or up."""
        self.turn_to(self.scroll_offset.y + by * max(1, self.size.height - 2))

    def action_edge(self, which: int) -> None:
        """To an end."""
        self.turn_to(self.starts[-1] if which > 0 else 0)

    def action_section(self, by: int) -> None:
        """To the title of the next part, or of the one before."""
        place = self.scroll_offset.y
        index = (
            bisect_right(self.starts, place)
            - 1
            + (by if by > 0 or self.starts[bisect_right(self.starts, place) - 1] == place else 0)
        )
        self.turn_to(self.starts[min(max(0, index), max(0, len(self.parts) - 1))])

    def action_step(self, by: int) -> None:
        """Another step, where the text is about one."""
        if self.stepped is not None:
            self.stepped(by)

    def action_back(self) -> None:
        """Leave."""
        self.closed()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three lines, at once."""
        event.stop()
        event.prevent_default()
        self.action_line(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three lines back."""
        event.stop()
        event.prevent_default()
        self.action_line(-3)


class TextScreen(Screen[None], inherit_bindings=False):
    """A long text over the whole screen."""

    AUTO_FOCUS = "Pages"

    def __init__(
        self,
        title: str,
        styles: Styles,
        parts: Callable[[int], Sequence[Part]],
        *,
        at_mark: bool = False,
        stepped: Callable[[int], None] | None = None,
    ) -> None:
        """`parts` makes the text for a width; `at_mark`: begin at the first stressed line; `stepped`: another step."""
        super().__init__()
        self.heading = Heading(styles)
        self.heading.title = title
        self.pages = Pages(styles, parts)
        self.pages.stepped = stepped
        self.pages.closed = self.leave
        self.at_mark = at_mark
        keys = footer("text") if stepped else tuple(key for key in footer("text") if not key.action.startswith("step"))
        self.bar = KeyBar(styles, keys)

    def compose(self) -> ComposeResult:
        """Heading, text, keys."""
        yield self.heading
        yield self.pages
        yield self.bar

    def on_mount(self) -> None:
        """Begin where asked to."""
        if self.at_mark:
            self.call_after_refresh(self.pages.show_mark)

    def leave(self) -> None:
        """Back."""
        self.dismiss()

    def restyle(self, styles: Styles) -> None:
        """Another theme."""
        for widget in (self.heading, self.pages, self.bar):
            widget.inks = styles
            widget.refresh()
        self.pages.renew()


def ascii_words(text: str, ascii_only: bool) -> str:
    """Our own words without the characters an ASCII screen cannot draw."""
    return text.translate(ASCII_WORDS) if ascii_only else text
