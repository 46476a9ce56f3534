"""The first frame: the title on the ground of the theme, painted while everything else is still being loaded."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

from pktscope.text import fit, safe_text

GROUNDS = {
    "dark": ("#e4e4e4", "#262626", "#121212"),
    "white": ("#000000", "#e4e4e4", "#ffffff"),
    "contrast": ("#ffffff", "#000000", "#000000"),
}
"""Foreground, surface and background of our palettes, which are not loaded yet; a test holds them to it."""

AFTER = 0.01
"""Seconds in which nothing else runs, so that the thread that writes to the terminal has its turn."""


class Opening(Screen[None], inherit_bindings=False):
    """Stays for a few hundredths of a second."""

    def __init__(self, title: str, theme: str, painted: Callable[[], None]) -> None:
        """`painted` is called behind the first frame."""
        super().__init__()
        self.painted = painted
        self.asked = False
        foreground, surface, background = GROUNDS[theme]
        self.heading = safe_text(title, 200)
        self.top = Style(color=foreground, bgcolor=surface, bold=True)
        self.rest = Style(color=foreground, bgcolor=background)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The title, and nothing below it. Being asked for it is the surest sign that the first frame is painted."""
        if not self.asked:
            self.asked = True
            self.set_timer(AFTER, self.painted)
        width = self.size.width
        first = Strip([Segment(f" {fit(self.heading, max(0, width - 1))}"[:width], self.top)], width)
        blank = Strip.blank(width, self.rest)
        return [(first if y == 0 else blank).crop(crop.x, crop.right) for y in crop.line_range]
