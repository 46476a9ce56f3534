"""The programs that ran, with the lines behind a step stressed: beside the ladder a few, with the story all. Pure."""

from __future__ import annotations

import os
from collections.abc import Sequence

from pktscope.model import Call, Frame, Return, Step, Tcp
from pktscope.rows import Role
from pktscope.text import safe_text, width, wrap
from pktscope.tui.parts import Context, Line, Part, plain
from pktscope.words import _, say

AROUND = 4
"""Lines shown before and behind a stressed one, where a program is shown in part."""
REACH = 2000
"""Steps looked through for the calls whose octets a segment carries."""
LARGEST = 400_000
"""Characters of a program that are shown."""
SENDING = ("send", "write")


def own_lines(step: Step, steps: Sequence[Step]) -> tuple[tuple[str, int], ...]:
    """File and line of the calls behind a step, each once: the call itself, or those that sent the packet."""
    calls = (steps[index].observation for index in calls_behind(step, steps))
    return tuple(dict.fromkeys((call.file, call.line) for call in calls if isinstance(call, Call) and call.line))


def calls_behind(step: Step, steps: Sequence[Step]) -> list[int]:
    """Steps of the calls behind a step, in order: its own, and for a segment every call whose octets it carries."""
    seen = step.observation
    if isinstance(seen, Call):
        return [step.index]
    found = {step.call} if step.call is not None and step.call < len(steps) else set()
    segment = step.segment
    if isinstance(seen, Frame) and isinstance(seen.transport, Tcp) and segment is not None and seen.length:
        for index in range(step.index - 1, max(-1, step.index - REACH), -1):
            octets, call = steps[index].octets, steps[index].observation
            if not (octets and isinstance(call, Call) and call.name.startswith(SENDING)):
                continue
            if steps[index].side is step.side and octets[0] < segment.end and octets[1] > segment.seq:
                found.add(index)
    return sorted(found)


def source_parts(step: Step, context: Context, cells: int) -> list[Part]:
    """What the inspector says of the program: the lines behind a step among their neighbours."""
    if not context.sources or not isinstance(step.observation, Frame | Call | Return):
        return []
    lines = own_lines(step, context.steps)
    if not lines and isinstance(step.observation, Frame):
        words = _("No recorded call sent this packet; the kernel did so by itself.")
        return [Part("the program", plain(words, cells, Role.TIME))]
    parts = (
        program(name, text, lines, cells, ascii_only=context.ascii, around=AROUND) for name, text in context.sources
    )
    return [part for part in parts if part.marked]


def program(
    name: str,
    text: str,
    lines: Sequence[tuple[str, int]],
    cells: int,
    *,
    ascii_only: bool = False,
    around: int | None = None,
) -> Part:
    """One program, numbered, those of `lines` that are its own stressed; only what stands `around` them if so asked."""
    base = os.path.basename(name)
    code = safe_text(text.expandtabs(4), LARGEST, keep_newlines=True).rstrip("\n").split("\n")
    wanted = sorted(line for file, line in lines if os.path.basename(file) == base and 0 < line <= len(code))
    near = range(1, len(code) + 1)
    shown = [line for line in near if around is None or any(abs(line - each) <= around for each in wanted)]
    drawn: list[Line] = []
    marked: set[int] = set()
    before = shown[0] - 1 if shown else 0
    for line in shown:
        if line != before + 1:
            drawn.append([])
        pieces = numbered(line, code[line - 1], cells, line in wanted, ascii_only)
        if line in wanted:
            marked.update(range(len(drawn), len(drawn) + len(pieces)))
        drawn += pieces
        before = line
    title = safe_text(base, 100)
    if wanted:
        title = say("{file}, {lines}", {"file": title, "lines": counted_lines(wanted)})
    return Part(title, drawn, frozenset(marked))


def counted_lines(wanted: Sequence[int]) -> str:
    """'line 3', 'lines 3 and 5', 'lines 3, 5 and 7'."""
    numbers = [str(line) for line in wanted]
    if len(numbers) == 1:
        return say("line {number}", {"number": numbers[0]})
    return say("lines {numbers:list}", {"numbers": numbers})


def numbered(number: int, code: str, cells: int, stressed: bool, ascii_only: bool) -> list[Line]:
    """A line of a program with its number; what is too long goes on below its own beginning."""
    bare = code.lstrip(" ")
    indent = min(len(code) - len(bare), max(0, cells - 30))
    sign = (">" if ascii_only else "▶") if stressed else " "
    head = f"{sign}{number:>4}  "
    role = Role.CALL if stressed else Role.PLAIN
    pieces = wrap(bare, cells - width(head) - indent)
    return [
        [(head if not index else " " * width(head), role if stressed else Role.TIME), (" " * indent + piece, role)]
        for index, piece in enumerate(pieces)
    ]
