"""DNS messages read from a datagram's octets (RFC 1035): bounded, and never an exception. Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import ip_address

PORTS = frozenset({53, 5353})
QUESTIONS, ANSWERS = 4, 16
"""Read of one message; more is left unread."""
JUMPS, LABELS = 16, 64
"""Pointers followed and labels read of one name: RFC 1035 allows 127 labels; a loop would have more."""

TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 41: "OPT",
         43: "DS", 46: "RRSIG", 48: "DNSKEY", 64: "SVCB", 65: "HTTPS", 255: "ANY"}  # fmt: skip
CODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}


@dataclass(frozen=True, slots=True)
class Record:
    """An answer."""

    name: str
    type: str
    ttl: int
    """Seconds it may be kept."""
    data: str
    """An address, a name, or '' for a kind that is not read."""


@dataclass(frozen=True, slots=True)
class Dns:
    """A query, or the response to one."""

    identifier: int
    response: bool
    authoritative: bool
    truncated: bool
    recursion_desired: bool
    code: str
    """'NOERROR', 'NXDOMAIN', ..."""
    questions: tuple[tuple[str, str], ...]
    """Name and type of each."""
    answers: tuple[Record, ...] = ()
    count: int = 0
    """Of answers, by the header."""


def parse(octets: bytes) -> Dns | None:
    """The message in a datagram; None where it is none, or is cut before its question."""
    if len(octets) < 12:
        return None
    identifier, flags, asked, answered, _, _ = struct.unpack_from(">6H", octets)
    if not 1 <= asked <= QUESTIONS or flags >> 11 & 15:
        return None
    at, questions = 12, []
    for _ in range(asked):
        name, at = read_name(octets, at)
        if name is None or at + 4 > len(octets):
            return None
        kind = octets[at] << 8 | octets[at + 1]
        questions.append((name, TYPES.get(kind, f"TYPE{kind}")))
        at += 4
    return Dns(
        identifier, bool(flags & 0x8000), bool(flags & 0x0400), bool(flags & 0x0200), bool(flags & 0x0100),
        CODES.get(flags & 15, f"code {flags & 15}"), tuple(questions), records(octets, at, answered), answered,
    )  # fmt: skip


def records(octets: bytes, at: int, count: int) -> tuple[Record, ...]:
    """As many answers as can be read."""
    found: list[Record] = []
    for _ in range(min(count, ANSWERS)):
        name, at = read_name(octets, at)
        if name is None or at + 10 > len(octets):
            break
        kind, _, ttl, length = struct.unpack_from(">HHIH", octets, at)
        at += 10
        if at + length > len(octets):
            break
        found.append(Record(name, TYPES.get(kind, f"TYPE{kind}"), ttl, data(octets, at, kind, length)))
        at += length
    return tuple(found)


def data(octets: bytes, at: int, kind: int, length: int) -> str:
    """What a record says, where it is an address or a name."""
    if (kind, length) in ((1, 4), (28, 16)):
        return str(ip_address(octets[at : at + length]))
    if kind in (2, 5, 12):
        return read_name(octets, at)[0] or ""
    return ""


def read_name(octets: bytes, at: int) -> tuple[str | None, int]:
    """The name at a place and the place behind it; None for a name that is cut, or points in circles."""
    labels: list[str] = []
    behind, jumps = -1, 0
    while at < len(octets) and len(labels) <= LABELS:
        length = octets[at]
        if length == 0:
            return ".".join(labels) or ".", at + 1 if behind < 0 else behind
        if length >= 192:
            jumps += 1
            if jumps > JUMPS or at + 1 >= len(octets):
                break
            behind = at + 2 if behind < 0 else behind
            at = (length & 63) << 8 | octets[at + 1]
        elif length > 63 or at + 1 + length > len(octets):
            break
        else:
            labels.append(octets[at + 1 : at + 1 + length].decode("ascii", "replace"))
            at += 1 + length
    return None, at
