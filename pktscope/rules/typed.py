"""What somebody types: how a line becomes bytes, a segment, an acknowledgement and a recv(); and time limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Call, Return, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.calls import finished
from pktscope.rules.data import OPEN
from pktscope.rules.phrases import bringers, call_at, spelled
from pktscope.rules.reset import unread
from pktscope.words import phrase

if TYPE_CHECKING:
    from pktscope.flow import Flow

SECOND = 1_000_000_000

TALK = (
    OPEN
    + """
C: input()
+2s
C: = hello
C: send(5)                  # talk.typed
   C > S  PSH ACK 1:6
C: = 5
   S > C  ACK 6
S: recv(1024) = 5           # talk.arrived
S: send(5)
   S > C  PSH ACK 1:6
S: = 5
C: recv(1024) = 5
"""
)


@rule("talk.typed", "send(2)", on="call", example=TALK)
def typed(step: Step, flow: Flow) -> Iterator[Finding]:
    """A line that was typed becomes bytes.

    input() returns characters; a socket sends bytes. encode() turns the one into the other, and where it is not told
    otherwise it writes UTF-8: one byte for a letter of English, two for most others in Europe, three for a Chinese
    character. The Enter that ended the line is not part of it.
    """
    call = step.observation
    if not isinstance(call, Call) or call.protocol not in ("tcp", "udp") or not call.name.startswith("send"):
        return
    place = flow.memory.get(("read", f"{step.side} {call.program}"))
    line = flow.observed(place) if place is not None else None
    if not isinstance(line, Return) or not line.result:
        return
    octets = line.result.encode("utf-8", "replace")
    if call.length not in (len(octets), len(octets) + 1) or not (octets + b"\n").startswith(call.data[: len(octets)]):
        return
    del flow.memory["read", f"{step.side} {call.program}"]
    flow.memory["typed", step.index] = line.time
    yield find(
        "The line from the {side}'s input(), {characters}, becomes {count:bytes} for {call}.",
        evidence=(place,),
        since=place,
        side=step.side,
        characters=phrase("1 character") if len(line.result) == 1
        else phrase("{count:,} characters", count=len(line.result)),
        count=call.length,
        call=spelled(call),
    )  # fmt: skip


@rule("talk.read", "RFC 9293 section 3.9.1", on="return", example="C: input() = hello   # talk.read")
def read(step: Step, flow: Flow) -> Iterator[Finding]:
    """input() waits for a person, and the network with it.

    Nothing that is typed goes on the wire before the line is finished and the program sends it. And a program that
    waits in input() does not look at its socket: what arrives meanwhile lies in the kernel's buffer until it calls
    recv().
    """
    back = step.observation
    if not isinstance(back, Return) or back.name != "input" or back.error:
        return
    call = call_at(flow, step.call)
    flow.memory["read", f"{step.side} {call.program if call else 1}"] = step.index
    if flow.once("talk.read"):
        yield find(
            "input() has a line, and so far nothing of it is on the wire: that is for the program to send.",
            evidence=(step.call,),
            since=step.call,
        )


MEANWHILE = """
C: connect(8000)
   C > S  SYN mss 1460
   S > C  SYN ACK mss 1460
   C > S  ACK
C: = 0
C: input()
   S > C  PSH ACK 1:6
   C > S  ACK 6
C: = hello                  # talk.meanwhile
C: recv(1024) = 5
C: input()
   S > C  FIN ACK 1
   C > S  ACK 7
C: = again                  # talk.meanwhile
"""


def looks(flow: Flow, step: Step) -> bool:
    """Whether another thread of this end's program called recv() while this one was in the call that now returns."""
    if any(call.name.startswith("recv") for _, call in flow.programs.running(step.side)):
        return True
    between = flow.steps[(step.call or 0) + 1 : step.index]
    calls = (each.observation for each in between if each.side is step.side)
    return any(isinstance(each, Return) and each.name.startswith("recv") for each in calls)


@rule("talk.meanwhile", "RFC 9293 section 3.9.1", on="return", example=MEANWHILE)
def meanwhile(step: Step, flow: Flow) -> Iterator[Finding]:
    """What comes while a program waits in input() waits too.

    input() looks at the keyboard and at nothing else. The kernel goes on taking and acknowledging what the other end
    sends, also its FIN, and the program learns of it when it calls recv(), or when a send() fails. A chat that has to
    do both at once needs a thread, or select() on the socket and the keyboard.
    """
    back = step.observation
    if not isinstance(back, Return) or back.name != "input" or step.call is None:
        return
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    if me.connection is None or looks(flow, step):
        return
    fin = you.fin if you.fin is not None and you.fin_delivered and you.fin > step.call else None
    waiting = unread(me, you)
    if fin is None and not waiting:
        return
    if flow.once(f"talk.meanwhile {step.side} {fin is None}"):
        yield find(
            "While the {side}'s program waited in input(), {count:bytes} from the {other} waited too: the kernel keeps"
            " them until the program calls recv()."
            if fin is None
            else "While the {side}'s program waited in input(), the {other}'s FIN came (frame {frame}): the program"
            " does not know, and learns of it from recv().",
            evidence=(step.call, fin),
            since=step.call,
            side=step.side,
            other=step.side.other,
            count=waiting,
            frame=flow.frame_number(fin) if fin is not None else 0,
        )


