"""ICMP: who complains of which packet and why, and the echo that ping sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Frame, Icmp, Quoted, Severity, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.fragments import absent
from pktscope.words import Phrase, Words, phrase

if TYPE_CHECKING:
    from pktscope.ends import Pieces
    from pktscope.flow import Flow

UNREACHABLE = {
    (4, 3, 0): phrase("network unreachable: it has no way to that network"),
    (4, 3, 1): phrase("host unreachable: it cannot reach that host"),
    (4, 3, 2): phrase("protocol unreachable: the host does not speak that protocol"),
    (4, 3, 5): phrase("source route failed"),
    (4, 3, 6): phrase("network unknown"),
    (4, 3, 7): phrase("host unknown"),
    (4, 3, 8): phrase("source host isolated"),
    (4, 3, 9): phrase("network administratively prohibited: a filter forbids it"),
    (4, 3, 10): phrase("host administratively prohibited: a filter forbids it"),
    (4, 3, 11): phrase("network unreachable for this type of service"),
    (4, 3, 12): phrase("host unreachable for this type of service"),
    (4, 3, 13): phrase("communication administratively prohibited: a filter forbids it"),
    (4, 3, 14): phrase("host precedence violation"),
    (4, 3, 15): phrase("precedence cutoff in effect"),
    (6, 1, 0): phrase("no route to that address"),
    (6, 1, 1): phrase("communication administratively prohibited: a filter forbids it"),
    (6, 1, 2): phrase("beyond the scope of the source address"),
    (6, 1, 3): phrase("address unreachable: nobody answers there"),
    (6, 1, 5): phrase("the source address fails its policy"),
    (6, 1, 6): phrase("it rejects the route to that address"),
    (6, 1, 7): phrase("error in the source routing header"),
}
"""(IP version, type, code) in words: RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1."""

OTHERS = {
    (4, 4): phrase("source quench: the packet was dropped for lack of room (obsolete, RFC 6633)"),
    (4, 5): phrase("redirect: another router is the better first hop for this target"),
    (4, 12): phrase("parameter problem: a field of the IP header makes no sense to it"),
    (6, 4): phrase("parameter problem: a field of the IPv6 headers makes no sense to it"),
    (6, 137): phrase("redirect: another router is the better first hop for this target"),
}
"""(IP version, type): errors and advice that carry no more than their name."""

ECHOES = {(4, 8): "request", (4, 0): "reply", (6, 128): "request", (6, 129): "reply"}


def message_of(step: Step) -> tuple[Frame, Icmp]:
    """The frame and the ICMP message of a step that an ICMP rule was called with."""
    frame = step.observation
    assert isinstance(frame, Frame)
    assert isinstance(frame.transport, Icmp)
    return frame, frame.transport


def reporter(frame: Frame, quoted: Quoted | None) -> Words:
    """Who sent an ICMP message: the host the packet was meant for, or somebody on the way."""
    who = frame.source.address
    if quoted is None:
        return who
    if who == quoted.target.address:
        return phrase("{who}, the host it was sent to,", who=who)
    if who == quoted.source.address:
        return phrase("{who}, the sender's own host,", who=who)
    return phrase("{who}, on the way,", who=who)


def quoted_step(step: Step, quoted: Quoted, flow: Flow) -> int | None:
    """The step of the packet an ICMP error quotes; None where it was not seen, or could be any of several."""
    sender = flow.ends[step.side.other]
    newest, count = sender.packets.get((quoted.identification, quoted.length), (0, 0))
    if count == 1 or (count and quoted.identification):
        return newest
    return None


def about(step: Step, quoted: Quoted | None, flow: Flow) -> tuple[Phrase, int | None]:
    """The packet an ICMP error is about, in words, and its step where it was seen."""
    if quoted is None:
        return phrase("a packet it does not quote"), None
    found = quoted_step(step, quoted, flow)
    if found is not None:
        return phrase("frame {frame}", frame=flow.frame_number(found)), found
    return phrase("a packet to {target}", target=quoted.target), None


CLOSED = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
   C > S  UDP 10 id 7
   S > C  ICMP 3/3           # icmp.port-unreachable
"""


@rule("icmp.port-unreachable", "RFC 1122 section 3.2.2.1, RFC 4443 section 3.1", on="icmp", example=CLOSED,
      severity=Severity.ERROR)  # fmt: skip
def port_unreachable(step: Step, flow: Flow) -> Iterator[Finding]:
    """Port unreachable: nobody has that UDP port open.

    UDP has no RST; the kernel of the host answers with ICMP, and quotes the packet so that the sender knows which
    socket it is about. The sending program hears of it only if its socket is connected, and only with its next
    call. A firewall may say the same of a port that is open.
    """
    frame, message = message_of(step)
    if (message.version, message.type, message.code) not in ((4, 3, 3), (6, 1, 4)) or message.quoted is None:
        return
    packet, found = about(step, message.quoted, flow)
    port = message.quoted.target.port
    yield find(
        "ICMP port unreachable: {who} says that no socket takes what was sent to {target} ({packet}). UDP itself has no"
        " way to say so.",
        evidence=(found,),
        since=found,
        who=reporter(frame, message.quoted),
        target=phrase("port {port}", port=port) if port is not None else phrase("that port"),
        packet=packet,
    )


