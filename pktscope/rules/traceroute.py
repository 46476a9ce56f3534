"""TTL and the errors it brings: how traceroute makes every router on the way name itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Icmp, Severity, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.calls import finished
from pktscope.rules.phrases import spelled

if TYPE_CHECKING:
    from pktscope.flow import Flow

EXPIRED = ((4, 11, 0), (6, 3, 0))

TRACE = """
udp 10.0.1.2:40000 > 10.0.3.2:8000
C: setsockopt(IPPROTO_IP, IP_TTL, 1)
C: = None                                  # ttl.set
C: sendto(10)
   C > S  UDP 10 ttl 1 id 7
   S > C  ICMP 11/0 from 10.0.1.1
C: = 10
C: recvfrom(1024)
C: = EHOSTUNREACH                          # ttl.told
C: recvmsg(1024, 512, MSG_ERRQUEUE)
C: = 10                                    # ttl.error-queue
C: setsockopt(IPPROTO_IP, IP_TTL, 2)
C: = None
"""


@rule("ttl.set", "RFC 791 section 3.2, ip(7)", on="return", example=TRACE)
def ttl_set(step: Step, flow: Flow) -> Iterator[Finding]:
    """IP_TTL: how many routers a packet may meet.

    Each router takes one off, and who comes to zero drops the packet and tells its sender. That keeps packets from
    going round for ever where routers disagree. Ordinary packets start with 64.
    """
    found = finished(step, flow)
    if found is None or found[0].name != "setsockopt" or found[1].error or "IP_TTL, " not in found[0].arguments:
        return
    ttl = found[0].arguments.rpartition(", ")[2].rstrip(")")
    if ttl.isdecimal() and int(ttl) < 64 and flow.lesson("ttl.set"):
        yield find(
            "Packets of this socket start with a TTL of {ttl} now: the router that takes it to 0 drops the packet, and"
            " says so.",
            evidence=(step.call,),
            ttl=int(ttl),
        )


@rule("ttl.told", "ip(7)", on="return", example=TRACE, severity=Severity.ERROR)
def told(step: Step, flow: Flow) -> Iterator[Finding]:
    """EHOSTUNREACH: the program hears that its packet did not get there.

    With IP_RECVERR even a socket that is not connected is told of ICMP errors. The call fails once; the details wait in
    the error queue.
    """
    found, complaint = finished(step, flow), flow.ends[step.side].complaint
    if found is None or complaint is None or found[1].error != "EHOSTUNREACH":
        return
    message = getattr(flow.observed(complaint), "transport", None)
    if isinstance(message, Icmp) and (message.version, message.type, message.code) in EXPIRED:
        yield find(
            "{call} failed with EHOSTUNREACH because of frame {frame}, ICMP time exceeded.",
            evidence=(step.call, complaint),
            since=complaint,
            call=spelled(found[0]),
            frame=flow.frame_number(complaint),
        )


@rule("ttl.error-queue", "ip(7), recvmsg(2)", on="return", example=TRACE)
def error_queue(step: Step, flow: Flow) -> Iterator[Finding]:
    """MSG_ERRQUEUE: what went wrong, and who says so.

    With IP_RECVERR the kernel keeps each ICMP error for the socket it is about: the datagram's own data, whom it was
    for, and as ancillary data the ICMP type and the address of whoever sent it. That address is what traceroute wants.
    """
    found, complaint = finished(step, flow), flow.ends[step.side].complaint
    if found is None or found[1].error or complaint is None or "MSG_ERRQUEUE" not in found[0].arguments:
        return
    frame = flow.observed(complaint)
    source = getattr(frame, "source", None)
    if source is None:
        return
    yield find(
        "{name}() with MSG_ERRQUEUE returned what the kernel had kept of frame {frame}, the ICMP error: so the program"
        " learns that {router} sent it.",
        evidence=(step.call, complaint),
        since=complaint,
        name=found[0].name,
        frame=flow.frame_number(complaint),
        router=source.address,
    )


RULES: tuple[Rule, ...] = (ttl_set, told, error_queue)
