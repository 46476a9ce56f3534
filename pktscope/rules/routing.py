"""The way through routers: who gets the frame, what a router changes, what it cuts, and what the path can take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Frame, Icmp, Ip, Return, Severity, Side, Step
from pktscope.neighbours import Neighbour, target_mac
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.calls import finished
from pktscope.rules.phrases import call_at, spelled
from pktscope.words import phrase

if TYPE_CHECKING:
    from pktscope.flow import Flow

LOOKED_BACK = 256
"""Steps in which a packet is looked for that was seen on another link."""

OUTSIDE = """
udp 10.0.1.2:40000 > 10.0.3.2:8000
   C > S  ARP 1 10.0.1.2 02:00:00:00:00:01 10.0.1.1 00:00:00:00:00:00
   C > S  ARP 2 10.0.1.1 02:00:00:00:00:02 10.0.1.2 02:00:00:00:00:01
   C > S  UDP 10 id 7 via client-R1             # route.gateway
   C > S  UDP 10 id 7 ttl 63 via R1-R2          # route.hop
   C > S  UDP 10 id 7 ttl 62 via R2-server      # route.hop
   C > S  UDP 10 id 8 via client-R1
   C > S  UDP 10 id 8 ttl 63 via R1-R2
"""


def gateway_of(frame: Frame, flow: Flow) -> Neighbour | None:
    """The neighbour a frame is for, where its packet is for somebody else."""
    known = flow.neighbours
    if frame.target.address in known.by_address:
        return None
    if frame.data:
        return known.by_mac.get(target_mac(frame))
    others = [each for each in known.by_address.values() if each.address != frame.source.address]
    return others[0] if len(others) == 1 else None


@rule("route.gateway", "RFC 1122 section 3.3.1.1", on="frame", example=OUTSIDE)
def gateway(step: Step, flow: Flow) -> Iterator[Finding]:
    """The packet is for a host, the frame for a router.

    A host compares an address with its own, as far as the mask goes: where these bits are equal the other one is on its
    link, and it asks for that one by ARP. Where they differ it asks for its router instead, and sends it the packet,
    whose IP addresses stay those of the two hosts.
    """
    frame = step.observation
    if not isinstance(frame, Frame) or frame.ip is None or step.link or not flow.neighbours.by_address:
        return
    router = gateway_of(frame, flow)
    if router is not None and flow.once(f"route.gateway {step.side}") and router.address != frame.source.address:
        yield find(
            "This packet is for {target}, but its frame is for the hardware address of {router} (frame {frame}):"
            " {target} is not on this link, so a router gets it to pass it on. ARP has not asked for {target}.",
            target=frame.target.address,
            router=router.address,
            frame=router.frame,
        )


NEAR = """
udp 10.0.1.2:40000 > 10.0.1.1:8000
   C > S  ARP 1 10.0.1.2 02:00:00:00:00:01 10.0.1.1 00:00:00:00:00:00 via client-R1
   C > S  ARP 2 10.0.1.1 02:00:00:00:00:02 10.0.1.2 02:00:00:00:00:01 via client-R1
   C > S  UDP 10 id 7 via client-R1             # route.neighbour
   C > S  UDP 10 id 8 via client-R1
"""


@rule("route.neighbour", "RFC 1122 section 3.3.1.1", on="frame", example=NEAR)
def neighbour(step: Step, flow: Flow) -> Iterator[Finding]:
    """Frame and packet are for the same host.

    The bits under the mask are the same in both addresses, so the host is on this link and no router is needed.
    """
    frame = step.observation
    if not isinstance(frame, Frame) or frame.ip is None or step.link or not flow.links or step.side is Side.SERVER:
        return
    known = flow.neighbours.by_address.get(frame.target.address)
    if known is None or target_mac(frame) not in ("", known.mac) or not flow.once("route.neighbour"):
        return
    yield find(
        "{target} is on the same link, so the frame is for {target} itself (its hardware address: frame {frame}): no"
        " router has to do with it.",
        target=known.address,
        frame=known.frame,
    )


def before(step: Step, flow: Flow) -> tuple[int, Frame, Ip] | None:
    """Where the packet of a hop was last seen, on the link before this one, or what it was cut from."""
    frame = step.observation
    if not isinstance(frame, Frame) or frame.ip is None:
        return None
    for other in reversed(flow.steps[max(0, step.index - LOOKED_BACK) : step.index]):
        seen = other.observation
        if not isinstance(seen, Frame) or seen.ip is None or other.link != step.link - 1:
            continue
        alike = (seen.ip.identification, seen.source.address, seen.target.address, seen.ip.protocol)
        if alike == (frame.ip.identification, frame.source.address, frame.target.address, frame.ip.protocol):
            return other.index, seen, seen.ip
    return None


def router_of(frame: Frame) -> str:
    """The router that put a frame on this link, on its way from the client."""
    return frame.interface.partition("-")[0]


@rule("route.hop", "RFC 1812 section 5.3.1", on="hop", example=OUTSIDE)
def hop(step: Step, flow: Flow) -> Iterator[Finding]:
    """A router passes the packet on.

    It takes one from the TTL, corrects the header checksum, looks up the next hop and puts the packet into a new frame
    for that. Addresses, ports and data it leaves alone, and it keeps nothing: the next packet may go another way.
    """
    frame, found = step.observation, before(step, flow)
    if found is None or step.side is Side.SERVER or not isinstance(frame, Frame) or frame.ip is None:
        return
    index, seen, ip = found
    if frame.ip.ttl != ip.ttl - 1 or frame.ip.total_length != ip.total_length or frame.ip.is_fragment:
        return
    if flow.once(f"route.hop {step.link}"):
        yield find(
            "{router} passes frame {frame} on: {ttl} {before} became {after}, the IP addresses stay, and the frame"
            " around the packet is a new one.",
            evidence=(index,),
            since=index,
            router=router_of(frame),
            frame=seen.number,
            ttl=phrase("TTL") if ip.version == 4 else phrase("hop limit"),
            before=ip.ttl,
            after=frame.ip.ttl,
        )


CUT = """
udp 10.0.1.2:40000 > 10.0.3.2:8000
   C > S  UDP 1472 id 7 via client-R1
   C > S  FRAGMENT 0:976 id 7 via R1-R2                     # route.cut
   C > S  FRAGMENT 976:1480 id 7 last UDP 1472 via R1-R2
