"""What the other end says of the order in which bytes arrive, and what this capture did not see or saw late."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Severity, Step
from pktscope.rules.again import V, shark, span, telling
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.handshake import crossed_open
from pktscope.rules.loss import ASKED
from pktscope.rules.teardown import OPEN
from pktscope.words import Phrase, phrase

if TYPE_CHECKING:
    from pktscope.ends import End
    from pktscope.flow import Flow

MISSING = """
   C > S  SYN mss 1000
   S > C  SYN ACK mss 1000
   C > S  ACK
   C > S  ACK 1:101
   C > S  ACK 101:201
   C > S  ACK 201:301
   C > S  ACK 301:401
   S > C  ACK 1                 # tcp.duplicate-ack
   S > C  ACK 1                 # tcp.duplicate-ack
   S > C  ACK 1                 # tcp.duplicate-ack
   C > S  ACK 1:101
   S > C  ACK 401
"""


def blocks(step: Step, flow: Flow) -> Phrase:
    """The SACK blocks of a segment in words."""
    you = flow.ends[step.side.other]
    found = step.segment.sack if step.segment is not None else ()
    first, *more = (numbers_of(you, *each) for each in found[:2])
    if len(found) > 3:
        return phrase("{first}, {second} and {more} more stretches", first=first, second=more[0], more=len(found) - 2)
    if len(found) == 3:
        return phrase("{first}, {second} and 1 more stretch", first=first, second=more[0])
    return phrase("{first} and {second}", first=first, second=more[0]) if more else first


def numbers_of(end: End, first: int, behind: int) -> Phrase:
    """A stretch of numbers in words: bytes, or the SYN or FIN that took the number."""
    if first == 0 and behind == 1 and end.syn is not None:
        return phrase("the SYN")
    if end.fin_end == behind:
        return (
            phrase("the FIN") if behind - first == 1 else phrase("{span} and the FIN", span=span((first, behind - 1)))
        )
    return span((first, behind))


@rule(
    "tcp.duplicate-ack",
    "RFC 5681 section 2",
    on="segment",
    example=MISSING,
    severity=Severity.NOTICE,
    verdict=V.DUPLICATE_ACK,
)
def duplicate_ack(step: Step, flow: Flow) -> Iterator[Finding]:
    """The same number asked for again: something arrived, but not what is next.

    A receiver acknowledges at once when a segment comes out of order, and all it can say is which byte it still wants.
    One or two such ACKs may only mean that segments changed places; after the third the sender takes the piece for lost
    and sends it again without waiting for its timer.
    """
    me = flow.ends[step.side]
    if not flow.is_a(step, V.DUPLICATE_ACK) or step.segment is None or not telling(len(me.duplicates), 3):
        return
    number = len(me.duplicates)
    third = phrase(" Three are the mark at which a sender resends at once (RFC 5681).") if number == 3 else ""
    yield find(
        "{number:nth} duplicate ACK for number {ack:,}: something arrived at the {side}, but not what comes next{sack}."
        "{third}",
        evidence=tuple(me.duplicates[-3:]),
        since=me.duplicates[0],
        number=number,
        ack=step.segment.ack,
        side=step.side,
        sack=phrase("; SACK: {blocks} came", blocks=blocks(step, flow))
        if step.segment.sack and not flow.is_a(step, V.D_SACK)
        else "",
        third=third,
        wireshark=shark(flow, V.DUPLICATE_ACK),
    )


SACKED = ASKED.replace("sack 101:201\n", "sack 101:201  # tcp.sack\n", 1)


@rule("tcp.sack", "RFC 2018", on="segment", example=SACKED)
def sack(step: Step, flow: Flow) -> Iterator[Finding]:
    """SACK: which later bytes arrived, although earlier ones are missing.

    The ACK number alone can only say up to where everything is there. The SACK option adds up to four stretches beyond
    it, so the sender sends only the holes again. Both SYNs must have permitted it.
    """
    segment = step.segment
    if segment is None or not segment.sack or flow.is_a(step, V.D_SACK) or segment.ack is None:
        return
    if not flow.once(f"tcp.sack {step.side}"):
        return
    nxt = flow.ends[step.side.other].nxt
    beyond = next((each for each in segment.sack if each[1] > nxt), None)
    if beyond is not None:
        yield find(
            "SACK names {what}, but as far as this capture shows the {other} has sent nothing above {highest:,}.",
            severity=Severity.WARNING,
            what=span(beyond),
            other=step.side.other,
            highest=nxt - 1,
        )
        return
    yield find(
        "Selective ACK: the {side} still waits for byte {ack:,}, but has {blocks}: the {other} need not send"
        " that again.",
        side=step.side,
        ack=segment.ack,
        blocks=blocks(step, flow),
        other=step.side.other,
    )


TWICE = """
   C > S  SYN mss 1000 sack
   S > C  SYN ACK mss 1000 sack
   C > S  ACK
   C > S  ACK 1:101
   S > C  ACK 101
