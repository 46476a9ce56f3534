"""Raw sockets: packets a program writes itself, and what the kernels make of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import ACK, RST, SYN, Frame, Icmp, Return, Severity, Step, Tcp
from pktscope.programs import RECEIVING, SENDING
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.calls import finished
from pktscope.rules.fragments import ip_of
from pktscope.rules.icmp import ECHOES, message_of
from pktscope.rules.phrases import call_at, spelled

if TYPE_CHECKING:
    from pktscope.flow import Flow

NEARBY = 64
"""Frames that a recvfrom() on a raw socket is compared with."""

PING = """
icmp 10.0.0.1 > 10.0.0.2
C: socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)
C: = socket                              # raw.socket
S: pause()
C: sendto(64)
   C > S  ICMP 8/0 echo 7 1 length 56
   S > C  ICMP 0/0 echo 7 1 length 56    # icmp.kernel-answers
C: = 64
C: recvfrom(65535) = 84                  # icmp.raw-copy
C: sendto(64)
   C > S  ICMP 8/0 echo 7 2 length 56
   S > C  ICMP 0/0 echo 7 2 length 56
C: = 64
C: recvfrom(65535) = 84
"""


@rule("raw.socket", "raw(7)", on="return", example=PING)
def raw_socket(step: Step, flow: Flow) -> Iterator[Finding]:
    """SOCK_RAW: packets as they are.

    The kernel adds no transport header and looks at none: what the program gives is what follows the IP header, and
    what it receives are copies of all packets of that protocol that reach this host. There are no ports, so the
    program must pick out its own. It takes the right CAP_NET_RAW, which root has: who writes headers can lie in them.
    """
    found = finished(step, flow)
    if found is None or found[0].name != "socket" or found[1].error or "SOCK_RAW" not in found[0].arguments:
        return
    if not found[0].arguments.startswith("AF_INET"):
        return
    protocol = found[0].arguments.rpartition(", ")[2]
    yield find(
        "A raw socket ({protocol}): the program writes the header behind IP itself, and no port belongs to it. Only who"
        " has the right to (root) may do that.",
        evidence=(step.call,),
        protocol=protocol,
    )


OWN = """
tcp 10.0.0.1:40000 > 10.0.0.2:8000
C: socket(AF_INET, SOCK_RAW, IPPROTO_RAW)
C: = socket                              # raw.own-header
C: socket(AF_INET, SOCK_RAW, IPPROTO_TCP)
C: = socket
C: setsockopt(IPPROTO_IP, IP_HDRINCL, 1)
C: = None                                # raw.own-header
"""


@rule("raw.own-header", "raw(7)", on="return", example=OWN)
def own_header(step: Step, flow: Flow) -> Iterator[Finding]:
    """IP_HDRINCL: the program writes the IP header too.

    Source address, identification, flags, offset, TTL: all as the program says. Linux fills in the header checksum and
    the total length, and the identification or the source address where they are 0. A socket of IPPROTO_RAW has this
    from the start, and receives nothing.
    """
    found = finished(step, flow)
    if found is None or found[1].error:
        return
    call = found[0]
    made = call.name == "socket" and "SOCK_RAW" in call.arguments and "IPPROTO_RAW" in call.arguments
    if made or (call.name == "setsockopt" and "IP_HDRINCL, 1" in call.arguments):
        yield find(
            "{call}: from now on the program writes the IP header, too. The kernel sends it nearly as it is.",
            evidence=(step.call,),
            call=spelled(call),
        )


@rule("icmp.kernel-answers", "RFC 1122 section 3.2.2.6", on="icmp", example=PING)
def kernel_answers(step: Step, flow: Flow) -> Iterator[Finding]:
    """The kernel answers an echo request, no program.

    Every host must have an echo server, and it is in the kernel: it turns the addresses around, makes the type 0 and
    sends everything else back as it came. So ping tells that a host's kernel runs and can be reached, not that any
    server on it does.
    """
    _, message = message_of(step)
    if ECHOES.get((message.version, message.type)) != "reply" or not flow.ends[step.side].traced:
        return
    if flow.programs.open_call(step.side, SENDING) is None and flow.once("icmp.kernel-answers"):
        yield find("No program sent this reply: the {side}'s kernel answers echo requests by itself.", side=step.side)


@rule("icmp.raw-copy", "raw(7)", on="return", example=PING)
def raw_copy(step: Step, flow: Flow) -> Iterator[Finding]:
    """What a raw socket receives: whole packets, and everybody's.

    recvfrom() returns the packet with its IP header, and the kernel hands a copy of each ICMP packet that reaches this
    host to every raw ICMP socket. On loopback the program's own request reaches this host, too. Whoever pings must
    look for the reply with his identifier.
    """
    returned, call = step.observation, call_at(flow, step.call)
    if not isinstance(returned, Return) or call is None or call.name not in RECEIVING or not returned.length:
        return
    if call.protocol != "icmp" or "SOCK_DGRAM" in call.arguments:
        return
    packet = copied(step, flow, returned)
    if packet is None:
        return
    index, frame, message = packet
    kind = ECHOES.get((message.version, message.type), "")
    own = flow.steps[index].side is step.side
    if not flow.once(f"icmp.raw-copy {kind} {own}"):
        return
    if own:
        yield find(
            "{call} returned the program's own request (frame {frame}): on loopback it reaches this host as well, and a"
            " raw socket gets a copy of every ICMP packet that does.",
            evidence=(step.call, index),
            since=index,
            call=spelled(call),
            frame=frame.number,
        )
        return
    yield find(
        "{call} returned frame {frame} whole: {header:,} bytes of IP header, 8 of ICMP and {data:,} of data. That it is"
        " an answer to this program, the program has to find out by the identifier.",
        evidence=(step.call, index),
        since=index,
        call=spelled(call),
        frame=frame.number,
        header=frame.ip.header_length if frame.ip else 0,
        data=frame.length,
    )


def copied(step: Step, flow: Flow, returned: Return) -> tuple[int, Frame, Icmp] | None:
    """The ICMP packet that a raw socket's recvfrom() returned: the next of that length behind the one before."""
    start = flow.memory.get(("raw", returned.socket), -1) + 1
    for other in flow.steps[start : start + 4 * NEARBY]:
        frame = other.observation
        if not isinstance(frame, Frame) or not isinstance(frame.transport, Icmp) or frame.ip is None:
            continue
        if other.side is step.side and frame.source != frame.target:
            continue  # it went out to another host
        header = frame.ip.header_length
        alike = len(returned.data) <= header or returned.data[header] == frame.transport.type
        if frame.ip.total_length == returned.length and alike:
            flow.memory["raw", returned.socket] = other.index
            return other.index, frame, frame.transport
    return None


