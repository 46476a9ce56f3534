"""UDP with nobody there: what the sender is not told, and what connect() changes about that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Icmp, Severity, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.calls import PORT_UNREACHABLE, finished
from pktscope.rules.phrases import spelled
from pktscope.words import phrase

if TYPE_CHECKING:
    from pktscope.flow import Flow

NOBODY = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
C: sendto(6)
   C > S  UDP 6 id 7
   S > C  ICMP 3/3
C: = 6                          # udp.nobody-told
C: connect(8000)
C: = None
C: send(7)
   C > S  UDP 7 id 8
   S > C  ICMP 3/3
C: = 7
"""


@rule("udp.nobody-told", "RFC 1122 section 4.1.3.3, udp(7)", on="return", example=NOBODY, severity=Severity.WARNING)
def nobody_told(step: Step, flow: Flow) -> Iterator[Finding]:
    """sendto() succeeds with nobody there.

    What it returns is how many bytes the kernel took to send, not how many arrived. Where the other host's kernel says
    that no socket has the port, the sender's kernel passes that on only to a socket that is connected to it: on one
    that sends to many, nobody could say which sendto() it is about.
    """
    found, complaint = finished(step, flow), flow.ends[step.side].complaint
    if found is None or complaint is None or found[0].protocol != "udp" or found[1].error:
        return
    call = found[0]
    message = getattr(flow.observed(complaint), "transport", None)
    if not isinstance(message, Icmp) or (message.version, message.type, message.code) not in PORT_UNREACHABLE:
        return
    connected = ("connected", call.socket) in flow.memory
    if connected or not call.name.startswith("send") or flow.memory.get(("nobody", step.side)) == complaint:
        return
    flow.memory["nobody", step.side] = complaint
    late = step.call is not None and complaint < step.call
    yield find(
        "{call} succeeded, and {when} frame {frame} said that no socket takes what is sent there. The program is not"
        " told: this socket is not connected.",
        evidence=(step.call, complaint),
        since=min(complaint, step.index),
        call=spelled(call),
        when=phrase("before that") if late else phrase("yet"),
        frame=flow.frame_number(complaint),
    )


ONE_PEER = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
C: connect(8000)
C: = None                       # udp.connected
C: send(10)
   C > S  UDP 10
C: = 10
"""


@rule("udp.connected", "RFC 1122 section 4.1.3.5, connect(2), udp(7)", on="return", example=ONE_PEER)
def connected(step: Step, flow: Flow) -> Iterator[Finding]:
    """connect() on a UDP socket sends nothing.

    There is no handshake to make: the kernel notes whom the socket talks to. From then on send() needs no address,
    datagrams from anybody else are not handed over, and a port unreachable from this peer is told with the next call.
    (A host unreachable, which may pass, Linux tells only sockets that ask for it with IP_RECVERR.)
    """
    found, last = finished(step, flow), flow.ends[step.side].last_frame
    if found is None or found[0].protocol != "udp" or found[0].name != "connect" or found[1].error:
        return
    flow.memory["connected", found[0].socket] = step.index
    if last is not None and step.call is not None and last > step.call:
        return
    yield find(
        "{call} sent nothing: on a UDP socket it only notes the one peer. send() needs no address now, nobody else's"
        " datagrams are handed over, and a port unreachable from there will be told.",
        evidence=(step.call,),
        call=spelled(found[0]),
    )


RULES: tuple[Rule, ...] = (nobody_told, connected)
