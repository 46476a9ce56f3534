"""Packet scripts read: text in, observations out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from pktscope.model import (
    ACK,
    FIN,
    SYN,
    Arp,
    Call,
    End,
    Endpoint,
    Fate,
    Frame,
    Icmp,
    Igmp,
    Ip,
    Observation,
    Other,
    Quoted,
    Return,
    Sample,
    Side,
    State,
    Tcp,
    TcpOptions,
    Transport,
    Udp,
    Whole,
)
from pktscope.notation.cursor import FLAGS, PROTOCOLS, SIDES, TICK, UNITS, Cursor, filler
from pktscope.seq import MODULUS


class BadNotation(ValueError):
    """A line that cannot be read, with its number."""


@dataclass(frozen=True, slots=True)
class Script:
    """A conversation read from notation."""

    observations: tuple[Observation, ...]
    marks: tuple[tuple[str, ...], ...]
    """For each observation the rule ids marked on its line."""

    @property
    def wire(self) -> bool:
        """Whether it tells what the lab's wire did to frames."""
        return any(isinstance(seen, Fate) for seen in self.observations)

    @property
    def links(self) -> tuple[str, ...]:
        """The links its frames were seen on, in the order of the path ('via client-R1')."""
        seen = (each.interface for each in self.observations if isinstance(each, Frame))
        return tuple(dict.fromkeys(name for name in seen if name))


def read(text: str) -> Script:
    """Read a script. Raises BadNotation with the line number."""
    cursor = Cursor()
    seen: list[Observation] = []
    marks: list[tuple[str, ...]] = []
    for place, raw in enumerate(text.splitlines(), 1):
        line, marked = unmark(raw)
        if not line:
            continue
        try:
            found = read_line(line, cursor)
        except (ValueError, KeyError, IndexError, AttributeError) as error:
            raise BadNotation(f"line {place}: {raw.strip()!r}: {error}") from error
        seen.extend(found)
        marks.extend(() for _ in found[:-1])
        if found:
            marks.append(marked)
    return Script(tuple(seen), tuple(marks))


MARK = re.compile(r"(?:^|\s)#\s*(?P<ids>[^\"]*)$")


def unmark(raw: str) -> tuple[str, tuple[str, ...]]:
    """A line without its mark, and the rule ids of the mark."""
    found = MARK.search(raw)
    if found is None:
        return raw.strip(), ()
    return raw[: found.start()].strip(), tuple(re.findall(r"[a-z0-9]+\.[a-z0-9-]+", found["ids"]))


def read_line(line: str, cursor: Cursor) -> list[Observation]:
    """The observations of one line; an empty list for a line that only sets something."""
    if line.startswith("+"):
        cursor.time += read_time(line[1:]) - TICK
        return []
    if heading := re.fullmatch(r"(tcp|udp|icmp)\s+(\S+)\s*>\s*(\S+)", line):
        cursor.protocol, cursor.client, cursor.server = heading[1], endpoint(heading[2]), endpoint(heading[3])
        return []
    if numbers := re.fullmatch(r"isn\s+(\d+)\s+(\d+)", line):
        cursor.isn = {Side.CLIENT: int(numbers[1]) % MODULUS, Side.SERVER: int(numbers[2]) % MODULUS}
        return []
    if line.startswith("~"):
        return [read_fate(line[1:].split(), cursor)]
    if asked := re.fullmatch(r"([CS])\?\s*(\w+)((?:\s+\w+\s+\d+)*)", line):
        return [read_sample(SIDES[asked[1]], asked[2], asked[3].split(), cursor)]
    if line.split()[0] == "end":
        return [read_end(line.split()[1:], cursor)]
    if called := re.fullmatch(CALL, line):
        return read_call(SIDES[called["side"]], called, cursor)
    if arrow := re.fullmatch(r"([CS])\s*>\s*([CS])\s+(.+)", line):
        cursor.time += TICK
        words, oddities = split_oddities(shlex.split(arrow[3], posix=False))
        return [replace(read_frame(SIDES[arrow[1]], words, cursor), oddities=oddities)]
    raise ValueError("not a line of notation")


def read_time(text: str) -> int:
    """'41ms' in nanoseconds."""
    found = re.fullmatch(r"(\d+)\s*(s|ms|us|ns)", text.strip())
    if found is None:
        raise ValueError("a time is a whole number and s, ms, us or ns")
    return int(found[1]) * dict(UNITS)[found[2]]


