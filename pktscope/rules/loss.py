"""Sent again: by the timer, on duplicate ACKs, needlessly; and the SYN, SYN,ACK and FIN that nobody answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import ACK, Severity, Step
from pktscope.rules.again import Again, V, again, resent, shark, span, telling
from pktscope.rules.backlog import full
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.handshake import header_of
from pktscope.rules.phrases import reached
from pktscope.rules.teardown import OPEN
from pktscope.words import Phrase, phrase

if TYPE_CHECKING:
    from pktscope.flow import Flow

TIMER = (
    OPEN
    + """
   C > S  PSH ACK 11:21
+200ms
   C > S  PSH ACK 11:21         # tcp.retransmission
+400ms
   C > S  PSH ACK 11:21         # tcp.retransmission
   S > C  ACK 21
   S > C  PSH ACK 1:5
"""
)


@rule(
    "tcp.retransmission",
    "RFC 6298 section 5",
    on="segment",
    example=TIMER,
    severity=Severity.WARNING,
    verdict=V.RETRANSMISSION,
)
def retransmission(step: Step, flow: Flow) -> Iterator[Finding]:
    """The same bytes again: no acknowledgement came in time.

    TCP keeps what it sent until it is acknowledged, and sends it again when a timer runs out (RTO: from measured round
    trips, at least 200 ms on Linux). Each further try doubles the timer. Why there was no acknowledgement the sender
    cannot know: the segment may be lost, or damaged, or the ACK may be. Nor can a capture: one made at the sender shows
    both copies, one made at the receiver shows a lost first copy not at all.
    """
    if not flow.is_a(step, V.RETRANSMISSION) or step.octets is None or step.segment is None:
        return
    if flow.is_a(step, V.FAST | V.SPURIOUS | V.SYN_AGAIN | V.FIN_AGAIN):
        return
    what = span(step.octets)
    name = shark(flow, V.RETRANSMISSION)
    if not flow.now.repeated:
        yield find(
            "{what:capital}, sent again by all signs: they lie below the highest seen, and the first copy is not in"
            " this capture (lost before this point, or not captured).",
            what=what,
            wireshark=name,
        )
        return
    earlier = again(step, flow, flow.now.repeated[0])
    if not telling(earlier.number):
        return
    yield find(
        "{what:capital} again{probe}, {wait:duration} after {copy} (frame {frame}){pace}. {unanswered}{new}",
        evidence=(earlier.first, earlier.last),
        since=earlier.first,
        what=span(seen_before(step.octets, flow)),
        probe=phrase(", probably to probe the end of the flight (tail loss probe)")
        if flow.is_a(step, V.TAIL_PROBE)
        else "",
        wait=earlier.wait,
        unanswered=phrase("No ACK of them has arrived.") if flow.wire else phrase("No ACK of them was seen."),
        copy=phrase("the first copy")
        if earlier.number == 1
        else phrase("repeat {number:,}", number=earlier.number - 1),
        frame=flow.frame_number(earlier.last),
        pace=earlier.pace,
        new=phrase(" With them come {fresh:bytes} not sent before.", fresh=fresh(flow))
        if flow.is_a(step, V.PARTIAL)
        else "",
        wireshark=name,
    )


def seen_before(octets: tuple[int, int], flow: Flow) -> tuple[int, int]:
    """The part of a segment's bytes that a segment before carried, where the new ones are at one end of it."""
    new = flow.now.fresh
    if len(new) == 1 and new[0][0] > octets[0]:
        return octets[0], new[0][0]
    return (new[0][1], octets[1]) if len(new) == 1 and new[0][1] < octets[1] else octets


def fresh(flow: Flow) -> int:
    """How much of the newest segment was not seen before."""
    return sum(high - low for low, high in flow.now.fresh)


SYN_LOST = """
   C > S  SYN mss 1460
+1s
   C > S  SYN mss 1460          # tcp.syn-again
+2s
   C > S  SYN mss 1460          # tcp.syn-again
   S > C  SYN ACK mss 1460
   C > S  ACK
"""


