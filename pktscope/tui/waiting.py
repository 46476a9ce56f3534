"""Which programs wait for a line, as their calls tell. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pktscope.model import Call, Return, Side, Step
from pktscope.text import fit, safe_text, width
from pktscope.words import _, say


class Asked(NamedTuple):
    """A program in input()."""

    serial: int
    """Of its call."""
    side: Side
    program: int
    prompt: str
    """Safe text."""


class Waiting:
    """Those in input(), in the order they asked; kept up to date with a growing list of steps."""

    def __init__(self) -> None:
        self.looked = 0
        self.open: dict[int, Asked] = {}
        self.programs: set[tuple[Side, int]] = set()

    def update(self, steps: Sequence[Step]) -> None:
        """Look at the steps that are new."""
        for index in range(self.looked, len(steps)):
            seen = steps[index].observation
            if isinstance(seen, Call):
                self.programs.add((seen.side, seen.program))
                if seen.name == "input":
                    prompt = safe_text(seen.arguments, 200).strip()
                    self.open[seen.serial] = Asked(seen.serial, seen.side, seen.program, prompt)
            elif isinstance(seen, Return) and seen.name == "input":
                self.open.pop(seen.serial, None)
        self.looked = len(steps)

    def answered(self, asked: Asked) -> None:
        """A line was sent to it: it waits no longer, even where its call has not come back yet."""
        self.open.pop(asked.serial, None)

    def who(self, asked: Asked) -> str:
        """'client', 'server', 'client 2': which program that is."""
        several = sum(side is asked.side for side, _number in self.programs) > 1
        name = _(asked.side.value)
        return say("{side} {number}", {"side": name, "number": asked.program}) if several else name


def label(name: str, asked: Asked, cells: int) -> str:
    """'client: you say:' in at most so many cells; the prompt is what gives way."""
    prompt = asked.prompt or _("a line for its input()")
    room = max(0, cells - width(said(name, "")))
    return said(name, prompt if width(prompt) <= room else fit(prompt, room))


def said(name: str, prompt: str) -> str:
    """Who asks, and what."""
    return say("{name}: {note}", {"name": name, "note": prompt})
