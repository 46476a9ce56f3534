"""A line to type for a program that waits in input(), on its side of the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Input, Static

from pktscope.model import Side
from pktscope.text import width
from pktscope.tui.keys import bindings
from pktscope.tui.prompt import CONTROLS
from pktscope.tui.waiting import Asked, label

LONGEST = 2000
"""Characters of a line."""
HALVES = 100
"""Columns from which the line stands on its program's half of the screen."""


class Line(Input):
    """The line; what is no text is told to the screen."""

    PLACE = "typing"
    BINDINGS: ClassVar = bindings("typing")

    def __init__(self, does: Callable[[str], None]) -> None:
        super().__init__(restrict=CONTROLS, select_on_focus=False, max_length=LONGEST)
        self.cursor_blink = False
        self.does = does

    def action_typed(self, what: str) -> None:
        """Send, another program, the end of input, away from here."""
        self.does(what)


class TypingLine(Container):
    """The question and the line below the ladder."""

    DEFAULT_CSS = """
    TypingLine { height: 1; width: 100%; layout: horizontal; background: $panel; }
    TypingLine Static { width: auto; height: 1; background: $panel; color: $accent; padding: 0 1; text-style: bold; }
    TypingLine Line { width: 1fr; height: 1; border: none; background: $background; color: $foreground; padding: 0; }
    TypingLine Line:focus { border: none; background: $background; }
    """

    def __init__(self, does: Callable[[str], None]) -> None:
        super().__init__()
        self.question = Static("", markup=False)
        self.line = Line(does)
        self.asked: Asked | None = None

    def compose(self) -> ComposeResult:
        """The question, the line."""
        yield self.question
        yield self.line

    def show(self, asked: Asked, name: str) -> None:
        """Ask for a line for this program; another program begins an empty one."""
        if self.asked is None or asked.serial != self.asked.serial:
            self.line.value = ""
        self.asked = asked
        self.lay(name)

    def lay(self, name: str) -> None:
        """The question on its program's side, the line behind it."""
        assert self.asked is not None
        columns = self.app.size.width
        half = columns // 2 if columns >= HALVES else columns
        text = label(name, self.asked, half // 2)
        self.question.update(text)
        self.question.styles.width = width(text) + 2
        at_right = columns >= HALVES and self.asked.side is Side.SERVER
        self.styles.padding = (0, 0 if at_right or half == columns else half, 0, half if at_right else 0)

    def on_click(self, event: events.Click) -> None:
        """A click anywhere on it begins to type."""
        self.line.focus()
