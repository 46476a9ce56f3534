"""One packet for many: broadcast to all on a link, multicast to those that have joined, and what IGMP says of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Frame, Igmp, Severity, Step
from pktscope.neighbours import target_mac
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.calls import finished
from pktscope.rules.phrases import spelled
from pktscope.words import phrase

if TYPE_CHECKING:
    from pktscope.flow import Flow

ALL = "255.255.255.255"
WANTED = frozenset({1, 2, 4, 5})
"""Kinds of records that ask for a group's packets: RFC 3376 section 4.2.12."""


def is_multicast(address: str) -> bool:
    """224.0.0.0 to 239.255.255.255, and everything from ff00:: on."""
    if ":" in address:
        return address.lower().startswith("ff")
    first = address.partition(".")[0]
    return first.isdecimal() and 224 <= int(first) <= 239


def is_broadcast(frame: Frame) -> bool:
    """Whether a packet is for everybody on its link."""
    return frame.target.address == ALL or target_mac(frame) == "ff:ff:ff:ff:ff:ff"


def for_many(frame: Frame) -> bool:
    """Whether a packet may be received more than once."""
    return is_multicast(frame.target.address) or is_broadcast(frame)


JOINING = """
udp 10.0.0.1:40000 > 239.1.2.3:8000
S: setsockopt(IPPROTO_IP, IP_ADD_MEMBERSHIP, inet_aton('239.1.2.3'))
S: = None                               # multicast.joined
   S > C  IGMP 34 10.0.0.2 4 239.1.2.3  # igmp.join
   S > C  IGMP 34 10.0.0.2 4 239.1.2.3
   C > S  UDP 10 ttl 1                  # multicast.datagram
   C > S  UDP 10 ttl 1
   S > C  IGMP 34 10.0.0.2 3 239.1.2.3  # igmp.leave
   S > C  IGMP 34 10.0.0.2 3 239.1.2.3
"""


@rule("multicast.joined", "RFC 1112 section 7.1, ip(7)", on="return", example=JOINING)
def joined(step: Step, flow: Flow) -> Iterator[Finding]:
    """IP_ADD_MEMBERSHIP: a socket joins a group.

    From now on the kernel takes in what is sent to the group's address, on the interface named, and hands it to the
    sockets that have joined and are bound to the port. It is the receivers who decide: the sender asks nobody.
    """
    found = finished(step, flow)
    if found is None or found[0].name != "setsockopt" or found[1].error or "_ADD_MEMBERSHIP" not in found[0].arguments:
        return
    if flow.once("multicast.joined"):
        yield find(
            "This socket has joined the group. From now on its kernel takes in what is sent to that address, and will"
            " report to the routers around, by IGMP, that somebody here wants it.",
            evidence=(step.call,),
        )


@rule("igmp.join", "RFC 3376 section 5.1", on="igmp", example=JOINING)
def igmp_join(step: Step, flow: Flow) -> Iterator[Finding]:
    """IGMP reports that somebody on this host wants a group.

    Routers keep a list of the groups somebody on each of their links wants, and pass on packets to those only. The
    report is sent again a little later, in case it was lost, for nobody acknowledges it. TTL 1: it never leaves the
    link. (IPv6 has MLD for that, in ICMPv6.)
    """
    told = wish(step, wanted=True)
    if told is not None and flow.once(f"igmp.join {told}"):
        yield find(
            "IGMP: this host wants to receive what is sent to {group}. Its kernel reports it, because a program has"
            " joined; it is meant for routers, and none of them answers.",
            group=told,
        )


@rule("igmp.leave", "RFC 3376 section 5.1", on="igmp", example=JOINING)
def igmp_leave(step: Step, flow: Flow) -> Iterator[Finding]:
    """IGMP reports that nobody on this host wants a group any more.

    The last socket that had joined has left or was closed. A router then asks whether somebody else on the link still
    wants the group, and if nobody says so, stops passing it on.
    """
    told = wish(step, wanted=False)
    if told is not None and flow.once(f"igmp.leave {told}"):
        yield find("IGMP: nobody on this host wants to receive what is sent to {group} any more.", group=told)


