"""The Textual application: themes, the stack of screens, signals. What is on a screen is the screen's business."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.theme import Theme

from pktscope.theme import DARK, PALETTES, WHITE, Palette
from pktscope.tui import keys
from pktscope.tui.options import SMALLEST
from pktscope.tui.session import Session
from pktscope.tui.styles import Styles
from pktscope.tui.terminal import give_up_later


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


class Application(App[int], inherit_bindings=False):
    """Shows a session."""

    BINDINGS = [  # noqa: RUF012
        *(Binding(",".join(key.keys), key.action, key.help, show=False) for key in keys.EVERYWHERE),
        Binding("ctrl+c", "quit", "leave", show=False, priority=True),
    ]
    ALLOW_SELECT = False
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, session: Session, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.session = session
        self.ascii_only = ascii_only
        self.title = "pktscope"
        self.fault: BaseException | None = None
        self.debug_faults = bool(os.environ.get("PKTSCOPE_DEBUG"))
        self.signalled = 0
        ScrollBar.renderer = PlainScrollBar
        for palette in PALETTES.values():
            self.register_theme(theme_of(palette))
        self.theme = f"pktscope-{session.options.theme}"
        self.inks = self._styles()
        self.settled = 0

    def _styles(self) -> Styles:
        """The inks of the theme in use on this terminal."""
        basic = self.console.color_system == "standard"
        name = self.theme.removeprefix("pktscope-")
        if name in PALETTES:
            return Styles(PALETTES[name], basic=basic, ascii_only=self.ascii_only)
        theme = self.current_theme
        palette = DARK if theme.dark else WHITE
        if theme.ansi:
            return Styles(palette, basic=True, ascii_only=self.ascii_only)
        colours = theme.to_color_system().generate()
        background, surface = colours["background"][:7], colours["panel"][:7]
        return Styles(palette, background=background, surface=surface, basic=basic, ascii_only=self.ascii_only)

    def get_default_screen(self) -> Screen[Any]:
        """The timeline."""
        from pktscope.tui.timeline_screen import TimelineScreen

        return TimelineScreen(self.session, self.inks, self.settle)

    def settle(self, code: int) -> None:
        """What the program will exit with."""
        self.settled = code

    def watch_theme(self, name: str) -> None:
        """Repaint everything in the new theme."""
        if self.is_running:
            self.restyle()

    def restyle(self) -> None:
        """Hand every screen the styles of now."""
        self.inks = self._styles()
        for screen in self.screen_stack:
            restyle = getattr(screen, "restyle", None)
            if restyle is not None:
                restyle(self.inks)

    def on_mount(self) -> None:
        """The first look at the size."""
        self.check_size()

    def on_resize(self) -> None:
        """Textual takes the new size over in the same message, after us."""
        self.call_later(self.check_size)

    def check_size(self) -> None:
        """Say what size is needed where the terminal is too small for anything else."""
        from pktscope.tui.small import TooSmall

        if not self.screen_stack:
            return
        small = self.size.width < SMALLEST[0] or self.size.height < SMALLEST[1]
        shown = isinstance(self.screen, TooSmall)
        if small and not shown:
            self.push_screen(TooSmall(self.inks))
        elif shown and not small:
            self.pop_screen()

    def action_next_theme(self) -> None:
        """The next of our own themes."""
        names = [f"pktscope-{name}" for name in PALETTES]
        place = names.index(self.theme) + 1 if self.theme in names else 0
        self.theme = names[place % len(names)]

    def action_ascii(self) -> None:
        """ASCII or the full set of characters, everywhere."""
        self.ascii_only = not self.ascii_only
        self.restyle()

    def action_help(self) -> None:
        """What the keys do for what has the focus."""
        from pktscope.tui.help import HelpScreen, place_of

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.inks, place_of(self.screen), ascii_only=self.ascii_only))

    async def action_quit(self) -> None:
        """Leave; 4 where a demo did not show what it promises."""
        self.exit(return_code=self.settled)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every key of this screen as a command, then Textual's choice of themes."""
        from pktscope.tui.help import place_of

        for key in keys.PLACES[place_of(screen)]:
            yield SystemCommand(key.label, f"{key.help} ({key.shown})", lambda action=key.action: self._do(action))
        for key in keys.EVERYWHERE:
            if key.action not in ("command_palette",):
                yield SystemCommand(key.label, f"{key.help} ({key.shown})", lambda action=key.action: self._do(action))
        yield SystemCommand("All themes", "choose among every theme", self.action_change_theme)

    def _do(self, action: str) -> None:
        target = self.screen.focused if hasattr(self.screen.focused, f"action_{action.partition('(')[0]}") else None
        named = hasattr(self.screen, f"action_{action.partition('(')[0]}")
        self.call_later(self.run_action, action, target or (self.screen if named else self))

    def leave(self, number: int) -> None:
        """A signal came: end as if asked to, the terminal as it was."""
        if not self.signalled:
            give_up_later(number)
        self.signalled = self.signalled or number
        loop = getattr(self, "_loop", None)
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self.exit)

    def _handle_exception(self, error: Exception) -> None:
        """A defect of ours: remember it for one line on stderr; a traceback on the screen helps nobody there."""
        self.fault = self.fault or error
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()
