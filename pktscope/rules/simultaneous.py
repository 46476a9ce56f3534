"""Both ends at once: FINs that cross, and SYNs that cross."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import ACK, FIN, RST, SYN, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.handshake import header_of
from pktscope.rules.teardown import OPEN, crossing

if TYPE_CHECKING:
    from pktscope.flow import Flow

CROSSED = (
    OPEN
    + """
   C > S  FIN ACK           # tcp.fin
   S > C  FIN ACK 11        # tcp.simultaneous-close
   C > S  ACK 2
   S > C  ACK 12            # tcp.closed tcp.time-wait-both
"""
)


@rule("tcp.simultaneous-close", "RFC 9293 section 3.6", on="segment", example=CROSSED, flags=FIN)
def simultaneous_close(step: Step, flow: Flow) -> Iterator[Finding]:
    """Both ends close before either has the other's FIN.

    Each is then in CLOSING until its own FIN is acknowledged, and both end in TIME_WAIT. An acknowledgement number
    tells it: this FIN's sender would have acknowledged the other FIN if it had had it.
    """
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    if me.fin != step.index or you.fin is None or not crossing(step, you) or step.segment is None:
        return
    yield find(
        "FIN from the {side} as well, but its ACK {ack:,} does not cover the {other}'s FIN (frame {frame}): the two"
        " crossed. The {other} is now in {theirs}, the {side} in {mine}.",
        evidence=(you.fin,),
        since=you.fin,
        side=step.side,
        ack=step.segment.ack,
        other=step.side.other,
        frame=flow.frame_number(you.fin),
        theirs=you.state,
        mine=me.state,
    )


BOTH_ASK = """
   C > S  SYN mss 1460
   S > C  SYN mss 1460          # tcp.simultaneous-open
   C > S  SYN ACK mss 1460      # tcp.simultaneous-open
   S > C  SYN ACK mss 1460      # tcp.simultaneous-open
   C > S  PSH ACK 1:11
"""


def asked(flow: Flow, syn: int) -> bool:
    """Whether a SYN asks by itself, and is no answer."""
    return not header_of(flow.steps[syn]).flags & ACK


@rule("tcp.simultaneous-open", "RFC 9293 section 3.5", on="segment", example=BOTH_ASK, flags=SYN)
def simultaneous_open(step: Step, flow: Flow) -> Iterator[Finding]:
    """Both ends call connect(), and the SYNs cross: one connection without a listener.

    TCP does not need a client and a server. Each end answers the other's SYN with SYN,ACK, which repeats its own SYN,
    so four segments open the connection. It takes two programs that each bind the port the other one connects to.
    """
    flags = header_of(step).flags
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    if not flags & SYN or flags & (RST | FIN) or me.syn is None or you.syn is None:
        return
    if not asked(flow, me.syn) or not asked(flow, you.syn):
        return
    if me.syn == step.index:
        yield find(
            "The {side} asks too: its SYN does not acknowledge the {other}'s (frame {frame}). A simultaneous open: both"
            " ends are in {state}.",
            evidence=(you.syn,),
            since=you.syn,
            side=step.side,
            other=step.side.other,
            frame=flow.frame_number(you.syn),
            state=me.state,
        )
    elif flags & ACK and (
        step.segment is not None and step.segment.acked if flow.wire else you.syn_acked == step.index
    ):
        yield find(
            "SYN,ACK: the {side} acknowledges the {other}'s SYN (frame {frame}) and repeats its"
            " own. The {other} is now in {theirs}."
            if not flow.wire
            else "SYN,ACK: the {side} acknowledges the {other}'s SYN (frame {frame}) and repeats its own.",
            evidence=(me.syn, you.syn),
            since=min(me.syn, you.syn),
            side=step.side,
            other=step.side.other,
            frame=flow.frame_number(you.syn),
            theirs=you.state,
            wireshark="TCP Retransmission",
        )


RULES: tuple[Rule, ...] = (simultaneous_close, simultaneous_open)