@rule(
    "tcp.syn-again",
    "RFC 6298 section 2",
    on="segment",
    example=SYN_LOST,
    severity=Severity.WARNING,
    verdict=V.SYN_AGAIN,
)
def syn_again(step: Step, flow: Flow) -> Iterator[Finding]:
    """The SYN again: no answer came.

    Linux asks again after 1 s, then 2 s, 4 s and so on (since version 6.5 four times after 1 s each before the waits
    double), and connect() fails with ETIMEDOUT after about two minutes. A host that is down, a firewall that says
    nothing and a server whose queue is full all look like this; only a RST would say that nobody listens.
    """
    piece = resent(step, flow, V.SYN_AGAIN)
    if piece is None or header_of(step).flags & ACK:
        return
    earlier, you = again(step, flow, piece), flow.ends[step.side.other]
    if not telling(earlier.number):
        return
    answer, known = you.reset, phrase("no answer was seen")
    if answer is not None:
        known = phrase("the RST (frame {frame}) had refused it", frame=flow.frame_number(answer))
    elif you.syn is not None and flow.lost(you.syn):
        answer = you.syn
        known = phrase("its answer, frame {frame}, was lost on the way", frame=flow.frame_number(answer))
    elif you.syn is not None:
        answer = you.syn
        known = phrase("frame {frame} had answered it already", frame=flow.frame_number(answer))
    elif (count := full(flow, you)) is not None:
        known = phrase(
            "no answer came: {count} finished connections wait for accept() already, no more may, and a kernel whose"
            " queue is full drops SYNs without a word", count=count,
        )  # fmt: skip
    elif (count := flow.memory.get(("queue full", step.side))) is not None:
        known = phrase(
            "no answer came to that one: {count} finished connections waited for accept() then, no more might, and a"
            " kernel whose queue is full drops SYNs without a word", count=count,
        )  # fmt: skip
    yield find(
        "SYN again, repeat {number:,}, {wait:duration} after the last one (frame {frame}){pace}; {known}.",
        evidence=(earlier.first, earlier.last, answer),
        since=earlier.first,
        number=earlier.number,
        wait=earlier.wait,
        frame=flow.frame_number(earlier.last),
        pace=earlier.pace,
        known=known,
        wireshark=shark(flow, V.RETRANSMISSION),
    )


SYN_ACK_LOST = """
   C > S  SYN mss 1460
   S > C  SYN ACK mss 1460
+1s
   C > S  SYN mss 1460
   S > C  SYN ACK mss 1460      # tcp.syn-ack-again
   C > S  ACK
"""


@rule(
    "tcp.syn-ack-again",
    "RFC 6298 section 2",
    on="segment",
    example=SYN_ACK_LOST,
    severity=Severity.WARNING,
    verdict=V.SYN_AGAIN,
)
def syn_ack_again(step: Step, flow: Flow) -> Iterator[Finding]:
    """The SYN,ACK again: the handshake hangs at its second segment.

    Either the SYN,ACK or the ACK behind it got lost. The server's kernel asks on its own timer, and it answers a SYN
    that comes again. Many of these and no ACK at all is what a SYN flood looks like from inside.
    """
    piece = resent(step, flow, V.SYN_AGAIN)
    if piece is None or not header_of(step).flags & ACK:
        return
    earlier, you = again(step, flow, piece), flow.ends[step.side.other]
    if not telling(earlier.number):
        return
    asked = you.last_frame if you.last_frame is not None and you.last_frame > earlier.last else None
    why = phrase("no ACK of it has arrived") if flow.wire else phrase("no ACK of it was seen")
    if asked is not None and you.syn_acked is not None and flow.steps[asked].segment is not None:
        repeated = flow.steps[asked].segment.verdict & V.SYN_AGAIN  # type: ignore[union-attr]  # tested above
        why = (
            phrase("it answers the SYN sent again in frame {frame}", frame=flow.frame_number(asked))
            if repeated
            else why
        )
    done = flow.ends[step.side].syn_acked
    if done is not None:
        asked, why = done, phrase("frame {frame} had acknowledged it already", frame=flow.frame_number(done))
    yield find(
        "SYN,ACK again, {wait:duration} after the last one (frame {frame}){pace}; {why}.",
        evidence=(earlier.first, earlier.last, asked),
        since=earlier.first,
        wait=earlier.wait,
        frame=flow.frame_number(earlier.last),
        pace=earlier.pace,
        why=why,
        wireshark=shark(flow, V.RETRANSMISSION),
    )