def endpoint(text: str) -> Endpoint:
    """'127.0.0.1:8000', '[::1]:8000' or an address alone."""
    if text.startswith("["):
        address, _, port = text[1:].partition("]:")
        return Endpoint(address, int(port))
    address, colon, port = text.rpartition(":")
    return Endpoint(address, int(port)) if colon and address.count(":") == 0 else Endpoint(text)


def read_fate(words: list[str], cursor: Cursor) -> Fate:
    """'~ dropped', '~ delivered 3' (the frame of that number; else the newest), '~ doubled 3 again'."""
    if words[0] not in ("delivered", "dropped", "delayed", "doubled", "damaged", "swapped"):
        raise ValueError(f"no such fate: {words[0]}")
    cursor.time += TICK
    number = int(words[1]) if len(words) > 1 else cursor.number
    copies = 0 if words[0] == "dropped" else 2 if words[-1] == "again" else 1
    return Fate(cursor.time, number, words[0], (cursor.time,) * copies)  # type: ignore[arg-type]  # checked above


def read_sample(side: Side, state: str, words: list[str], cursor: Cursor) -> Sample:
    """'C? ESTABLISHED rtt 40000 snd_cwnd 10': what the kernel says of that side's socket (TCP_INFO)."""
    cursor.time += TICK
    info = tuple((name, int(value)) for name, value in zip(words[::2], words[1::2], strict=True))
    return Sample(cursor.time, cursor.time, side, State(state), 1 if side is Side.CLIENT else 2, info=info)


def read_end(words: list[str], cursor: Cursor) -> End:
    cursor.time += TICK
    reason = words[0] if words and words[0] != "dropped" else "finished"
    if reason not in ("finished", "cut", "interrupted"):
        raise ValueError(f"no way to end: {reason}")
    dropped = int(words[words.index("dropped") + 1]) if "dropped" in words else None
    return End(cursor.time, reason, dropped)  # type: ignore[arg-type]  # checked above


CALL = (
    r"(?P<side>[CS]):\s*(?:(?:(?P<socket>\d+)\s+)?(?:(?P<protocol>[a-z]+)\s+)?(?P<name>\w+)\((?P<arguments>.*?)\))?"
    r"\s*(?:=\s*(?P<result>\S.*))?"
)


def read_call(side: Side, words: re.Match[str], cursor: Cursor) -> list[Observation]:
    """`name(arguments)`, `= result`, or both; in front, which socket of its side it is and what that speaks."""
    name, arguments, result, protocol = (words[part] for part in ("name", "arguments", "result", "protocol"))
    socket = int(words["socket"] or (1 if side is Side.CLIENT else 2))
    seen: list[Observation] = []
    if name is not None:
        cursor.time += TICK
        cursor.serial += 1
        written = arguments or ""
        length = int(written.split(",")[0]) if re.fullmatch(r"\d+(,.*)?", written) and name in COUNTED else None
        call = Call(
            cursor.time, side, 1 if side is Side.CLIENT else 2, cursor.serial, name, written,
            socket, protocol=protocol or cursor.protocol, length=length,  # type: ignore[arg-type]
        )  # fmt: skip
        cursor.open[side].append(call)
        seen.append(call)
    if result is not None:
        cursor.time += TICK
        call = cursor.open[side].pop()
        number = int(first) if (first := result.split()[0]).isdigit() else None
        error = result if re.fullmatch(r"E[A-Z0-9]+|timeout|[A-Z]\w*Error", result) else ""
        seen.append(
            Return(
                cursor.time, side, call.pid, call.serial, call.name, call.socket, result,
                number if call.name in COUNTED else None, error=error,
            )
        )  # fmt: skip
    return seen


COUNTED = frozenset(
    {"send", "sendall", "sendto", "sendmsg", "recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg"}
)


