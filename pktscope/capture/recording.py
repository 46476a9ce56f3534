"""Our recordings: pcapng with nanosecond stamps, and what is no packet as systemd journal blocks between the packets.

Wireshark and tshark list those blocks in line with the packets ("client: connect(('127.0.0.1', 8000))"); tcpdump, scapy
and libpcap skip them. The same format is the live stream between the process that sniffs and the one that shows. The
order in the stream is the order of happening; no reader re-sorts.

A journal block holds one entry in journal export format (lines of NAME=value). For people: MESSAGE. For us:
PKTSCOPE_TIME, the exact nanoseconds, PKTSCOPE_KIND, and PKTSCOPE_DATA, the observation as one line of JSON.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, NamedTuple, TypeAlias

from pktscope.model import Call, End, Endpoint, Exchange, Fate, Return, Sample, Side, State

Told: TypeAlias = Call | Return | Sample | Fate | End | Exchange
"""What a journal block can hold."""


class BadEntry(ValueError):
    """A journal block that says it is ours but cannot be: the text says why in plain words."""


# --- observations as JSON values -----------------------------------------------------------------------------------


class Codec(NamedTuple):
    """How one field becomes a JSON value, and comes back checked."""

    out: Callable[[Any], Any]
    back: Callable[[Any], Any]


def checked(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise BadEntry(f"{kind.__name__} expected, not {type(value).__name__}")
    return value


def whole_number(value: Any) -> int:
    number: int = checked(int, value)
    if not -(1 << 63) <= number < 1 << 63:
        raise BadEntry("a number is too large")
    return number


def endpoint_back(value: Any) -> Endpoint:
    address, port = pair(value)
    return Endpoint(checked(str, address), None if port is None else whole_number(port))


def pair(value: Any) -> tuple[Any, Any]:
    if type(value) is not list or len(value) != 2:
        raise BadEntry("a pair expected")
    return value[0], value[1]


def optional(codec: Codec) -> Codec:
    return Codec(
        lambda value: None if value is None else codec.out(value),
        lambda value: None if value is None else codec.back(value),
    )


def several(codec: Codec) -> Codec:
    return Codec(
        lambda values: [codec.out(value) for value in values],
        lambda values: tuple(codec.back(value) for value in checked(list, values)),
    )


def both(first: Codec, second: Codec) -> Codec:
    return Codec(
        lambda values: [first.out(values[0]), second.out(values[1])],
        lambda values: (first.back(pair(values)[0]), second.back(pair(values)[1])),
    )


def one_of(*allowed: str) -> Codec:
    def back(value: Any) -> str:
        if value not in allowed:
            raise BadEntry(f"one of {', '.join(allowed)} expected")
        return str(value)

    return Codec(str, back)


NUMBER = Codec(int, whole_number)
TEXT = Codec(str, lambda value: checked(str, value))
OCTETS = Codec(bytes.hex, lambda value: bytes.fromhex(checked(str, value)))
SIDE = Codec(str, Side)
STATE = Codec(str, State)
ENDPOINT = Codec(lambda end: [end.address, end.port], endpoint_back)
PROTOCOL = one_of("tcp", "udp", "icmp", "raw", "unix", "")
FATE = one_of("delivered", "dropped", "delayed", "doubled", "damaged", "swapped")
REASON = one_of("finished", "cut", "interrupted")

FIELDS: dict[type, dict[str, Codec]] = {
    Call: {
        "time": NUMBER, "side": SIDE, "pid": NUMBER, "serial": NUMBER, "name": TEXT, "arguments": TEXT,
        "socket": NUMBER, "descriptor": NUMBER, "protocol": PROTOCOL, "local": optional(ENDPOINT),
        "peer": optional(ENDPOINT), "length": optional(NUMBER), "data": OCTETS, "file": TEXT, "line": NUMBER,
        "program": NUMBER,
    },
    Return: {
        "time": NUMBER, "side": SIDE, "pid": NUMBER, "serial": NUMBER, "name": TEXT, "socket": NUMBER,
        "result": TEXT, "length": optional(NUMBER), "data": OCTETS, "error": TEXT, "local": optional(ENDPOINT),
        "peer": optional(ENDPOINT), "new_socket": optional(NUMBER),
    },
    Sample: {
        "time": NUMBER, "since": NUMBER, "side": SIDE, "state": STATE, "socket": NUMBER,
        "local": optional(ENDPOINT), "peer": optional(ENDPOINT), "timer": TEXT, "timer_left": NUMBER,
        "unread": NUMBER, "unacknowledged": NUMBER, "info": several(both(TEXT, NUMBER)),
    },
    Fate: {"time": NUMBER, "frame": NUMBER, "what": FATE, "delivered": several(NUMBER)},
    End: {"time": NUMBER, "reason": REASON, "dropped": optional(NUMBER), "detail": TEXT},
    Exchange: {
        "title": TEXT, "demo": TEXT, "room": TEXT, "settings": several(both(TEXT, TEXT)),
        "sources": several(both(TEXT, TEXT)), "variant": TEXT, "topology": TEXT, "path": several(TEXT),
    },
}  # fmt: skip
KINDS = {kind.__name__.lower(): kind for kind in FIELDS}


def to_json(told: Told) -> str:
    """One line of ASCII."""
    codecs = FIELDS[type(told)]
    return json.dumps({name: codec.out(getattr(told, name)) for name, codec in codecs.items()}, separators=(",", ":"))


def from_json(kind: str, text: str) -> Told:
    """The observation again; fields this version does not know are passed over. Raises BadEntry."""
    if kind not in KINDS:
        raise BadEntry("its kind is not known here; it may come from a newer pktscope")
    codecs = FIELDS[KINDS[kind]]
    try:
        values = checked(dict, json.loads(text))
        told: Told = KINDS[kind](**{name: codecs[name].back(value) for name, value in values.items() if name in codecs})
    except RecursionError:
        raise BadEntry("it is nested too deeply") from None
    except (ValueError, TypeError) as error:
        raise BadEntry(ascii(str(error))[1:-1][:200]) from error
    return told


# --- journal entries -----------------------------------------------------------------------------------------------


def call_message(call: Call) -> str:
    return f"{call.side}: {call.name}({call.arguments})"


def return_message(back: Return) -> str:
    if back.error:
        return f"{back.side}: {back.name}() failed: {back.error}"
    return f"{back.side}: {back.name}() returned {back.result}".rstrip()


def sample_message(sample: Sample) -> str:
    timer = f", {sample.timer} timer running" if sample.timer else ""
    return f"{sample.side}: the kernel says {sample.state}{timer}"


MESSAGES: dict[type, Callable[[Any], str]] = {
    Call: call_message,
    Return: return_message,
    Sample: sample_message,
    Fate: lambda fate: f"wire: frame {fate.frame} was {fate.what}",
    End: lambda end: f"end of the recording: {end.reason}",
    Exchange: lambda exchange: f"exchange: {exchange.title or exchange.demo}",
}


def plain(text: str) -> str:
    """One line of printable text: an entry's line must not end early, and terminals print these lines."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text[:1000])


