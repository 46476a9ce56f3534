"""The lines that programs read: those given with the command, those typed while it runs, and who gets which."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pktscope.lab.program import Program
from pktscope.model import Side

LONGEST = 8_192
"""Characters of a line."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line and whom it is for."""

    text: str | None
    """None: the end of input."""
    side: Side | None = None
    """None: for whoever asks first."""
    program: int = 0
    """Which of its side's programs, from 1; 0 for any."""

    def fits(self, program: Program) -> bool:
        """Whether this program may have it."""
        return self.side in (None, program.side) and self.program in (0, program.script.number)


@dataclass(slots=True)
class Lines:
    """Everything that can still be typed."""

    given: deque[Line] = field(default_factory=deque)
    """In the order in which they are typed."""
    interactive: bool = False
    """Somebody sits there: a program without a line waits."""
    typed: deque[Line] = field(default_factory=deque)
    """What somebody has typed, and nobody has read yet."""

    def choose(self, asking: Sequence[Program]) -> tuple[Program, Line] | None:
        """Who gets which line next, of the programs that ask and nobody else moves; None where all have to wait."""
        for line in self.given:
            for program in asking:
                if line.fits(program):
                    self.given.remove(line)
                    return program, line
        return None if self.interactive or not asking else (asking[0], Line(None))

    def at_once(self, asking: Sequence[Program]) -> tuple[Program, Line] | None:
        """What was typed is read as soon as it is asked for."""
        for line in self.typed:
            for program in asking:
                if line.fits(program):
                    self.typed.remove(line)
                    return program, line
        return None

    def hear(self, message: bytes) -> None:
        """Take what the screen says was typed; what is no such message is passed over."""
        try:
            side, program, text = json.loads(message)
            if isinstance(program, int) and (text is None or isinstance(text, str)):
                self.typed.append(Line(one_line(text) if text is not None else None, Side(side), program))
        except (ValueError, TypeError):
            return


def message(side: Side, program: int, text: str | None) -> bytes:
    """What the screen says of a line typed for a program, to be read by Lines.hear(); None ends its input."""
    return json.dumps([side.value, program, text]).encode() + b"\n"


def spoken(says: Iterable[str]) -> deque[Line]:
    """'client: hello', 'client 2: hello', or a line for whoever asks first."""
    return deque(_spoken(each) for each in says)


def _spoken(words: str) -> Line:
    who, colon, text = words.partition(":")
    side, _, number = who.strip().partition(" ")
    if not colon or side not in ("client", "server") or not (number == "" or number.isdecimal()):
        return Line(one_line(words))
    return Line(one_line(text.removeprefix(" ")), Side(side), int(number or 0))


def one_line(text: str) -> str:
    """What can be typed as one line, bounded."""
    return (text.splitlines() or [""])[0][:LONGEST]
