"""Bytes that arrive at a program: which recv() returned what, and what the calls that slept were waiting for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Return, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.data import OPEN
from pktscope.rules.phrases import bringers, brought, call_at, largest_segment, reached, spelled, stretch
from pktscope.words import Phrase, Words, phrase

if TYPE_CHECKING:
    from pktscope.ends import End, Write
    from pktscope.flow import Flow

MILLISECOND = 1_000_000
BLOCKED = 5 * MILLISECOND
"""A call that took longer was waiting for something."""
SEND_BLOCKED = 20 * MILLISECOND
"""The same for a send, which copies its bytes and may take a while for that alone."""

STICKY = (
    OPEN
    + """
C: send(10)
   C > S  PSH ACK 1:11
C: = 10
C: send(5)
   C > S  PSH ACK 11:16
C: = 5
   S > C  ACK 16
S: recv(1024) = 15         # tcp.bytes-delivered
C: send(10)
   C > S  PSH ACK 16:26
C: = 10
S: recv(4) = 4             # tcp.bytes-delivered
S: recv(4) = 4
S: recv(4) = 2             # tcp.bytes-delivered
S: recv(4) = EAGAIN
"""
)


@rule("tcp.bytes-delivered", "RFC 9293 section 3.9.1.3", on="return", example=STICKY)
def bytes_delivered(step: Step, flow: Flow) -> Iterator[Finding]:
    """Which bytes recv() returned: TCP is a stream without boundaries.

    recv(n) waits until there is at least one byte and returns what is there, n bytes at most. It knows nothing of
    the send() calls that wrote them or of the segments that carried them: several writes may come out in one piece,
    and one write in several. People call that "sticky packets"; it is no fault and has nothing to do with Nagle's
    algorithm. A program that wants messages must mark their ends in the bytes, by a length in front or a separator
    behind.
    """
    returned, octets = step.observation, step.octets
    you = flow.ends[step.side.other]
    if not isinstance(returned, Return) or octets is None or not returned.name.startswith(("recv", "read")):
        return
    call, pieces = call_at(flow, step.call), you.pieces(*octets)
    if call is None or not pieces or you.syn is None or "MSG_OOB" in call.arguments:
        return
    writes = you.writes_in(*octets)
    if len(writes) == 1 and octets[0] > writes[0].first and octets[1] < writes[0].end:
        return
    yield find(
        "{call} returned {count:bytes}: {stretch}, {source}carried by {frames}.{lesson}",
        evidence=(step.call, *(write.step for write in writes[:2]), pieces[0].step, pieces[-1].step),
        call=spelled(call),
        count=octets[1] - octets[0],
        stretch=stretch(*octets),
        source=written(flow, octets, writes),
        frames=bringers(flow, pieces),
        lesson=boundaries(flow, octets, writes),
    )


def written(flow: Flow, octets: tuple[int, int], writes: list[Write]) -> Words:
    """Who wrote what a recv() returned, in words; '' where the writer was not watched."""
    if not writes:
        return ""
    name = getattr(flow.observed(writes[0].step), "name", "send")
    if len(writes) > 1:
        return phrase("written by {count:,} calls of {name}() and ", count=len(writes), name=name)
    total = writes[0].end - writes[0].first
    if total == octets[1] - octets[0]:
        return phrase("all that one {name}() wrote, ", name=name)
    which = phrase("the first") if octets[0] == writes[0].first else phrase("the last")
    return phrase("{which} of the {total:,} that one {name}() wrote, ", which=which, total=total, name=name)


def boundaries(flow: Flow, octets: tuple[int, int], writes: list[Write]) -> Words:
    """The lesson of the stream, once, where a recv() and a send() did not match."""
    whole = len(writes) == 1 and (writes[0].first, writes[0].end) == octets
    if len(writes) != 1 or whole or not flow.once("tcp.bytes-delivered"):
        return ""
    return phrase(" The stream has no boundaries: recv() takes what is there, up to the number asked for.")


WAITING = (
    OPEN
    + """
S: recv(1024)
+40ms
C: send(10)
   C > S  PSH ACK 1:11
C: = 10
   S > C  ACK 11
S: = 10                     # tcp.blocked
S: recv(1024)
   C > S  PSH ACK 11:21
S: = 10
S: recv(1024)
+40ms
   C > S  FIN ACK
   S > C  ACK 22
S: = 0
"""
)


@rule("tcp.blocked", "RFC 9293 section 3.9.1", on="return", example=WAITING)
def blocked(step: Step, flow: Flow) -> Iterator[Finding]:
    """A call that had to wait, and for what.

    recv() sleeps until the kernel has something for it; send() sleeps only while the kernel's send buffer is full.
    A sleeping call puts nothing on the wire and costs no time of the processor.
    """
    returned = step.observation
    if not isinstance(returned, Return) or returned.error or step.call is None:
        return
    call = call_at(flow, step.call)
    if call is None or call.protocol == "udp" or step.time - call.time < BLOCKED:
        return
    if ("limit", call.socket) in flow.memory:
        return  # how long it waited of what it was allowed, call.in-time says
    found = awaited(step, returned, flow)
    if found is None:
        return
    took = (reached(flow, found[1]) or flow.steps[found[1]].time) - call.time
    if took < BLOCKED or not flow.once(f"tcp.blocked {step.side} {call.name}"):
        return
    yield find(
        "{call} slept for {took:duration}: {reason} (frame {frame}).",
        evidence=(step.call, found[1]),
        since=step.call,
        call=spelled(call),
        took=took,
        reason=found[0],
        frame=flow.frame_number(found[1]),
    )


def awaited(step: Step, returned: Return, flow: Flow) -> tuple[Phrase, int] | None:
    """What ended a call's sleep, in words, and the step of the frame that brought it; None where that is not sure."""
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    if returned.name == "accept":
        return None  # what it returned says it all
    if not returned.name.startswith(("recv", "read")):
        return full_buffer(step, me, flow)
    if step.octets is not None:
        pieces = you.pieces(step.octets[0], step.octets[0] + 1)
        if pieces and (flow.wire or not pieces[0].again):
            reason = phrase("there was nothing to read before byte {first:,} came", first=step.octets[0])
            return reason, brought(flow, pieces[0])
        return None
    return None


def full_buffer(step: Step, me: End, flow: Flow) -> tuple[Phrase, int] | None:
    """A send that came back only after acknowledgements had made room, as far as that can be seen."""
    if step.octets is None or step.call is None or me.advanced is None:
        return None
    if step.time - flow.steps[step.call].time < SEND_BLOCKED or me.una <= 1:
        return None
    opened = flow.memory.get(("window reopened", me.side.other), -1)
    if opened > step.call:
        reason = phrase("the send buffer was full, and nothing could leave it before the other end had room again")
        return reason, opened
    waiting = step.octets[1] - me.una
    if waiting < 2 * largest_segment(flow, step.side):
        return None
    reason = phrase("a send sleeps while the send buffer is full, and meanwhile ACK {ack:,} came", ack=me.una)
    return reason, me.advanced


RULES: tuple[Rule, ...] = (bytes_delivered, blocked)
