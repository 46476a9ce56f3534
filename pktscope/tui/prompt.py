"""One line to type in, below the screen it is asked from, checked while it is typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from pktscope.text import safe_text
from pktscope.tui.keys import prompt_bindings

CONTROLS = r"[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]*"
"""What may be typed or pasted: anything but what a terminal would obey."""


class Check(NamedTuple):
    """What is to be said of an answer while it is typed."""

    words: str = ""
    fine: bool = True
    """It may be given."""
    again: bool = False
    """It may be given by pressing Enter twice."""


class Prompt(ModalScreen[str | None], inherit_bindings=False):
    """Asks for one line. Esc gives None."""

    BINDINGS = prompt_bindings()
    DEFAULT_CSS = """
    Prompt { align: left bottom; background: $background 0%; }
    Prompt Static { width: 100%; height: auto; background: $panel; color: $foreground; padding: 0 1; }
    Prompt Input { width: 100%; height: 1; border: none; background: $panel; color: $foreground; padding: 0 1; }
    Prompt Input:focus { border: none; background: $panel; }
    """

    def __init__(self, question: str, check: Callable[[str], Check], *, value: str = "") -> None:
        super().__init__()
        self.question = question
        self.check = check
        self.asked_twice = ""
        self.message = Static(question, markup=False)
        self.input = Input(value=value, restrict=CONTROLS, select_on_focus=False)
        self.input.cursor_blink = False

    def compose(self) -> ComposeResult:
        """The question, what is wrong, the line."""
        yield self.message
        yield self.input

    def on_mount(self) -> None:
        """Type at once."""
        self.input.focus()

    def say(self, words: str) -> None:
        """Put words behind the question."""
        self.message.update(safe_text(f"{self.question}   {words}" if words else self.question, 600))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what is wrong while it is typed."""
        self.asked_twice = ""
        self.say(self.check(event.value).words)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer, unless something is wrong with it."""
        verdict = self.check(event.value)
        if verdict.fine or (verdict.again and self.asked_twice == event.value):
            self.dismiss(event.value)
            return
        self.asked_twice = event.value
        self.say(verdict.words + ("; Enter again does it" if verdict.again else ""))

    def action_give_up(self) -> None:
        """No answer."""
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        """A click beside the line gives up."""
        if event.widget is self:
            self.dismiss(None)
