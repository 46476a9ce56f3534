"""The stream seen by programs: which bytes of which send() came out of which recv(), and what PSH marks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from pktscope.model import PSH, Return, Side, Step
from pktscope.rules.again import telling
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.data import OPEN
from pktscope.rules.handshake import header_of
from pktscope.rules.nagle import set_on
from pktscope.rules.phrases import bringers, call_at, fresh_data, placed, stretch
from pktscope.words import phrase

if TYPE_CHECKING:
    from pktscope.ends import Read, Write
    from pktscope.flow import Flow

MAPPED = 4
"""Writes whose bytes are told one by one."""

JOINED = (
    OPEN
    + """
C: send(6)
   C > S  PSH ACK 1:7
C: = 6
C: send(6)
   C > S  PSH ACK 7:13
C: = 6
   S > C  ACK 13
S: recv(1024) = 12         # stream.joined stream.not-nagle
C: send(5)
   C > S  PSH ACK 13:18
C: = 5
S: recv(1) = 1
S: recv(4) = 4             # stream.crumbs
C: send(5)
C: = 5
C: send(5)
   C > S  PSH ACK 18:28
C: = 5
S: recv(1024) = 10         # stream.joined
"""
)


def bytes_read(step: Step, flow: Flow) -> list[Write]:
    """The writes a recv() that has just returned has brought bytes of; none where the writer was not watched."""
    back = step.observation
    if not isinstance(back, Return) or step.octets is None or not back.name.startswith(("recv", "read")):
        return []
    return flow.ends[step.side.other].writes_in(*step.octets)


@rule("stream.joined", "RFC 9293 section 3.9.1.3", on="return", example=JOINED)
def joined(step: Step, flow: Flow) -> Iterator[Finding]:
    """One recv() returns what several send() wrote: nothing between them says where one ends.

    TCP carries bytes, each with a number, and no mark between the bytes of two calls. recv() returns what lies in the
    kernel's buffer, however many writes and segments it took to bring it there. How often it happens depends on when
    the reading program gets its turn: a program that works on one machine may fail on another. Who needs messages must
    mark their ends in the bytes themselves.
    """
    writes, call = bytes_read(step, flow), call_at(flow, step.call)
    if len(writes) < 2 or call is None or step.octets is None or "MSG_WAITALL" in call.arguments:
        return
    if not telling(flow.count(f"stream.joined {step.side}"), 3):
        return
    flow.once("tcp.bytes-delivered")  # its lesson is this one
    you = flow.ends[step.side.other]
    parts = []
    for write in writes[:MAPPED]:
        first, end = max(write.first, step.octets[0]), min(write.end, step.octets[1])
        wrote = call_at(flow, write.step)
        if wrote is not None:
            parts.append(
                phrase(
                    "{stretch} from {call} in {frames}",
                    stretch=stretch(first, end),
                    call=placed(wrote),
                    frames=bringers(flow, you.pieces(first, end)),
                )
            )
    if len(writes) > MAPPED:
        parts.append(phrase("the rest from {count:calls} more", count=len(writes) - MAPPED))
    yield find(
        "The stream has no boundaries, and nothing in it says where one call's bytes end: {parts:list}.",
        evidence=(step.call, *(write.step for write in writes[:MAPPED])),
        since=writes[0].step,
        parts=tuple(parts),
    )


@rule("stream.not-nagle", "RFC 9293 section 3.7.4", on="return", example=JOINED)
def not_nagle(step: Step, flow: Flow) -> Iterator[Finding]:
    """Every write left in a segment of its own, and still they came out together.

    "Sticky packets" are often blamed on Nagle's algorithm, and TCP_NODELAY is given as the cure. But writes are joined
    in the receiver's buffer just as well, whenever its program does not read in between. Switching Nagle's algorithm
    off makes more segments, not messages.
    """
    writes, you = bytes_read(step, flow), flow.ends[step.side.other]
    if len(writes) < 2 or any(("nagle", each.step) in flow.memory for each in writes):
        return
    own = [you.pieces(each.first, each.end) for each in writes]
    whole = all(
        pieces and pieces[0].first == write.first and pieces[-1].end == write.end
        for write, pieces in zip(writes, own, strict=True)
    )
    before = step.call is not None and all(pieces[-1].step < step.call for pieces in own if pieces)
    if not whole or not before or not flow.once(f"stream.not-nagle {step.side}"):
        return
    switched = phrase("off") if set_on(flow, step.side.other, "TCP_NODELAY") else phrase("on, and held none of them")
    yield find(
        "The {other} sent each of these {count} writes in a segment of its own; they were joined only in the {side}'s"
        " receive buffer, because its program did not read in between. Nagle's algorithm was {switched}.",
        evidence=tuple(pieces[0].step for pieces in own[:8]),
        other=step.side.other,
        side=step.side,
        count=len(writes),
        switched=switched,
    )


@rule("stream.crumbs", "RFC 9293 section 3.9.1.3", on="return", example=JOINED)
def crumbs(step: Step, flow: Flow) -> Iterator[Finding]:
    """What one send() wrote came out of several recv().

    recv(n) returns at most n bytes, and it may return fewer than were sent in one call. What it leaves stays in the
    kernel's buffer for the next call; nothing is lost, and nothing of this is seen on the wire.
    """
    writes, you = bytes_read(step, flow), flow.ends[step.side.other]
    if not writes or step.octets is None or step.octets[1] < writes[-1].end or step.octets[0] <= writes[-1].first:
        return
    write, reads = writes[-1], reads_of(flow, step.side, writes[-1])
    wrote = call_at(flow, write.step)
    if flow.memory.get(("framed", step.side)) == step.octets[1]:
        return  # the message that is whole now says it better
    if wrote is None or reads < 2 or not telling(flow.count(f"stream.crumbs {step.side}"), 3):
        return
    yield find(
        "It took {count:calls} to read the {total:bytes} that {call} wrote and {frames} carried.",
        evidence=(write.step,),
        since=write.step,
        count=reads,
        total=write.end - write.first,
        call=placed(wrote),
        frames=bringers(flow, you.pieces(write.first, write.end)),
    )


def reads_of(flow: Flow, side: Side, write: Write) -> int:
    """How many recv() of an end have returned bytes of a write, the newest among them."""
    count = 0
    for read in reversed(flow.ends[side].reads):
        if read.end <= write.first:
            break
        count += 1
    return count


FRAMED = (
    OPEN
    + """