+300ms
   C > S  ACK 1:101
   S > C  ACK 101 sack 1:101    # tcp.d-sack
"""


@rule("tcp.d-sack", "RFC 2883", on="segment", example=TWICE, severity=Severity.NOTICE, verdict=V.D_SACK)
def d_sack(step: Step, flow: Flow) -> Iterator[Finding]:
    """D-SACK: "these bytes came twice".

    A SACK block below the ACK number cannot announce anything new; it reports a duplicate. So the sender learns that it
    sent something again for nothing: the first copy, or its ACK, was only late.
    """
    segment, you = step.segment, flow.ends[step.side.other]
    if segment is None or not flow.is_a(step, V.D_SACK) or not segment.sack:
        return
    if segment.sack[0] == (0, 1) and crossed_open(flow):
        return  # the SYN,ACK of a simultaneous open repeats the SYN, as it must
    if not telling(flow.count(f"d-sack {step.side}")):
        return
    first, end = segment.sack[0]
    found = you.pieces(first, first + 1)[:1]
    copies = [found[0].step, *found[0].again[-1:]] if found else []
    frames = tuple(flow.frame_number(each) for each in copies)
    yield find(
        "D-SACK: {what} arrived twice at the {side}{frames}.{spare}",
        evidence=tuple(copies),
        since=copies[0] if copies else None,
        what=numbers_of(you, first, end),
        side=step.side,
        frames=phrase(" (sent in frames {frames:list})", frames=frames) if len(copies) > 1 else "",
        spare=phrase(" One copy was not needed.") if first > 0 else "",
    )


SWAPPED = """
   C > S  SYN mss 1000 sack
+20ms
   S > C  SYN ACK mss 1000 sack
   C > S  ACK
   C > S  ACK 1:101
   C > S  ACK 201:301           # tcp.gap
   C > S  ACK 101:201           # tcp.out-of-order tcp.hole-filled
   C > S  ACK 301:401
"""


REASONS = {
    "older timestamp": phrase("; its timestamp is older than theirs, so it was overtaken on the way"),
    "older identification": phrase("; its IP identification is older than theirs, so it was overtaken on the way"),
    "too soon for a round trip": phrase("; too soon after them to have been asked for, so it was overtaken on the way"),
}


@rule(
    "tcp.out-of-order",
    "RFC 9293 section 3.10.7.4",
    on="segment",
    example=SWAPPED,
    severity=Severity.NOTICE,
    verdict=V.OUT_OF_ORDER,
)
def out_of_order(step: Step, flow: Flow) -> Iterator[Finding]:
    """Late, not lost: later bytes overtook these.

    IP promises no order. The receiver keeps what came early and hands it over when the hole is filled; the program sees
    nothing of it but a delay.
    """
    if not flow.is_a(step, V.OUT_OF_ORDER) or step.octets is None:
        return
    count = flow.count(f"late {step.side}")
    if not telling(count):
        return
    yield find(
        "{what:capital} came late: later ones (up to {highest:,}) were here first{why}.{bulk}",
        what=span(step.octets),
        highest=flow.ends[step.side].nxt - 1,
        why=REASONS.get(flow.machine.reason, "") if step.time >= flow.steps[step.index - 1].time else "",
        bulk=phrase(" That is the {count:nth} time in this direction.", count=count) if count > 3 else "",
        wireshark=shark(flow, V.OUT_OF_ORDER),
    )


@rule("tcp.gap", "RFC 9293 section 3.4", on="segment", example=SWAPPED, severity=Severity.NOTICE, verdict=V.GAP)
def gap(step: Step, flow: Flow) -> Iterator[Finding]:
    """Bytes before these are not in this capture.

    They may have been lost before the place where it was made, they may be on their way still, or the capture missed
    them. What the receiver acknowledges later decides it.
    """
    me, segment = flow.ends[step.side], step.segment
    if not flow.is_a(step, V.GAP) or segment is None or not me.holes or me.holes[-1][1] != segment.seq:
        return
    flow.marks[f"gap {step.side}"] = step.index
    count = flow.count(f"gap {step.side}")
    if not telling(count):
        return
    yield find(
        "{what:capital} of the {side} is missing here: late, lost before this point, or not captured. An ACK will"
        " tell.{bulk}"
        if segment.seq - me.holes[-1][0] == 1
        else "{what:capital} of the {side} are missing here: late, lost before this point, or not captured. An ACK will"
        " tell.{bulk}",
        what=span(me.holes[-1]),
        side=step.side,
        bulk=phrase(" That is the {count:nth} gap in this direction.", count=count) if count > 3 else "",
        wireshark=shark(flow, V.GAP),
    )


@rule("tcp.hole-filled", "RFC 9293 section 3.10.7.4", on="segment", example=SWAPPED)
def hole_filled(step: Step, flow: Flow) -> Iterator[Finding]:
    """The missing bytes are here: everything up to the highest byte is complete.

    What had arrived behind the hole has been waiting in the receiver's kernel, which can now hand it all over.
    """
    me = flow.ends[step.side]
    noticed = flow.marks.get(f"gap {step.side}")
    if noticed is None or noticed == step.index or me.holes or not flow.now.fresh:
        return
    del flow.marks[f"gap {step.side}"]
    if not telling(flow.count(f"filled {step.side}")):
        return
    yield find(
        "With {what} no gap is left: the {side}'s bytes are complete up to {highest:,}, {took:duration} after the gap"
        " showed (frame {frame}).",
        evidence=(noticed,),
        since=noticed,
        what=span(step.octets) if step.octets else phrase("this segment"),
        side=step.side,
        highest=me.nxt - 1,
        took=step.time - flow.steps[noticed].time,
        frame=flow.frame_number(noticed),
    )


UNSEEN = (
    OPEN
    + """
   C > S  PSH ACK 21:31
   S > C  ACK 31                # tcp.acked-unseen
   C > S  PSH ACK 31:41
