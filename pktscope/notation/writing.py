"""Packet scripts written: observations in, text out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pktscope.model import (
    SYN,
    Arp,
    Call,
    End,
    Fate,
    Frame,
    Icmp,
    Igmp,
    Observation,
    Other,
    Return,
    Sample,
    Side,
    Tcp,
    TcpOptions,
    Udp,
    flag_names,
)
from pktscope.notation.cursor import LETTER, TICK, UNITS, Cursor, filler
from pktscope.notation.reading import BadNotation, read_line
from pktscope.seq import MODULUS


def write(observations: Iterable[Observation], start: Cursor | None = None) -> str:
    """The script of observations that notation can express; reading it gives them again."""
    cursor = start or Cursor()
    lines = [f"{cursor.protocol} {cursor.client} > {cursor.server}"]
    if start is not None:
        lines.append(f"isn {cursor.isn[Side.CLIENT]} {cursor.isn[Side.SERVER]}")
    for seen in observations:
        step = seen.time - cursor.time
        if step != TICK:
            lines.append(f"+{write_time(step)}")
            cursor.time += step - TICK
        line = write_one(seen, cursor)
        lines.append(line)
        read_line(line.strip(), cursor)
    return "\n".join(lines) + "\n"


def write_time(nanoseconds: int) -> str:
    """The largest unit that keeps it whole."""
    for unit, size in UNITS:
        if nanoseconds % size == 0:
            return f"{nanoseconds // size}{unit}"
    raise AssertionError("a nanosecond is whole")


def write_one(seen: Observation, cursor: Cursor) -> str:
    """One observation's line."""
    match seen:
        case Call():
            kind = f"{seen.protocol} " if seen.protocol not in ("", cursor.protocol) else ""
            which = "" if seen.socket == (1 if seen.side is Side.CLIENT else 2) else f"{seen.socket} "
            return f"{LETTER[seen.side]}: {which}{kind}{seen.name}({seen.arguments})"
        case Return():
            return f"{LETTER[seen.side]}: = {seen.result}"
        case Sample():
            told = "".join(f" {name} {value}" for name, value in seen.info)
            return f"{LETTER[seen.side]}? {seen.state}{told}"
        case End():
            dropped = "" if seen.dropped is None else f" dropped {seen.dropped}"
            return f"end {seen.reason}{dropped}"
        case Fate():
            return f"~ {seen.what} {seen.frame}{' again' if len(seen.delivered) > 1 else ''}"
        case Frame():
            return write_frame(seen, cursor)
        case _:
            raise BadNotation(f"notation has no line for {type(seen).__name__}")


def write_frame(frame: Frame, cursor: Cursor) -> str:
    """'   C > S  PSH ACK 1:11'."""
    side = Side.SERVER if frame.target == cursor.client else Side.CLIENT
    return f"   {LETTER[side]} > {LETTER[side.other]}  {' '.join(frame_words(frame, side, cursor))}"


def frame_words(frame: Frame, side: Side, cursor: Cursor) -> Iterator[str]:
    """The words behind the arrow."""
    ip = frame.ip
    if ip is not None and ip.is_fragment:
        yield f"FRAGMENT {ip.fragment_offset}:{ip.fragment_offset + ip.fragment_length} id {ip.identification or 0}"
        if not ip.more_fragments:
            yield "last"
    match frame.transport:
        case Tcp() as header:
            yield from segment_words(frame, header, side, cursor)
        case Udp():
            yield f"UDP {frame.length}"
            yield from payload_words(frame, 0)
        case Icmp() as message:
            yield f"ICMP {message.type}/{message.code}"
            if message.identifier is not None:
                yield f"echo {message.identifier} {message.sequence or 0}"
            if message.mtu is not None:
                yield f"mtu {message.mtu}"
            if frame.length:
                yield f"length {frame.length}"
            if frame.source != cursor.endpoint(side):
                yield f"from {frame.source.address}"
        case Arp() as arp:
            yield f"ARP {arp.operation} {arp.sender} {arp.sender_mac} {arp.target} {arp.target_mac}"
        case Igmp() as igmp:
            records = igmp.records or ((0, igmp.group),)
            yield f"IGMP {igmp.type} {frame.source.address} " + " ".join(f"{kind} {group}" for kind, group in records)
        case Other() as other:
            yield f'OTHER {other.name} "{other.summary}"'
        case None:
            pass
    if frame.whole is not None and frame.whole.overlap:
        yield "overlap"
    if frame.whole is not None and frame.whole.conflict:
        yield "conflict"
    if ip is not None and not ip.is_fragment:
        if ip.traffic_class:
            yield f"tos {ip.traffic_class}"
        if ip.ttl != 64:
            yield f"ttl {ip.ttl}"
        if ip.identification is not None:
            yield f"id {ip.identification}"
    if frame.unfilled_checksum:
        yield "unfilled"
    if frame.interface:
        yield f"via {frame.interface}"
    if frame.oddities:
        yield "odd"
        yield from (f'"{escaped(text.encode("latin-1", "replace"))}"' for text in frame.oddities)


def payload_words(frame: Frame, start: int) -> Iterator[str]:
    """The payload, where it is not the filler; how much of it the capture kept, where it is not all."""
    if len(frame.payload) < frame.length:
        yield f"cut {len(frame.payload)}"
    if frame.payload != filler(start, len(frame.payload)):
        yield f'"{escaped(frame.payload)}"'


def escaped(octets: bytes) -> str:
    """Octets as text between quotes, with everything but letters and digits and a few signs as \\x20."""
    return "".join(f"\\x{octet:02x}" if not 48 <= octet < 123 or octet == 92 else chr(octet) for octet in octets)


def segment_words(frame: Frame, header: Tcp, side: Side, cursor: Cursor) -> Iterator[str]:
    """Flags, numbers, window, options, payload."""
    seq = relative(header.seq, cursor.isn[side])
    for name in flag_names(header.flags):
        yield name
        if name == "ACK":
            ack = relative(header.ack, cursor.isn[side.other])
            if ack != cursor.nxt[side.other]:
                yield str(ack)
    if frame.length:
        yield f"{seq}:{seq + frame.length}"
    elif seq != (0 if header.flags & SYN else cursor.nxt[side]):
        yield f"seq {seq}"
    if header.window != 512:
        yield f"win {header.window}"
    if header.urgent:
        yield f"urg {header.urgent}"
    yield from option_words(header.options, cursor.isn[side.other])
    yield from payload_words(frame, seq)


def relative(raw: int, isn: int) -> int:
    """A raw number counted from an ISN, the near way round."""
    ahead = (raw - isn) % MODULUS
    return ahead if ahead < MODULUS // 2 else ahead - MODULUS


def option_words(options: TcpOptions, other_isn: int) -> Iterator[str]:
    """mss, wscale, ts, tfo, sack."""
    if options.mss is not None:
        yield f"mss {options.mss}"
    if options.window_scale is not None:
        yield f"wscale {options.window_scale}"
    if options.fast_open is not None:
        yield f"tfo {options.fast_open.hex() or '-'}"
    if options.timestamp is not None:
        yield f"ts {options.timestamp[0]} {options.timestamp[1]}"
    if options.sack_permitted:
        yield "sack"
    if options.sack:
        yield "sack " + ",".join(
            f"{relative(low, other_isn)}:{relative(high, other_isn)}" for low, high in options.sack
        )
