"""Link headers: from the first octet of a frame to where its network header starts, and what that header is."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import NamedTuple

from pktscope.model import Endpoint

IPV4, IPV6, ARP, NAMED = 0x0800, 0x86DD, 0x0806, -1
"""What follows a link header: an ethertype, or NAMED where only a name is known."""

NOBODY = Endpoint("unknown")


class Header(NamedTuple):
    """What a link header says."""

    name: str
    """'Ethernet', 'Linux cooked v1', ..."""
    kind: int
    start: int
    """Offset of the network header; may lie behind the captured octets."""
    source: Endpoint = NOBODY
    target: Endpoint = NOBODY
    vlans: tuple[int, ...] = ()
    inner: str = ""
    """The name of what follows, where `kind` is NAMED."""
    layers: tuple[tuple[str, int, int], ...] = ()
    """Name, start and end of each header."""
    oddity: str = ""


ETHERTYPES = {
    0x0806: "ARP", 0x8035: "RARP", 0x809B: "AppleTalk", 0x8137: "IPX", 0x8808: "Ethernet flow control",
    0x8809: "Slow protocols (LACP)", 0x8847: "MPLS", 0x8848: "MPLS multicast", 0x8863: "PPPoE discovery",
    0x8864: "PPPoE", 0x888E: "EAPOL", 0x88B5: "local experiment", 0x88CC: "LLDP", 0x88E5: "MACsec",
    0x88F7: "PTP", 0x8906: "FCoE", 0x9000: "loopback test", 0x894F: "NSH", 0x22F0: "AVTP", 0x88A2: "ATA over Ethernet",
    0x8892: "PROFINET", 0x88A4: "EtherCAT", 0x6003: "DECnet", 0x0842: "Wake-on-LAN", 0x887B: "HomePlug",
}  # fmt: skip
VLAN_TAGS = {0x8100: "802.1Q", 0x88A8: "802.1ad", 0x9100: "802.1Q (9100)", 0x9200: "802.1Q (9200)"}
LLC_NAMES = {0x42: "STP", 0xFE: "OSI", 0xE0: "IPX", 0xFF: "IPX", 0xF0: "NetBIOS", 0x06: "IP over LLC"}

COOKED_TYPES = ("this host", "broadcast", "multicast", "another host", "the network")
"""sll_pkttype of packet(7): whom the frame was for; 4 is a frame this host sent."""

FAMILIES4 = frozenset({2})
FAMILIES6 = frozenset({10, 24, 28, 30})
"""AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, macOS: the header holds the capturing system's own number."""

PPP_KINDS = {0x0021: IPV4, 0x0057: IPV6}
PPP_NAMES = {0xC021: "PPP LCP", 0x8021: "PPP IPCP", 0x8057: "PPP IPV6CP", 0xC023: "PPP PAP", 0xC223: "PPP CHAP"}


@lru_cache(4096)
def station(octets: bytes) -> Endpoint:
    """A MAC address as an endpoint; 'unknown' where there is none."""
    return Endpoint(octets.hex(":")) if octets else NOBODY


def named(kind: int) -> str:
    return ETHERTYPES.get(kind, f"ethertype 0x{kind:04x}")


def cut(name: str, data: bytes) -> Header:
    return Header(name, NAMED, len(data), inner=name, oddity=f"the frame ends inside its {name} header")


def ethernet(data: bytes) -> Header:
    """IEEE 802.3: Ethernet II or a length with LLC, behind any number of VLAN tags."""
    if len(data) < 14:
        return cut("Ethernet", data)
    source, target = station(data[6:12]), station(data[:6])
    kind = data[12] << 8 | data[13]
    if kind in (IPV4, IPV6):
        return Header("Ethernet", kind, 14, source, target, (), "", (("Ethernet", 0, 14),))
    return tagged("Ethernet", data, kind, 14, source, target)


def tagged(name: str, data: bytes, kind: int, start: int, source: Endpoint, target: Endpoint) -> Header:
    """Whatever an ethertype (or 802.3 length) announces: VLAN tags, LLC, SNAP, PPPoE, then the network header."""
    layers = [(name, 0, start)]
    vlans: list[int] = []
    while kind in VLAN_TAGS and start + 4 <= len(data):
        layers.append((VLAN_TAGS[kind], start, start + 4))
        vlans.append((data[start] << 8 | data[start + 1]) & 0xFFF)
        kind = data[start + 2] << 8 | data[start + 3]
        start += 4
    if kind in VLAN_TAGS:
        return cut(VLAN_TAGS[kind], data)._replace(source=source, target=target, name=name)
    inner = ""
    if kind < 0x0600:
        kind, start, inner = logical_link(data, start, layers)
    elif kind == 0x8864 and start + 8 <= len(data):
        layers.append(("PPPoE", start, start + 6))
        kind, start, inner = point_to_point(data, start + 6, layers)
    elif kind not in (IPV4, IPV6, ARP):
        kind, inner = NAMED, named(kind)
    return Header(name, kind, start, source, target, tuple(vlans), inner, tuple(layers))


def logical_link(data: bytes, start: int, layers: list[tuple[str, int, int]]) -> tuple[int, int, str]:
    """IEEE 802.2 LLC, with SNAP: kind, offset behind, name."""
    llc = data[start : start + 8]
    if len(llc) >= 8 and llc[:2] == b"\xaa\xaa":
        layers.append(("LLC SNAP", start, start + 8))
        kind = llc[6] << 8 | llc[7]
        if llc[3:6] not in (b"\0\0\0", b"\0\0\xf8"):
            return NAMED, start + 8, f"SNAP {llc[3:6].hex(':')} 0x{kind:04x}"
        return (kind, start + 8, "") if kind in (IPV4, IPV6, ARP) else (NAMED, start + 8, named(kind))
    size = min(3, len(llc))
    layers.append(("LLC", start, start + size))
    return NAMED, start + size, LLC_NAMES.get(llc[0], f"LLC 0x{llc[0]:02x}") if llc else "LLC"


