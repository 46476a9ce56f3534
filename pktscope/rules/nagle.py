"""Small writes: how Nagle's algorithm holds them back, what lets them go, and TCP_NODELAY."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Return, Side, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.data import OPEN
from pktscope.rules.phrases import call_at, carriers, fresh_data, largest_segment, stretch
from pktscope.words import Phrase, Words, phrase

if TYPE_CHECKING:
    from pktscope.ends import Sent, Write
    from pktscope.flow import Flow

INITIAL_WINDOW = 10
"""Segments a sender may have under way from the start (RFC 6928); with more, congestion control may be what holds."""
OFF = ("0", "False")


FIVE = (
    OPEN
    + """
C: send(10)
   C > S  PSH ACK 1:11
C: = 10
C: send(10)
C: = 10                   # tcp.nagle-hold
C: send(20)
C: = 20                   # tcp.nagle-hold
+41ms
   S > C  ACK 11
   C > S  PSH ACK 11:41   # tcp.nagle-coalesced
   S > C  ACK 41
C: send(10)
   C > S  PSH ACK 41:51
C: = 10
"""
)


def set_on(flow: Flow, side: Side, option: str) -> bool:
    """Whether the program of an end has switched a socket option on."""
    return flow.ends[side].settings.get(option, "0") not in OFF


def unanswered(flow: Flow, side: Side, before: int) -> Sent | None:
    """The oldest data of an end below `before` that is not acknowledged; None for none."""
    me = flow.ends[side]
    if me.unacked_at >= len(me.sent):
        return None
    oldest = me.sent[me.unacked_at]
    return oldest if oldest.end > 1 and oldest.first < before else None


def small_under_way(flow: Flow, side: Side, oldest: Sent) -> bool:
    """Whether a segment that is not full is unacknowledged: only then does Linux hold small data back."""
    most, newest = largest_segment(flow, side), flow.ends[side].sent[-1]
    return bool((oldest.end - oldest.first) % most or (newest.end - newest.first) % most)


def own_write(step: Step, flow: Flow) -> Write | None:
    """The bytes a send just wrote, where some of them have not been seen on the wire as it returns."""
    me = flow.ends[step.side]
    if not isinstance(step.observation, Return) or step.octets is None or not me.writes:
        return None
    write = me.writes[-1]
    return write if write.step == step.call and write.end > me.nxt > 0 else None


@rule("tcp.nagle-hold", "RFC 9293 section 3.7.4, RFC 896", on="return", example=FIVE)
def nagle_hold(step: Step, flow: Flow) -> Iterator[Finding]:
    """Nagle's algorithm holds a small write back.

    While bytes are under way and not acknowledged, a sender keeps less than a full segment to itself, so that a
    program that writes byte by byte does not fill the network with headers. send() does not wait for that: it
    returns as soon as the kernel has the bytes. Linux is a little milder than RFC 896: it holds small data only
    while an earlier *small* segment is unacknowledged. It is on unless TCP_NODELAY is set.
    """
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    write, earlier = own_write(step, flow), unanswered(flow, step.side, me.nxt)
    most = largest_segment(flow, step.side)
    if write is None or earlier is None or write.hint or set_on(flow, step.side, "TCP_NODELAY"):
        return
    room = you.window is not None and me.una + you.window >= write.end
    if not small_under_way(flow, step.side, earlier):
        return
    if not room or write.end - me.nxt >= most or me.nxt - me.una > INITIAL_WINDOW * most:
        return
    flow.memory["nagle", write.step] = step.index
    first = max(write.first, me.nxt)
    if flow.memory.get(("nagle run", step.side)) == me.nxt:
        yield find(
            "Held back too: {stretch}. Now {count:bytes} of {writes:writes} wait for the ACK of {frame}.",
            evidence=(step.call, earlier.step),
            stretch=stretch(first, write.end),
            count=write.end - me.nxt,
            writes=len(me.writes_in(me.nxt, write.end)),
            frame=carriers(flow, [earlier]),
        )
        return
    flow.memory["nagle run", step.side] = me.nxt
    yield find(
        "{name}() has returned, but {stretch} did not leave: no ACK has come for {earlier} ({frame}), less than a full"
        " segment waits, and TCP_NODELAY is not set. That is Nagle's algorithm.",
        evidence=(step.call, earlier.step),
        since=step.call,
        name=step.observation.name if isinstance(step.observation, Return) else "send",
        stretch=stretch(first, write.end),
        earlier=stretch(max(1, earlier.first), me.nxt),
        frame=carriers(flow, me.pieces(earlier.first, me.nxt)),
    )


@rule("tcp.nagle-coalesced", "RFC 9293 section 3.7.4, RFC 896", on="segment", example=FIVE)
def nagle_coalesced(step: Step, flow: Flow) -> Iterator[Finding]:
    """Writes that waited leave together when the ACK comes.

    Nagle's algorithm waits for an ACK; the receiver's delayed ACK waits for data to ride on. Where the two meet, both
    wait until the receiver's timer ends it: some 40 ms on Linux. Cures: write header and body with one send(), or set
    TCP_NODELAY, or tell the kernel that more will follow (MSG_MORE, TCP_CORK).
    """
    held = held_writes(step, flow, "nagle")
    if held is None or step.octets is None:
        return
    writes = bytes_of(step, flow)
    if len(writes) < 2:
        return
    yield released(
        step,
        flow,
        held,
        phrase("One segment for {count:,} writes: {stretch}", count=len(writes), stretch=stretch(*step.octets)),
    )


BODY = (
    OPEN
    + """
