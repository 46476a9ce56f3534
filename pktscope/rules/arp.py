"""ARP: how a host finds the hardware address of a neighbour, and what it does when nobody answers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from pktscope.model import Arp, Frame, Icmp, Severity, Side, Step
from pktscope.neighbours import target_mac
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.calls import finished
from pktscope.rules.phrases import frames, spelled

if TYPE_CHECKING:
    from pktscope.flow import Flow

AT_ONCE = 100_000_000
"""Nanoseconds after an ARP reply within which the packet that waited for it leaves."""

FIRST = """
udp 10.0.0.1:40000 > 10.0.0.2:8000
   C > S  ARP 1 10.0.0.1 02:00:00:00:00:01 10.0.0.2 00:00:00:00:00:00   # arp.request
   S > C  ARP 2 10.0.0.2 02:00:00:00:00:02 10.0.0.1 02:00:00:00:00:01   # arp.reply
   C > S  UDP 10                # arp.resolved
   C > S  UDP 10                # arp.cached
   S > C  UDP 10
   C > S  UDP 10
"""


def arp_of(step: Step) -> tuple[Frame, Arp] | None:
    """The frame and the ARP packet of a step."""
    frame = step.observation
    return (frame, frame.transport) if isinstance(frame, Frame) and isinstance(frame.transport, Arp) else None


@rule("arp.request", "RFC 826", on="arp", example=FIRST)
def request(step: Step, flow: Flow) -> Iterator[Finding]:
    """ARP asks everybody: who has this IP address?

    On an Ethernet a packet travels in a frame that needs a hardware address (MAC), and a host knows its neighbours only
    by their IP addresses. So it asks all of them at once, by a frame to ff:ff:ff:ff:ff:ff. The IP packet that is to be
    sent waits in the kernel meanwhile.
    """
    found = arp_of(step)
    if found is None or found[1].operation != 1 or found[1].announces:
        return
    frame, arp = found
    asked = flow.neighbours.unanswered(arp.target)
    if len(asked) > 1 or not flow.once(f"arp.request {arp.target}"):
        return
    unicast = target_mac(frame) not in ("", "ff:ff:ff:ff:ff:ff")
    if unicast:
        yield find(
            "ARP: {sender} asks {target} itself whether it is still there: a frame for one, to the address it knows.",
            sender=arp.sender,
            target=arp.target,
        )
        return
    yield find(
        "ARP: {sender} asks everybody on its link who has {target}, for it knows no hardware address for it yet. What"
        " it wants to send there has to wait.",
        sender=arp.sender,
        target=arp.target,
    )


@rule("arp.reply", "RFC 826", on="arp", example=FIRST)
def reply(step: Step, flow: Flow) -> Iterator[Finding]:
    """ARP answers the one who asked.

    Only the host that has the address replies, in a frame for the asker alone. The asker keeps the answer in its
    neighbour cache (`ip neigh`); the host that was asked has learnt the asker's address from the question. Nothing
    proves that a reply is true: who answers first can take over an address (ARP spoofing).
    """
    found = arp_of(step)
    if found is None or found[1].operation != 2 or found[1].announces or not flow.once(f"arp.reply {found[1].sender}"):
        return
    yield find(
        "ARP: {sender} answers {target} alone: its hardware address is {mac}. Both keep what they have learnt, for"
        " packets to come.",
        sender=found[1].sender,
        target=found[1].target,
        mac=found[1].sender_mac,
    )


def sent_so_far(flow: Flow, side: Side) -> int:
    """IP packets an end has sent: 0, 1, 2, or at least 3."""
    return sum(count for _, count in islice(flow.ends[side].packets.values(), 3))


@rule("arp.resolved", "RFC 826, RFC 1122 section 2.3.2.2", on="frame", example=FIRST)
def resolved(step: Step, flow: Flow) -> Iterator[Finding]:
    """The packet that had to wait for ARP.

    The kernel keeps a few packets per neighbour while it asks, and sends them when the answer is there. That is why the
    first packet to a neighbour takes a round trip more than the next.
    """
    frame = step.observation
    if not isinstance(frame, Frame) or frame.ip is None or step.link:
        return
    known = flow.neighbours.by_address.get(frame.target.address)
    if known is None or sent_so_far(flow, step.side) != 1 or sent_so_far(flow, step.side.other):
        return
    if frame.number - known.frame > 2 or frame.time - known.time > AT_ONCE:
        return
    yield find(
        "Only now can the packet to {target} leave: frame {frame} told its hardware address.",
        target=known.address,
        frame=known.frame,
    )


@rule("arp.cached", "RFC 1122 section 2.3.2.1", on="frame", example=FIRST)
def cached(step: Step, flow: Flow) -> Iterator[Finding]:
    """No ARP: the neighbour cache knows the address.

    What ARP told is kept, by Linux for about half a minute without a doubt, and then checked again when it is used. So
    ARP is seen before the first packet, and then hardly any more.
    """
    frame = step.observation
    if not isinstance(frame, Frame) or frame.ip is None or step.link:
        return
    known = flow.neighbours.by_address.get(frame.target.address)
    if known is None or sent_so_far(flow, step.side) != 2 or not flow.once("arp.cached"):
        return
    yield find(
        "No ARP before this packet: {target} is in the neighbour cache since frame {frame}.",
        target=known.address,
        frame=known.frame,
    )


NOBODY = """
tcp 10.0.0.1:40000 > 10.0.0.99:8000
C: connect(8000)
   C > S  ARP 1 10.0.0.1 02:00:00:00:00:01 10.0.0.99 00:00:00:00:00:00