"""
)


@rule(
    "tcp.acked-unseen",
    "RFC 9293 section 3.4",
    on="segment",
    example=UNSEEN,
    severity=Severity.NOTICE,
    verdict=V.ACKED_UNSEEN,
)
def acked_unseen(step: Step, flow: Flow) -> Iterator[Finding]:
    """Acknowledged, but not in this capture: so it is the capture that missed it.

    An ACK proves that everything below its number arrived. If some of that was never seen here, the capture lost it
    (its buffer was full, a filter cut it out, or it went another way), not the network.
    """
    segment = step.segment
    if not flow.is_a(step, V.ACKED_UNSEEN) or segment is None or segment.ack is None:
        return
    flow.marks.pop(f"gap {step.side.other}", None)
    count = flow.count(f"unseen {step.side}")
    if not telling(count):
        return
    yield find(
        "ACK {ack:,}: the {side} says that it has all of the {other}'s bytes below that, and some are not in this"
        " capture. So the capture missed them, not the network.{bulk}",
        ack=segment.ack,
        side=step.side,
        other=step.side.other,
        bulk=phrase(" That is the {count:nth} time.", count=count) if count > 3 else "",
        wireshark=shark(flow, V.ACKED_UNSEEN),
    )


DOUBLED = (
    OPEN
    + """
   C > S  PSH ACK 11:21 id 7
   C > S  PSH ACK 11:21 id 7    # tcp.captured-twice
   S > C  ACK 21
"""
)


@rule("tcp.captured-twice", "", on="segment", example=DOUBLED, severity=Severity.NOTICE, verdict=V.CAPTURED_TWICE)
def captured_twice(step: Step, flow: Flow) -> Iterator[Finding]:
    """The very same frame twice, within a millisecond.

    A capture shows a packet once for each interface it passes ("any", a bridge, a mirrored port), and a loopback
    capture may show it going out and coming in. No sender's timer is that quick, so it is not counted as sent again.
    """
    if not flow.is_a(step, V.CAPTURED_TWICE):
        return
    count, last = flow.count("twice"), flow.now.previous
    if not telling(count, 3) or last is None:
        return
    after = step.time - flow.steps[last].time
    yield find(
        "The packet of frame {frame} once more, {after}: captured twice, or doubled on the way. No timer is that quick,"
        " so it does not count as sent again.{bulk}",
        evidence=(last,),
        since=last,
        frame=flow.frame_number(last),
        after=phrase("{after:duration} later", after=after) if after > 0 else phrase("at the same time"),
        bulk=phrase(" That is the {count:nth} packet seen twice.", count=count) if count > 3 else "",
        wireshark=shark(flow, V.CAPTURED_TWICE),
    )


RULES: tuple[Rule, ...] = (
    duplicate_ack, sack, d_sack, out_of_order, gap, hole_filled, acked_unseen, captured_twice,
)  # fmt: skip
