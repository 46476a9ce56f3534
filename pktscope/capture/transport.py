"""TCP (RFC 9293), UDP (RFC 768) and ICMP (RFC 792, RFC 4443) headers; the rest by name. No octets can raise."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

from pktscope.capture import network
from pktscope.model import Icmp, Igmp, Other, Quoted, Tcp, TcpOptions, Transport, Udp
from pktscope.words import N_, _, say

NO_OPTIONS = TcpOptions()


class Upper(NamedTuple):
    """A transport header and where its payload lies."""

    transport: Transport
    source_port: int | None
    target_port: int | None
    start: int
    """Offset of the payload; at or before the end of what was captured."""
    end: int
    """Offset behind its last captured octet."""
    length: int
    """Octets of payload on the wire."""
    oddities: tuple[str, ...] = ()


TCP_FIELDS = struct.Struct(">HHIIHH").unpack_from
UDP_FIELDS = struct.Struct(">HHHH").unpack_from

PROTOCOLS = {
    0: "IPv6 hop-by-hop options", 1: "ICMP", 2: "IGMP", 4: "IPv4 in IP", 6: "TCP", 8: "EGP", 9: "IGP", 17: "UDP",
    27: "RDP", 33: "DCCP", 41: "IPv6 in IP", 46: "RSVP", 47: "GRE", 50: "ESP", 51: "AH", 58: "ICMPv6",
    59: "IPv6 without a payload", 88: "EIGRP", 89: "OSPF", 94: "IPIP", 97: "Ethernet in IP", 103: "PIM", 108: "IPComp",
    112: "VRRP", 115: "L2TP", 132: "SCTP", 136: "UDP-Lite", 137: "MPLS in IP", 143: "Ethernet in IP",
}  # fmt: skip
PORTED = {33, 132, 136}
"""Protocols named only, whose header starts with two ports like TCP's."""


def named(protocol: int) -> str:
    return PROTOCOLS.get(protocol, f"IP protocol {protocol}")


def read_transport(protocol: int, data: bytes, start: int, end: int, wire_end: int) -> Upper:
    """The header of `protocol` at `start`; the captured octets stop at `end`, the packet at `wire_end`."""
    return READERS.get(protocol, read_other)(protocol, data, start, end, wire_end)


def ports(data: bytes, start: int, end: int) -> tuple[int | None, int | None]:
    if start + 4 > end:
        return None, None
    return data[start] << 8 | data[start + 1], data[start + 2] << 8 | data[start + 3]


def read_other(protocol: int, data: bytes, start: int, end: int, wire_end: int) -> Upper:
    source, target = ports(data, start, end) if protocol in PORTED else (None, None)
    return Upper(Other(named(protocol)), source, target, min(start, end), end, max(0, wire_end - start))


def cut_header(protocol: int, data: bytes, start: int, end: int, wire_end: int, size: int) -> Upper:
    """A header that is not all there: ports where they are."""
    name = named(protocol)
    if wire_end - start < size:
        what, more = _("the packet is too short for its header"), N_("the packet is too short for its {name} header")
    else:
        what, more = _("the capture cut its header"), N_("the capture cut its {name} header")
    source, target = ports(data, start, end) if protocol in (6, 17) else (None, None)
    return Upper(Other(name, what), source, target, end, end, 0, (say(more, {"name": name}),))


def read_tcp(protocol: int, data: bytes, start: int, end: int, wire_end: int) -> Upper:
    """A TCP header, as much of it as there is."""
    if end - start < 16:
        return cut_header(protocol, data, start, end, wire_end, 20)
    source, target, seq, ack, word, window = TCP_FIELDS(data, start)
    checksum, urgent = struct.unpack_from(">HH", data, start + 16) if end - start >= 20 else (0, 0)
    header = (word >> 12) * 4
    options = NO_OPTIONS
    oddities: tuple[str, ...] = ()
    behind = start + header
    if header < 20:
        oddities = (say("the TCP header says {header} octets for itself; 20 is the least", {"header": header}),)
        behind = wire_end
    elif behind > wire_end:
        oddities = (
            say(
                "the TCP header says {header} octets for itself; the packet has {room}",
                {"header": header, "room": wire_end - start},
            ),
        )
        behind = wire_end
    elif header > 20:
        options, oddities = tcp_options(data[start + 20 : min(behind, end)], header - 20)
    if end < min(behind, wire_end):
        oddities += (_("the capture cut its TCP header"),)
    tcp = Tcp(seq, ack, word & 0x1FF, window, header, checksum, urgent, options)
    return Upper(tcp, source, target, min(behind, end), end, wire_end - behind, oddities)


