"""What each program printed and was told, up to the row being looked at. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from pktscope.model import Call, Return, Side, Step
from pktscope.rows import Role
from pktscope.text import safe_text, wrap
from pktscope.tui.parts import Line, Part, plain
from pktscope.words import _, say

MOST = 20_000
"""Lines kept of one program; of one that prints more, the last ones."""
LONGEST = 2000
"""Characters of a line."""
SHOWN = 500
"""Lines shown of one program at once, up to the current one."""


class Printed(NamedTuple):
    """One line."""

    step: int
    text: str
    role: Role
    """CALL for what was typed into it, PLAIN for what it printed."""


class Output:
    """Lines by program, kept up to date with a growing list of steps."""

    def __init__(self) -> None:
        self.looked = 0
        self.lines: dict[tuple[Side, int], list[Printed]] = {}
        self.dropped: dict[tuple[Side, int], int] = {}
        self.asked: dict[int, Call] = {}

    def update(self, steps: Sequence[Step]) -> None:
        """Look at the steps that are new."""
        for index in range(self.looked, len(steps)):
            seen = steps[index].observation
            if isinstance(seen, Call) and seen.name == "print":
                self.keep((seen.side, seen.program), Printed(index, safe_text(seen.arguments, LONGEST), Role.PLAIN))
            elif isinstance(seen, Call) and seen.name == "input":
                self.asked[seen.serial] = seen
            elif isinstance(seen, Return) and seen.name == "input" and seen.serial in self.asked:
                call = self.asked.pop(seen.serial)
                told = _("(end of input)") if seen.error else seen.result
                text = safe_text(f"{call.arguments}{told}", LONGEST)
                self.keep((call.side, call.program), Printed(index, text, Role.CALL))
        self.looked = len(steps)

    def keep(self, program: tuple[Side, int], line: Printed) -> None:
        """One more line of a program."""
        lines = self.lines.setdefault(program, [])
        lines.append(line)
        if len(lines) > MOST + MOST // 4:
            self.dropped[program] = self.dropped.get(program, 0) + len(lines) - MOST
            del lines[:-MOST]


def output_parts(output: Output, step: int, cells: int) -> list[Part]:
    """What every program has printed up to a step, the client's programs first; its last line there is stressed."""
    parts = [program_part(output, program, step, cells) for program in sorted(output.lines, key=order)]
    if parts:
        return parts
    return [Part(_("output"), plain(_("No program has printed anything, or been told anything, so far."), cells))]


def order(program: tuple[Side, int]) -> tuple[bool, int]:
    """Clients before servers, each in order."""
    return program[0] is not Side.CLIENT, program[1]


def program_part(output: Output, program: tuple[Side, int], step: int, cells: int) -> Part:
    """The lines of one program."""
    lines = output.lines[program]
    end = bisect_right(lines, step, key=lambda line: line.step)
    first = max(0, end - SHOWN)
    left_out = output.dropped.get(program, 0) + first
    drawn: list[Line] = []
    if left_out:
        drawn += plain(say("({count} lines before these)", {"count": f"{left_out:,}"}), cells, Role.TIME)
    marked: set[int] = set()
    for line in lines[first:end]:
        if line.step == step:
            marked.add(len(drawn))
        drawn += [[(piece, line.role)] for piece in wrap(line.text, cells)]
    if not end:
        drawn += plain(_("(nothing so far)"), cells, Role.TIME)
    return Part(title(output, program), drawn, frozenset(marked))


def title(output: Output, program: tuple[Side, int]) -> str:
    """'what the client printed', 'what client 2 printed'."""
    side, number = program
    several = sum(each is side for each, _number in output.lines) > 1
    if several:
        return say("what {side} {number} printed", {"side": _(side.value), "number": number})
    return say("what the {side} printed", {"side": _(side.value)})