BLOCKED = """
udp 10.0.0.1:40000 > 10.0.9.9:8000
   C > S  UDP 10 id 7
   S > C  ICMP 3/1 from 10.0.0.254    # icmp.unreachable
   C > S  UDP 10 id 8
   S > C  ICMP 3/3 from 10.0.9.9
   S > C  ICMP 3/4 mtu 1000
"""


@rule("icmp.unreachable", "RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1", on="icmp", example=BLOCKED,
      severity=Severity.ERROR)  # fmt: skip
def unreachable(step: Step, flow: Flow) -> Iterator[Finding]:
    """Destination unreachable: the packet could not be delivered.

    Whoever could not pass the packet on tells its sender why and quotes its beginning. To TCP most of these are
    advice and it goes on trying; connect() reports them if nothing better comes.
    """
    frame, message = message_of(step)
    said = UNREACHABLE.get((message.version, message.type, message.code))
    if said is None:
        return
    packet, found = about(step, message.quoted, flow)
    yield find(
        "ICMP: {who} could not deliver {packet}. It says: {said}.",
        evidence=(found,),
        since=found,
        who=reporter(frame, message.quoted),
        packet=packet,
        said=said,
    )


NARROW = """
   C > S  SYN mss 1460
   S > C  SYN ACK mss 1460
   C > S  ACK
   C > S  ACK 1:1461 id 7
   S > C  ICMP 3/4 mtu 1000 from 10.0.0.254   # icmp.fragmentation-needed
"""


@rule("icmp.fragmentation-needed", "RFC 1191 section 3", on="icmp", example=NARROW, severity=Severity.WARNING)
def fragmentation_needed(step: Step, flow: Flow) -> Iterator[Finding]:
    """Fragmentation needed but DF set: the path has a narrower link.

    TCP sets DF (don't fragment) on its packets. A router whose next link is narrower may then not cut them: it
    drops the packet and says which MTU would fit. The sender remembers that for this target and sends smaller: path
    MTU discovery. Where a firewall eats this message, the connection hangs as soon as large packets come.
    """
    frame, message = message_of(step)
    if (message.version, message.type, message.code) != (4, 3, 4):
        return
    yield too_long(
        step, flow, frame, message, phrase("ICMP fragmentation needed"), phrase("and may not cut it (DF is set)")
    )


@rule("icmp.packet-too-big", "RFC 4443 section 3.2, RFC 8201", on="icmp", example="""
tcp [2001:db8::1]:40000 > [2001:db8::2]:8000
   C > S  SYN mss 1440
   S > C  SYN ACK mss 1440
   C > S  ACK
   C > S  ACK 1:1441
   S > C  ICMP 2/0 mtu 1280 from 2001:db8:1::1   # icmp.packet-too-big
""", severity=Severity.WARNING)  # fmt: skip
def packet_too_big(step: Step, flow: Flow) -> Iterator[Finding]:
    """Packet too big: IPv6 never cuts on the way.

    In IPv6 only the source may fragment. A router with a narrower link drops the packet and names the MTU; the source
    then sends smaller packets, 1280 bytes being what every link must carry.
    """
    frame, message = message_of(step)
    if (message.version, message.type) != (6, 2):
        return
    yield too_long(
        step, flow, frame, message, phrase("ICMPv6 packet too big"), phrase("and IPv6 routers never cut packets")
    )


def too_long(step: Step, flow: Flow, frame: Frame, message: Icmp, name: Phrase, why: Phrase) -> Finding:
    """What the two messages about the MTU have in common."""
    packet, found = about(step, message.quoted, flow)
    length = message.quoted.length if message.quoted is not None else 0
    return find(
        "{name}: {who} dropped {packet}{length}; its next link takes {mtu}, {why}. The sender must send smaller"
        " packets.",
        evidence=(found,),
        since=found,
        name=name,
        who=reporter(frame, message.quoted),
        packet=packet,
        length=phrase(" of {length:,} bytes", length=length) if length else "",
        mtu=phrase("{mtu:,} at most", mtu=message.mtu) if message.mtu else phrase("less (how much, it does not say)"),
        why=why,
    )


FAR = """
udp 10.0.0.1:40000 > 10.0.9.9:33434
   C > S  UDP 10 ttl 1 id 7
   S > C  ICMP 11/0 from 10.0.0.254   # icmp.time-exceeded
   C > S  FRAGMENT 0:1480 id 8
   C > S  FRAGMENT 2960:4008 id 8 last
+1s
   S > C  ICMP 11/1 from 10.0.9.9     # icmp.time-exceeded
"""


