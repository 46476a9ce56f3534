"""Socket calls whose outcome needs a word: refused, timed out, would block, short, and who chose the port."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Call, Icmp, Return, Severity, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.phrases import call_at, spelled
from pktscope.rules.time_wait import lingering
from pktscope.words import phrase

if TYPE_CHECKING:
    from pktscope.flow import Flow

PORT_UNREACHABLE = ((4, 3, 3), (6, 1, 4))


def finished(step: Step, flow: Flow) -> tuple[Call, Return] | None:
    """A call and its return, for a step that is the return."""
    call = call_at(flow, step.call)
    return (call, step.observation) if call is not None and isinstance(step.observation, Return) else None


REFUSED = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
C: connect(8000) = 0
C: send(10)
   C > S  UDP 10 id 7
   S > C  ICMP 3/3
C: = 10
C: recv(1024) = ECONNREFUSED    # call.refused-udp
"""


@rule("call.refused-udp", "RFC 1122 section 4.1.3.3", on="return", example=REFUSED, severity=Severity.ERROR)
def refused_udp(step: Step, flow: Flow) -> Iterator[Finding]:
    """ECONNREFUSED on a UDP socket: late news of an ICMP message.

    The datagram was sent and its send() succeeded; only then did "port unreachable" come back. The kernel tells it
    with the next call on that socket, and only if the socket is connected: connect() on UDP sends nothing, it just
    notes the one peer, and without it the kernel would not know which of many receivers the message is about.
    """
    found = finished(step, flow)
    complaint = flow.ends[step.side].complaint
    if found is None or complaint is None or found[0].protocol != "udp" or found[1].error != "ECONNREFUSED":
        return
    message = getattr(flow.observed(complaint), "transport", None)
    if not isinstance(message, Icmp) or (message.version, message.type, message.code) not in PORT_UNREACHABLE:
        return
    yield find(
        "{call} failed with ECONNREFUSED because of frame {frame}, ICMP port unreachable: the kernel tells it with the"
        " next call on a connected socket.",
        evidence=(step.call, complaint),
        since=complaint,
        call=spelled(found[0]),
        frame=flow.frame_number(complaint),
    )


LATE = """
   C > S  SYN mss 1460
   S > C  SYN ACK mss 1460
   C > S  ACK
C: recv(1024)
+5s
C: = timeout                    # call.timeout
C: recv(1024)
   S > C  PSH ACK 1:11
C: = 10
"""


@rule("call.timeout", "connect(2), recv(2)", on="return", example=LATE, severity=Severity.NOTICE)
def timeout(step: Step, flow: Flow) -> Iterator[Finding]:
    """A socket's own time limit ran out.

    settimeout() concerns the waiting program only: nothing is sent when the limit is set or when it runs out, the
    connection stands as before, and the other end knows nothing of it. A protocol that allows a peer so many
    seconds must act on it: say so, or close.
    """
    found = finished(step, flow)
    if found is None or found[1].error != "timeout" or step.call is None:
        return
    yield find(
        "{call} gave up after {took:duration}: the program's own time limit (settimeout). Giving up sends nothing, so"
        " the other end knows nothing of it.",
        evidence=(step.call,),
        since=step.call,
        call=spelled(found[0]),
        took=step.time - found[0].time,
    )


EMPTY = """
   C > S  SYN mss 1460
   S > C  SYN ACK mss 1460
   C > S  ACK
C: recv(1024) = EAGAIN          # call.would-block
C: recv(1024) = EAGAIN
   S > C  PSH ACK 1:11
C: recv(1024) = 10
"""

NOT_YET = {
    "accept": phrase("no finished connection was waiting"),
    "recv": phrase("nothing was there to read"),
    "send": phrase("the send buffer had no room"),
}


@rule("call.would-block", "RFC 9293 section 3.9.1, recv(2)", on="return", example=EMPTY)
def would_block(step: Step, flow: Flow) -> Iterator[Finding]:
    """EAGAIN: a socket that must not wait says "not now".

    A non-blocking socket returns at once where a blocking one would sleep. It is no failure of the connection: the
    program should wait with select() or poll() until the socket is ready and call again.
    """
    found = finished(step, flow)
    if found is None or found[1].error not in ("EAGAIN", "EWOULDBLOCK"):
        return
    reason = next((words for name, words in NOT_YET.items() if found[0].name.startswith(name)), None)
    if reason is None or not flow.once(f"call.would-block {step.side} {found[0].name}"):
        return
    yield find(
        "{call} returned EAGAIN: {reason}, and this call was not to wait. No error: try again later.",
        evidence=(step.call,),
        call=spelled(found[0]),
        reason=reason,
    )


