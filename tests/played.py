"""A demo run to its end, everything seen of it, and what can be held against it: the packets, the kernel's own word."""

from __future__ import annotations

import io
import itertools
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pktscope import demos
from pktscope.capture.store import Store
from pktscope.demos import Demo
from pktscope.flows import Flows
from pktscope.lab import runner
from pktscope.model import (
    Arp,
    Endpoint,
    Exchange,
    Fate,
    Frame,
    Icmp,
    Igmp,
    Observation,
    Sample,
    Side,
    State,
    Step,
    Tcp,
    Udp,
)

SERVER_PORT = 8000
EPHEMERAL = 32768
"""The lowest port the kernel gives to who asks for none."""
FLAGS = (("S", 2), ("F", 1), ("R", 4), ("P", 8), ("A", 16), ("U", 32), ("E", 64), ("W", 128))
UNDER_WAY = 1_000_000
"""Nanoseconds a frame may be on its way up from where it is seen to the kernel that moves a state by it."""


class Keeping(io.RawIOBase):
    """A file that keeps what is written."""

    def __init__(self) -> None:
        self.kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, octets: object) -> int:
        self.kept += bytes(octets)  # type: ignore[call-overload]
        return len(bytes(octets))  # type: ignore[call-overload]

    def close(self) -> None:
        """Stays readable."""


@dataclass(frozen=True)
class Played:
    """A demo that has run: what was seen as it happened, and the recording's octets."""

    demo: Demo
    seen: tuple[Observation, ...]
    recording: bytes
    exchange: Exchange | None
    status: int
    refusal: str

    @cached_property
    def flow(self) -> Flows:
        """Everything seen, folded."""
        return fold(self.seen, self.exchange)

    @property
    def picture(self) -> str:
        """Its packets as words."""
        return self.without(())

    def without(self, numbers: Container[int]) -> str:
        """The same, some packets left out."""
        fates = {each.frame: each.what for each in self.seen if isinstance(each, Fate)}
        frames = (each for each in self.seen if isinstance(each, Frame) and each.number not in numbers)
        return picture_of(frames, fates)


def play(name: str, variant: str = "", **wishes: Any) -> Played:
    """Run a demo to its end, with wishes by the fields of Wishes."""
    copy = Keeping()
    demo = demos.load(name, variant)
    with runner.start(demo.name, variant=demo.variant, **wishes) as run:
        store = Store.from_stream(run.stream, copy_to=copy)  # type: ignore[arg-type]
        reader = store.reader(None)
        seen: list[Observation] = []
        while not reader.done:
            more = reader.more(50)
            seen.extend(more)
            if not more:
                store.wait(0.01)
        status = run.wait(30)
        return Played(demo, tuple(seen), bytes(copy.kept), store.exchange, status, run.refusal)


def fold(seen: Iterable[Observation], exchange: Exchange | None) -> Flows:
    """Observations, followed."""
    flow = Flows(exchange)
    for each in seen:
        flow.feed(each)
    return flow


def picture_of(frames: Iterable[Frame], fates: Mapping[int, str] | None = None) -> str:
    """An exchange as words: 'C:S S:SA C:A 2xC:PA100', equal ones in a row counted.

    S is who has the demos' port, C, C2, ... are those whose port the kernel gave, in the order they are met. What the
    lab did to a frame stands behind it: 'C:PA3!dropped'.
    """
    names: dict[Endpoint, str] = {}
    words = [word(frame, names) + told(frame, fates or {}) for frame in frames]
    return " ".join(
        name if (count := len(list(group))) == 1 else f"{count}x{name}" for name, group in itertools.groupby(words)
    )


def told(frame: Frame, fates: Mapping[int, str]) -> str:
    """What the lab did to a frame, where it did anything."""
    what = fates.get(frame.number, "delivered")
    return "" if what == "delivered" else f"!{what}"


def word(frame: Frame, names: dict[Endpoint, str]) -> str:
    """One packet: 'C:SA', 'S:PA13', 'frag', 'ICMP3/1', 'R1-R2/C:U4'."""
    where = f"{frame.interface}/" if "-" in frame.interface else ""
    if frame.ip is not None and frame.ip.fragment_offset:
        return where + "frag"
    who = named(frame.source, names)
    match frame.transport:
        case Tcp() as tcp:
            flags = "".join(name for name, bit in FLAGS if tcp.flags & bit)
            return f"{where}{who}:{flags}{frame.length or ''}"
        case Udp() as udp:
            return f"{where}{who}:U{udp.length - 8}"
        case None:  # the first of several fragments
            return f"{where}{who}:U{first_length(frame)}"
        case Icmp() as icmp:
            return f"{where}{who}:ICMP{icmp.type}/{icmp.code}"
        case Arp() as arp:
            return f"{where}{who}:ARP{arp.operation}>{arp.target}"
        case Igmp() as igmp:
            return f"{where}{who}:IGMP{igmp.type:#x}"
        case other:
            return f"{where}{who}:{other.name}"


def first_length(frame: Frame) -> int:
    """Octets of its datagram's data that a first fragment carries."""
    return frame.ip.fragment_length - 8 if frame.ip else 0


def named(end: Endpoint, names: dict[Endpoint, str]) -> str:
    """Who that is, so that every run calls it the same."""
    if end.port is None:
        return end.address
    if end.port == SERVER_PORT:
        return "S"
    if end.port < EPHEMERAL:
        return str(end)
    return names.setdefault(end, f"C{len(names) + 1}" if names else "C")


def compared(flow: Flows) -> list[tuple[Step, set[State]]]:
    """Law 11: every sample of a connection's socket, with the states that may have been shown there.

    Where a frame of the conversation was seen, or arrived, while the kernel was being asked, or so shortly before that
    it may still have been on its way up, the state before that frame counts as well.
    """
    found = []
    for step in flow.steps:
        sample = step.observation
        if not isinstance(sample, Sample) or sample.state is State.LISTEN or not is_of(sample, step, flow):
            continue
        place = 0 if sample.side is Side.CLIENT else 1
        shown = {step.after[place]}
        for earlier in reversed(flow.steps[: step.index]):
            if earlier.time < sample.since - UNDER_WAY:
                break
            if isinstance(earlier.observation, Frame | Fate) and earlier.conversation == step.conversation:
                shown.add(earlier.before[place])
        found.append((step, shown))
    return found


def disagreements(flow: Flows) -> list[str]:
    """Where the kernel reports another state than is shown."""
    return [
        f"step {step.index}: the kernel says {step.observation.state}, shown is {', '.join(sorted(shown))}"
        for step, shown in compared(flow)
        if isinstance(step.observation, Sample) and step.observation.state not in shown
    ]


def is_of(sample: Sample, step: Step, flow: Flows) -> bool:
    """Whether a sample is of the connection's own socket."""
    if step.conversation < 0:
        return False
    strand = flow.strands[step.conversation].flow
    ends = {Side.CLIENT: strand.client, Side.SERVER: strand.server}
    return sample.local == ends[sample.side] and sample.peer == ends[sample.side.other]