FIN_LOST = (
    OPEN
    + """
   C > S  FIN ACK
+200ms
   C > S  FIN ACK seq 11        # tcp.fin-again
   S > C  FIN ACK 12
   C > S  ACK 2
+200ms
   S > C  FIN ACK 12 seq 1      # tcp.fin-again
   C > S  ACK 2                 # tcp.time-wait-answers
"""
)


@rule(
    "tcp.fin-again",
    "RFC 9293 section 3.6",
    on="segment",
    example=FIN_LOST,
    severity=Severity.WARNING,
    verdict=V.FIN_AGAIN,
)
def fin_again(step: Step, flow: Flow) -> Iterator[Finding]:
    """The FIN again: it takes a number, so it is sent until it is acknowledged.

    If it was the last ACK that got lost, the end in TIME_WAIT answers once more: that is what TIME_WAIT is for. Had it
    forgotten the connection, it would answer with RST, and an orderly close would look like a failure.
    """
    me = flow.ends[step.side]
    if resent(step, flow, V.FIN_AGAIN) is None:
        return
    earlier = again(step, flow, flow.now.repeated[-1])
    if not telling(earlier.number) or me.fin is None or earlier.first < me.fin:
        return
    known = phrase("no ACK of it has arrived") if flow.wire else phrase("no ACK of it was seen")
    if me.fin_acked is not None:
        known = phrase("frame {frame} had acknowledged it already", frame=flow.frame_number(me.fin_acked))
    yield find(
        "FIN again{data}, {wait:duration} after the last one (frame {frame}){pace}; {known}.",
        evidence=(earlier.first, earlier.last, me.fin_acked),
        since=earlier.first,
        data=phrase(" with {span}", span=span(step.octets)) if step.octets is not None else "",
        wait=earlier.wait,
        frame=flow.frame_number(earlier.last),
        pace=earlier.pace,
        known=known,
        wireshark=shark(flow, V.RETRANSMISSION),
    )


@rule("tcp.time-wait-answers", "RFC 9293 section 3.6.1", on="segment", example=FIN_LOST)
def time_wait_answers(step: Step, flow: Flow) -> Iterator[Finding]:
    """TIME_WAIT at work: a FIN that came again is acknowledged again.

    The end that closed last cannot leave LAST_ACK before its FIN is acknowledged, so somebody must still be there to do
    it. Its answer also starts the wait anew.
    """
    you = flow.ends[step.side.other]
    last = you.last_frame
    if step.before[0 if step.side == "client" else 1] != "TIME_WAIT" or you.fin is None or last is None:
        return
    asked = flow.steps[last].segment
    if step.segment is None or asked is None or not asked.verdict & V.FIN_AGAIN or step.segment.ack != you.fin_end:
        return
    if you.fin_acked == step.index or last <= flow.marks.get(f"answered {step.side}", -1):
        return
    flow.marks[f"answered {step.side}"] = step.index
    yield find(
        "TIME_WAIT at work: the {side} still answers the FIN that came again (frame {frame}).",
        evidence=(last, you.fin),
        since=last,
        side=step.side,
        frame=flow.frame_number(last),
    )


ASKED = """
   C > S  SYN mss 1000 sack
   S > C  SYN ACK mss 1000 sack
   C > S  ACK
   C > S  ACK 1:101
   C > S  ACK 101:201
   C > S  ACK 201:301
   C > S  ACK 301:401
   S > C  ACK 1 sack 101:201
   S > C  ACK 1 sack 101:301
   S > C  ACK 1 sack 101:401
   C > S  ACK 1:101             # tcp.fast-retransmission
   S > C  ACK 401
"""