def wish(step: Step, wanted: bool) -> str | None:
    """The group an IGMP message says is wanted, or is wanted no more."""
    message = getattr(step.observation, "transport", None)
    if not isinstance(message, Igmp):
        return None
    if message.type in (0x12, 0x16, 0x17):
        return message.group if wanted == (message.type != 0x17) else None
    if message.type != 0x22:
        return None
    return next((group for kind, group in message.records if (kind in WANTED) == wanted and kind in {*WANTED, 3}), None)


@rule("multicast.datagram", "RFC 1112 section 6", on="datagram", example=JOINING)
def multicast_datagram(step: Step, flow: Flow) -> Iterator[Finding]:
    """A datagram to a group.

    It is sent once, whoever and however many receive it: that is decided by who has joined. Nobody need be there.
    """
    frame = step.observation
    if not isinstance(frame, Frame) or frame.ip is None or not is_multicast(frame.target.address):
        return
    if flow.once("multicast.datagram"):
        yield find(
            "{target} is the address of a group, not of a host. This is one packet, however many have joined{ttl}.",
            evidence=(step.call,),
            target=frame.target.address,
            ttl=phrase("; with a TTL of 1 no router will pass it on") if frame.ip.ttl == 1 else "",
        )


BROADCAST = """
udp 10.0.0.1:40000 > 255.255.255.255:8000
C: sendto(10)
C: = EACCES                             # broadcast.refused
C: setsockopt(SOL_SOCKET, SO_BROADCAST, 1)
C: = None
C: sendto(10)
   C > S  UDP 10                        # broadcast.datagram
C: = 10
S: 3 recvfrom(1024)
S: = 10
S: 4 recvfrom(1024)
S: = 10                                 # udp.to-many
"""


@rule("broadcast.refused", "socket(7)", on="return", example=BROADCAST, severity=Severity.ERROR)
def broadcast_refused(step: Step, flow: Flow) -> Iterator[Finding]:
    """EACCES: nobody shouts by mistake.

    A broadcast disturbs every host on the link, so a program must say first that it means to: SO_BROADCAST. It is no
    question of rights; anybody may set it.
    """
    found = finished(step, flow)
    if found is None or found[1].error != "EACCES" or not found[0].name.startswith("send"):
        return
    if found[0].protocol == "udp" and flow.ends[step.side].settings.get("SO_BROADCAST", "0") in ("0", "False"):
        yield find(
            "{call} failed with EACCES, and nothing was sent: a socket must set SO_BROADCAST before it may send to a"
            " broadcast address.",
            evidence=(step.call,),
            call=spelled(found[0]),
        )


@rule("broadcast.datagram", "RFC 919, RFC 1122 section 3.3.6", on="datagram", example=BROADCAST)
def broadcast_datagram(step: Step, flow: Flow) -> Iterator[Finding]:
    """A datagram to everybody on the link.

    Its frame is for ff:ff:ff:ff:ff:ff, which every network card takes in; ARP has nothing to find out. Each host hands
    it to the sockets bound to that port, and drops it where there is none, without an ICMP. Routers do not pass it on.
    IPv6 has no broadcast, only multicast.
    """
    frame = step.observation
    if not isinstance(frame, Frame) or frame.ip is None or frame.ip.version != 4:
        return
    if is_broadcast(frame) and flow.lesson("broadcast.datagram"):
        yield find(
            "{target} means everybody on this link: one packet, in a frame that every network card takes in. No ARP was"
            " needed, and no router passes it on.",
            evidence=(step.call,),
            target=frame.target.address,
        )


@rule("udp.to-many", "RFC 1112, RFC 919", on="return", example=BROADCAST)
def to_many(step: Step, flow: Flow) -> Iterator[Finding]:
    """One packet, several receivers.

    Each socket that is bound to the port, and has joined where it is a group, gets a copy of its own from its kernel:
    on the wire the packet was there once. Sockets that share a port say so first with SO_REUSEADDR.
    """
    received, found = flow.now.received, finished(step, flow)
    if received is None or found is None or received.takers.get(found[0].socket) != step.index:
        return
    if len(received.takers) < 2:
        return
    yield find(
        "{call} returned frame {frame}, which another socket has received as well: {count:sockets} so far, and one"
        " packet.",
        evidence=(step.call, received.step),
        since=received.step,
        call=spelled(found[0]),
        frame=flow.frame_number(received.step),
        count=len(received.takers),
    )


RULES: tuple[Rule, ...] = (
    joined, igmp_join, igmp_leave, multicast_datagram, broadcast_refused, broadcast_datagram, to_many,
)  # fmt: skip
