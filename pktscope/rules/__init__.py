"""The rules: everything pktscope points out, in the order it says it. A new rule is one function and one name here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, get_args

from pktscope.model import Arp, Call, End, Fate, Frame, Icmp, Igmp, Note, Return, Sample, Step, Tcp, Udp
from pktscope.rules import (
    arp,
    backlog,
    boundaries,
    calls,
    cork,
    data,
    datagrams,
    delivery,
    ecn,
    failures,
    fast_open,
    fragments,
    groups,
    growth,
    half_close,
    handshake,
    icmp,
    keepalive,
    lab,
    leases,
    loss,
    nagle,
    names,
    nobody,
    oddity,
    order,
    programs,
    quality,
    raw,
    reset,
    routing,
    simultaneous,
    stream,
    teardown,
    time_wait,
    timing,
    traceroute,
    typed,
    unix,
    unreliable,
    urgent,
    why_reset,
    window,
)
from pktscope.rules.base import Finding, Kind, MalformedRule, Rule, find, rule

if TYPE_CHECKING:
    from pktscope.flow import Flow

RULES: tuple[Rule, ...] = (
    *handshake.RULES,
    *backlog.RULES,
    *teardown.RULES,
    *half_close.RULES,
    *time_wait.RULES,
    *simultaneous.RULES,
    *reset.RULES,
    *why_reset.RULES,
    *keepalive.RULES,
    *failures.RULES,
    *loss.RULES,
    *order.RULES,
    *window.RULES,
    *timing.RULES,
    *growth.RULES,
    *urgent.RULES,
    *fast_open.RULES,
    *ecn.RULES,
    *quality.RULES,
    *oddity.RULES,
    *data.RULES,
    *delivery.RULES,
    *nagle.RULES,
    *cork.RULES,
    *typed.RULES,
    *stream.RULES,
    *datagrams.RULES,
    *boundaries.RULES,
    *unreliable.RULES,
    *nobody.RULES,
    *fragments.RULES,
    *icmp.RULES,
    *raw.RULES,
    *groups.RULES,
    *arp.RULES,
    *routing.RULES,
    *traceroute.RULES,
    *names.RULES,
    *leases.RULES,
    *lab.RULES,
    *calls.RULES,
    *programs.RULES,
    *unix.RULES,
)
"""Every rule, in speaking order."""

BY_KIND: dict[str, tuple[Rule, ...]] = {
    kind: tuple(each for each in RULES if each.on in kind.split("+")) for kind in ("segment+arrival", *get_args(Kind))
}

BY_ID: dict[str, Rule] = {each.id: each for each in RULES}
if len(BY_ID) != len(RULES):
    raise MalformedRule("two rules share an id")


def kinds(step: Step, wire: bool) -> tuple[str, ...]:
    """Which rules look at a step. Only on the lab's wire is it known when a segment reaches the other end."""
    match step.observation:
        case Frame() if step.link:
            return ("hop",)
        case Frame() as frame:
            found: list[str] = []
            if frame.ip is not None and frame.ip.is_fragment:
                found.append("fragment")
            match frame.transport:
                case Tcp():
                    found.append("segment" if wire else "segment+arrival")
                case Udp():
                    found.append("datagram")
                case Icmp():
                    found.append("icmp")
                case Arp():
                    found.append("arp")
                case Igmp():
                    found.append("igmp")
                case _:
                    pass
            return (*found, "frame")  # what the capture itself needs said comes behind the lesson
        case Call():
            return ("call",)
        case Return():
            return ("return",)
        case Fate():
            return ("fate",)
        case Sample():
            return ("sample",)
        case End():
            return ("end",)
        case _:
            return ()


@lru_cache(maxsize=1024)
def asked(kind: str, flags: int, verdict: int) -> tuple[Rule, ...]:
    """The rules of a kind that may have something to say of a segment with these control bits and this verdict."""
    return tuple(
        each for each in BY_KIND[kind]
        if (not each.flags or each.flags & flags) and (not each.verdict or each.verdict & verdict)
    )  # fmt: skip


def speak(step: Step, flow: Flow) -> Iterator[Note]:
    """All notes on a step, in order."""
    landed = arrival(step, flow)
    if landed is not None:
        yield from of_kind("arrival", landed, step, flow)
    for kind in kinds(step, flow.wire):
        yield from of_kind(kind, step, step, flow)


def of_kind(kind: str, seen: Step, step: Step, flow: Flow) -> Iterator[Note]:
    """What the rules of a kind say of something seen, as notes on a step."""
    header = getattr(seen.observation, "transport", None)
    flags = header.flags if isinstance(header, Tcp) else 0
    verdict = seen.segment.verdict if seen.segment is not None else 0
    for each in asked(kind, flags, verdict):
        for found in each.body(seen, flow):
            yield each.note(found, step)


def arrival(step: Step, flow: Flow) -> Step | None:
    """The step of a segment as it was when it reached the other end of the wire, whole and for the first time."""
    fate = step.observation
    if not isinstance(fate, Fate) or step.call is None or fate.what == "damaged" or len(fate.delivered) != 1:
        return None
    sent = flow.steps[step.call]
    if sent.segment is None or not isinstance(sent.observation, Frame):
        return None
    frame = replace(sent.observation, time=step.time)
    return replace(sent, observation=frame, before=step.before, after=step.after)


__all__ = ["BY_ID", "RULES", "Finding", "Kind", "MalformedRule", "Rule", "find", "kinds", "rule", "speak"]