def entry(told: Told, time: int) -> bytes:
    """The journal entry of an observation, in journal export format."""
    lines = (
        f"__REALTIME_TIMESTAMP={max(0, time) // 1000}",
        f"MESSAGE={plain(MESSAGES[type(told)](told))}",
        "SYSLOG_IDENTIFIER=pktscope",
        f"PKTSCOPE_TIME={time}",
        f"PKTSCOPE_KIND={type(told).__name__.lower()}",
        f"PKTSCOPE_DATA={to_json(told)}",
    )
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


def read_entry(text: bytes) -> Told | None:
    """What a journal entry tells; None for an entry of another program. Raises BadEntry if ours and not in order."""
    values = entry_fields(text)
    if values.get(b"SYSLOG_IDENTIFIER") != b"pktscope":
        return None
    if b"PKTSCOPE_KIND" not in values or b"PKTSCOPE_DATA" not in values:
        raise BadEntry("it has no PKTSCOPE_KIND or no PKTSCOPE_DATA")
    kind = values[b"PKTSCOPE_KIND"].decode("ascii", "replace")
    return from_json(kind, values[b"PKTSCOPE_DATA"].decode("utf-8", "replace"))


def entry_fields(text: bytes) -> dict[bytes, bytes]:
    """The fields of an entry: NAME=value lines, or NAME, a newline, a 64-bit length, the value and a newline."""
    found: dict[bytes, bytes] = {}
    position = 0
    while position < len(text) and text[position] != 0:
        stop = text.find(b"\n", position)
        stop = len(text) if stop < 0 else stop
        name, equals, value = text[position:stop].partition(b"=")
        position = stop + 1
        if not equals and name and position + 8 <= len(text):
            length = int.from_bytes(text[position : position + 8], "little")
            value = text[position + 8 : position + 8 + length]
            position += 8 + length + 1
        if name:
            found.setdefault(name, value)
    return found


