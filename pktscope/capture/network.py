"""IP headers, version 4 (RFC 791) and 6 (RFC 8200), read so that no octets whatever can raise."""

from __future__ import annotations

import struct
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_ntop
from typing import NamedTuple

from pktscope.model import Endpoint, Ip
from pktscope.words import say


class Packet(NamedTuple):
    """An IP header, and where what it carries lies in the data it was read from."""

    ip: Ip
    source: bytes
    target: bytes
    start: int
    """Offset of the first octet behind the IP headers."""
    end: int
    """Offset behind the last captured octet the packet has by its own header (padding is not counted)."""
    wire_end: int
    """The same on the wire: behind `end` where the capture cut."""
    oddities: tuple[str, ...] = ()
    rerouted: bool = False
    """A routing header with segments left: checksums are over another target than this header's."""


@lru_cache(16384)
def endpoint(address: bytes, port: int | None = None) -> Endpoint:
    """An endpoint from the octets of an IPv4 or IPv6 address."""
    return Endpoint(inet_ntop(AF_INET if len(address) == 4 else AF_INET6, address), port)


IPV4_FIELDS = struct.Struct(">BBHHHBB").unpack_from

IPV4_OPTIONS = {
    7: "record route", 68: "timestamp", 130: "security", 131: "loose source route", 134: "commercial security",
    136: "stream id", 137: "strict source route", 148: "router alert", 82: "traceroute",
}  # fmt: skip

EXTENSIONS = {
    0: "hop-by-hop options", 43: "routing", 44: "fragment", 51: "authentication", 60: "destination options",
    135: "mobility", 139: "host identity", 140: "shim6",
}  # fmt: skip
"""IPv6 extension headers by next-header number; ESP hides what follows, and so is none here."""


def read_ipv4(data: bytes, start: int, wire_length: int) -> Packet | None:
    """The IPv4 packet at `start` of a frame with `wire_length` octets on the wire; None if there is no such header."""
    if len(data) < start + 20:
        return None
    first, service, total, identification, flags, ttl, protocol = IPV4_FIELDS(data, start)
    header = (first & 15) * 4
    if first >> 4 != 4 or header < 20:
        return None
    oddities = []
    room = max(wire_length, len(data)) - start
    length = total
    if total == 0:
        length = room  # left to segmentation offload, which writes the real lengths
    elif total > room:
        oddities.append(
            say("the IP header says {total:,} octets, the frame has room for {room:,}", {"total": total, "room": room})
        )
        length = room
    elif total < header:
        oddities.append(
            say("the IP header says {total} octets in all but {header} for itself", {"total": total, "header": header})
        )
        length = header
    options: tuple[str, ...] = ()
    if header > 20:
        options, odd = ipv4_options(data[start + 20 : start + header])
        oddities += odd
    ip = Ip(
        4, header, total, ttl, protocol, service, identification,
        bool(flags & 0x4000), bool(flags & 0x2000), (flags & 0x1FFF) * 8, options,
    )  # fmt: skip
    wire_end = max(start + length, start + header)
    return Packet(
        ip, data[start + 12 : start + 16], data[start + 16 : start + 20],
        start + header, min(wire_end, len(data)), wire_end, tuple(oddities),
    )  # fmt: skip


def ipv4_options(octets: bytes) -> tuple[tuple[str, ...], list[str]]:
    """The names of the options, and what is wrong with them."""
    names: list[str] = []
    position = 0
    while position < len(octets) and octets[position] != 0:
        kind = octets[position]
        if kind == 1:
            position += 1
            continue
        length = octets[position + 1] if position + 1 < len(octets) else 0
        names.append(IPV4_OPTIONS.get(kind, f"option {kind}"))
        if length < 2 or position + length > len(octets):
            return tuple(names), [
                say(
                    "IPv4 option {kind} claims {length} octets where {left} are left",
                    {"kind": kind, "length": length, "left": len(octets) - position},
                )
            ]
        position += length
    return tuple(names), []


def read_ipv6(data: bytes, start: int, wire_length: int) -> Packet | None:
    """The IPv6 packet at `start`, its extension headers walked; None if there is no such header."""
    if len(data) < start + 40 or data[start] >> 4 != 6:
        return None
    first, payload, protocol, hops = struct.unpack_from(">IHBB", data, start)
    room = max(wire_length, len(data)) - start
    length = 40 + payload
    oddities = []
    if payload == 0 and protocol != 59:
        length = room  # a jumbogram (RFC 2675), or left to offload
    elif length > room:
        oddities.append(
            say(
                "the IP header says {length:,} octets, the frame has room for {room:,}",
                {"length": length, "room": room},
            )
        )
        length = room
    wire_end = start + length
    chain = extensions(data, start + 40, min(wire_end, len(data)), protocol)
    oddities += chain.oddities
    ip = Ip(
        6, chain.start - start, 40 + payload if payload else length, hops, chain.protocol, first >> 20 & 255,
        chain.identification, False, chain.more, chain.offset, chain.names,
    )  # fmt: skip
    return Packet(
        ip, data[start + 8 : start + 24], data[start + 24 : start + 40],
        chain.start, max(chain.start, min(wire_end, len(data))), max(chain.start, wire_end), tuple(oddities),
        chain.rerouted,
    )  # fmt: skip


class Chain(NamedTuple):
    """A walk along IPv6 extension headers."""

    protocol: int
    start: int
    """Offset behind the last header walked."""
    names: tuple[str, ...] = ()
    starts: tuple[int, ...] = ()
    identification: int | None = None
    more: bool = False
    offset: int = 0
    oddities: tuple[str, ...] = ()
    rerouted: bool = False


def extensions(data: bytes, start: int, end: int, protocol: int) -> Chain:
    """Walk extension headers from `start`; a real fragment header ends the walk, as the rest need not be a header."""
    names: list[str] = []
    starts: list[int] = []
    oddities: tuple[str, ...] = ()
    identification, more, offset, rerouted = None, False, 0, False
    while protocol in EXTENSIONS:
        if start + 8 > end:
            oddities = (say("the packet ends inside its {name} header", {"name": EXTENSIONS[protocol]}),)
            break
        following, size = data[start], data[start + 1]
        length = 8 if protocol == 44 else (size + 2) * 4 if protocol == 51 else (size + 1) * 8
        if start + length > end:
            oddities = (
                say(
                    "the {name} header claims {length} octets where {left} are left",
                    {"name": EXTENSIONS[protocol], "length": length, "left": end - start},
                ),
            )
            break
        names.append(EXTENSIONS[protocol])
        starts.append(start)
        if protocol == 43:
            rerouted = rerouted or data[start + 3] > 0
        elif protocol == 44:
            field, identification = struct.unpack_from(">HI", data, start + 2)
            more, offset = bool(field & 1), field & 0xFFF8
        start += length
        protocol = following
        if more or offset:
            break
    return Chain(protocol, start, tuple(names), tuple(starts), identification, more, offset, oddities, rerouted)