+1s
   C > S  ARP 1 10.0.0.1 02:00:00:00:00:01 10.0.0.99 00:00:00:00:00:00   # arp.again
+1s
   C > S  ARP 1 10.0.0.1 02:00:00:00:00:01 10.0.0.99 00:00:00:00:00:00   # arp.again
+1s
C: = EHOSTUNREACH               # arp.nobody
"""


@rule("arp.again", "RFC 1122 section 2.3.2.1", on="arp", example=NOBODY, severity=Severity.NOTICE)
def again(step: Step, flow: Flow) -> Iterator[Finding]:
    """Nobody has answered: ARP asks again.

    Once a second, three times in all (Linux: mcast_solicit), then the kernel gives up and throws away what waited.
    """
    found = arp_of(step)
    if found is None or found[1].operation != 1 or found[1].announces:
        return
    asked = flow.neighbours.unanswered(found[1].target)
    if len(asked) < 2:
        return
    yield find(
        "Nobody has answered for {took:duration}: ARP asks for {target} again, for the {count:nth} time.",
        took=asked[-1][1] - asked[-2][1],
        target=found[1].target,
        count=len(asked),
    )


@rule("arp.nobody", "RFC 1122 section 2.3.2.2", on="return", example=NOBODY, severity=Severity.ERROR)
def nobody(step: Step, flow: Flow) -> Iterator[Finding]:
    """EHOSTUNREACH: nobody on the link has that address.

    "No route to host" is what the program is told when its own kernel has asked by ARP and nobody has answered. No IP
    packet has left: without a hardware address there is no frame to put it in.
    """
    found, me = finished(step, flow), flow.ends[step.side]
    if found is None or found[1].error != "EHOSTUNREACH":
        return
    message = getattr(flow.observed(me.complaint), "transport", None) if me.complaint is not None else None
    if isinstance(message, Icmp) and me.complaint is not None and step.call is not None and me.complaint > step.call:
        return
    end = found[0].peer or flow.ends[step.side.other].endpoint
    asked = flow.neighbours.unanswered(end.address) if end is not None else []
    if not asked or end is None:
        return
    yield find(
        "{call} failed with EHOSTUNREACH: the kernel asked for {target} by ARP ({frames}), nobody answered, and without"
        " a hardware address no IP packet can leave.",
        evidence=(step.call,),
        since=step.call,
        call=spelled(found[0]),
        target=end.address,
        frames=frames([number for number, _ in asked]),
    )


ANNOUNCED = """
udp 10.0.0.1:40000 > 10.0.0.2:8000
   C > S  ARP 1 10.0.0.1 02:00:00:00:00:01 10.0.0.1 00:00:00:00:00:00   # arp.announced
   C > S  ARP 1 10.0.0.1 02:00:00:00:00:01 10.0.0.2 00:00:00:00:00:00
"""


@rule("arp.announced", "RFC 5227 section 2.3", on="arp", example=ANNOUNCED)
def announced(step: Step, flow: Flow) -> Iterator[Finding]:
    """Gratuitous ARP: a host tells everybody its own address.

    Nobody has asked. A host does so when it takes an address, so that caches with an older hardware address are
    corrected; and if somebody answers, two hosts have the same one.
    """
    found = arp_of(step)
    if found is not None and found[1].announces and flow.once(f"arp.announced {found[1].sender}"):
        yield find(
            "ARP: {sender} announces that its hardware address is {mac}; nobody has asked.",
            sender=found[1].sender,
            mac=found[1].sender_mac,
        )


RULES: tuple[Rule, ...] = (request, reply, announced, again, resolved, cached, nobody)
