"""Explicit congestion notification: asked for, agreed on, used; a mark, its echo, and the answer to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import ACK, AE, CWR, ECE, SYN, Frame, Severity, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.handshake import header_of

if TYPE_CHECKING:
    from pktscope.flow import Flow

NOT_ECT, ECT1, ECT0, CE = range(4)
"""The two lowest bits of the traffic class, RFC 3168 section 5."""

MARKED = """
   C > S  SYN ECE CWR mss 1460    # ecn.asked
   S > C  SYN ACK ECE mss 1460    # ecn.agreed
   C > S  ACK
   C > S  PSH ACK 1:11 tos 2      # ecn.capable
   S > C  ACK 11
   C > S  PSH ACK 11:21 tos 3     # ecn.marked
   S > C  ACK 21 ECE              # ecn.echo
   C > S  PSH ACK CWR 21:31 tos 2 # ecn.reduced
   S > C  ACK 31
"""


def mark(step: Step) -> int:
    """The ECN bits of a frame's IP header."""
    ip = step.observation.ip if isinstance(step.observation, Frame) else None
    return ip.traffic_class & 3 if ip is not None else NOT_ECT


@rule("ecn.asked", "RFC 3168 section 6.1.1", on="segment", example=MARKED, flags=SYN)
def asked(step: Step, flow: Flow) -> Iterator[Finding]:
    """ECE and CWR in a SYN: shall we heed congestion marks?

    Both flags together in a SYN mean neither "I have seen a mark" nor "I have reduced my window", as they will later:
    they offer ECN. An old server, or one that does not want to, answers with a SYN,ACK without ECE.
    """
    flags = header_of(step).flags
    if flags & (ACK | AE) or flags & (ECE | CWR) != ECE | CWR:
        return
    yield find(
        "ECE and CWR in the SYN: the {side} offers to heed marks that a congested router sets instead of dropping"
        " (ECN).",
        side=step.side,
    )


@rule("ecn.agreed", "RFC 3168 section 6.1.1", on="segment", example=MARKED, flags=SYN)
def agreed(step: Step, flow: Flow) -> Iterator[Finding]:
    """ECE alone in the SYN,ACK: agreed.

    From now on both ends may send their data as ECN-capable. CWR is not set, so that a server that merely copies the
    SYN's flags is not taken for one that understands them.
    """
    flags, you = header_of(step).flags, flow.ends[step.side.other]
    if not flags & ACK or flags & (ECE | CWR | AE) != ECE or you.syn is None:
        return
    if header_of(flow.steps[you.syn]).flags & (ECE | CWR) != ECE | CWR:
        return
    flow.memory["ecn", ""] = step.index
    yield find(
        "ECE in the SYN,ACK, without CWR: the {side} agrees, and both ends use ECN on this connection.",
        evidence=(you.syn,),
        since=you.syn,
        side=step.side,
    )


@rule("ecn.capable", "RFC 3168 section 5", on="segment", example=MARKED)
def capable(step: Step, flow: Flow) -> Iterator[Finding]:
    """ECT in the IP header: mark me rather than drop me.

    Two bits next to the service class: 00 not capable, 10 ECT(0), 01 ECT(1), 11 congestion experienced. They are in the
    IP header, so that routers need not look into TCP. Only data is sent so; pure ACKs, the SYN, and data that is sent
    again are not, since nobody could answer for a mark on them.
    """
    found = mark(step)
    if found not in (ECT0, ECT1) or step.octets is None or ("ecn", "") not in flow.memory:
        return
    if not flow.once(f"ecn.capable {step.side}"):
        return
    yield find(
        "ECT({which}) in the IP header: a router on the way may mark this packet instead of dropping it.",
        evidence=(flow.memory["ecn", ""],),
        which=0 if found == ECT0 else 1,
    )


@rule("ecn.marked", "RFC 3168 section 5", on="segment", example=MARKED, severity=Severity.NOTICE)
def marked(step: Step, flow: Flow) -> Iterator[Finding]:
    """CE: a router on the way was congested, and marked this packet.

    It could have dropped it. Where the capture was made before that router, the mark is not in it; only its echo is.
    """
    if mark(step) != CE or not flow.once(f"ecn.marked {step.side}"):
        return
    flow.memory["marked", step.side] = step.index
    yield find(
        "CE in the IP header: a router before this point was congested and marked the packet instead of dropping it."
    )


@rule("ecn.echo", "RFC 3168 section 6.1.3", on="segment", example=MARKED, severity=Severity.NOTICE, flags=ECE)
def echo(step: Step, flow: Flow) -> Iterator[Finding]:
    """ECE: a mark has arrived here.

    The receiver repeats it in every ACK until it sees CWR, since an ACK may get lost. To the sender it is what a lost
    segment would be: a reason to send less; only nothing has to be sent again.
    """
    if header_of(step).flags & SYN or ("ecn", "") not in flow.memory or not flow.once(f"ecn.echo {step.side}"):
        return
    seen = flow.memory.get(("marked", step.side.other))
    yield find(
        "ECE: the {side} has received a packet marked by a congested router, and the {other} shall send less.",
        evidence=(seen,),
        since=seen,
        side=step.side,
        other=step.side.other,
    )


@rule("ecn.reduced", "RFC 3168 section 6.1.2", on="segment", example=MARKED, severity=Severity.NOTICE, flags=CWR)
def reduced(step: Step, flow: Flow) -> Iterator[Finding]:
    """CWR: the sender has reduced its congestion window.

    It is the answer to ECE, and ends it. The window is reduced once in a round trip, however many marks come.
    """
    if header_of(step).flags & SYN or ("ecn", "") not in flow.memory or not flow.once(f"ecn.reduced {step.side}"):
        return
    yield find("CWR: the {side} has heard of it and sends less from now on.", side=step.side)


RULES: tuple[Rule, ...] = (asked, agreed, capable, marked, echo, reduced)
