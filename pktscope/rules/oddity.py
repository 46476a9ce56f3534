"""What does not fit: headers that contradict themselves, segments no state expects, ports used again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import ACK, RST, SYN, Frame, Severity, Side, State, Step
from pktscope.rules.again import V, span, telling
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.handshake import header_of
from pktscope.rules.teardown import OPEN
from pktscope.words import phrase

if TYPE_CHECKING:
    from pktscope.flow import Flow

SHOWN = 4
"""Oddities of one frame that are told; a hostile one may have more."""

ODD = (
    OPEN
    + """
   C > S  PSH ACK 11:21 odd "the TCP header says 4 octets"      # capture.oddity
   S > C  ACK 21
"""
)


@rule("capture.oddity", "", on="frame", example=ODD, severity=Severity.WARNING)
def oddity(step: Step, flow: Flow) -> Iterator[Finding]:
    """The headers of a frame, or the record that holds it, say what cannot be.

    Kernels throw malformed packets away. They come from damage, from test tools, or from somebody who wants to confuse
    whoever captures: pktscope takes what can be taken and says what is wrong.
    """
    frame = step.observation
    if not isinstance(frame, Frame):
        return
    for text in frame.oddities[:SHOWN]:
        count = flow.count("capture.oddity")
        if telling(count):
            yield find(
                "Odd: {text}.{bulk}",
                text=text,
                bulk=phrase(" That is oddity {count:,} of this conversation.", count=count) if count > 3 else "",
            )


ASTRAY = (
    OPEN
    + """
   S > C  FIN ACK
   C > S  ACK 2
   C > S  FIN ACK 2
   S > C  ACK 12
   C > S  PSH ACK 12:22 2           # tcp.oddity
   C > S  PSH ACK 22:32 2
"""
)


@rule("tcp.oddity", "RFC 9293 section 3.10.7", on="segment", example=ASTRAY, severity=Severity.NOTICE)
def tcp_oddity(step: Step, flow: Flow) -> Iterator[Finding]:
    """A segment that the state of its sender or receiver does not foresee.

    The states are inferred from what was captured. If the capture missed something, an end may be further on than it
    seems here; only if nothing was missed did somebody break the rules. A late or repeated segment that meets a newer
    state is no oddity.
    """
    late = step.segment is not None and step.segment.seq < step.segment.nxt and not flow.now.fresh
    if flow.is_a(step, V.RETRANSMISSION | V.OUT_OF_ORDER | V.CAPTURED_TWICE) or late:
        return
    fin_end = flow.ends[step.side].fin_end
    beyond = step.octets is not None and fin_end is not None and step.octets[1] > fin_end
    if beyond and step.octets is not None and flow.once(f"beyond {step.side}"):
        yield find(
            "Unexpected: {what} of the {side} past its FIN (frame {frame}), which said that no more would come.",
            evidence=(flow.ends[step.side].fin,),
            severity=Severity.WARNING,
            what=span(step.octets),
            side=step.side,
            frame=flow.frame_number(flow.ends[step.side].fin or 0),
        )
    for side, event, state in flow.now.oddities:
        if not flow.once(f"tcp.oddity {side} {event} {state}"):
            continue
        rst = flow.ends[side.other].reset if state is State.CLOSED else None
        reason = phrase("by what this capture shows. It may have missed something")
        if rst is not None:
            reason = phrase(
                "for the RST of frame {frame} had not reached it yet, or it did not heed it",
                frame=flow.frame_number(rst),
            )
        yield find(
            "Unexpected: the {side} {event} in {state}, {reason}.",
            evidence=(rst,),
            side=side,
            event=event,
            state=state,
            reason=reason,
        )


OTHER_BYTES = (
    OPEN
    + """
   C > S  PSH ACK 11:15 "abcd"
   C > S  PSH ACK 13:17 "xdef"      # tcp.bytes-differ
   C > S  PSH ACK 13:17 "xdef"
   S > C  ACK 17
"""
)
ASKING = V.KEEP_ALIVE | V.ZERO_WINDOW_PROBE | V.CAPTURED_TWICE


@rule("tcp.bytes-differ", "RFC 9293 section 3.4", on="segment", example=OTHER_BYTES, severity=Severity.WARNING)
def bytes_differ(step: Step, flow: Flow) -> Iterator[Finding]:
    """Numbers sent before come again with other bytes.

    A kernel sends again what it sent first. Other bytes under the same numbers are damage, or somebody who wants a
    firewall to read something else than the host: which copy counts, each system decides for itself. The byte of a
    keep-alive or a window probe may be anything.
    """
    if step.octets is None or flow.is_a(step, ASKING):
        return
    for piece in flow.now.repeated:
        first = flow.steps[piece.step]
        if first.octets is None:
            continue
        low, high = max(step.octets[0], first.octets[0]), min(step.octets[1], first.octets[1])
        pairs = zip(bytes_at(first, low, high), bytes_at(step, low, high), strict=False)
        at = next((low + place for place, (old, new) in enumerate(pairs) if old != new), None)
        if at is not None and telling(flow.count(f"differ {step.side}"), 1):
            yield find(
                "Other bytes under the same numbers: byte {at:,} is not what frame {frame} carried there. Damage, or an"
                " attack.",
                evidence=(piece.step,),
                since=piece.step,
                at=at,
                frame=flow.frame_number(piece.step),
            )
            return


def bytes_at(step: Step, low: int, high: int) -> bytes:
    """What a segment carried under the numbers [low, high), as far as the capture kept it."""
    payload, octets = getattr(step.observation, "payload", b""), step.octets
    return payload[low - octets[0] : high - octets[0]] if octets is not None and high > low else b""


AGAIN = (
    OPEN
    + """
   C > S  RST ACK
   isn 700000 800000
   C > S  SYN mss 1460              # tcp.ports-reused
   S > C  SYN ACK 1 mss 1460
   C > S  ACK 1 seq 1
"""
)


@rule("tcp.ports-reused", "RFC 9293 section 3.4.3", on="segment", example=AGAIN, flags=SYN)
def ports_reused(step: Step, flow: Flow) -> Iterator[Finding]:
    """A new connection between the same two endpoints.

    A connection is known by two addresses and two ports, and once it is over the same four may be used again. The new
    initial sequence number tells the two apart; TIME_WAIT keeps late segments of the old one from being taken for the
    new.
    """
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    if header_of(step).flags & (SYN | ACK | RST) != SYN or me.syn != step.index:
        return
    if me.frames != 1 or you.frames or flow.frames < 2:
        return
    if step.before[0 if step.side is Side.CLIENT else 1] is State.SYN_SENT:
        yield find(
            "Another SYN, with a new initial sequence number: not the last one again, but a new attempt between the"
            " same two endpoints. Numbers count from 0 again.",
        )
        return
    yield find(
        "A new connection between the same two endpoints: the one before is over, and this SYN has a new initial"
        " sequence number. Numbers count from 0 again.",
        wireshark="TCP Port numbers reused",
    )


RULES: tuple[Rule, ...] = (oddity, tcp_oddity, bytes_differ, ports_reused)