C: send(10)
   C > S  PSH ACK 1:11
C: = 10
C: send(20)
C: = 20
+41ms
   S > C  ACK 11
   C > S  PSH ACK 11:31   # tcp.nagle-released
   S > C  ACK 31
"""
)


@rule("tcp.nagle-released", "RFC 9293 section 3.7.4, RFC 896", on="segment", example=BODY)
def nagle_released(step: Step, flow: Flow) -> Iterator[Finding]:
    """A write that Nagle's algorithm held leaves when the ACK comes.

    The pattern write, write, read is where it hurts: the second write waits for the ACK of the first, the receiver
    delays that ACK because it has only half a request and nothing to answer, and every request takes some 40 ms.
    """
    held = held_writes(step, flow, "nagle")
    if held is None or len(bytes_of(step, flow)) != 1 or step.octets is None:
        return
    yield released(step, flow, held, phrase("{stretch:capital} left at last", stretch=stretch(*step.octets)))


def bytes_of(step: Step, flow: Flow) -> list[Write]:
    """The writes a segment with new data carries bytes of."""
    octets = fresh_data(step, flow) if flow.ends[step.side].writes else None
    return [] if octets is None else flow.waited(step.side, octets)


def held_writes(step: Step, flow: Flow, why: str) -> tuple[Write, int] | None:
    """The first write of a segment that was held back for a reason, and the step at which that was seen."""
    if (f"{why} run", step.side) not in flow.memory:
        return None
    for write in bytes_of(step, flow):
        seen = flow.memory.get((why, write.step))
        if seen is not None:
            return write, seen
    return None


def released(step: Step, flow: Flow, held: tuple[Write, int], what: Phrase) -> Finding:
    """What let bytes go that Nagle's algorithm had held, and how long they had waited."""
    me, (write, seen) = flow.ends[step.side], held
    answer = me.advanced
    cause: Words = ""
    if set_on(flow, step.side, "TCP_NODELAY"):
        cause, answer = phrase("; TCP_NODELAY, set meanwhile, let them go"), None
    elif answer is not None and answer > seen:
        number = flow.frame_number(answer)
        late = flow.memory.get(("delayed ack", step.side.other)) == answer
        delayed = (
            phrase("the {other}'s delayed ACK (frame {number})", other=step.side.other, number=number)
            if late
            else phrase("the ACK in frame {number}", number=number)
        )
        cost = phrase(": Nagle's algorithm and the delayed ACK waited for each other") if late else ""
        cause = phrase(", until {delayed} let them go{cost}", delayed=delayed, cost=cost)
    else:
        answer = None
    return find(
        "{what}. The first had waited {waited:duration} since its send(){cause}.",
        evidence=(write.step, seen, answer),
        since=write.step,
        what=what,
        waited=step.time - write.time,
        cause=cause,
    )