CUT = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
C: raw sendto(1500)
   C > S  FRAGMENT 0:1480 id 7                  # ip.cut-by-hand
C: = 1500
   C > S  FRAGMENT 1480:1488 id 7 last UDP 1480
C: sendto(1473)
   C > S  FRAGMENT 0:1480 id 8
"""


@rule("ip.cut-by-hand", "RFC 791 section 3.2", on="fragment", example=CUT)
def cut_by_hand(step: Step, flow: Flow) -> Iterator[Finding]:
    """A fragment that the program made.

    It writes what IP writes when it cuts: the same identification in all pieces, the offset, and MF in all but the
    last. The receiver cannot know the difference.
    """
    ip, call = ip_of(step), call_at(flow, step.call)
    if ip.fragment_offset or call is None or call.protocol != "raw":
        return
    yield find(
        "The program itself cut this datagram: one sendto() on a raw socket for each piece. This one, of"
        " identification {identification}, has the first {count:bytes} of it, and MF = 1: it is not the last.",
        evidence=(step.call,),
        identification=ip.identification,
        count=ip.fragment_length,
    )


SYN_BY_HAND = """
tcp 10.0.0.1:40000 > 10.0.0.2:8000
C: raw sendto(40)
   C > S  SYN
   S > C  SYN ACK mss 1460
   C > S  RST seq 1                            # tcp.syn-by-hand
"""


@rule("tcp.syn-by-hand", "RFC 9293 section 3.10.7.1", on="segment", example=SYN_BY_HAND, flags=RST,
      severity=Severity.NOTICE)  # fmt: skip
def syn_by_hand(step: Step, flow: Flow) -> Iterator[Finding]:
    """RST to an answer nobody asked for: a SYN without a socket.

    A kernel that gets a SYN,ACK looks for a connection with these two addresses and ports. It has none, for the SYN
    came from a raw socket, and so answers RST: the other kernel forgets the half-made connection, and its accept()
    never returns. A port scanner needs no more: SYN,ACK means open, RST means closed, silence means a filter. With a
    forged source address no RST comes, and the other kernel keeps the half-made connection until it gives up: that is a
    SYN flood.
    """
    me, you, header = flow.ends[step.side], flow.ends[step.side.other], getattr(step.observation, "transport", None)
    if me.by_hand is None or you.syn is None or not isinstance(header, Tcp):
        return
    answer = getattr(flow.observed(you.syn), "transport", None)
    if not isinstance(answer, Tcp) or answer.flags & (SYN | ACK) != SYN | ACK:
        return
    yield find(
        "The {side}'s kernel has no connection that SYN,ACK (frame {frame}) could belong to: the SYN was sent by hand"
        " from a raw socket, no program called connect(). It says so with RST, and the other kernel forgets what it had"
        " begun. Who looks for that SYN,ACK knows now that the port is open.",
        evidence=(me.by_hand, you.syn),
        since=you.syn,
        side=step.side,
        frame=flow.frame_number(you.syn),
    )


RULES: tuple[Rule, ...] = (
    raw_socket, own_header, kernel_answers, raw_copy, cut_by_hand, syn_by_hand,
)  # fmt: skip
