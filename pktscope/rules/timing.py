"""What a retransmission does to the sender's clock: the timer that backs off, and round trips nobody can measure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from pktscope.model import Severity, Step
from pktscope.rules.again import V, again, telling
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.handshake import header_of
from pktscope.rules.phrases import frames, stretch
from pktscope.rules.teardown import OPEN
from pktscope.words import Words, phrase

if TYPE_CHECKING:
    from pktscope.ends import Sent
    from pktscope.flow import Flow

BACKED_OFF = (
    OPEN
    + """
   C > S  PSH ACK 11:21
+200ms
   C > S  PSH ACK 11:21
+400ms
   C > S  PSH ACK 11:21
+800ms
   C > S  PSH ACK 11:21         # tcp.backed-off
   S > C  ACK 21                # tcp.karn
   C > S  PSH ACK 21:31
   S > C  ACK 31
"""
)


@rule(
    "tcp.backed-off",
    "RFC 6298 section 5",
    on="segment",
    example=BACKED_OFF,
    severity=Severity.NOTICE,
    verdict=V.RETRANSMISSION,
)
def backed_off(step: Step, flow: Flow) -> Iterator[Finding]:
    """The retransmission timer doubles with every try.

    If nothing comes back, the network may be overloaded, and then sending as often as before would keep it so. Every
    time the timer runs out it is set to twice as long, up to two minutes on Linux, until a segment that was sent only
    once is acknowledged. Linux gives up after 15 tries, which is some 15 minutes.
    """
    if step.octets is None or not flow.now.repeated or flow.is_a(step, V.FAST | V.SYN_AGAIN | V.FIN_AGAIN | V.SPURIOUS):
        return
    piece = flow.now.repeated[0]
    earlier = again(step, flow, piece)
    if not earlier.doubled or earlier.number % 3:
        return
    copies = [piece.step, *piece.again][-7:]
    waits = [flow.steps[late].time - flow.steps[early].time for early, late in pairwise(copies)]
    yield find(
        "The timer doubles with every try: the waits between the copies were {waits:list}.",
        evidence=tuple(copies),
        since=piece.step,
        waits=tuple(phrase("{wait:duration}", wait=wait) for wait in waits),
    )


@rule("tcp.karn", "RFC 6298 section 3, RFC 7323 section 4", on="segment", example=BACKED_OFF)
def karn(step: Step, flow: Flow) -> Iterator[Finding]:
    """Which copy does this ACK answer? Karn's algorithm: do not measure.

    A sender sets its timer from round trips it has measured. For bytes that were sent more than once the time to their
    ACK may be that of the last copy or of any before, and a wrong guess would spoil the timer. So it is not measured,
    and the doubled timer stays until a segment sent only once is acknowledged. With timestamps the ACK echoes the
    clock value of the segment that caused it, and the sender knows after all.
    """
    if step.segment is None or not step.segment.acked:
        return
    piece = next((each for each in flow.now.acked if each.again and each.end > 1), None)
    if piece is None or flow.ends[step.side.other].fin_end == piece.end or not flow.once(f"tcp.karn {step.side}"):
        return
    copies = [piece.step, *piece.again]
    yield find(
        "This ACK covers bytes that left {count:times} ({frames}). By its number alone nobody can say which copy it"
        " answers, so for them no round trip is measured (Karn).{told}",
        evidence=tuple(copies[:8]),
        since=piece.step,
        count=len(copies),
        frames=frames([flow.frame_number(copy) for copy in copies]),
        told=echoed(step, flow, piece),
    )


def echoed(step: Step, flow: Flow, piece: Sent) -> Words:
    """Which copy the timestamps say that an ACK answers, as a sentence of its own; '' where they do not say."""
    stamp = header_of(step).options.timestamp
    if stamp is None:
        return ""
    values: dict[int, list[int]] = {}
    for copy in (piece.step, *piece.again):
        sent = header_of(flow.steps[copy]).options.timestamp
        if sent is not None:
            values.setdefault(sent[0], []).append(copy)
    found = values.get(stamp[1], [])
    if len(found) != 1:
        return ""
    return phrase(
        " The timestamps can: the ACK echoes {value}, which is that of frame {frame}.",
        value=stamp[1],
        frame=flow.frame_number(found[0]),
    )


LATE = """
   C > S  SYN mss 1000 sack
   S > C  SYN ACK mss 1000 sack
   C > S  ACK
   C > S  PSH ACK 1:101
+210ms
   C > S  PSH ACK 1:101
   S > C  ACK 101
+200ms
   S > C  ACK 101 sack 1:101    # tcp.needless
   C > S  PSH ACK 101:201
   S > C  ACK 201
"""


@rule("tcp.needless", "RFC 3708, RFC 2883", on="segment", example=LATE, severity=Severity.NOTICE, verdict=V.D_SACK)
def needless(step: Step, flow: Flow) -> Iterator[Finding]:
    """Sent again for nothing: the D-SACK tells the sender so.

    Both copies have arrived, so neither was lost: the first was only late, or the ACK of it was late or lost. A sender
    that hears of it can take back what it did because of the supposed loss (Linux restores its congestion window).
    Without SACK it would never know.
    """
    segment, you = step.segment, flow.ends[step.side.other]
    if segment is None or not segment.sack:
        return
    piece = next((each for each in you.pieces(*segment.sack[0]) if each.again and each.first), None)
    if piece is None or not telling(flow.count(f"needless {step.side}"), 3):
        return
    last, acked = piece.again[-1], piece.acked
    gone = acked if acked is not None and acked < last and flow.lost(acked) else None
    yield find(
        "What was lost is the ACK (frame {ack}), not {stretch}: both copies have arrived. Without an ACK the sender"
        " cannot tell the one from the other, so it had to send again (frame {again})."
        if gone is not None
        else "By all signs {stretch} need not have been sent again (frame {again}): both copies have arrived. The copy"
        " before it (frame {first}) was late, or the ACK of it was late or lost.",
        evidence=(piece.step, last, gone),
        since=piece.step,
        stretch=stretch(piece.first, piece.end),
        again=flow.frame_number(last),
        ack=flow.frame_number(gone) if gone is not None else 0,
        first=flow.frame_number(piece.again[-2] if len(piece.again) > 1 else piece.step),
    )


RULES: tuple[Rule, ...] = (backed_off, karn, needless)
