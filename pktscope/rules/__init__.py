"""The rules: everything pktscope points out, in the order it says it. A new rule is one function and one name here."""

from __future__ import annotations

from collections.abc import Iterator
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

BY_KIND: dict[Kind, tuple[Rule, ...]] = {
    kind: tuple(each for each in RULES if each.on == kind)
    for kind in get_args(Kind)
}

BY_ID: dict[str, Rule] = {each.id: each for each in RULES}
if len(BY_ID) != len(RULES):
    raise MalformedRule("two rules share an id")


def kinds(step: Step) -> tuple[Kind, ...]:
    """Which rules look at a step."""
    match step.observation:
        case Frame() if step.link:
            return ("hop",)
        case Frame() as frame:
            found: list[Kind] = []
            if frame.ip is not None and frame.ip.is_fragment:
                found.append("fragment")
            match frame.transport:
                case Tcp():
                    found.append("segment")
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
def asked(kind: Kind, flags: int, verdict: int) -> tuple[Rule, ...]:
    """The rules of a kind that may have something to say of a segment with these control bits and this verdict."""
    return tuple(
        each for each in BY_KIND[kind]
        if (not each.flags or each.flags & flags) and (not each.verdict or each.verdict & verdict)
    )  # fmt: skip


def speak(step: Step, flow: Flow) -> Iterator[Note]:
    """All notes on a step, in order."""
    header = getattr(step.observation, "transport", None)
    flags = header.flags if isinstance(header, Tcp) else 0
    verdict = step.segment.verdict if step.segment is not None else 0
    for kind in kinds(step):
        for each in asked(kind, flags, verdict):
            for found in each.body(step, flow):
                yield each.note(found, step)


__all__ = ["BY_ID", "RULES", "Finding", "Kind", "MalformedRule", "Rule", "find", "kinds", "rule", "speak"]