@rule("icmp.time-exceeded", "RFC 792, RFC 4443 section 3.3", on="icmp", example=FAR, severity=Severity.WARNING)
def time_exceeded(step: Step, flow: Flow) -> Iterator[Finding]:
    """Time exceeded: the hops ran out, or a fragment never came.

    Each router takes one from the TTL (IPv6: hop limit) and drops the packet at zero; traceroute sends 1, 2, 3, ...
    to make each router on the way name itself. With code 1 it is the receiving host: it gave up waiting for a
    fragment and has thrown the rest away.
    """
    frame, message = message_of(step)
    if (message.version, message.type) not in ((4, 11), (6, 3)):
        return
    packet, found = about(step, message.quoted, flow)
    if message.code == 1:
        yield find(
            "ICMP: {who} gave up waiting for the missing fragments of {packet}{absent}. What it had of the datagram is"
            " thrown away.",
            evidence=(found,),
            since=found,
            who=reporter(frame, message.quoted),
            packet=packet,
            absent=missing(step, message.quoted, flow),
        )
        return
    sent = flow.observed(found) if found is not None else None
    ttl = (
        phrase(" (it was {ttl} where this capture was made)", ttl=sent.ip.ttl)
        if isinstance(sent, Frame) and sent.ip
        else ""
    )
    name = "TTL" if message.version == 4 else phrase("hop limit")
    yield find(
        "ICMP time exceeded: {who} dropped {packet} because its {name} had run out{ttl}.",
        name=name,
        evidence=(found,),
        since=found,
        who=reporter(frame, message.quoted),
        packet=packet,
        ttl=ttl,
    )


def missing(step: Step, quoted: Quoted | None, flow: Flow) -> Words:
    """Which bytes of a datagram that was given up this capture lacks too; '' where it has them all, or none."""
    if quoted is None:
        return ""
    pieces: Pieces | None = flow.fragments.get((step.side.other, quoted.identification, quoted.protocol))
    if pieces is None or not pieces.missing():
        return ""
    flow.once(f"ip.incomplete {pieces.steps[0]}")
    return phrase(": bytes {absent} are not in this capture either", absent=absent(pieces))


STRANGE = """
udp 10.0.0.1:40000 > 10.0.9.9:8000
   C > S  UDP 10 id 7
   S > C  ICMP 5/1 from 10.0.0.254    # icmp.other
   S > C  ICMP 12/0                   # icmp.other
   S > C  ICMP 3/3
"""


@rule("icmp.other", "RFC 792, RFC 4443", on="icmp", example=STRANGE, severity=Severity.NOTICE)
def other(step: Step, flow: Flow) -> Iterator[Finding]:
    """Redirect, parameter problem and source quench.

    A redirect comes from a router that has passed the packet on, but to a neighbour the sender could have reached
    itself; many hosts ignore it, since anybody can forge one. A parameter problem says that a header was broken.
    """
    frame, message = message_of(step)
    said = OTHERS.get((message.version, message.type))
    if said is None:
        return
    packet, found = about(step, message.quoted, flow)
    yield find(
        "ICMP: {who} says of {packet}: {said}.",
        evidence=(found,),
        since=found,
        who=reporter(frame, message.quoted),
        packet=packet,
        said=said,
    )


PING = """
icmp 10.0.0.1 > 10.0.0.2
   C > S  ICMP 8/0 echo 7 1 length 56    # icmp.echo
   S > C  ICMP 0/0 echo 7 1 length 56    # icmp.echo
   C > S  ICMP 8/0 echo 7 2 length 56
   S > C  ICMP 0/0 echo 7 2 length 56    # icmp.echo
   S > C  ICMP 0/0 echo 7 2 length 56
"""


@rule("icmp.echo", "RFC 792, RFC 4443 section 4", on="icmp", example=PING)
def echo(step: Step, flow: Flow) -> Iterator[Finding]:
    """Echo request and reply: ping.

    The kernel of the other host answers, no program of its. The identifier tells one ping program from another, the
    sequence number one request from the next; the reply repeats both and all the bytes. There are no ports.
    """
    frame, message = message_of(step)
    kind = ECHOES.get((message.version, message.type))
    if kind is None or message.identifier is None or message.sequence is None:
        return
    number = f"{message.identifier}/{message.sequence}"
    if kind == "request":
        flow.memory[f"echo {step.side}", number] = step.index
        if flow.once(f"icmp.echo {step.side}"):
            yield find(
                "Echo request of {length:bytes}, identifier {identifier}, sequence {sequence}: {target} is asked to"
                " send the same bytes back.",
                length=frame.length,
                identifier=message.identifier,
                sequence=message.sequence,
                target=frame.target.address,
            )
        return
    asked = flow.memory.pop((f"echo {step.side.other}", number), None)
    if asked is not None:
        took = step.time - flow.steps[asked].time
        yield find(
            "Echo reply to sequence {sequence} (frame {frame}){back}.",
            evidence=(asked,),
            since=asked,
            sequence=message.sequence,
            frame=flow.frame_number(asked),
            back="" if flow.wire else phrase(": there and back in {took:duration}", took=took),  # it is only leaving
        )


RULES: tuple[Rule, ...] = (
    port_unreachable, unreachable, fragmentation_needed, packet_too_big, time_exceeded, other, echo,
)  # fmt: skip
