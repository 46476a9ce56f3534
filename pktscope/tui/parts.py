"""Long texts as titled parts of runs, and what stands around a step that is being told of. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pktscope.model import Note, Step
from pktscope.rows import Role
from pktscope.text import safe_text, wrap
from pktscope.text import width as cells_of
from pktscope.words import _

Line: TypeAlias = list[tuple[str, Role]]


@dataclass(frozen=True, slots=True)
class Part:
    """A titled piece of a long text; its lines may be made when they are looked at."""

    title: str
    lines: Sequence[Line]
    marked: frozenset[int] = frozenset()
    """Lines to stress."""


@dataclass(frozen=True, slots=True)
class Context:
    """What stands around the step being inspected."""

    steps: Sequence[Step]
    notes: tuple[Note, ...]
    returns: dict[int, int]
    start: int
    """Time of the first step."""
    ascii: bool = False
    raw: bool = False
    sources: Sequence[tuple[str, str]] = ()
    """File names and texts of the programs that ran."""


def plain(text: str, width: int, role: Role = Role.PLAIN, indent: str = "") -> list[Line]:
    """Running text as lines."""
    return [[(indent + line, role)] for line in wrap(safe_text(text), max(10, width - len(indent)))]


def pair(name: str, value: str, width: int) -> list[Line]:
    """A name and what it is, the value wrapped beside the name."""
    name = _(name)
    label = name + " " * max(1, 15 - cells_of(name))
    size = cells_of(label)
    lines = wrap(safe_text(value), max(10, width - size))
    return [[(label if index == 0 else " " * size, Role.TIME), (line, Role.PLAIN)] for index, line in enumerate(lines)]
