"""What programs as students write them forget, and how they end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Call, Severity, State, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.calls import finished
from pktscope.rules.handshake import WITHIN
from pktscope.rules.phrases import placed, spelled
from pktscope.words import Phrase, phrase

if TYPE_CHECKING:
    from pktscope.flow import Flow

OPENED = """
C: connect(8000)
   C > S  SYN mss 1460
   S > C  SYN ACK mss 1460
   C > S  ACK
C: = 0
S: accept() = socket
"""

OPEN_STATES = frozenset({State.SYN_SENT, State.SYN_RECEIVED, State.ESTABLISHED, State.CLOSE_WAIT})
"""States in which an end has not sent its FIN."""

CRASH = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Interrupt|Warning|timeout|gaierror|herror|Exit|Iteration)\b")
"""How a line about an exception begins."""
FROM_LINE = re.compile(r"(?P<said>.+) \((?P<file>[^()]+), line (?P<line>\d+)\)", re.DOTALL)
"""How it ends, where the line of the script is known."""


def ending(step: Step, flow: Flow) -> Call | None:
    """The end of the very program that has this end of the conversation."""
    call = step.observation
    if not isinstance(call, Call) or call.name != "exit":
        return None
    mine = flow.ends[step.side].processes
    return call if mine <= {call.pid} else None


FORGOTTEN = (
    OPENED
    + """
C: send(5)
   C > S  PSH ACK 1:6
C: = 5
C: exit()                # program.never-closed
   C > S  FIN ACK
"""
)


@rule("program.never-closed", "close(2), _exit(2)", on="call", example=FORGOTTEN, severity=Severity.NOTICE)
def never_closed(step: Step, flow: Flow) -> Iterator[Finding]:
    """A program ends without close(): the kernel closes for it.

    A socket belongs to its process, and when that ends the kernel closes what it left open, as close() would: what was
    written still goes out, then a FIN. For a program that ends at once that is good enough. One that goes on running,
    a server above all, keeps every socket it forgets, until it has no descriptors left.
    """
    call, me = ending(step, flow), flow.ends[step.side]
    if call is None or me.fin is not None or not me.processes or me.connection is None:
        return
    if ("close held", step.side) in flow.memory:
        return
    if me.state in OPEN_STATES and me.reset is None and flow.ends[step.side.other].reset is None:
        yield find(
            "The {side}'s program has ended and never closed this socket: its kernel closes it now.",
            evidence=(step.index,),
            side=step.side,
        )


HELD = (
    OPENED
    + """
C: recv(1024)
C: close() = 0           # program.close-held
C: exit()
   C > S  FIN ACK
"""
)


@rule("program.close-held", "close(2)", on="return", example=HELD, severity=Severity.NOTICE)
def close_held(step: Step, flow: Flow) -> Iterator[Finding]:
    """close() in one thread while another waits in recv() on the same socket: nothing is sent.

    close() gives the descriptor back. The kernel's socket lives on as long as a call is at work on it, so the thread
    goes on waiting, no FIN leaves, and the other end learns nothing until that call returns or the program ends.
    shutdown(SHUT_RDWR) before close() sends the FIN at once and wakes the thread, whose recv() returns b"".
    """
    found, me = finished(step, flow), flow.ends[step.side]
    if found is None or found[0].name != "close" or found[1].error or found[0].socket != me.connection:
        return
    if me.fin is not None or me.reset is not None or me.state not in OPEN_STATES:
        return
    call = found[0]
    others = flow.programs.running(step.side)
    waits = next((each for each in others if (each[1].socket, each[1].pid) == (call.socket, call.pid)), None)
    if waits is None:
        return
    flow.memory["close held", step.side] = step.index
    yield find(
        "close() has returned and sent nothing: {waiting} in another thread still waits on this socket, and the kernel"
        " keeps it open until that call returns or the program ends.",
        evidence=(step.call, waits[0]),
        waiting=placed(waits[1]),
    )


CRASHED = (
    OPENED
    + """
C: send(5) = TypeError   # program.wants-bytes
C: exit(TypeError: a bytes-like object is required)   # program.crashed program.never-closed
   C > S  FIN ACK
"""
)


@rule("program.crashed", "Python tutorial 8.3", on="call", example=CRASHED, severity=Severity.ERROR)
def crashed(step: Step, flow: Flow) -> Iterator[Finding]:
    """An exception that nobody caught ended a program.

    What a program does not catch ends it, and its sockets with it: the other end sees a FIN or a RST and cannot know
    why. A server should catch what one client can cause (ConnectionResetError, a text that is no number, a time limit)
    and go on with the next.
    """
    call = ending(step, flow)
    if call is None or not CRASH.match(call.arguments):
        return
    yield find(
        "An exception that nobody caught ended the {side}'s program: {what}.",
        evidence=(step.index,),
        side=step.side,
        what=retellable(call.arguments),
    )


def retellable(told: str) -> Phrase | str:
    """An exception with the line it came from, in words that can be translated."""
    found = FROM_LINE.fullmatch(told)
    return phrase("{said} ({file}, line {line})", **found.groupdict()) if found else told


LOOPING = (
    OPENED
    + """
S: recv(1024)
   C > S  FIN ACK
S: = 0
S: accept()
S: exit(the run ended it: a server loops for ever)   # program.ended-by-run program.never-closed
"""
)


@rule("program.ended-by-run", "signal(7)", on="call", example=LOOPING)
def ended_by_run(step: Step, flow: Flow) -> Iterator[Finding]:
    """The run had to end a program.

    A server has no reason to end: it serves whoever comes next. In a terminal Ctrl-C ends it; here the run does, once
    the last client has ended and nothing more is happening, or when the time is up. What is sent after that is the
    kernel's doing, which closes what the program had open.
    """
    call = ending(step, flow)
    if call is None or not call.arguments.startswith("the run ended it"):
        return
    yield find(
        "The {side}'s program did not end by itself ({why}). If its kernel sends anything from now on, no call asked"
        " for it.",
        evidence=(step.index,),
        side=step.side,
        why=phrase(call.arguments),
    )


COMMAND = """
C: exec('curl http://127.0.0.1:8000/')   # program.untold
   C > S  SYN mss 1460
   S > C  SYN ACK mss 1460
   C > S  ACK
