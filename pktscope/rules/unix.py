"""AF_UNIX: the calls of every tutorial, and nothing on any wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Step
from pktscope.programs import RECEIVING
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.calls import finished
from pktscope.rules.phrases import spelled

if TYPE_CHECKING:
    from pktscope.flow import Flow

PAIR = """
S: unix socket(AF_UNIX, SOCK_STREAM)
S: = socket                     # unix.socket
C: unix socket(AF_UNIX, SOCK_STREAM)
C: = socket
C: unix connect(demo)
C: = None                       # unix.connected
S: unix recv(1024)
C: unix send(5)
C: = 5
S: = 5                          # unix.passed
S: unix send(5)
S: = 5
C: unix recv(1024) = 5
C: unix recv(1024) = 0          # unix.end-of-stream
end                             # unix.no-packets
"""


@rule("unix.socket", "unix(7)", on="return", example=PAIR)
def unix_socket(step: Step, flow: Flow) -> Iterator[Finding]:
    """AF_UNIX: a socket that stays on this host.

    The family says what kind of address a socket has: AF_INET a host and a port, AF_UNIX a name that only this host
    knows. Programs that run on one host often use it: databases, X11, Docker. It is faster, and the kernel can tell who
    the other end is.
    """
    found = finished(step, flow)
    if found is None or found[0].protocol != "unix" or found[0].name != "socket" or found[1].error:
        return
    if flow.once("unix.socket"):
        yield find(
            "A socket of the family AF_UNIX: its address is a name in this kernel, no host and no port. All other calls"
            " stay the same.",
            evidence=(step.call,),
        )


@rule("unix.connected", "unix(7)", on="return", example=PAIR)
def unix_connected(step: Step, flow: Flow) -> Iterator[Finding]:
    """connect() without a handshake.

    The kernel that would have to be asked is the same one: it joins the two sockets and puts the new one into the
    listener's queue, where accept() finds it. As with TCP, connect() does not wait for accept().
    """
    found = finished(step, flow)
    if found is None or found[0].protocol != "unix" or found[0].name != "connect" or found[1].error:
        return
    yield find(
        "{name}() returned, and no packet was seen: this kernel has both ends, and there is nobody to shake hands"
        " with.",
        evidence=(step.call,),
        name=found[0].name,
    )


@rule("unix.passed", "unix(7)", on="return", example=PAIR)
def unix_passed(step: Step, flow: Flow) -> Iterator[Finding]:
    """Bytes from one program to the other, through the kernel alone.

    send() copies them into the other socket's receive buffer, recv() copies them out. Nothing is cut into segments,
    numbered, acknowledged or sent again, because nothing can get lost. SOCK_STREAM is a stream without boundaries here
    too; SOCK_DGRAM keeps them, and even keeps the order.
    """
    found = finished(step, flow)
    if found is None or found[0].protocol != "unix" or found[0].name not in RECEIVING or not found[1].length:
        return
    if flow.frames or not flow.once("unix.passed"):
        return
    yield find(
        "{call} returned {count:bytes}, and not one packet carried them: the kernel copied them from one program to the"
        " other.",
        evidence=(step.call,),
        call=spelled(found[0]),
        count=found[1].length,
    )


@rule("unix.end-of-stream", "unix(7), recv(2)", on="return", example=PAIR)
def unix_end_of_stream(step: Step, flow: Flow) -> Iterator[Finding]:
    """b'' without a FIN.

    That the other end has closed is told the same way as with TCP: recv() returns b'' for ever after. What TCP needs
    a segment for, the kernel simply knows.
    """
    found = finished(step, flow)
    if found is None or found[0].protocol != "unix" or found[0].name not in RECEIVING or found[1].length != 0:
        return
    if "SOCK_DGRAM" not in found[0].arguments and not found[1].error:
        yield find(
            "{call} returned b'': the other end has closed its socket, or will send no more. With TCP a FIN would have"
            " said so; here the kernel knows.",
            evidence=(step.call,),
            call=spelled(found[0]),
        )


@rule("unix.no-packets", "unix(7)", on="end", example=PAIR)
def no_packets(step: Step, flow: Flow) -> Iterator[Finding]:
    """Not one packet in the whole exchange.

    A sniffer sees what goes through a network device, the loopback included. AF_UNIX goes through none. To see it,
    one must look at the calls (strace), as here.
    """
    if not flow.frames and "unix.passed" in flow.told:
        yield find("Not one packet was seen from beginning to end: what AF_UNIX moves, no sniffer can see.")


RULES: tuple[Rule, ...] = (unix_socket, unix_connected, unix_passed, unix_end_of_stream, no_packets)