def tcp_options(octets: bytes, announced: int) -> tuple[TcpOptions, tuple[str, ...]]:
    """The options of a segment, and what is wrong with them; `announced` octets were on the wire."""
    if len(octets) == 12 and octets[:4] == b"\x01\x01\x08\x0a":  # what nearly every segment carries
        return TcpOptions(timestamp=(int.from_bytes(octets[4:8], "big"), int.from_bytes(octets[8:12], "big"))), ()
    found: dict[str, object] = {}
    others: list[int] = []
    oddities: list[str] = []
    position = 0
    while position < len(octets) and octets[position] != 0:
        kind = octets[position]
        if kind == 1:
            position += 1
            continue
        length = octets[position + 1] if position + 1 < len(octets) else 0
        if length < 2 or position + length > len(octets):
            if len(octets) >= announced:
                left = len(octets) - position
                oddities.append(
                    say(
                        "a TCP option of kind {kind} claims {length} octets where {left} are left",
                        {"kind": kind, "length": length, "left": left},
                    )
                )
            break
        value = octets[position + 2 : position + length]
        position += length
        option(kind, value, found, others, oddities)
    return TcpOptions(**found, others=tuple(others)), tuple(oddities)  # type: ignore[arg-type]


def option(kind: int, value: bytes, found: dict[str, object], others: list[int], oddities: list[str]) -> None:
    """Put one option where it belongs."""
    size = SIZES.get(kind)
    if size is None or (kind == 254 and value[:2] != b"\xf9\x89"):
        others.append(kind)
    elif len(value) not in size:
        others.append(kind)
        oddities.append(
            say(
                "a TCP option of kind {kind} has {count} octets, which it never has",
                {"kind": kind, "count": len(value) + 2},
            )
        )
    elif kind == 2:
        found["mss"] = int.from_bytes(value, "big")
    elif kind == 3:
        found["window_scale"] = value[0]
        if value[0] > 14:
            oddities.append(
                say("the window scale is {value}; 14 is the most (RFC 7323 section 2.3)", {"value": value[0]})
            )
    elif kind == 4:
        found["sack_permitted"] = True
    elif kind == 5:
        found["sack"] = tuple(struct.iter_unpack(">II", value))
    elif kind == 8:
        found["timestamp"] = (int.from_bytes(value[:4], "big"), int.from_bytes(value[4:], "big"))
    else:
        found["fast_open"] = bytes(value if kind == 34 else value[2:])


SIZES: dict[int, range | tuple[int, ...]] = {
    2: (2,), 3: (1,), 4: (0,), 5: (8, 16, 24, 32), 8: (8,), 34: range(19), 254: range(2, 21),
}  # fmt: skip
"""Octets an option's value may have, by kind: MSS, window scale, SACK permitted, SACK, timestamps, fast open (also
in its experimental form, RFC 7413 section 4.1.1 and appendix)."""


def read_udp(protocol: int, data: bytes, start: int, end: int, wire_end: int) -> Upper:
    """A UDP header."""
    if end - start < 8:
        return cut_header(protocol, data, start, end, wire_end, 8)
    source, target, length, checksum = UDP_FIELDS(data, start)
    room = wire_end - start
    carried = length
    oddities: tuple[str, ...] = ()
    if length == 0:
        carried = room  # a jumbogram (RFC 2675 section 4), or left to offload
    elif length < 8:
        oddities, carried = (say("the UDP header says {length} octets; 8 is the least", {"length": length}),), 8
    elif length > room:
        oddities, carried = (
            (say("the UDP header says {length:,} octets, the packet has {room:,}", {"length": length, "room": room}),),
            room,
        )
    behind = min(end, start + carried)
    return Upper(Udp(length, checksum), source, target, start + 8, behind, carried - 8, oddities)