def read_frame(side: Side, words: list[str], cursor: Cursor) -> Frame:
    """One arrow."""
    if words[0] == "FRAGMENT":
        return read_fragment(side, words[1:], cursor)
    if words[0] in ("ARP", "IGMP"):
        return read_portless(words, cursor)
    build = BUILDERS.get(words[0], read_segment)
    transport, payload, length, end = build(side, words, cursor)
    version, below = (6, 40) if ":" in cursor.client.address else (4, 20)
    icmp = 58 if version == 6 else 1
    header, protocol = {Tcp: (20, 6), Udp: (8, 17), Icmp: (8, icmp), Other: (0, 0)}[type(transport)]
    ip = Ip(
        6 if version == 6 else 4, below, below + header + length, int(valued(words, "ttl", 64)), protocol,
        identification=optional(words, "id"), traffic_class=valued(words, "tos", 0),
    )  # fmt: skip
    source = Endpoint(words[words.index("from") + 1]) if "from" in words else cursor.endpoint(side)
    frame = Frame(
        cursor.number + 1, cursor.time, b"", ip.total_length, source, cursor.endpoint(side.other), ip,
        transport, payload, length, unfilled_checksum="unfilled" in words,
        interface=words[words.index("via") + 1] if "via" in words else "",
    )  # fmt: skip
    cursor.sent(side, frame, end)
    return frame


def read_portless(words: list[str], cursor: Cursor) -> Frame:
    """'ARP 1 10.0.0.1 02:00:00:00:00:01 10.0.0.2 00:00:00:00:00:00', 'IGMP 34 127.0.0.1 4 239.1.2.3'."""
    link = words[words.index("via") + 1] if "via" in words else ""
    words = words[: next((place for place, word in enumerate(words) if word in ("via", "ttl")), len(words))]
    transport: Arp | Igmp
    if words[0] == "ARP":
        transport = Arp(int(words[1]), *words[2:6])
        source, target, ip = Endpoint(transport.sender), Endpoint(transport.target), None
    else:
        pairs = [(int(kind), group) for kind, group in zip(words[3::2], words[4::2], strict=True)]
        version3 = words[1] == "34"
        transport = Igmp(int(words[1]), "0.0.0.0" if version3 else pairs[0][1], tuple(pairs) if version3 else ())
        source, target = Endpoint(words[2]), Endpoint("224.0.0.22" if version3 else transport.group)
        ip = Ip(4, 24, 32 + 8 * len(transport.records), 1, 2, options=("router alert",))
    length = 28 if ip is None else ip.total_length
    frame = Frame(cursor.number + 1, cursor.time, b"", length, source, target, ip, transport, interface=link)
    cursor.number += 1
    return frame


def valued(words: list[str], name: str, default: int) -> int:
    """The number behind a word."""
    return int(words[words.index(name) + 1]) if name in words else default


def optional(words: list[str], name: str) -> int | None:
    return valued(words, name, 0) if name in words else None