AT_ONCE = (
    OPEN
    + """
C: setsockopt(IPPROTO_TCP, TCP_NODELAY, 1) = 0
C: send(10)
   C > S  PSH ACK 1:11
C: = 10
C: send(10)
   C > S  PSH ACK 11:21   # tcp.nodelay
C: = 10
C: send(10)
   C > S  PSH ACK 21:31
C: = 10
   S > C  ACK 31
C: setsockopt(IPPROTO_TCP, TCP_NODELAY, 0) = 0
C: send(10)
   C > S  PSH ACK 31:41
C: = 10
C: send(10)
C: = 10
"""
)


@rule("tcp.nodelay", "RFC 9293 section 3.7.4, RFC 1122 section 4.2.3.4", on="segment", example=AT_ONCE)
def nodelay(step: Step, flow: Flow) -> Iterator[Finding]:
    """TCP_NODELAY: a small write leaves at once.

    The option switches Nagle's algorithm off: every send() becomes a segment as soon as the windows allow, however
    small. That is right where each write is a whole message that somebody waits for (keystrokes, requests), and
    wasteful where a program writes in crumbs: each costs a header of 40 bytes and more. It does not keep messages
    apart: the receiver may still get several in one recv().
    """
    if not set_on(flow, step.side, "TCP_NODELAY"):
        flow.memory.pop(("nodelay", step.side), None)
        return
    octets, most = fresh_data(step, flow), largest_segment(flow, step.side)
    earlier = None if octets is None else unanswered(flow, step.side, octets[0])
    if octets is None or earlier is None or octets[1] - octets[0] >= most or earlier.end - earlier.first >= most:
        return
    if ("nodelay", step.side) in flow.memory or not bytes_of(step, flow):
        return
    flow.memory["nodelay", step.side] = step.index
    yield find(
        "{stretch:capital} left at once, although no ACK has come for {earlier} ({frame}): TCP_NODELAY is set. Nagle's"
        " algorithm would wait for that ACK.",
        evidence=(step.call, earlier.step),
        stretch=stretch(*octets),
        earlier=stretch(max(1, earlier.first), octets[0]),
        frame=carriers(flow, flow.ends[step.side].pieces(earlier.first, octets[0])),
    )


JOINED = (
    OPEN
    + """
C: send(10)
C: = 10
C: send(10)
C: = 10
   C > S  PSH ACK 1:21      # tcp.coalesced
   S > C  ACK 21
C: send(10)
   C > S  PSH ACK 21:31
C: = 10
"""
)


@rule("tcp.coalesced", "RFC 9293 section 3.7", on="segment", example=JOINED)
def coalesced(step: Step, flow: Flow) -> Iterator[Finding]:
    """Several writes in one segment.

    TCP sends a stream and is free to put the bytes of several writes into one segment: because something held the
    first of them back, or just because they were in the buffer together when the sender's turn came.
    """
    octets, writes = fresh_data(step, flow), bytes_of(step, flow)
    if octets is None or len(writes) < 2 or any((why, each.step) in flow.memory for each in writes
                                                for why in ("nagle", "kept")):  # fmt: skip
        return
    if flow.once(f"tcp.coalesced {step.side}"):
        yield find(
            "{stretch:capital} come from {count} calls of {name}() and leave in one segment: TCP sends a stream and may"
            " join writes.",
            evidence=(writes[0].step, writes[-1].step),
            since=writes[0].step,
            stretch=stretch(*octets),
            count=len(writes),
            name=getattr(call_at(flow, writes[0].step), "name", "send"),
        )


RULES: tuple[Rule, ...] = (
    nagle_hold, nagle_coalesced, nagle_released, nodelay, coalesced,
)  # fmt: skip
