"""Bytes on their way: which left in which segment, and who acknowledged them when."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from pktscope.model import FIN, PSH, RST, SYN, Side, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.handshake import header_of
from pktscope.rules.phrases import (
    SMALLEST_MSS,
    acked_data,
    call_at,
    carriers,
    fresh_data,
    largest_segment,
    placed,
    stretch,
)
from pktscope.verdicts import Verdict
from pktscope.words import Words, phrase

if TYPE_CHECKING:
    from pktscope.ends import Sent, Write
    from pktscope.flow import Flow

MILLISECOND = 1_000_000
DELAYED = 20 * MILLISECOND
"""An ACK held back at least this long is a delayed one; Linux waits 40 ms, others up to 200 ms."""
MOST_DELAYED = 500 * MILLISECOND
"""RFC 9293 section 3.8.6.3: no ACK may wait longer."""
NEAR = 5 * MILLISECOND
"""An end that answered the handshake this fast has no way to the capture on which 20 ms can be lost."""

OPEN = """
   C > S  SYN mss 1460
   S > C  SYN ACK mss 1460
   C > S  ACK
"""

ECHO = (
    OPEN
    + """
C: send(10)
   C > S  PSH ACK 1:11     # tcp.data
C: = 10
   S > C  ACK 11           # tcp.ack
S: recv(1024) = 10         # tcp.bytes-delivered
S: send(10)
   S > C  PSH ACK 1:11     # tcp.data
S: = 10
   C > S  ACK 11           # tcp.ack
C: send(10)
   C > S  PSH ACK 11:21    # tcp.data
C: = 10
   S > C  ACK 21
   C > S  PSH ACK 11:21
"""
)


@rule("tcp.data", "RFC 9293 section 3.4", on="segment", example=ECHO)
def data(step: Step, flow: Flow) -> Iterator[Finding]:
    """A segment with data: numbered bytes, not messages.

    TCP numbers bytes, not segments: the sequence number in the header is that of the first byte, and the
    acknowledgement that answers it names the byte expected next. PSH asks the receiving kernel to hand over what it
    has without waiting for more; a sender sets it on the last segment of what it has to send. A segment is no
    message: TCP may cut what one send() wrote into several, or put several writes into one.
    """
    octets = fresh_data(step, flow)
    if octets is None or step.segment is None:
        return
    writes = flow.waited(step.side, octets)
    if flow.lesson(f"tcp.data {step.side}"):
        push = phrase(" PSH: hand them over without waiting for more.") if header_of(step).flags & PSH else ""
        yield find(
            "{stretch:capital} of what the {side} sends{origin}. ACK {end:,} will mean that all before {end:,} is"
            " there.{push}",
            evidence=(step.call,),
            stretch=stretch(*octets),
            side=step.side,
            origin=origin(flow, octets, writes),
            end=octets[1],
            push=push,
        )
    elif len(writes) == 1 and octets[0] == writes[0].first:
        yield find(
            "{stretch:capital}{origin}.",
            evidence=(step.call,),
            stretch=stretch(*octets),
            origin=origin(flow, octets, writes),
        )


def origin(flow: Flow, octets: tuple[int, int], writes: list[Write]) -> Words:
    """', all that send(10) (line 12) wrote': which call wrote the bytes of a segment; '' where that is not one call."""
    call = call_at(flow, writes[0].step) if len(writes) == 1 else None
    if call is None:
        return ""
    total, count = writes[0].end - writes[0].first, octets[1] - octets[0]
    if total == count:
        return phrase(", all that {placed} wrote", placed=placed(call))
    which = phrase("some")
    if octets[0] == writes[0].first:
        which = phrase("the first")
    elif octets[1] == writes[0].end:
        which = phrase("the last")
    return phrase(
        ", {which} {count:,} of the {total:,} bytes of {placed}",
        which=which,
        count=count,
        total=total,
        placed=placed(call),
    )


CUT = (
    OPEN
    + """
C: send(3000)
   C > S  ACK 1:1461        # tcp.segmented
   C > S  ACK 1461:2921
   C > S  PSH ACK 2921:3001
C: = 3000
C: send(3000)
   C > S  ACK 3001:4461