C: send(9)
   C > S  PSH ACK 1:10 "\\x00\\x00\\x00\\x05hello"
C: = 9
C: send(4)
   C > S  PSH ACK 10:14 "\\x00\\x00\\x00\\x00"
C: = 4
C: send(7)
   C > S  PSH ACK 14:21 "\\x00\\x00\\x00\\x03bye"
C: = 7
S: recv(4) = 4
S: recv(5) = 5             # stream.length-prefix
S: recv(4) = 4             # stream.message-empty
S: recv(4) = 4
S: recv(3) = 3             # stream.message-whole
"""
)

PREFIX = 4
"""Octets of the length in front of a message that these rules know."""
LONGEST_MESSAGE = 1 << 24


def newest(flow: Flow, side: Side) -> tuple[Read | None, Read | None]:
    """The last recv() of an end that returned bytes, and the one before it."""
    reads = flow.ends[side].reads
    return (reads[-1] if reads else None), (reads[-2] if len(reads) > 1 else None)


def number_read(flow: Flow, side: Side, read: Read) -> int | None:
    """The number that four bytes read in one call are, first byte highest; None where it was not four bytes.

    The bytes are those the call returned, else those of the segment that carried them.
    """
    if read.end - read.first != PREFIX:
        return None
    back = flow.observed(read.step)
    data = back.data if isinstance(back, Return) else b""
    for piece in flow.ends[side.other].pieces(read.first, read.end)[:1] if not data else ():
        step = flow.steps[piece.step]
        if step.octets is not None:
            data = getattr(step.observation, "payload", b"")[read.first - step.octets[0] :]
    return int.from_bytes(data[:PREFIX], "big") if len(data) >= PREFIX else None


@rule("stream.length-prefix", "RFC 9293 section 3.9.1.3", on="return", example=FRAMED)
def length_prefix(step: Step, flow: Flow) -> Iterator[Finding]:
    """A length in front of the message: the receiver knows how much to read.

    The usual way to have messages in a stream: a number of fixed size says how many bytes follow. The receiver reads
    exactly that number's bytes, then exactly so many, in a loop, since recv() may return fewer than asked for.
    """
    now, before = newest(flow, step.side)
    if now is None or before is None or now.step != step.index or ("framed", step.side) in flow.memory:
        return
    length = number_read(flow, step.side, before)
    if length is None or not 0 < length < LONGEST_MESSAGE or length != now.end - now.first:
        return
    flow.memory["framed", step.side] = now.end
    yield find(
        "The four bytes read just before, {prefix}, are the number {length:,}, and these are {length:bytes}: the"
        " message came with its length in front, and is whole.",
        evidence=(before.step,),
        since=before.step,
        prefix=stretch(before.first, before.end),
        length=length,
    )


@rule("stream.message-whole", "RFC 9293 section 3.9.1.3", on="return", example=FRAMED)
def message_whole(step: Step, flow: Flow) -> Iterator[Finding]:
    """A message read whole, because its length was read before it.

    It does not matter how TCP cut or joined the bytes on their way: the length says where the message ends, and what
    lies behind it stays in the kernel's buffer for the next one.
    """
    now, before = newest(flow, step.side)
    if now is None or before is None or now.step != step.index:
        return
    if flow.memory.get(("framed", step.side)) != before.first:
        return
    length = number_read(flow, step.side, before)
    if not length or length != now.end - now.first:
        return
    flow.memory["framed", step.side] = now.end
    yield find(
        "{length:bytes} follow, said the four before: {stretch} are one message, whole, and not a byte of the next.",
        evidence=(before.step,),
        since=before.step,
        length=length,
        stretch=stretch(now.first, now.end),
    )


@rule("stream.message-empty", "RFC 9293 section 3.9.1.3", on="return", example=FRAMED)
def message_empty(step: Step, flow: Flow) -> Iterator[Finding]:
    """A length of 0: an empty message.

    TCP alone cannot carry one. send(b"") sends nothing, and a recv() that returns b"" means that the other end has
    closed. With a length in front, an empty message is four bytes like any other.
    """
    now, _ = newest(flow, step.side)
    if now is None or now.step != step.index or flow.memory.get(("framed", step.side)) != now.first:
        return
    if number_read(flow, step.side, now) != 0:
        return
    flow.memory["framed", step.side] = now.end
    yield find(
        "Length 0: an empty message, and it is whole already; there is nothing more to recv(). Without a length in"
        ' front there are no empty messages: send(b"") sends nothing.'
    )


PUSHED = (
    OPEN
    + """
