"""Typing into programs: a line appears where one waits in input(); what is typed becomes a call before one's eyes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pktscope.rows import Role
from pktscope.tui.commands import Host
from pktscope.tui.keys import footer
from pktscope.tui.waiting import Asked, Waiting
from pktscope.words import _, say

if TYPE_CHECKING:
    from pktscope.tui.chrome import KeyBar
    from pktscope.tui.typing_line import TypingLine

    class Typist(Host):
        """What a screen has where one can type."""

        bar: KeyBar
        waiting: Waiting
        line: TypingLine
        eager: bool
        spoken: bool

        def tell(self, text: str, role: Role = Role.NOTICE) -> None: ...
        def action_edge(self, which: int) -> None: ...
else:
    Typist = object


class Typing(Typist):
    """The part of the timeline screen that has a line to type in, while somebody waits for one."""

    def look_for_questions(self) -> None:
        """Show the line while a program waits, and begin to type unless the reader has left it before."""
        run, feed = self.session.run, self.feed
        if run is None or feed is None:
            return
        self.waiting.update(feed.flow.steps)
        if feed.done or not self.waiting.open:
            self.hide_line()
            return
        asked = self.line.asked
        if asked is None or asked.serial not in self.waiting.open:
            self.ask(next(iter(self.waiting.open.values())))

    def ask(self, asked: Asked) -> None:
        """Ask for a line for this program."""
        self.line.show(asked, self.waiting.who(asked))
        self.line.display = True
        if self.eager and self.is_current and not self.line.line.has_focus:
            self.line.line.focus()

    def hide_line(self) -> None:
        """Nobody waits."""
        if self.line.display:
            self.line.asked = None
            had_focus = self.line.line.has_focus
            self.line.display = False
            if had_focus:
                self.set_focus(self.ladder)

    def on_descendant_focus(self) -> None:
        """The footer says what the keys do now."""
        typing = self.line.line.has_focus
        self.bar.show_keys(footer("typing", everywhere=False) if typing else footer("timeline"))

    def typed(self, what: str) -> None:
        """A key of the line."""
        asked, run = self.line.asked, self.session.run
        if what == "leave" or asked is None or run is None:
            self.eager = False
            self.set_focus(self.ladder)
            return
        if what == "other":
            self.ask_another(asked)
            return
        text = self.line.line.value
        if what == "end" and text:
            return  # as in a terminal: only on an empty line
        run.type(asked.side, asked.program, None if what == "end" else text)
        self.waiting.answered(asked)
        self.line.line.value = ""
        self.touched = self.eager = self.spoken = True
        self.action_edge(1)
        self.look_for_questions()

    def ask_another(self, asked: Asked) -> None:
        """The next of those that wait."""
        every = list(self.waiting.open.values())
        if len(every) < 2:
            who = self.waiting.who(asked)
            self.tell(say("only the {program} waits for a line", {"program": who}))
            return
        self.ask(every[(every.index(asked) + 1) % len(every)])

    def action_type(self) -> None:
        """Type for the program that waits."""
        if self.line.display:
            self.eager = True
            self.line.line.focus()
        else:
            self.tell(_("no program waits for a line now"))
