"""IEEE 802.11 frames, bare or behind radiotap: far enough to find IP in data frames that are not encrypted."""

from __future__ import annotations

from pktscope.capture.link import NAMED, NOBODY, Header, cut, logical_link, station
from pktscope.model import Endpoint

MANAGEMENT = {
    0: "association request", 1: "association response", 2: "reassociation request", 3: "reassociation response",
    4: "probe request", 5: "probe response", 8: "beacon", 10: "disassociation", 11: "authentication",
    12: "deauthentication", 13: "action",
}  # fmt: skip
CONTROL = {8: "block ack request", 9: "block ack", 10: "power-save poll", 11: "request to send", 12: "clear to send",
           13: "acknowledgement"}  # fmt: skip

ENDS = {0: (10, 4), 2: (16, 4), 1: (10, 16), 3: (24, 16)}
"""To-DS and from-DS bits -> where the addresses of the first sender and the last receiver stand (802.11 table 9-30)."""

NULL_DATA, QOS, TO_AND_FROM, PROTECTED, ORDER, AGGREGATE = 4, 8, 3, 0x40, 0x80, 0x80
"""Bits of the subtype, of the second control octet, and of the QoS control field."""


def radiotap(data: bytes) -> Header:
    """LINKTYPE_IEEE802_11_RADIOTAP: a header of its own length, little-endian, then the 802.11 frame."""
    length = int.from_bytes(data[2:4], "little")
    if len(data) < 8 or not 8 <= length <= len(data):
        return cut("radiotap", data)
    return wireless(data, length, name="radiotap", padded=bool(radio_flags(data[:length]) & 0x20))


def radio_flags(data: bytes) -> int:
    """The flags octet of a radiotap header, 0 where it has none: bit 0x20 says the 802.11 header is padded to four."""
    present = int.from_bytes(data[4:8], "little")
    at, word = 8, present
    while word >> 31 and at + 4 <= len(data):
        word = int.from_bytes(data[at : at + 4], "little")
        at += 4
    if present & 1:  # the timer of eight octets, aligned
        at = (at + 7 & ~7) + 8
    return data[at] if present & 2 and at < len(data) else 0


def bare(data: bytes) -> Header:
    """LINKTYPE_IEEE802_11."""
    return wireless(data, 0, name="IEEE 802.11", padded=False)


def wireless(data: bytes, start: int, *, name: str, padded: bool) -> Header:
    """The 802.11 frame at `start`, behind a radiotap header if that is not 0."""
    layers = [("radiotap", 0, start)] if start else []
    if start + 10 > len(data):
        return cut(name, data)
    kind, subtype, flags = data[start] >> 2 & 3, data[start] >> 4, data[start + 1]
    source, target = ends(data, start, kind, flags)
    header = Header(name, NAMED, len(data), source, target)
    if kind != 2:
        what = {0: MANAGEMENT, 1: CONTROL}.get(kind, {}).get(subtype, f"type {kind} subtype {subtype}")
        return header._replace(inner=f"802.11 {what}", layers=(*layers, ("IEEE 802.11", start, len(data))))
    size = 24 + (6 if flags & TO_AND_FROM == TO_AND_FROM else 0)
    control = data[start + size : start + size + 1] if subtype & QOS else b""
    size += (2 if subtype & QOS else 0) + (4 if subtype & QOS and flags & ORDER else 0)
    size += -size % 4 if padded else 0
    layers.append(("IEEE 802.11", start, min(start + size, len(data))))
    inner = "802.11 null data" if subtype & NULL_DATA else ""
    if flags & PROTECTED:
        inner = "802.11 encrypted data"
    elif control and control[0] & AGGREGATE:
        inner = "802.11 aggregated data"
    if inner or start + size >= len(data):
        return header._replace(start=min(start + size, len(data)), inner=inner or "802.11 data", layers=tuple(layers))
    behind, at, inner = logical_link(data, start + size, layers)
    return Header(name, behind, at, source, target, (), inner, tuple(layers))


def ends(data: bytes, start: int, kind: int, flags: int) -> tuple[Endpoint, Endpoint]:
    """Sender and receiver, as far as the frame has them."""
    source, target = ENDS[flags & TO_AND_FROM] if kind == 2 else (10, 4)
    return place(data, start + source), place(data, start + target)


def place(data: bytes, at: int) -> Endpoint:
    return station(data[at : at + 6]) if at + 6 <= len(data) else NOBODY