C: exit()
"""


@rule("program.untold", "Python socket.socket, sock_diag(7)", on="call", example=COMMAND)
def untold(step: Step, flow: Flow) -> Iterator[Finding]:
    """A program whose calls are not told.

    Calls are told by Python's own sockets, in the process that runs a script. Of any other program there are its
    packets, what it prints, and what the kernel says of its connections. strace shows its system calls.
    """
    call = step.observation
    if isinstance(call, Call) and call.name == "exec":
        yield find(
            "The {side} is not a Python script, so none of its calls are told here: only its packets and what it"
            " prints. Their effect shows in the segments.",
            evidence=(step.index,),
            side=step.side,
        )


NO_LINE = (
    OPENED
    + """
C: input() = EOFError    # program.no-more-input
"""
)


@rule("program.no-more-input", "Python input()", on="return", example=NO_LINE, severity=Severity.NOTICE)
def no_more_input(step: Step, flow: Flow) -> Iterator[Finding]:
    """input() found no more lines.

    Nobody sits at these programs: they read the lines given with --say, --input-client and --input-server, and then
    come to the end of input, as with Ctrl-D in a terminal or the end of a file. input() raises EOFError there. On the
    screen of pktscope the reader types instead.
    """
    found = finished(step, flow)
    if found is not None and found[0].name == "input" and found[1].error == "EOFError":
        yield find(
            "input() found no more lines for the {side} (EOFError), as after Ctrl-D: give more with --say or"
            " --input-{side}, or type them on the screen.",
            evidence=(step.call,),
            side=step.side,
        )


@rule("program.wants-bytes", "Python socket.send()", on="return", example=CRASHED, severity=Severity.ERROR)
def wants_bytes(step: Step, flow: Flow) -> Iterator[Finding]:
    """A str cannot be sent: sockets carry bytes.

    Characters become bytes by an encoding: 'hello'.encode() uses UTF-8, and data.decode() turns them back at the other
    end, which must use the same. In Python 2 a str was bytes, so its examples leave both out.
    """
    found = finished(step, flow)
    if found is None or found[1].error != "TypeError" or not found[0].name.startswith("send"):
        return
    yield find(
        "{name}() refused what it was given: a socket sends bytes, not str. Nothing was sent; .encode() makes bytes of"
        " a text.",
        evidence=(step.call,),
        name=found[0].name,
    )


DEAF = (
    OPENED
    + """
   C > S  FIN ACK
S: recv(1024) = 0
S: recv(1024) = 0
S: recv(1024) = 0        # program.deaf
S: recv(1024) = 0
"""
)

PATIENT = 3
"""How often a program may be told that there is no more before it is not listening."""


@rule("program.deaf", "recv(2)", on="return", example=DEAF, severity=Severity.WARNING)
def deaf(step: Step, flow: Flow) -> Iterator[Finding]:
    """recv() returns b"" again and again, and the program goes on calling it.

    After the other end's FIN recv() returns b"" at once, every time: there is nothing to wait for any more. A loop that
    does not leave at b"" turns for ever, uses a whole processor and never gets to the next client. Hence
    `if not data: break`.
    """
    found, fin = finished(step, flow), flow.ends[step.side.other].fin
    if found is None or fin is None or not found[0].name.startswith("recv") or found[0].protocol not in ("tcp", ""):
        return
    if found[1].error or found[1].length != 0 or flow.count(f"program.deaf {step.side}") != PATIENT:
        return
    yield find(
        'recv() has returned b"" {times:times} now: the {other} has sent its FIN (frame {frame}) and nothing can come'
        ' any more. This loop has to leave at the first b"".',
        evidence=(step.call, fin),
        since=fin,
        times=PATIENT,
        other=step.side.other,
        frame=flow.frame_number(fin),
    )


QUEUED = """
C: connect(8000)
   C > S  SYN mss 1460
   S > C  SYN ACK mss 1460
   C > S  ACK
C: = 0
C: send(5)
   C > S  PSH ACK 1:6
C: = 5
+2s
S: accept() = socket     # program.queued
"""


@rule("program.queued", "listen(2), accept(2)", on="return", example=QUEUED)
def queued(step: Step, flow: Flow) -> Iterator[Finding]:
    """One client waits while the server is busy with another.

    A server that serves one client from accept() to close() leaves all others waiting. They do not notice: the kernel
    completes their handshakes and takes their data, connect() and send() return, and only the answer does not come. To
    serve several at once, a server needs threads, processes, or select().
    """
    found, done = finished(step, flow), flow.ends[step.side].syn_acked
    if found is None or done is None or found[0].name != "accept" or found[1].error:
        return
    waited = found[0].time - flow.steps[done].time
    if waited < WITHIN or not flow.once("program.queued"):
        return
    yield find(
        "{call} was called only now. Until then this connection, complete since frame {frame}, waited {waited:duration}"
        " in the accept queue: the {side}'s program had not asked for it.",
        evidence=(step.call, done),
        since=done,
        call=spelled(found[0]),
        waited=waited,
        side=step.side,
        frame=flow.frame_number(done),
    )


RULES: tuple[Rule, ...] = (
    untold,
    no_more_input,
    wants_bytes,
    deaf,
    queued,
    crashed,
    ended_by_run,
    never_closed,
    close_held,
)