def point_to_point(data: bytes, start: int, layers: list[tuple[str, int, int]]) -> tuple[int, int, str]:
    """A PPP protocol field, one or two octets (RFC 1661 section 2, RFC 1662 for the address in front)."""
    begin = start
    if data[start : start + 2] == b"\xff\x03":
        start += 2
    if start >= len(data):
        return NAMED, start, "PPP"
    size = 1 if data[start] & 1 else 2
    protocol = int.from_bytes(data[start : start + size], "big")
    layers.append(("PPP", begin, min(start + size, len(data))))
    kind = PPP_KINDS.get(protocol, NAMED)
    return kind, start + size, "" if kind > 0 else PPP_NAMES.get(protocol, f"PPP 0x{protocol:04x}")


def cooked(data: bytes) -> Header:
    """LINKTYPE_LINUX_SLL: what an 'any' capture of Linux puts in place of the real link header."""
    if len(data) < 16:
        return cut("Linux cooked v1", data)
    packet_type, _, length = struct.unpack_from(">HHH", data)
    source, target = cooked_ends(data[6 : 6 + min(length, 8)], packet_type)
    return tagged("Linux cooked v1", data, cooked_kind(data[14] << 8 | data[15]), 16, source, target)


def cooked2(data: bytes) -> Header:
    """LINKTYPE_LINUX_SLL2."""
    if len(data) < 20:
        return cut("Linux cooked v2", data)
    source, target = cooked_ends(data[12 : 12 + min(data[11], 8)], data[10])
    return tagged("Linux cooked v2", data, cooked_kind(data[0] << 8 | data[1]), 20, source, target)


def cooked_kind(kind: int) -> int:
    # ETH_P_802_3 (1) and ETH_P_802_2 (4) say that an 802.2 header follows, as a length would on Ethernet.
    return kind if kind != 1 else 4


def cooked_ends(address: bytes, packet_type: int) -> tuple[Endpoint, Endpoint]:
    name = COOKED_TYPES[packet_type] if packet_type < len(COOKED_TYPES) else "unknown"
    return station(bytes(address)), Endpoint(name)


def null(data: bytes) -> Header:
    """LINKTYPE_NULL: the capturing host's AF_ number in its own byte order."""
    if len(data) < 4:
        return cut("NULL", data)
    little = int.from_bytes(data[:4], "little")
    return family("NULL", little if little <= 0xFFFF else int.from_bytes(data[:4], "big"))


def loop(data: bytes) -> Header:
    """LINKTYPE_LOOP: the same in network order (some writers forget that)."""
    if len(data) < 4:
        return cut("LOOP", data)
    big = int.from_bytes(data[:4], "big")
    return family("LOOP", big if big <= 0xFFFF else int.from_bytes(data[:4], "little"))


def family(name: str, number: int) -> Header:
    kind = IPV4 if number in FAMILIES4 else IPV6 if number in FAMILIES6 else NAMED
    return Header(name, kind, 4, inner=f"address family {number}", layers=((name, 0, 4),))


def raw(data: bytes) -> Header:
    """LINKTYPE_RAW: no link header; the version field says which IP."""
    version = data[0] >> 4 if data else 0
    kind = {4: IPV4, 6: IPV6}.get(version, NAMED)
    return Header("RAW", kind, 0, inner=f"IP version {version}")


def raw4(data: bytes) -> Header:
    return Header("IPv4", IPV4, 0)


def raw6(data: bytes) -> Header:
    return Header("IPv6", IPV6, 0)


def ppp(data: bytes) -> Header:
    layers: list[tuple[str, int, int]] = []
    kind, start, inner = point_to_point(data, 0, layers)
    return Header("PPP", kind, start, inner=inner, layers=tuple(layers))


def ppp_over_ethernet(data: bytes) -> Header:
    """LINKTYPE_PPP_ETHER: a PPPoE header (RFC 2516), then PPP."""
    if len(data) < 8:
        return cut("PPPoE", data)
    layers = [("PPPoE", 0, 6)]
    kind, start, inner = point_to_point(data, 6, layers)
    return Header("PPPoE", kind, start, inner=inner, layers=tuple(layers))


def hdlc(data: bytes) -> Header:
    """LINKTYPE_C_HDLC: address, control, then an ethertype."""
    if len(data) < 4:
        return cut("Cisco HDLC", data)
    return tagged("Cisco HDLC", data, data[2] << 8 | data[3], 4, NOBODY, NOBODY)


def nflog(data: bytes) -> Header:
    """LINKTYPE_NFLOG: address family, then attributes in the capturing host's order; the packet is attribute 9."""
    at = 4
    while at + 4 <= len(data):
        length = int.from_bytes(data[at : at + 2], "little")
        if length < 4:
            break
        if data[at + 2] == 9:
            return raw(data[at + 4 :])._replace(name="NFLOG", start=at + 4, layers=(("NFLOG", 0, at + 4),))
        at += length + 3 & ~3
    return Header("NFLOG", NAMED, len(data), inner="NFLOG without a packet", layers=(("NFLOG", 0, len(data)),))