"""
)


@rule("tcp.segmented", "RFC 9293 section 3.7.1", on="segment", example=CUT)
def segmented(step: Step, flow: Flow) -> Iterator[Finding]:
    """One send(), several segments: TCP cuts the stream to fit.

    A segment carries at most as many bytes as the other end's MSS option allows, so that IP need not cut the
    packet: segmentation is TCP's, fragmentation is IP's. Each segment has its own header and number and is
    acknowledged, and if lost sent again, by itself. The receiver's program sees none of this, only bytes.
    """
    octets = fresh_data(step, flow)
    if octets is None or octets[1] - octets[0] != largest_segment(flow, step.side):
        return
    writes = flow.waited(step.side, octets)
    if len(writes) != 1 or writes[0].end <= octets[1] or not flow.once(f"tcp.segmented {step.side}"):
        return
    mss = flow.ends[step.side.other].options.mss or SMALLEST_MSS
    yield find(
        "One {name}() of {total:bytes}, but this segment carries {count:,}, all that the {other}'s MSS of {mss:,}"
        " allows{less}: TCP cuts the stream into segments.",
        evidence=(writes[0].step, flow.ends[step.side.other].syn),
        name=getattr(flow.observed(writes[0].step), "name", "send"),
        total=writes[0].end - writes[0].first,
        count=octets[1] - octets[0],
        other=step.side.other,
        mss=mss,
        less=""
        if mss == octets[1] - octets[0]
        else phrase(" (less {mss} for the timestamps)", mss=mss - octets[1] + octets[0]),
    )


@rule("tcp.ack", "RFC 9293 section 3.4", on="segment", example=ECHO)
def ack(step: Step, flow: Flow) -> Iterator[Finding]:
    """ACK: everything below this number is here.

    The acknowledgement number is that of the byte expected next, so one ACK confirms everything before it: it is
    cumulative. The kernel sends it, not the program: an acknowledged byte is in the receiver's buffer and may never
    be read. A pure ACK carries no data, takes no number and is itself never acknowledged.
    """
    octets = acked_data(step, flow)
    if octets is None or not bare(step) or step.segment is None or step.segment.answers is None:
        return
    if flow.ends[step.side.other].fin_acked == step.index or not flow.lesson(f"tcp.ack {step.side}"):
        return
    yield find(
        "ACK {ack:,}: the {side}'s kernel has every byte below {ack:,} and expects byte {ack:,} next. Whether its"
        " program has read them, an ACK does not say.",
        evidence=(step.segment.answers,),
        since=step.segment.answers,
        ack=step.segment.ack,
        side=step.side,
    )


def bare(step: Step) -> bool:
    """Whether a segment is nothing but an acknowledgement."""
    return step.octets is None and not header_of(step).flags & (SYN | FIN | RST)


SEVERAL = (
    OPEN
    + """
   C > S  PSH ACK 1:11
   C > S  PSH ACK 11:21
   C > S  PSH ACK 21:31
   S > C  ACK 31            # tcp.ack-cumulative
   C > S  PSH ACK 31:41
   C > S  PSH ACK 41:51
   S > C  ACK 51
   C > S  PSH ACK 51:61
   C > S  PSH ACK 61:71
   C > S  PSH ACK 71:81
+300ms
   C > S  PSH ACK 51:61
   S > C  ACK 81            # tcp.ack-cumulative
"""
)


@rule("tcp.ack-cumulative", "RFC 9293 section 3.4, RFC 5681 section 4.2", on="segment", example=SEVERAL)
def ack_cumulative(step: Step, flow: Flow) -> Iterator[Finding]:
    """One ACK for several segments.

    Since an acknowledgement covers everything before it, a receiver need not answer each segment: it should answer at
    least every second full one. Fewer ACKs than segments is normal, and a lost ACK is made good by the next.
    """
    pieces = [piece for piece in flow.now.acked if piece.end > 1]
    if len(pieces) < 2 or acked_data(step, flow) is None or step.segment is None:
        return
    if any(piece.again for piece in pieces[1:]):
        return  # what had to be sent again was asked for one by one
    if pieces[0].again:
        if flow.lesson(f"tcp.ack-cumulative again {step.side}"):
            yield jump(step, flow, pieces)
        return
    if not flow.lesson(f"tcp.ack-cumulative {step.side}"):
        return
    yield find(
        "ACK {ack:,} confirms {count:segments} at once ({frames}): it means everything below {ack:,}, so not every"
        " segment needs an answer of its own.",
        evidence=(pieces[0].step, pieces[-1].step),
        since=pieces[0].step,
        ack=step.segment.ack,
        count=len(pieces),
        frames=carriers(flow, pieces),
    )


def jump(step: Step, flow: Flow, pieces: list[Sent]) -> Finding:
    """An ACK that had waited for the first of several pieces, which was sent again."""
    last = pieces[0].again[-1]
    return find(
        "ACK {ack:,} jumps: with the bytes that were sent again (frame {frame}) nothing below it is missing any more."
        " It confirms {count:segments} behind them as well, sent only once ({frames}).",
        evidence=(pieces[0].step, last, pieces[-1].step),
        since=pieces[0].step,
        ack=step.segment.ack if step.segment is not None else None,
        frame=flow.frame_number(last),
        count=len(pieces) - 1,
        frames=carriers(flow, pieces[1:]),
    )


PIGGYBACK = (
    OPEN
    + """
   C > S  PSH ACK 1:11
   S > C  PSH ACK 1:5 ACK 11   # tcp.piggyback
   C > S  PSH ACK 11:21        # tcp.piggyback
   S > C  PSH ACK 5:9
   C > S  ACK