# --- writing -------------------------------------------------------------------------------------------------------

SECTION_HEADER = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
NANOSECONDS = struct.pack("<HHBxxx", 9, 1, 9)
"""if_tsresol 9: stamps count nanoseconds."""
ENHANCED_HEAD = struct.Struct("<IIIIIII")


def option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(kind: int, body: bytes) -> bytes:
    padded = body + bytes(-len(body) % 4)
    return struct.pack("<II", kind, len(padded) + 12) + padded + struct.pack("<I", len(padded) + 12)


class Writer:
    """Writes a recording to a binary stream; every block is handed over whole and flushed at once.

    So a writer that is killed loses at most the block in hand. `link` is the LINKTYPE_ number of the frames:
    1 Ethernet, 113 and 276 Linux cooked, 101 raw IP. `further` interfaces are numbered from 1.
    """

    def __init__(
        self, stream: BinaryIO, *, interface: str = "lo", link: int = 1, snaplen: int = 0,
        further: Iterable[str] = (),
    ) -> None:  # fmt: skip
        self.stream = stream
        self.frames = 0
        """Frames written so far: the number of the last one."""
        head = struct.pack("<HHI", link, 0, snaplen)
        names = [option(2, name.encode("utf-8", "backslashreplace")[:64]) for name in (interface, *further)]
        self.put(SECTION_HEADER + b"".join(block(1, head + name + NANOSECONDS + option(0, b"")) for name in names))

    def exchange(self, exchange: Exchange, time: int = 0) -> None:
        """Say what this recording is of; comes first."""
        self.put(block(9, entry(exchange, time)))

    def frame(self, time: int, data: bytes, wire_length: int | None = None, comment: str = "", *,
              interface: int = 0) -> int:  # fmt: skip
        """Write a frame; its number is returned."""
        self.put(self.packed(time, data, wire_length, comment, interface))
        self.frames += 1
        return self.frames

    def many(self, frames: Iterable[tuple[int, bytes, int]]) -> None:
        """Write frames given as (time, data, octets on the wire) in one go: sniffers take them in batches."""
        blocks = [self.packed(time, data, wire_length) for time, data, wire_length in frames]
        self.put(b"".join(blocks))
        self.frames += len(blocks)

    def observe(self, told: Call | Return | Sample | Fate | End) -> None:
        """Write what is no frame."""
        self.put(block(9, entry(told, told.time)))

    def packed(self, time: int, data: bytes, wire_length: int | None = None, comment: str = "",
               interface: int = 0) -> bytes:  # fmt: skip
        captured = len(data)
        after = bytes(-captured % 4)
        if comment:
            after += option(1, comment.encode("utf-8", "backslashreplace")[:4096]) + option(0, b"")
        length = 32 + captured + len(after)
        stamp = max(0, time)
        wire = captured if wire_length is None else wire_length
        head = ENHANCED_HEAD.pack(6, length, interface, stamp >> 32, stamp & 0xFFFFFFFF, captured, wire)
        return b"".join((head, data, after, struct.pack("<I", length)))

    def put(self, octets: bytes) -> None:
        """Write all of it: a raw pipe may take less than it is given."""
        rest = memoryview(octets)
        while rest:
            rest = rest[self.stream.write(rest) or 0 :]
        self.stream.flush()