SHORT = """
   C > S  SYN mss 1460
   S > C  SYN ACK mss 1460
   C > S  ACK
C: send(5000)
   C > S  PSH ACK 1:1001
C: = 1000                       # call.short-send
C: send(4000)
C: = 4000
"""


@rule("call.short-send", "send(2)", on="return", example=SHORT, severity=Severity.NOTICE)
def short_send(step: Step, flow: Flow) -> Iterator[Finding]:
    """send() took less than it was given.

    Where the send buffer has too little room, send() takes what fits and returns how much that was. Nothing is
    lost, but the program must send the rest itself; sendall() is the loop that does. Reading the result of send()
    is not optional.
    """
    found = finished(step, flow)
    if found is None or found[0].protocol != "tcp" or not found[0].name.startswith("send") or found[1].error:
        return
    offered, took = found[0].length, found[1].length
    if offered is None or took is None or took >= offered:
        return
    yield find(
        "{name}() took {took:,} of {offered:bytes}: the kernel had no room for the other {left:,}. They are not lost,"
        " but the program must send them itself.",
        evidence=(step.call,),
        name=found[0].name,
        took=took,
        offered=offered,
        left=offered - took,
    )


FIRST_SEND = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
S: bind(8000) = 0               # socket.bound
C: sendto(10)
   C > S  UDP 10
C: = 10                         # socket.port-chosen
S: sendto(10)
   S > C  UDP 10
S: = 10
C: sendto(10)
   C > S  UDP 10
C: = 10
"""


@rule("socket.port-chosen", "RFC 6056 section 2, ip(7)", on="return", example=FIRST_SEND)
def port_chosen(step: Step, flow: Flow) -> Iterator[Finding]:
    """The kernel chooses a port for a socket that has none.

    A program that sends without bind() gets a free port from the range set aside for that (Linux: 32768 to 60999):
    an ephemeral port. The other end learns it from the packet and answers to it. A server calls bind(), since its
    clients must know its port beforehand.
    """
    found = finished(step, flow)
    me = flow.ends[step.side]
    if found is None or found[0].protocol != "udp" or not found[0].name.startswith("send") or found[1].error:
        return
    if me.bound or found[0].local is not None or me.endpoint is None or me.endpoint.port is None:
        return
    if len(me.datagrams) == 1 and me.datagrams[0].call == step.call and flow.once(f"socket.port-chosen {step.side}"):
        yield find(
            "The program had not called bind(), so with this first {name}() the kernel chose a port for it: {port}.",
            evidence=(step.call, me.datagrams[0].step),
            name=found[0].name,
            port=me.endpoint.port,
        )


@rule("socket.bound", "bind(2)", on="return", example=FIRST_SEND)
def bound(step: Step, flow: Flow) -> Iterator[Finding]:
    """bind() gives a socket its address and port.

    It is a note in this host's kernel: no packet leaves, and nobody else learns of it. 0.0.0.0 stands for all
    addresses of the host, 127.0.0.1 only for programs on the same host, and port 0 for any free one.
    """
    found = finished(step, flow)
    if found is None or found[0].name != "bind" or found[1].error or found[0].protocol not in ("tcp", "udp"):
        return
    if not flow.lesson(f"socket.bound {step.side}"):
        return
    yield find(
        "{call}: this socket now has its address and port. That is a note in the {side}'s own kernel; no packet"
        " leaves.",
        evidence=(step.call,),
        call=spelled(found[0]),
        side=step.side,
    )


TAKEN = """
S: bind(8000) = EADDRINUSE      # call.address-in-use
S: bind(8001) = 0
"""


@rule("call.address-in-use", "bind(2), socket(7)", on="return", example=TAKEN, severity=Severity.ERROR)
def address_in_use(step: Step, flow: Flow) -> Iterator[Finding]:
    """EADDRINUSE: the port is taken, perhaps by a connection that is over.

    Another socket has the port, or an old connection on it is still in TIME_WAIT. A server that restarts sets
    SO_REUSEADDR before bind(): that allows the second case, not the first.
    """
    found = finished(step, flow)
    if found is None or found[1].error != "EADDRINUSE":
        return
    old = lingering(flow, step, found[0])
    if old is None:
        yield find(
            "{call} failed with EADDRINUSE: this kernel has another socket, or an old connection, on that port.",
            evidence=(step.call,),
            call=spelled(found[0]),
        )
        return
    yield find(
        "{call} failed with EADDRINUSE: no program has this port any more, but the connection with {peer} is still in"
        " TIME_WAIT at it, for up to a minute, because the {side} closed first.",
        evidence=(step.call,),
        call=spelled(found[0]),
        peer=old.ends[step.side.other].endpoint,
        side=step.side,
    )


RULES: tuple[Rule, ...] = (refused_udp, timeout, would_block, short_send, bound, port_chosen, address_in_use)
