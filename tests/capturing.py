"""Captures made by hand, octet by octet, for the tests of pktscope.capture."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from pathlib import Path

from pktscope.capture.store import Store
from pktscope.model import Conversation, Frame, Observation

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
PATIENCE = 60.0

ETHERNET = bytes.fromhex("020000000002020000000001")
"""Two addresses; the ethertype follows."""


# --- packets ---------------------------------------------------------------------------------------------------------


def ether(payload: bytes, kind: int | None = None) -> bytes:
    """An Ethernet II frame around an IP packet."""
    if kind is None:
        kind = 0x86DD if payload[0] >> 4 == 6 else 0x0800
    return ETHERNET + struct.pack(">H", kind) + payload


def octets(address: str) -> bytes:
    return bytes(int(part) for part in address.split("."))


def ip4(
    payload: bytes,
    protocol: int,
    source: str = "10.0.0.1",
    target: str = "10.0.0.2",
    *,
    offset: int = 0,
    more: bool = False,
    identification: int = 7,
    total: int | None = None,
    options: bytes = b"",
) -> bytes:
    """An IPv4 packet; `offset` in octets."""
    header = 20 + len(options)
    length = header + len(payload) if total is None else total
    field = offset // 8 | (0x2000 if more else 0)
    fixed = struct.pack(">BBHHHBBH", 0x40 | header // 4, 0, length, identification, field, 64, protocol, 0)
    return fixed + octets(source) + octets(target) + options + payload


def ip6(payload: bytes, protocol: int, source: int = 1, target: int = 2) -> bytes:
    """An IPv6 packet between fd00::source and fd00::target; extension headers are part of the payload."""
    addresses = b"".join(b"\xfd" + bytes(14) + bytes([last]) for last in (source, target))
    return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + addresses + payload


def tcp(
    source: int, target: int, flags: int, *, seq: int = 0, ack: int = 0, data: bytes = b"", options: bytes = b""
) -> bytes:
    """A TCP segment with checksum 0."""
    words = (5 + len(options) // 4) << 12 | flags
    return struct.pack(">HHIIHHHH", source, target, seq, ack, words, 1000, 0, 0) + options + data


def udp(source: int, target: int, data: bytes, length: int | None = None, checksum: int = 0) -> bytes:
    """A UDP datagram."""
    return struct.pack(">HHHH", source, target, 8 + len(data) if length is None else length, checksum) + data


# --- files -----------------------------------------------------------------------------------------------------------


def pcap(
    packets: Iterable[bytes],
    *,
    order: str = "<",
    magic: int = 0xA1B2C3D4,
    link: int = 1,
    step: int = 1000,
    wire: int | None = None,
) -> bytes:
    """A pcap file; a packet's stamp is one microsecond (or nanosecond, by the magic) times `step` behind the last's."""
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)]
    extra = bytes(8) if magic == 0xA1B2CD34 else b""
    for number, data in enumerate(packets):
        length = len(data) if wire is None else wire
        parts.append(struct.pack(order + "IIII", START // SECOND, number * step, len(data), length) + extra + data)
    return b"".join(parts)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """A pcapng block."""
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int = 1, order: str = "<", snaplen: int = 0, options: bytes = b"") -> bytes:
    return block(1, struct.pack(order + "HHI", link, 0, snaplen) + options, order)


def packet(
    data: bytes,
    ticks: int = START // 1000,
    number: int = 0,
    order: str = "<",
    *,
    captured: int | None = None,
    options: bytes = b"",
) -> bytes:
    """An enhanced packet block; microseconds unless the interface says otherwise."""
    size = len(data) if captured is None else captured
    head = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, size, len(data))
    return block(6, head + data + bytes(-len(data) % 4) + options, order)


# --- reading ---------------------------------------------------------------------------------------------------------


def read(octets: bytes) -> Store:
    """A finished store of a capture given as octets."""
    store = Store.from_stream(io.BytesIO(octets))
    assert store.wait(PATIENCE)
    return store


def opened(path: Path) -> Store:
    """A finished store of a file."""
    store = Store.open(str(path))
    assert store.wait(PATIENCE)
    return store


def everything(store: Store, conversation: Conversation | None = None, page: int = 200) -> list[Observation]:
    """All a reader of a finished store delivers."""
    reader = store.reader(conversation)
    found: list[Observation] = []
    while not reader.done:
        found += reader.more(page)
    return found


def frames(store: Store, conversation: Conversation | None = None) -> list[Frame]:
    """The frames among them."""
    return [one for one in everything(store, conversation) if isinstance(one, Frame)]
