"""Roles of the timeline into Rich styles of the theme in use, on each of the screen's surfaces."""

from __future__ import annotations

from enum import StrEnum

from rich.color import Color
from rich.style import Style

from pktscope.render.columns import plain_ascii
from pktscope.rows import Role
from pktscope.text import ELLIPSIS
from pktscope.theme import Ink, Palette, channels


class Surface(StrEnum):
    """What a run of text stands on."""

    LADDER = "ladder"
    SELECTED = "selected"
    FADED = "faded"
    """Not the current row, in focus mode."""
    PANEL = "panel"
    """Heading, note panel, footer."""


BASIC_GROUND = {
    True: {Surface.LADDER: 0, Surface.SELECTED: 8, Surface.FADED: 0, Surface.PANEL: 0},
    False: {Surface.LADDER: 15, Surface.SELECTED: 7, Surface.FADED: 15, Surface.PANEL: 7},
}
"""Backgrounds on a terminal of 16 colours, by: dark?"""


class Styles:
    """The styles of one theme on one kind of terminal."""

    def __init__(
        self,
        palette: Palette,
        *,
        background: str = "",
        surface: str = "",
        basic: bool = False,
        colourless: bool = False,
        ascii_only: bool = False,
    ) -> None:
        """`background` and `surface` replace the palette's under a theme of Textual's; `basic`: 16 colours.

        `colourless`: greys only, and of 16 too few to tell a selection by: it is reversed.
        """
        self.palette = palette
        self.basic = basic
        self.reversing = basic and colourless
        self.ascii_only = ascii_only
        ground = background or palette.background
        self.grounds = {
            Surface.LADDER: ground,
            Surface.FADED: ground,
            Surface.SELECTED: palette.selection,
            Surface.PANEL: surface or palette.surface,
        }
        self.cache: dict[tuple[Role, Surface], Style] = {}

    def of(self, role: Role, surface: Surface = Surface.LADDER) -> Style:
        """How a role looks on a surface."""
        style = self.cache.get((role, surface))
        if style is None:
            style = self.cache[role, surface] = self._made(role, surface)
        return style

    def say(self, text: str) -> str:
        """Safe text in the characters that may be used; it may become longer."""
        return plain_ascii(text) if self.ascii_only else text

    def line(self, text: str) -> str:
        """Text that was laid out already, in the characters that may be used, as wide as before."""
        return text.replace(ELLIPSIS, "~") if self.ascii_only else text

    def ground(self, surface: Surface) -> Style:
        """The bare surface."""
        return self.of(Role.PLAIN, surface)

    def key(self) -> Style:
        """The name of a key in the footer."""
        colour = Color.from_ansi(11 if self.palette.dark else 1) if self.basic else Color.parse(self.palette.accent)
        return Style(color=colour, bold=True) + Style(bgcolor=self._ground(Surface.PANEL))

    def muted(self, surface: Surface) -> Style:
        """Text beside what matters."""
        colour = Color.from_ansi(7 if self.palette.dark else 0) if self.basic else Color.parse(self.palette.muted)
        return Style(color=colour, bgcolor=self._ground(surface))

    def _made(self, role: Role, surface: Surface) -> Style:
        ink = self.palette.inks[role]
        if surface is Surface.FADED:
            return self._faded(ink)
        if self.basic:
            color = Color.from_ansi(ink.basic)
            back = ink.basic_background
            ground = Color.from_ansi(back) if back is not None else self._ground(surface)
        else:
            color = Color.parse(ink.foreground)
            ground = Color.parse(ink.background) if ink.background else self._ground(surface)
        if surface is Surface.SELECTED and self.reversing:
            color, ground = self._ground(Surface.LADDER), Color.from_ansi(15 if self.palette.dark else 0)
        return Style(color=color, bgcolor=ground, bold=ink.bold or None, italic=ink.italic or None)

    def _faded(self, ink: Ink) -> Style:
        if self.basic:
            return Style(color=Color.from_ansi(8), bgcolor=self._ground(Surface.FADED))
        colour = ink.background or ink.foreground
        return Style(
            color=Color.parse(mixed(colour, self.grounds[Surface.LADDER], 0.55)), bgcolor=self._ground(Surface.FADED)
        )

    def _ground(self, surface: Surface) -> Color:
        if self.basic:
            return Color.from_ansi(BASIC_GROUND[self.palette.dark][surface])
        return Color.parse(self.grounds[surface])


def mixed(colour: str, ground: str, part: float) -> str:
    """A colour washed into the ground it stands on; `part` of the ground."""
    pairs = zip(channels(colour), channels(ground), strict=True)
    return "#" + "".join(f"{round(one + (other - one) * part):02x}" for one, other in pairs)