def split_oddities(words: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """The words of an arrow without its oddities, and those: 'odd "the header is too long"'."""
    if "odd" not in words:
        return words, ()
    at = words.index("odd")
    return words[:at], tuple((quoted_text([word]) or b"").decode("latin-1") for word in words[at + 1 :])


def quoted_text(words: list[str]) -> bytes | None:
    """The payload written in quotes."""
    for word in words:
        if word.startswith('"') and word.endswith('"') and len(word) > 1:
            return word[1:-1].encode("latin-1").decode("unicode_escape").encode("latin-1")
    return None


def read_segment(side: Side, words: list[str], cursor: Cursor) -> tuple[Tcp, bytes, int, int]:
    """'PSH ACK 1:11 win 500': (header, payload, length, number behind it)."""
    flags, ack, span = 0, cursor.nxt[side.other], None
    for at, word in enumerate(words):
        if word in FLAGS:
            flags |= FLAGS[word]
            if word == "ACK" and at + 1 < len(words) and re.fullmatch(r"-?\d+", words[at + 1]):
                ack = int(words[at + 1])
        elif re.fullmatch(r"-?\d+:-?\d+", word) and words[at - 1] != "sack":
            low, _, high = word.partition(":")
            span = (int(low), int(high))
        elif at == 0:
            raise ValueError(f"no such flag: {word}")
    implied = 0 if flags & SYN else cursor.nxt[side]
    seq = span[0] if span else valued(words, "seq", implied)
    length = span[1] - span[0] if span else 0
    if length < 0:
        raise ValueError("a range runs upwards")
    payload = quoted_text(words)
    if payload is None:
        payload = filler(seq, min(length, valued(words, "cut", length)))
    options = read_options(words, side, cursor)
    header = Tcp(
        (cursor.isn[side] + seq) % MODULUS, (cursor.isn[side.other] + ack) % MODULUS if flags & ACK else 0, flags,
        valued(words, "win", 512), 20, urgent=valued(words, "urg", 0), options=options,
    )  # fmt: skip
    return header, payload, length, seq + length + bool(flags & SYN) + bool(flags & FIN)


def read_options(words: list[str], side: Side, cursor: Cursor) -> TcpOptions:
    """mss, wscale, sack, ts, tfo."""
    blocks = words[words.index("sack") + 1] if "sack" in words and words[-1] != "sack" else ""
    sack: tuple[tuple[int, int], ...] = ()
    if re.fullmatch(r"(-?\d+:-?\d+)(,-?\d+:-?\d+)*", blocks):
        base = cursor.isn[side.other]
        pairs = (pair.split(":") for pair in blocks.split(","))
        sack = tuple(((base + int(low)) % MODULUS, (base + int(high)) % MODULUS) for low, high in pairs)
    stamp = None
    if "ts" in words:
        at = words.index("ts")
        stamp = (int(words[at + 1]), int(words[at + 2]))
    cookie = bytes.fromhex(words[words.index("tfo") + 1].strip("-")) if "tfo" in words else None
    return TcpOptions(
        optional(words, "mss"), optional(words, "wscale"), "sack" in words and not sack, sack, stamp, cookie
    )


def read_udp(side: Side, words: list[str], cursor: Cursor) -> tuple[Udp, bytes, int, int]:
    """'UDP 10'."""
    length = int(words[1])
    payload = quoted_text(words)
    return Udp(length + 8), filler(0, length) if payload is None else payload, length, 0


def read_icmp(side: Side, words: list[str], cursor: Cursor) -> tuple[Icmp, bytes, int, int]:
    """'ICMP 3/3', 'ICMP 3/4 mtu 1000', 'ICMP 8/0 echo 7 1'."""
    kind, _, code = words[1].partition("/")
    identifier = sequence = None
    if "echo" in words:
        at = words.index("echo")
        identifier, sequence = int(words[at + 1]), int(words[at + 2])
    about = cursor.newest.get(side.other) if "echo" not in words else None
    quote = None
    if about is not None and about.ip is not None:
        raw = about.transport.seq if isinstance(about.transport, Tcp) else None
        quote = Quoted(
            about.source, about.target, about.ip.protocol, about.ip.identification, raw, about.ip.total_length
        )
    version: Literal[4, 6] = 6 if ":" in cursor.client.address else 4
    message = Icmp(version, int(kind), int(code), 0, identifier, sequence, optional(words, "mtu"), quote)
    return message, b"", valued(words, "length", 0), 0


def read_other(side: Side, words: list[str], cursor: Cursor) -> tuple[Other, bytes, int, int]:
    """'OTHER ARP "who has 10.0.0.2?"'."""
    summary = quoted_text(words)
    return Other(words[1], summary.decode("latin-1") if summary else ""), b"", 0, 0


Reading: TypeAlias = "Callable[[Side, list[str], Cursor], tuple[Transport, bytes, int, int]]"
BUILDERS: dict[str, Reading] = {"UDP": read_udp, "ICMP": read_icmp, "OTHER": read_other}


def read_fragment(side: Side, words: list[str], cursor: Cursor) -> Frame:
    """'FRAGMENT 0:1480 id 7', 'FRAGMENT 1480:1488 id 7 last UDP 1480'."""
    low, _, high = words[0].partition(":")
    start, end = int(low), int(high)
    kind = PROTOCOLS[cursor.protocol]
    ip = Ip(
        4, 20, 20 + end - start, 64, kind, identification=valued(words, "id", 0),
        more_fragments="last" not in words, fragment_offset=start,
    )  # fmt: skip
    key = (side, ip.identification)
    pieces = cursor.pieces.setdefault(key, [])
    pieces.append(cursor.number + 1)
    transport, payload, length, whole = None, b"", 0, None
    if "UDP" in words:
        transport, payload, length, _ = read_udp(side, words[words.index("UDP") :], cursor)
        whole = Whole(tuple(pieces), length + 8, "overlap" in words, "conflict" in words)
        del cursor.pieces[key]
    frame = Frame(
        cursor.number + 1, cursor.time, b"", ip.total_length, cursor.endpoint(side), cursor.endpoint(side.other), ip,
        transport, payload, length, whole=whole, interface=words[words.index("via") + 1] if "via" in words else "",
    )  # fmt: skip
    cursor.sent(side, frame, 0)
    return frame