"""


@rule("route.cut", "RFC 791 section 3.2, RFC 1812 section 5.2.6", on="hop", example=CUT, severity=Severity.NOTICE)
def cut(step: Step, flow: Flow) -> Iterator[Finding]:
    """A router cuts the packet.

    Its next link takes less than the packet has, and DF (don't fragment) is not set. Only the receiving host puts the
    pieces together, and one lost piece loses all. That costs routers work, so nearly everybody sets DF today, and IPv6
    routers never cut.
    """
    frame, found = step.observation, before(step, flow)
    if found is None or not isinstance(frame, Frame) or frame.ip is None or step.side is Side.SERVER:
        return
    index, seen, ip = found
    if not frame.ip.is_fragment or ip.is_fragment or frame.ip.fragment_offset:
        return
    yield find(
        "{router} has cut frame {frame} of {length:,} bytes: its next link takes less, and the packet may be cut, since"
        " DF is not set. This piece has {piece:,} bytes.",
        evidence=(index,),
        since=index,
        router=router_of(frame),
        frame=seen.number,
        length=ip.total_length,
        piece=frame.ip.total_length,
    )


LEARNT = """
udp 10.0.1.2:40000 > 10.0.3.2:8000
C: connect(8000) = None
C: send(1472)
   C > S  UDP 1472 id 7
   S > C  ICMP 3/4 mtu 1000 from 10.0.1.1
C: = 1472
C: send(1472)
C: = EMSGSIZE                              # pmtu.refused
C: getsockopt(IPPROTO_IP, IP_MTU)
C: = 1000                                  # pmtu.known
C: send(972)
   C > S  UDP 972 id 8                     # pmtu.fits
C: = 972
C: send(100)
   C > S  UDP 100 id 9
C: = 100
"""


def learnt(step: Step, flow: Flow) -> tuple[int, Icmp] | None:
    """The ICMP message that told this side how much the path can take."""
    complaint = flow.ends[step.side].complaint
    message = getattr(flow.observed(complaint), "transport", None) if complaint is not None else None
    if complaint is None or not isinstance(message, Icmp) or not message.mtu:
        return None
    return complaint, message


@rule("pmtu.refused", "RFC 1191 section 3, ip(7)", on="return", example=LEARNT, severity=Severity.ERROR)
def refused(step: Step, flow: Flow) -> Iterator[Finding]:
    """EMSGSIZE: the kernel knows now that the path is too narrow.

    The first packet that was too long left and was dropped on the way; its send() had succeeded. From then on the
    kernel refuses what would meet the same end, until it has forgotten that the path is narrow (Linux: ten minutes).
    """
    found, told = finished(step, flow), learnt(step, flow)
    if found is None or told is None or found[1].error != "EMSGSIZE":
        return
    yield find(
        "{name}() failed with EMSGSIZE, and nothing left: the kernel has learnt from frame {frame} that this path takes"
        " packets of {mtu:,} bytes at most, and this one must not be cut.",
        evidence=(step.call, told[0]),
        since=told[0],
        name=found[0].name,
        frame=flow.frame_number(told[0]),
        mtu=told[1].mtu,
    )


@rule("pmtu.known", "ip(7)", on="return", example=LEARNT)
def known(step: Step, flow: Flow) -> Iterator[Finding]:
    """IP_MTU: the program asks how much the path takes.

    It is what the kernel knows at the moment, on a connected socket: the MTU of its own link at first, later what
    routers have complained of.
    """
    returned, call = step.observation, call_at(flow, step.call)
    if not isinstance(returned, Return) or call is None or call.name != "getsockopt" or returned.error:
        return
    if call.arguments.rpartition(", ")[2].partition(")")[0] == "IP_MTU" and returned.result.isdecimal():
        yield find(
            "{call} says {mtu:,} bytes: what the kernel now takes for the MTU of the path.",
            evidence=(step.call,),
            call=spelled(call),
            mtu=int(returned.result),
        )


@rule("pmtu.fits", "RFC 1191 section 3", on="datagram", example=LEARNT)
def fits(step: Step, flow: Flow) -> Iterator[Finding]:
    """Small enough for the whole path.

    Path MTU discovery: send as much as the own link takes, with DF; where a router complains, take the MTU it names.
    TCP does so by itself; a UDP program must do it for itself, or send little enough from the start.
    """
    frame, told = step.observation, learnt(step, flow)
    if told is None or not isinstance(frame, Frame) or frame.ip is None or told[1].mtu is None or frame.ip.is_fragment:
        return
    if frame.ip.total_length <= told[1].mtu and flow.once(f"pmtu.fits {step.side}"):
        yield find(
            "{length:,} bytes in all: not more than the {mtu:,} that frame {frame} named for the path.",
            evidence=(told[0],),
            since=told[0],
            length=frame.ip.total_length,
            mtu=told[1].mtu,
            frame=flow.frame_number(told[0]),
        )


RULES: tuple[Rule, ...] = (gateway, neighbour, hop, cut, refused, known, fits)