@rule("talk.arrived", "RFC 9293 section 3.9.1.3", on="return", example=TALK)
def arrived(step: Step, flow: Flow) -> Iterator[Finding]:
    """A typed line has arrived at the other program.

    The whole way of a line: input() at one end, send(), a segment, the acknowledgement by the other end's kernel, and
    recv(), which was waiting for it. The acknowledgement says that the kernel has it, not that the program does.
    """
    returned, octets = step.observation, step.octets
    if not isinstance(returned, Return) or octets is None or not returned.name.startswith("recv"):
        return
    you = flow.ends[step.side.other]
    writes = you.writes_in(*octets)
    since = flow.memory.get(("typed", writes[0].step)) if len(writes) == 1 else None
    pieces = you.pieces(*octets)
    if since is None or not pieces or (writes[0].first, writes[0].end) != octets:
        return
    acked = pieces[-1].acked
    yield find(
        "The line from the {other}'s input() is here, {took:duration} after it was read there: {send}(), {frames},"
        " {ack}, {recv}().",
        evidence=(writes[0].step, pieces[0].step, acked),
        since=writes[0].step,
        other=step.side.other,
        send=getattr(flow.observed(writes[0].step), "name", "send"),
        recv=returned.name,
        took=step.time - since,
        frames=bringers(flow, pieces),
        ack=phrase("no ACK yet")
        if acked is None
        else phrase(
            "its ACK in frame {frame}, which was lost" if flow.lost(acked) else "its ACK in frame {frame}",
            frame=flow.frame_number(acked),
        ),
    )


LIMITED = (
    OPEN
    + """
S: settimeout(5.0) = None        # call.time-limit
S: recv(1024)
+2s
   C > S  PSH ACK 1:7
S: = 6                           # call.in-time
S: recv(1024)
+5s
S: = timeout
S: settimeout(None) = None
S: recv(1024)
+2s
   C > S  PSH ACK 7:13
S: = 6
"""
)

WAITING = ("recv", "accept", "connect", "send")


def limit(arguments: str) -> int | None:
    """The time limit settimeout() was given, in nanoseconds; None for none, or one that is not a plain number."""
    try:
        seconds = float(arguments.strip("(), "))
    except ValueError:
        return None
    return int(seconds * SECOND) if 0 < seconds < 1e6 else None


@rule("call.time-limit", "RFC 9293 section 3.9.1", on="return", example=LIMITED)
def time_limit(step: Step, flow: Flow) -> Iterator[Finding]:
    """settimeout() is a matter between a program and itself: nothing is sent.

    It limits how long calls on this one socket may wait. TCP has no header field for it, the other end is not told, and
    the connection does not end with it. That is different from TCP's own timers, which send something when they run
    out.
    """
    found = finished(step, flow)
    if found is None or found[0].name != "settimeout" or found[1].error:
        return
    allowed = limit(found[0].arguments)
    if allowed is None:
        flow.memory.pop(("limit", found[0].socket), None)
        return
    flow.memory["limit", found[0].socket] = allowed
    last = max((each.last_frame or -1 for each in flow.ends.values()), default=-1)
    if last > (step.call or 0):
        return
    yield find(
        "From now on this socket's calls may wait {limit} at most. Nothing went on the wire: the {other} does not"
        " know.",
        evidence=(step.call,),
        limit=phrase("{seconds:g} s", seconds=allowed / SECOND),
        other=step.side.other,
    )


@rule("call.in-time", "RFC 9293 section 3.9.1", on="return", example=LIMITED)
def in_time(step: Step, flow: Flow) -> Iterator[Finding]:
    """Something came before the time limit ran out.

    What it was, TCP does not judge: the right word and a wrong one are bytes in time. The limit counts for each call
    anew, so a peer that sends a byte now and then can keep a server waiting for as long as it likes.
    """
    found = finished(step, flow)
    if found is None or found[1].error or not found[0].name.startswith("recv") or step.call is None:
        return
    allowed = flow.memory.get(("limit", found[0].socket))
    took = step.time - found[0].time
    if allowed is None or took > allowed or not flow.once(f"call.in-time {step.side}"):
        return
    yield find(
        "In time: {call} waited {took:duration} of the {limit:duration} it was allowed.",
        evidence=(step.call,),
        since=step.call,
        call=spelled(found[0]),
        took=took,
        limit=allowed,
    )


RULES: tuple[Rule, ...] = (read, typed, meanwhile, arrived, time_limit, in_time)
