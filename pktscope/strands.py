"""What `flows` winds together: a strand for a conversation, a holder for a socket, and who talks to whom. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from pktscope.flow import Flow
from pktscope.model import Call, Endpoint, Frame, Icmp, Note, Observation, Side, Step, Tcp, Udp

Key: TypeAlias = "tuple[str, frozenset[Endpoint], int]"
"""Protocol, both ends, and what else tells conversations apart (the identifier of an echo)."""

WILDCARDS = frozenset({"0.0.0.0", "::"})
PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp"}
NONE = -1
"""The conversation of a step that belongs to none, or not yet to one."""


class Strand:
    """One Flow among several: its own numbering of steps, and everybody's."""

    def __init__(self, flow: Flow, conversation: int = NONE) -> None:
        self.flow = flow
        self.conversation = conversation
        self.places: list[int] = []
        """Its step -> the step of the whole."""
        self.taken: set[int] = set()
        self.accepted = False
        """accept() has handed it over."""

    def take(self, seen: Observation, index: int) -> tuple[Step, tuple[Note, ...]]:
        """Follow an observation that is the step `index` of the whole; step and notes in the numbers of the whole."""
        self.places.append(index)
        self.taken.add(index)
        step, notes = self.flow.feed(seen)
        if len(self.places) - 1 == index and self.conversation == 0:
            return step, notes  # nothing else was followed so far
        return self.outward(step), tuple(self.translated(note) for note in notes)

    def outward(self, step: Step) -> Step:
        """A step of its own as a step of the whole."""
        at, segment = self.places, step.segment
        if segment is not None and segment.answers is not None:
            segment = replace(segment, answers=at[segment.answers])
        call = None if step.call is None else at[step.call]
        return replace(step, index=at[step.index], segment=segment, call=call, conversation=self.conversation)

    def translated(self, note: Note) -> Note:
        """A note of its own with the steps of the whole."""
        at = self.places
        evidence = tuple(sorted({at[step] for step in note.evidence}))
        return replace(note, step=at[note.step], since=at[note.since], evidence=evidence)

    def learn(self, indexes: Iterable[int], steps: Sequence[Step]) -> None:
        """Follow what was seen before and is its concern after all; what rules say of it was said then."""
        for index in sorted(set(indexes) - self.taken):
            self.places.append(index)
            self.taken.add(index)
            self.flow.feed(steps[index].observation)


@dataclass(slots=True)
class Holder:
    """A traced program's socket."""

    side: Side
    protocol: str = ""
    local: Endpoint | None = None
    peer: Endpoint | None = None
    """Of a connected socket."""
    listening: bool = False
    calls: list[int] = field(default_factory=list)
    """Steps of its calls, returns and samples, until it has a conversation of its own."""
    strands: list[Strand] = field(default_factory=list)
    """The conversations it carries: at most one, unless it listens or is an unconnected datagram socket."""
    hall: Strand | None = None
    """Where its calls go that are no conversation's."""

    @property
    def shared(self) -> bool:
        """Whether it serves several conversations."""
        return self.listening or (self.protocol != "tcp" and self.peer is None)

    @property
    def free(self) -> bool:
        """Whether a new conversation can be its own."""
        return self.shared or not self.strands

    def speaks(self, protocol: str) -> bool:
        """Whether a conversation of this protocol can be its own; raw sockets speak any."""
        return self.protocol in (protocol, "raw", "")

    def stands_at(self, end: Endpoint) -> bool:
        """Whether it is bound to this end."""
        mine = self.local
        return mine is not None and (mine == end or (mine.port == end.port and mine.address in WILDCARDS))


def is_call(seen: Observation, serial: int) -> bool:
    """Whether this is the call of that serial."""
    return isinstance(seen, Call) and seen.serial == serial


def said(note: Note, notes: list[Note]) -> bool:
    """Whether another conversation's rules have said the same of this step."""
    return any(note.rule == other.rule and note.message == other.message and note.values == other.values
               for other in notes)  # fmt: skip


def bare(end: Endpoint) -> Endpoint:
    """Without the port."""
    return Endpoint(end.address)


def aimed_at(aim: Endpoint, flow: Flow) -> bool:
    """Whether what is sent to `aim` goes to an end of this conversation; a raw socket's 0 stands for any port."""
    ends = [end for end in (flow.client, flow.server) if end is not None]
    return aim in ends or (not aim.port and any(end.address == aim.address for end in ends))


def reaches(aim: Endpoint, target: Endpoint) -> bool:
    """Whether what is sent to `aim` arrives at `target`; raw sockets name no port, and 0.0.0.0 is this host."""
    here = aim.address == target.address or aim.address in WILDCARDS
    return here and (aim.port in (target.port, 0) or target.port is None)


def parties(frame: Frame) -> tuple[Endpoint, Endpoint]:
    """Who talks to whom: of an ICMP error, the ends of the packet it complains of."""
    if isinstance(frame.transport, Icmp) and frame.transport.quoted is not None:
        return frame.transport.quoted.source, frame.transport.quoted.target
    return frame.source, frame.target


def key_of(frame: Frame) -> Key | None:
    """Which conversation a frame is part of; None for what is no conversation's own."""
    match frame.transport:
        case Tcp():
            return "tcp", frozenset({frame.source, frame.target}), 0
        case Udp():
            return "udp", frozenset({frame.source, frame.target}), 0
        case Icmp(quoted=None) as message:
            return "icmp", frozenset({frame.source, frame.target}), message.identifier or 0
        case Icmp() as message if message.quoted is not None:
            quoted = message.quoted
            return PROTOCOLS.get(quoted.protocol, "ip"), frozenset({quoted.source, quoted.target}), 0
        case None if frame.ip is not None and frame.source.port is not None:
            return PROTOCOLS.get(frame.ip.protocol, "ip"), frozenset({frame.source, frame.target}), 0
        case _:
            return None


def common(ends: Sequence[Endpoint | None]) -> Endpoint | None:
    """What all these ends have in common: the end itself, its address alone, or no more than that they are ends."""
    known = [end for end in ends if end is not None]
    if len(set(known)) < 2:
        return known[0] if known else None
    addresses = {end.address for end in known}
    return Endpoint(addresses.pop()) if len(addresses) == 1 else Endpoint("")
