"""IP fragmentation: datagrams cut to fit a link, put together again, or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Frame, Ip, Severity, Step, Tcp, Udp
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.phrases import call_at, frames
from pktscope.words import Phrase, Words, phrase

if TYPE_CHECKING:
    from pktscope.ends import Pieces
    from pktscope.flow import Flow

ETHERNET = 1500
"""The MTU of Ethernet, and so of most links (RFC 894)."""
UNIT = 8
"""Octets a fragment offset counts in."""
SHOWN = 5
"""Incomplete datagrams named one by one at the end; of more, only the number is told."""
PROTOCOLS = {6: ("TCP", 20), 17: ("UDP", 8)}

WHOLE = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
C: sendto(1472)
   C > S  UDP 1472           # ip.fits
C: = 1472
C: sendto(100)
   C > S  UDP 100
C: = 100
"""


@rule("ip.fits", "RFC 791 section 2.3, RFC 894", on="datagram", example=WHOLE)
def fits(step: Step, flow: Flow) -> Iterator[Finding]:
    """The longest datagram that needs no cutting.

    A link carries packets up to its MTU: 1500 bytes on Ethernet. Of these IPv4 takes 20 and UDP 8, which leaves 1472
    bytes of data (1452 over IPv6, whose header is 40). One byte more, and IP must cut.
    """
    frame = step.observation
    if not isinstance(frame, Frame) or frame.ip is None or frame.ip.is_fragment or step.call is None:
        return
    if frame.ip.total_length != ETHERNET or not flow.once(f"ip.fits {step.side}"):
        return
    yield find(
        "One packet, not cut: {data:,} bytes of data + 8 (UDP) + {header} (IP) = 1,500 bytes, the MTU of Ethernet.",
        evidence=(step.call,),
        data=frame.length,
        header=frame.ip.header_length,
    )


THREE = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
C: sendto(4000)
   C > S  FRAGMENT 0:1480 id 7                        # ip.fragmented
   C > S  FRAGMENT 1480:2960 id 7                     # ip.fragment
   C > S  FRAGMENT 2960:4008 id 7 last UDP 4000       # ip.fragment ip.reassembled
C: = 4000
C: sendto(4000)
   C > S  FRAGMENT 0:1480 id 8                        # ip.fragmented
   C > S  FRAGMENT 1480:2960 id 8
   C > S  FRAGMENT 2960:4008 id 8 last UDP 4000       # ip.fragment ip.reassembled
C: = 4000
   C > S  UDP 10
"""


def ip_of(step: Step) -> Ip:
    """The IP header of a step that a fragment rule was called with."""
    ip = getattr(step.observation, "ip", None)
    assert isinstance(ip, Ip)
    return ip


@rule("ip.fragmented", "RFC 791 section 2.3, RFC 8200 section 4.5", on="fragment", example=THREE)
def fragmented(step: Step, flow: Flow) -> Iterator[Finding]:
    """IP cuts a datagram that is too long for the link.

    It is IP that fragments, not the link layer and not UDP: each fragment is an IP packet of its own with the same
    identification, MF (more fragments) set on all but the last, and an offset that says where it belongs, in units
    of 8 bytes. Over IPv4 the sender may cut, and so may any router before a narrower link; over IPv6 only the
    source. TCP avoids all this by making its segments small enough.
    """
    ip, pieces = ip_of(step), flow.now.pieces
    if ip.fragment_offset or not ip.more_fragments or pieces is None or pieces.again or pieces.copy:
        return
    call = call_at(flow, step.call)
    if call is not None and call.protocol == "raw":
        return
    header = PROTOCOLS.get(ip.protocol, ("", 0))
    given: Words = ""
    if call is not None and call.length is not None and header[1]:
        total = call.length + header[1]
        given = phrase(
            " {name}() gave {length:,} bytes; with the {header} header that is {total:,}.",
            name=call.name,
            length=call.length,
            header=header[0],
            total=total,
        )
    if not flow.once("ip.fragmented"):
        yield find(
            "Cut again, identification {identification}: the first piece carries {count:bytes}.{given}",
            evidence=(step.call,),
            identification=ip.identification,
            count=ip.fragment_length,
            given=given,
        )
        return
    yield find(
        "IP cuts this datagram.{given} This packet of {length:,} bytes carries the first {count:,} of it; MF = 1: it is"
        " not the last. Identification {identification} is the same in all of them.{six}",
        evidence=(step.call,),
        given=given,
        length=ip.total_length,
        count=ip.fragment_length,
        identification=ip.identification,
        six=phrase(" Over IPv6 only the sender cuts, and each piece carries 8 bytes of fragment header.")
        if ip.version == 6
        else "",
    )


@rule("ip.fragment", "RFC 791 section 3.2", on="fragment", example=THREE)
def fragment(step: Step, flow: Flow) -> Iterator[Finding]:
    """A later fragment, and the last.

    It has an IP header but no UDP or TCP header: that went with the first. So it names no port, and the receiver
    knows where it belongs only by the two addresses, the protocol, the identification and the offset. How long the
    whole is follows from the last fragment alone, the one with MF = 0.
    """
    ip, pieces = ip_of(step), flow.now.pieces
    if not ip.fragment_offset or pieces is None or pieces.again or pieces.copy:
        return
    if not ip.more_fragments:
        yield find(
            "The last piece (MF = 0): offset {offset:,} and {count:bytes}, so the whole has {total:,}.",
            evidence=(pieces.steps[0],),
            offset=ip.fragment_offset,
            count=ip.fragment_length,
            total=ip.fragment_offset + ip.fragment_length,
        )
    elif flow.once("ip.fragment"):
        name = PROTOCOLS.get(ip.protocol, ("", 0))[0]
        yield find(
            "A later piece: its offset field {field:,} times 8 is {offset:,}, the place of its first byte.{bare}",
            evidence=(pieces.steps[0],),
            field=ip.fragment_offset // UNIT,
            offset=ip.fragment_offset,
            bare=phrase(" It has no {name} header, so no ports.", name=name) if name else "",
        )


@rule("ip.reassembled", "RFC 791 section 3.2, RFC 1122 section 3.3.2", on="fragment", example=THREE)
def reassembled(step: Step, flow: Flow) -> Iterator[Finding]:
    """All fragments are there: one datagram again.

    Only the receiving host puts fragments together, no router on the way. It hands the datagram up as if it had never
    been cut: recvfrom() returns it in one piece. A capture or firewall filter on a port sees the first fragment only.
    """
    frame = step.observation
    pieces = flow.now.pieces
    if not isinstance(frame, Frame) or frame.whole is None or len(frame.whole.frames) < 2:
        return
    if pieces is None or pieces.again or pieces.overlap:
        return
    carried: Words = ""
    if isinstance(frame.transport, Udp) and frame.length + 8 == frame.whole.length:
        carried = phrase(": 8 of UDP header and {length:,} of data", length=frame.length)
    lesson: Words = ""
    named = frames(frame.whole.frames)
    if isinstance(frame.transport, Tcp | Udp) and flow.once("ip.reassembled"):
        lesson = phrase(" Only the one at offset 0 names the ports, so a filter on a port misses the others.")
    yield find(
        "Complete: {count:fragments} ({frames}) make one datagram of {length:bytes}{carried}.{lesson}",
        evidence=tuple(pieces.steps),
        since=pieces.steps[0],
        count=len(pieces.ranges),
        frames=phrase("{frames}, copies among them", frames=named) if len(pieces.ranges) < len(pieces.steps) else named,
        length=frame.whole.length,
        carried=carried,
        lesson=lesson,
    )


OVERLAPPING = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
   C > S  FRAGMENT 0:1480 id 7
   C > S  FRAGMENT 0:1480 id 7
   C > S  FRAGMENT 1000:2000 id 7                               # ip.overlap
   C > S  FRAGMENT 1000:2488 id 7 last UDP 2480 overlap
"""


