"""What a terminal too small for the timeline shows: one sentence."""

from __future__ import annotations

from textual.screen import Screen
from textual.strip import Strip

from pktscope.rows import Role
from pktscope.text import fit, wrap
from pktscope.tui.chrome import lines_of
from pktscope.tui.options import SMALLEST
from pktscope.tui.styles import Styles, Surface
from pktscope.words import say


class TooSmall(Screen[None], inherit_bindings=False):
    """Says which size is needed; goes away by itself when there is room."""

    def __init__(self, styles: Styles) -> None:
        super().__init__()
        self.inks = styles

    def render_line(self, y: int) -> Strip:
        """A line of the sentence."""
        width, height = self.size.width, self.size.height
        values = {"least": f"{SMALLEST[0]}x{SMALLEST[1]}", "here": f"{width}x{height}"}
        lines = wrap(say("pktscope needs {least} cells; this terminal has {here}.", values), max(2, width))
        text = lines[y] if y < len(lines) else ""
        return lines_of([(fit(text, width), Role.PLAIN)], self.inks, Surface.LADDER, width)

    def render_lines(self, crop):  # type: ignore[no-untyped-def]
        """Every line of the screen."""
        return [self.render_line(y) for y in crop.line_range]

    def restyle(self, styles: Styles) -> None:
        """Another theme."""
        self.inks = styles
        self.refresh()
