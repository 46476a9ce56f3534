"""How a sender's flights grow: slow start as it is seen on the wire, and as the sending kernel tells it (TCP_INFO)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Sample, Side, Step
from pktscope.rules.again import telling
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.phrases import fresh_data
from pktscope.words import Words, phrase

if TYPE_CHECKING:
    from pktscope.flow import Flow

FAR = 5_000_000
"""Nanoseconds of a round trip below which flights are not told apart: the ends are too near to each other."""
FEW = 4
"""Segments: fewer in a flight are no lesson about its size."""
NONE_YET = 0x7FFFFFFF
"""What Linux has for a slow-start threshold before the first loss."""


def burst(first: int, segments: int) -> str:
    """Some full segments of the client's, in notation."""
    starts = range(first, first + 1000 * segments, 1000)
    return "".join(f"   C > S  ACK {number}:{number + 1000}\n" for number in starts)


DOUBLING = f"""
   C > S  SYN mss 1000
+20ms
~ delivered
   S > C  SYN ACK mss 1000
+20ms
~ delivered
   C > S  ACK
{burst(1, 4)}
+20ms
~ delivered 4
~ delivered 5
   S > C  ACK 2001
+20ms
~ delivered 8
   C > S  ACK 4001:5001         # growth.flight
{burst(5001, 7)}
~ delivered 9
   S > C  ACK 5001
+20ms
~ delivered 17
   C > S  PSH ACK 12001:12501   # growth.flight growth.doubled
"""


@rule("growth.flight", "RFC 5681 section 3.1, RFC 6928", on="segment", example=DOUBLING)
def flight(step: Step, flow: Flow) -> Iterator[Finding]:
    """A flight: what a sender has under way in one round trip.

    Between two ends far from each other segments leave in flights: some leave, their ACKs come back one round trip
    later, and let the next leave. How many may be under way is the smaller of two windows: the receiver's, which every
    ACK carries, and the sender's own congestion window, which is its guess of what the network can bear. It begins with
    ten segments.
    """
    octets, me = fresh_data(step, flow), flow.ends[step.side]
    if octets is None:
        return
    first = flow.memory.setdefault(("flight", step.side), octets[0])
    trip = round_trip(flow, step.side, first)
    if trip is None or first == octets[0]:
        return
    pieces = me.pieces(first, octets[0])
    count, before = len({piece.step for piece in pieces}), flow.memory.get(("flight size", step.side), 0)
    flow.memory["flight", step.side] = octets[0]
    counted = trip >= FAR and count >= FEW and far(flow)
    flow.memory["flight size", step.side] = count if counted else 0
    if not counted:
        return
    number = flow.count(f"flights {step.side}")
    if 1.8 <= count / (before or count) <= 2.2:
        flow.memory["flight doubled", step.side] = step.index
    if not telling(number):
        return
    yield find(
        "Flight {number}: {count:segments} ({bytes:bytes}) left before the ACK of the first of them was here,"
        " {trip:duration} after it had left.",
        evidence=(pieces[0].step, pieces[-1].step, pieces[0].acked),
        since=pieces[0].step,
        number=number,
        count=count,
        bytes=octets[0] - first,
        trip=trip,
    )


def far(flow: Flow) -> bool:
    """Whether the handshake did not show the ends to be near: then it was an ACK that took long, not the way."""
    asked = [end.syn for end in flow.ends.values() if end.syn is not None]
    answered = [end.syn_acked for end in flow.ends.values() if end.syn_acked is not None]
    if len(asked) < 2 or not answered:
        return True
    return flow.reached(max(answered)) - flow.steps[min(asked)].time >= FAR


def round_trip(flow: Flow, side: Side, first: int) -> int | None:
    """From a byte's departure to the arrival of its ACK at the sender; None while that is not here."""
    piece = next(iter(flow.ends[side].pieces(first, first + 1)), None)
    if piece is None or piece.acked is None or piece.again:
        return None
    if not flow.wire:
        return flow.steps[piece.acked].time - piece.time
    fate = flow.fates.get(piece.acked)
    return fate.delivered[0] - piece.time if fate is not None and fate.delivered else None


@rule("growth.doubled", "RFC 5681 section 3.1", on="segment", example=DOUBLING)
def doubled(step: Step, flow: Flow) -> Iterator[Finding]:
    """Slow start: each flight is twice as large as the one before.

    Every segment that is acknowledged makes the congestion window one segment larger; so each ACKed segment lets two
    leave, its own place and one more. It doubles with every round trip, until something is lost or the receiver's
    window is reached. "Slow" it is compared with sending everything at once, as was done before 1988.
    """
    if flow.memory.get(("flight doubled", step.side)) != step.index:
        return
    yield find(
        "Twice the flight before: {count:segments} in one round trip. This is slow start: each segment that is"
        " acknowledged lets two leave.",
        count=flow.memory["flight size", step.side],
    )


TOLD = """
   C > S  SYN mss 1000
+40ms
   S > C  SYN ACK mss 1000
   C > S  ACK
C? ESTABLISHED rtt 40000 snd_cwnd 10 snd_ssthresh 2147483647
   C > S  PSH ACK 1:1001
C? ESTABLISHED rtt 40000 snd_cwnd 20 snd_ssthresh 2147483647   # growth.window
C? ESTABLISHED rtt 40000 snd_cwnd 20 snd_ssthresh 2147483647
C? ESTABLISHED rtt 40000 snd_cwnd 10 snd_ssthresh 10           # growth.window
"""


@rule("growth.window", "RFC 5681 section 3.1, tcp(7)", on="sample", example=TOLD)
def window(step: Step, flow: Flow) -> Iterator[Finding]:
    """The congestion window, as the sending kernel tells it.

    No header carries it: a capture can only show how much was under way, which is no more than this. On Linux
    getsockopt(TCP_INFO) tells it, counted in segments, and with it the slow-start threshold: below it the window
    doubles with each round trip, above it grows by one segment.
    """
    sample = step.observation
    if not isinstance(sample, Sample):
        return
    told = dict(sample.info)
    now, trip = told.get("snd_cwnd"), told.get("rtt", 0)
    if now is None:
        return
    before = flow.memory.get(("window", sample.socket), now)
    flow.memory["window", sample.socket] = now
    if (
        flow.ends[step.side].nxt <= 1
        or now == before
        or trip * 1000 < FAR
        or not far(flow)
        or not telling(flow.count(f"windows {step.side}"))
    ):
        return
    threshold = told.get("snd_ssthresh", NONE_YET)
    limit: Words = phrase("no slow-start threshold yet")
    if threshold < NONE_YET:
        limit = phrase("slow-start threshold {threshold:,}", threshold=threshold)
    yield find(
        "The {side}'s kernel says (TCP_INFO): congestion window {now:segments}, {before:,} when it was last asked;"
        " {limit}; round trip {trip:duration}.",
        side=step.side,
        now=now,
        before=before,
        limit=limit,
        trip=trip * 1000,
    )


RULES: tuple[Rule, ...] = (flight, doubled, window)