def read_icmp(protocol: int, data: bytes, start: int, end: int, wire_end: int) -> Upper:
    """An ICMP or ICMPv6 message, with what an error quotes."""
    if end - start < 4:
        return cut_header(protocol, data, start, end, wire_end, 8)
    version: int = 4 if protocol == 1 else 6
    kind, code, checksum = struct.unpack_from(">BBH", data, start)
    rest = data[start + 4 : min(end, start + 8)]
    identifier = sequence = mtu = quoted = None
    if len(rest) == 4 and (version, kind) in ECHOES:
        identifier, sequence = struct.unpack(">HH", rest)
    if len(rest) == 4 and (version, kind, code) == (4, 3, 4):
        mtu = rest[2] << 8 | rest[3]
    elif len(rest) == 4 and (version, kind) == (6, 2):
        mtu = int.from_bytes(rest, "big")
    if (version, kind) in ERRORS:
        quoted = quote(data[start + 8 : end])
    icmp = Icmp(4 if version == 4 else 6, kind, code, checksum, identifier, sequence, mtu, quoted)
    behind = min(end, start + 8)
    return Upper(icmp, None, None, behind, end, max(0, wire_end - start - 8))


ECHOES = {(4, 0), (4, 8), (6, 128), (6, 129)}
ERRORS = {(4, 3), (4, 4), (4, 5), (4, 11), (4, 12), (6, 1), (6, 2), (6, 3), (6, 4)}


def quote(octets: bytes) -> Quoted | None:
    """The start of the packet an ICMP error complains of; None if not enough of it is there."""
    reader = network.read_ipv4 if octets[:1] < b"\x60" else network.read_ipv6
    packet = reader(octets, 0, 65535 + 40)
    if packet is None:
        return None
    ip, start, source, target, seq = packet.ip, packet.start, None, None, None
    if ip.fragment_offset == 0 and (ip.protocol in (6, 17) or ip.protocol in PORTED):
        source, target = ports(octets, start, len(octets))
        if ip.protocol == 6 and start + 8 <= len(octets):
            seq = int.from_bytes(octets[start + 4 : start + 8], "big")
    return Quoted(
        network.endpoint(packet.source, source), network.endpoint(packet.target, target),
        ip.protocol, ip.identification, seq, ip.total_length,
    )  # fmt: skip


RECORDS = 32
"""Records of an IGMP report that are kept."""


def read_igmp(protocol: int, data: bytes, start: int, end: int, wire_end: int) -> Upper:
    """An IGMP message, with the records of a version 3 report."""
    if end - start < 8:
        return cut_header(protocol, data, start, end, wire_end, 8)
    kind, _, checksum = struct.unpack_from(">BBH", data, start)
    records: list[tuple[int, str]] = []
    group = "0.0.0.0"
    if kind == IGMP_REPORT_3:
        at = start + 8
        for _ in range(min(RECORDS, data[start + 6] << 8 | data[start + 7])):
            if at + 8 > end:
                break
            records.append((data[at], network.endpoint(data[at + 4 : at + 8]).address))
            at += 8 + 4 * (data[at + 1] + (data[at + 2] << 8 | data[at + 3]))
    else:
        group = network.endpoint(data[start + 4 : start + 8]).address
    return Upper(Igmp(kind, group, tuple(records), checksum), None, None, end, end, 0)


IGMP_REPORT_3 = 0x22

READERS: dict[int, Callable[[int, bytes, int, int, int], Upper]] = {
    1: read_icmp, 2: read_igmp, 6: read_tcp, 17: read_udp, 58: read_icmp,
}  # fmt: skip
