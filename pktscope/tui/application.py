"""The Textual application: themes, the stack of screens, signals. What is on a screen is the screen's business."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.screen import Screen

from pktscope.tui import keys
from pktscope.tui.options import SMALLEST
from pktscope.tui.session import Subject
from pktscope.tui.terminal import give_up_later
from pktscope.words import _, say

if TYPE_CHECKING:
    from pktscope.tui.styles import Styles


class Application(App[int], inherit_bindings=False):
    """Shows a subject: a timeline, two of them, the gallery."""

    BINDINGS = [  # noqa: RUF012
        *(Binding(",".join(key.keys), key.action, key.help, show=False) for key in keys.EVERYWHERE),
        Binding("ctrl+c", "end", "leave", show=False, priority=True),
    ]
    ALLOW_SELECT = False
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, subject: Subject, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.subject = subject
        self.ascii_only = ascii_only
        self.title = "pktscope"
        self.fault: BaseException | None = None
        self.debug_faults = bool(os.environ.get("PKTSCOPE_DEBUG"))
        self.signalled = 0
        self.settled = 0
        self.inks: Styles | None = None
        """None until the first frame is painted; what styles need is loaded behind it."""

    def get_default_screen(self) -> Screen[Any]:
        """The title on the colour of the theme, until the rest is loaded."""
        from pktscope.tui.opening import Opening

        return Opening(self.subject.title, self.subject.options.theme, self.furnish)

    def furnish(self) -> None:
        """The first frame is painted: themes, styles, the timeline."""
        from textual.scrollbar import ScrollBar

        from pktscope.theme import PALETTES
        from pktscope.tui.looks import PlainScrollBar, theme_of

        ScrollBar.renderer = PlainScrollBar
        for palette in PALETTES.values():
            self.register_theme(theme_of(palette))
        self.theme = f"pktscope-{self.subject.options.theme}"
        self.inks = self._styles()
        self.push_screen(self.subject.screen(self.inks, self.settle))
        self.call_after_refresh(self.check_size)
        # What was loaded until now is there to stay: only what comes is looked through for garbage.
        gc.freeze()
        gc.enable()

    def _styles(self) -> Styles:
        """The inks of the theme in use on this terminal."""
        from pktscope.tui.looks import styles_for

        basic = self.console.color_system == "standard"
        if basic and not self.no_color:
            self.ansi_color = True  # the terminal's own sixteen, instead of the nearest to somebody else's idea of them
        return styles_for(self.current_theme, basic=basic, colourless=self.no_color, ascii_only=self.ascii_only)

    def settle(self, code: int) -> None:
        """What the program will exit with."""
        self.settled = code

    def watch_theme(self, name: str) -> None:
        """Repaint everything in the new theme."""
        if self.is_running:
            self.restyle()

    def restyle(self) -> None:
        """Hand every screen the styles of now."""
        if self.inks is None:
            return
        self.inks = self._styles()
        for screen in self.screen_stack:
            restyle = getattr(screen, "restyle", None)
            if restyle is not None:
                restyle(self.inks)

    def on_resize(self) -> None:
        """Textual takes the new size over in the same message, after us."""
        self.call_later(self.check_size)

    def check_size(self) -> None:
        """Say what size is needed where the terminal is too small for anything else."""
        if self.inks is None:
            return
        from pktscope.tui.small import TooSmall

        small = self.size.width < SMALLEST[0] or self.size.height < SMALLEST[1]
        shown = isinstance(self.screen, TooSmall)
        if small and not shown:
            self.push_screen(TooSmall(self.inks))
        elif shown and not small:
            self.pop_screen()

    def action_next_theme(self) -> None:
        """The next of our own themes."""
        from pktscope.theme import PALETTES

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

        if self.inks is not None and not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.inks, place_of(self.screen), ascii_only=self.ascii_only))

    async def action_quit(self) -> None:
        """Back to the gallery, where what is shown was chosen there; else leave."""
        below = self.screen_stack[:-1]
        home = next((screen for screen in below if getattr(screen, "HOME", False)), None)
        if home is None:
            self.action_end()
            return
        while self.screen is not home:
            self.pop_screen()

    def action_end(self) -> None:
        """Leave; 4 where a demo did not show what it promises."""
        self.exit(return_code=self.settled)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every key of this screen as a command, then Textual's choice of themes."""
        from pktscope.tui.chrome import perform
        from pktscope.tui.help import place_of

        for key in keys.PLACES[place_of(screen)]:
            yield command(key, partial(perform, self, key.action))
        for key in keys.EVERYWHERE:
            if key.action not in ("command_palette",):
                yield command(key, partial(perform, self, key.action))
        yield SystemCommand(_("All themes"), _("choose among every theme"), self.action_change_theme)

    def action_command_palette(self) -> None:
        """Every command, to be searched by name; Textual's own prompt is English."""
        from textual.command import CommandPalette

        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder=_("Search for commands"), id="--command-palette"))

    def search_themes(self) -> None:
        """Every theme, to be searched by name."""
        from textual.command import CommandPalette
        from textual.theme import ThemeProvider

        self.push_screen(CommandPalette(providers=[ThemeProvider], placeholder=_("Search for themes")))

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


def command(key: keys.Key, perform: Callable[[], None]) -> SystemCommand:
    """A key as a command of the palette."""
    return SystemCommand(_(key.label), say("{help} ({keys})", {"help": _(key.help), "keys": key.shown}), perform)