"""
)


@rule("tcp.piggyback", "RFC 9293 section 3.8.6.3", on="segment", example=PIGGYBACK)
def piggyback(step: Step, flow: Flow) -> Iterator[Finding]:
    """Data and acknowledgement in one segment.

    Every segment after the first SYN carries an acknowledgement number, so data that is sent anyway can confirm what
    came from the other side, and no pure ACK is needed. That is why a receiver waits a little before it sends one.
    """
    octets, confirmed = fresh_data(step, flow), acked_data(step, flow)
    if octets is None or confirmed is None or step.segment is None or flow.is_a(step, Verdict.ACKED_UNSEEN):
        return
    if not flow.lesson(f"tcp.piggyback {step.side}"):
        return
    yield find(
        "Two jobs in one segment: it carries {stretch} of the {side}, and its ACK {ack:,} confirms {confirmed} of the"
        " {other}; no pure ACK was needed.",
        evidence=(step.segment.answers,),
        stretch=stretch(*octets),
        side=step.side,
        ack=step.segment.ack,
        confirmed=stretch(*confirmed),
        other=step.side.other,
    )


DELAY = (
    OPEN
    + """
   C > S  PSH ACK 1:11
+41ms
   S > C  ACK 11            # tcp.delayed-ack
   C > S  PSH ACK 11:21
   S > C  ACK 21
   C > S  PSH ACK 21:31
+41ms
   S > C  PSH ACK 1:11
"""
)


@rule("tcp.delayed-ack", "RFC 9293 section 3.8.6.3", on="segment", example=DELAY)
def delayed_ack(step: Step, flow: Flow) -> Iterator[Finding]:
    """A delayed ACK: the receiver waited before it answered.

    A receiver may hold an ACK back for up to half a second, hoping that its program answers and the ACK can ride on
    that data, or that a second full segment comes and one ACK does for both. Linux waits about 40 ms. It costs
    nothing unless the sender is waiting for that very ACK, as with Nagle's algorithm.
    """
    pieces = [piece for piece in flow.now.acked if piece.end > 1]
    if not pieces or not bare(step) or step.segment is None:
        return
    waited = step.time - pieces[0].time
    if not held_back(flow, step, pieces):
        return
    flow.memory["delayed ack", step.side] = step.index
    again = "" if flow.once(f"tcp.delayed-ack {step.side}") else phrase(" again")
    yield find(
        "A delayed ACK{again}: it came {waited:duration} after {frame}, which it confirms.{reason}",
        evidence=(pieces[0].step, pieces[-1].step),
        since=pieces[0].step,
        waited=waited,
        frame=carriers(flow, pieces[:1]),
        again=again,
        reason=""
        if again
        else phrase(" Meanwhile the {side} sent nothing that could have carried it.", side=step.side),
    )


def held_back(flow: Flow, step: Step, pieces: list[Sent]) -> bool:
    """Whether an ACK was late by its sender's choice: neither the way, nor a queue on it, nor a loss took the time.

    Two full segments must be answered at once (RFC 5681 section 4.2), so with more the reason was another.
    """
    trip = answered_in(flow, step.side)
    many = pieces[-1].end - pieces[0].first > 2 * largest_segment(flow, step.side.other)
    if trip is None or trip > NEAR or many or any(piece.again for piece in pieces):
        return False
    in_order = all(early.step < late.step for early, late in pairwise(pieces))
    return in_order and step.time - pieces[-1].time >= DELAYED and step.time - pieces[0].time <= MOST_DELAYED


def answered_in(flow: Flow, side: Side) -> int | None:
    """How long an end's part of the handshake took, seen from where the capture was made; None if it was not seen."""
    me, you = flow.ends[side], flow.ends[side.other]
    if me.syn is None or you.syn is None or you.syn_acked is None:
        return None
    return flow.steps[you.syn_acked].time - flow.steps[you.syn].time


RULES: tuple[Rule, ...] = (
    data, segmented, ack, ack_cumulative, piggyback, delayed_ack,
)  # fmt: skip
