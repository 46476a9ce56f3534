"""What a rule is: one function, `(step, flow) -> findings`, with its lesson as docstring and its proof as example.

A rule looks back, never ahead, and never takes a finding back. It asks the flow questions that are indexed; it does
not walk all steps. Its docstring's first line is the headline, the rest the lesson the program shows. Its example is a
conversation in notation in which the lines marked `# rule-id` are where it speaks, and every other line is where it is
silent.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from pktscope.model import Note, Severity, Step

if TYPE_CHECKING:
    from pktscope.flow import Flow

Kind: TypeAlias = Literal[
    "segment", "datagram", "fragment", "icmp", "arp", "igmp", "frame", "hop", "arrival", "fate", "call", "return",
    "sample", "end",
]  # fmt: skip
"""What a rule wants to see: TCP segments, UDP datagrams (delivered whole), IP fragments, ICMP, ARP, IGMP, every
frame, a frame seen on a further link of its path, what the lab's wire did to a frame, calls, returns, the kernel's view
of a socket, the capture's end."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule has to say of a step."""

    message: str
    values: dict[str, object]
    evidence: tuple[int, ...]
    since: int | None
    severity: Severity | None
    wireshark: str


def find(
    message: str,
    *,
    evidence: tuple[int | None, ...] = (),
    since: int | None = None,
    severity: Severity | None = None,
    wireshark: str = "",
    **values: object,
) -> Finding:
    """A finding: a template for words.say() with its values, and the steps that prove it (None is left out)."""
    proof = tuple(index for index in evidence if index is not None)
    return Finding(message, values, proof, since, severity, wireshark)


Body: TypeAlias = "Callable[[Step, Flow], Iterator[Finding]]"


@dataclass(frozen=True, slots=True)
class Rule:
    """A registered rule."""

    id: str
    on: Kind
    reference: str
    severity: Severity
    example: str
    body: Body
    flags: int = 0
    """A segment rule is asked only where the header has one of these control bits; 0: always."""
    verdict: int = 0
    """A segment rule is asked only where the verdict has one of these bits; 0: always."""

    @property
    def headline(self) -> str:
        """The first line of the docstring."""
        return inspect.cleandoc(self.body.__doc__ or "").partition("\n")[0]

    @property
    def lesson(self) -> str:
        """The docstring behind its first line."""
        return inspect.cleandoc(self.body.__doc__ or "").partition("\n")[2].strip()

    def note(self, found: Finding, step: Step) -> Note:
        """What this rule found, as a note on a step."""
        return Note(
            rule=self.id,
            message=found.message,
            values=tuple(found.values.items()),
            step=step.index,
            since=step.index if found.since is None else found.since,
            evidence=tuple(sorted({*found.evidence, step.index})),
            severity=found.severity or self.severity,
            reference=self.reference,
            wireshark=found.wireshark,
        )


ID = re.compile(r"[a-z0-9]+\.[a-z0-9-]+")


class MalformedRule(TypeError):
    """A rule that breaks the form, named by file and line; raised at import."""


def rule(
    id: str,
    reference: str,
    *,
    on: Kind,
    example: str,
    severity: Severity = Severity.LESSON,
    flags: int = 0,
    verdict: int = 0,
) -> Callable[[Body], Rule]:
    """Make a rule of a function; `flags` and `verdict` spare it the segments it has nothing to say of.

    Raises MalformedRule where its id, docstring or example is missing.
    """

    def make(body: Body) -> Rule:
        code = body.__code__
        where = f"{code.co_filename}:{code.co_firstlineno}"
        if not ID.fullmatch(id):
            raise MalformedRule(f"{where}: rule id {id!r} is not of the form layer.name")
        headline, _, lesson = (body.__doc__ or "").strip().partition("\n")
        if not headline or not lesson.strip():
            raise MalformedRule(f"{where}: rule {id} needs a docstring: a headline, then the lesson")
        if f"# {id}" not in example and f" {id}" not in example:
            raise MalformedRule(f"{where}: the example of rule {id} marks no line with '# {id}'")
        return Rule(id, on, reference, severity, example, body, flags, verdict)

    return make