@rule(
    "tcp.fast-retransmission",
    "RFC 5681 section 3.2, RFC 6675",
    on="segment",
    example=ASKED,
    severity=Severity.WARNING,
    verdict=V.FAST,
)
def fast_retransmission(step: Step, flow: Flow) -> Iterator[Finding]:
    """Sent again at once, because duplicate ACKs asked for it.

    Each duplicate ACK says that something arrived, and that a piece before it is still missing. After three the sender
    takes the piece for lost and does not wait for its timer; with SACK it also knows what need not be sent again. Fewer
    than three might only mean that two segments changed places.
    """
    if not flow.is_a(step, V.FAST) or step.octets is None:
        return
    you = flow.ends[step.side.other]
    asked = [each for each in you.duplicates if reached(flow, each) is not None]
    first = again(step, flow, flow.now.repeated[0]) if flow.now.repeated else None
    yield find(
        "Fast retransmission of {what}: {reason}.{since_first}",
        evidence=(*asked[:3], asked[-1] if asked else you.last_frame, first.first if first else None),
        since=first.first if first else None,
        what=span(step.octets),
        reason=request(flow, asked, you.last_frame),
        since_first=since_first(first, flow) if first and first.number == 1 else "",
        wireshark=shark(flow, V.FAST),
    )


def since_first(first: Again, flow: Flow) -> Phrase:
    """When the first copy left, as a sentence."""
    return phrase(
        " The first copy was frame {frame}, {wait:duration} before.",
        frame=flow.frame_number(first.first),
        wait=first.wait,
    )


def request(flow: Flow, asked: list[int], last: int | None) -> Phrase:
    """How the other end had asked for something again."""
    if asked:
        newest = flow.frame_number(asked[-1])
        if len(asked) == 1:
            return phrase("a duplicate ACK had asked for this piece (frame {newest})", newest=newest)
        if len(asked) <= 3:
            return phrase(
                "{count:,} duplicate ACKs had asked for this piece (the latest is frame {newest})",
                count=len(asked),
                newest=newest,
            )
        return phrase(
            "{count:,} duplicate ACKs had asked for this piece (the third is frame {third}, the latest is frame"
            " {newest})",
            count=len(asked),
            third=flow.frame_number(asked[2]),
            newest=newest,
        )
    if last is not None:
        return phrase("the ACK of frame {frame} still lacks this piece", frame=flow.frame_number(last))
    return phrase("this piece had been asked for")


NEEDLESS = (
    OPEN
    + """
   C > S  PSH ACK 11:21
   S > C  ACK 21
+5ms
   C > S  PSH ACK 11:21         # tcp.spurious-retransmission
   S > C  ACK 21
"""
)


@rule(
    "tcp.spurious-retransmission",
    "RFC 5682",
    on="segment",
    example=NEEDLESS,
    severity=Severity.WARNING,
    verdict=V.SPURIOUS,
)
def spurious_retransmission(step: Step, flow: Flow) -> Iterator[Finding]:
    """Sent again although it had been acknowledged.

    The acknowledgement was late or lost on its way back, so the sender could not know. Nothing is harmed but time: the
    receiver throws the second copy away.
    """
    piece = resent(step, flow, V.SPURIOUS)
    if piece is None or step.octets is None or flow.is_a(step, V.SYN_AGAIN | V.FIN_AGAIN):
        return
    earlier, last = again(step, flow, piece), flow.now.repeated[-1]
    if not telling(flow.count(f"spurious {step.side}")) or last.acked is None:
        return
    yield find(
        "{what:capital} again, needlessly: frame {acked} had acknowledged this {ago:duration} before. That ACK was lost"
        " or too late, or the {side} did not heed it.",
        evidence=(earlier.first, last.acked),
        since=earlier.first,
        what=span(step.octets),
        acked=flow.frame_number(last.acked),
        ago=step.time - flow.steps[last.acked].time,
        side=step.side,
        wireshark=shark(flow, V.SPURIOUS),
    )


RULES: tuple[Rule, ...] = (
    retransmission, syn_again, syn_ack_again, fin_again, time_wait_answers, fast_retransmission,
    spurious_retransmission,
)  # fmt: skip