C: sendall(3000)
   C > S  ACK 1:1461
   C > S  ACK 1461:2921
   C > S  PSH ACK 2921:3001   # stream.push
C: = 3000
   S > C  ACK 3001
C: sendall(3000)
   C > S  ACK 3001:4461
   C > S  ACK 4461:5921
   C > S  PSH ACK 5921:6001
C: = 3000
"""
)


@rule("stream.push", "RFC 9293 section 3.9.1.2", on="segment", example=PUSHED, flags=PSH)
def push(step: Step, flow: Flow) -> Iterator[Finding]:
    """PSH on the last segment of a write: that was all there is for now.

    The flag asks the receiving kernel to hand what it has to the program without waiting for more. The sending kernel
    sets it by itself, when its buffer is empty after a segment and now and then within a long run; programs have no
    call for it. It marks no end of a message: the bytes of the next write follow without a gap.
    """
    octets = fresh_data(step, flow)
    writes = flow.waited(step.side, octets) if octets is not None else []
    if octets is None or not writes or writes[-1].end != octets[1] or octets[0] <= writes[-1].first:
        return
    write, wrote = writes[-1], call_at(flow, writes[-1].step)
    pieces = flow.ends[step.side].pieces(write.first, write.end)
    bare = [piece for piece in pieces[:-1] if not header_of(flow.steps[piece.step]).flags & PSH]
    gapless = all(early.end == late.first for early, late in pairwise(pieces))
    if not bare or wrote is None or not gapless or not flow.once(f"stream.push {step.side}"):
        return
    yield find(
        "PSH: with these {count:bytes} everything that {call} wrote has left, in {segments:segments}; {bare:,} of those"
        " before had no PSH. It asks the {other}'s kernel to hand over what it has, and marks no message.",
        evidence=(write.step, bare[0].step),
        since=write.step,
        count=octets[1] - octets[0],
        call=placed(wrote),
        segments=len({piece.step for piece in pieces}),
        bare=len(bare),
        other=step.side.other,
    )


RULES: tuple[Rule, ...] = (
    joined, not_nagle, length_prefix, message_whole, message_empty, crumbs, push,
)  # fmt: skip
