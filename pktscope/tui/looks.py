"""Our palettes as Textual's themes, and the styles that go with whatever theme is in use."""

from __future__ import annotations

from textual.scrollbar import ScrollBarRender
from textual.theme import Theme

from pktscope.theme import DARK, PALETTES, WHITE, Palette
from pktscope.tui.styles import Styles


class PlainScrollBar(ScrollBarRender):
    """A scroll bar of blanks: the finer block characters are two cells wide in some terminals."""

    VERTICAL_BARS = [" "] * 8
    HORIZONTAL_BARS = [" "] * 8


def theme_of(palette: Palette) -> Theme:
    """One of our palettes as Textual wants it."""
    return Theme(
        name=f"pktscope-{palette.name}",
        primary=palette.accent,
        secondary=palette.muted,
        accent=palette.accent,
        foreground=palette.foreground,
        background=palette.background,
        surface=palette.surface,
        panel=palette.surface,
        dark=palette.dark,
        variables={
            "scrollbar": palette.muted,
            "scrollbar-hover": palette.foreground,
            "scrollbar-active": palette.accent,
            "scrollbar-background": palette.background,
            "scrollbar-background-hover": palette.background,
            "scrollbar-background-active": palette.background,
        },
    )


def styles_for(theme: Theme, *, basic: bool, colourless: bool, ascii_only: bool) -> Styles:
    """The inks of a theme, ours or Textual's own; `basic`: 16 colours; `colourless`: shown as greys."""
    name = theme.name.removeprefix("pktscope-")
    if name in PALETTES:
        return Styles(PALETTES[name], basic=basic, colourless=colourless, ascii_only=ascii_only)
    palette = DARK if theme.dark else WHITE
    if getattr(theme, "ansi", theme.name == "textual-ansi"):  # Textual before 8.2 had but this one, and no such field
        return Styles(palette, basic=True, ascii_only=ascii_only)
    colours = theme.to_color_system().generate()
    background, surface = colours["background"][:7], colours["panel"][:7]
    return Styles(
        palette, background=background, surface=surface, basic=basic, colourless=colourless, ascii_only=ascii_only
    )