@rule("ip.overlap", "RFC 5722, RFC 1858 section 4", on="fragment", example=OVERLAPPING, severity=Severity.WARNING)
def overlap(step: Step, flow: Flow) -> Iterator[Finding]:
    """Fragments that overlap.

    Cutting a datagram never gives two different fragments with the same bytes. Overlaps are made, to crash a receiver
    ("teardrop") or to show a firewall other bytes than the host. IPv6 forbids them (RFC 5722); Linux drops the whole
    datagram.
    """
    frame, pieces = step.observation, flow.now.pieces
    if not isinstance(frame, Frame) or pieces is None or not pieces.overlap:
        return
    if not flow.once(f"ip.overlap {pieces.steps[0]}"):
        return
    differ = phrase(" and differ there") if frame.whole is not None and frame.whole.conflict else ""
    yield find(
        "Two fragments of identification {identification} carry the same bytes{differ}: cutting a datagram never gives"
        " that. Damage, or an attack.",
        evidence=(pieces.steps[0],),
        since=pieces.steps[0],
        identification=pieces.identification,
        differ=differ,
    )


HOLE = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
   C > S  FRAGMENT 0:1480 id 7
   C > S  FRAGMENT 2960:4008 id 7 last
   C > S  FRAGMENT 0:1480 id 8
   C > S  FRAGMENT 1480:1508 id 8 last UDP 1500
end                                                  # ip.incomplete
"""


def absent(pieces: Pieces) -> Phrase:
    """Which stretches of a datagram are not there, in words."""
    holes = pieces.missing()
    parts = tuple(
        phrase("{low:,} to {high:,}", low=low, high=high - 1)
        if high is not None
        else phrase("from {low:,} on", low=low)
        for low, high in holes[:3]
    )
    return (
        phrase("{parts:list} and more", parts=parts) if len(holes) > 3 else Phrase("{parts:list}", (("parts", parts),))
    )


@rule("ip.incomplete", "RFC 791 section 3.2", on="end", example=HOLE, severity=Severity.WARNING)
def incomplete(step: Step, flow: Flow) -> Iterator[Finding]:
    """A fragment is missing: the whole datagram is lost.

    IP never asks for a fragment again. The receiver keeps what it has for some time (Linux: 30 s), then throws all
    of it away and, if it has the first fragment, tells the sender by ICMP. So one lost fragment of 45 costs all 45.
    """
    waiting = [pieces for pieces in (*flow.abandoned, *flow.fragments.values()) if not pieces.again]
    waiting = [pieces for pieces in waiting if f"ip.incomplete {pieces.steps[0]}" not in flow.told]
    for pieces in waiting[:SHOWN]:
        yield find(
            "Never complete: of the datagram with identification {identification} ({frames}) the bytes {absent} are"
            " not in this capture. A receiver without them gets nothing of it.",
            evidence=tuple(pieces.steps[:SHOWN]),
            since=pieces.steps[0],
            identification=pieces.identification,
            frames=frames([flow.frame_number(index) for index in pieces.steps]),
            absent=absent(pieces),
        )
    if len(waiting) > SHOWN:
        yield find(
            "And {count:datagrams} more were never complete.",
            evidence=tuple(pieces.steps[0] for pieces in waiting[SHOWN : 2 * SHOWN]),
            count=len(waiting) - SHOWN,
        )


RULES: tuple[Rule, ...] = (fits, fragmented, fragment, reassembled, overlap, incomplete)
