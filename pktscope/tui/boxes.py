"""Headers drawn as the RFCs draw them: 32 bits a row, every border generated, so that nothing can be a cell off."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pktscope.model import ACK, AE, CWR, ECE, FIN, PSH, RST, SYN, URG, Frame, Icmp, Ip, Tcp, TcpOptions, Udp
from pktscope.text import fit, wrap
from pktscope.text import width as cells_of
from pktscope.words import _, say

BITS = 32

UNICODE_LINES = {"": " ", "l": "╴", "r": "╶", "lr": "─", "ud": "│", "dr": "┌", "dl": "┐", "ur": "└", "ul": "┘",
                 "udr": "├", "udl": "┤", "dlr": "┬", "ulr": "┴", "udlr": "┼"}  # fmt: skip
ASCII_LINES = {joint: "-" if joint in ("l", "r", "lr") else "|" if joint == "ud" else "+" for joint in UNICODE_LINES}


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a header."""

    name: str
    value: str
    bits: int
    short: str = ""
    """The name where the long one does not fit."""


def scale(width: int) -> int:
    """Cells a bit in a box at most `width` cells wide: 2 as in the RFCs, 1 where there is less room."""
    return 2 if width >= 2 * BITS + 1 else 1


def box(rows: Iterable[tuple[Cell, ...]], cells: int, *, ascii_only: bool = False) -> list[str]:
    """The lines of a box; each row of fields must have 32 bits in all. `cells` is the width of a bit."""
    lines = ASCII_LINES if ascii_only else UNICODE_LINES
    drawn: list[str] = []
    above: set[int] = set()
    last = BITS * cells
    for row in rows:
        borders = edges(row, cells)
        drawn.append(rule_between(above, borders, last, lines))
        drawn.extend(row_lines(row, cells, lines["ud"]))
        above = borders
    drawn.append(rule_between(above, set(), last, lines))
    return drawn


def edges(row: tuple[Cell, ...], cells: int) -> set[int]:
    """Where a row's vertical borders stand."""
    at = 0
    places = {0}
    for cell in row:
        at += cell.bits
        places.add(at * cells)
    return places


def rule_between(above: set[int], below: set[int], last: int, lines: dict[str, str]) -> str:
    """The horizontal line between two rows, with the right joint wherever a border meets it."""
    drawn = []
    for place in range(last + 1):
        up = "u" if place in above else ""
        down = "d" if place in below else ""
        left = "l" if place > 0 else ""
        right = "r" if place < last else ""
        drawn.append(lines[f"{up}{down}{left}{right}"])
    return "".join(drawn)


def row_lines(row: tuple[Cell, ...], cells: int, border: str) -> list[str]:
    """The lines of one row of fields: name and value beside each other where all fit so, else one under the other."""
    texts = [cell_lines(cell, cell.bits * cells - 1) for cell in row]
    height = max(len(lines) for lines in texts)
    drawn = []
    for index in range(height):
        parts = [
            fit(lines[index] if index < len(lines) else "", cell.bits * cells - 1)
            for cell, lines in zip(row, texts, strict=True)
        ]
        drawn.append(border + border.join(parts) + border)
    return drawn


def cell_lines(cell: Cell, room: int) -> list[str]:
    """A field's text in `room` cells: whole, or the value alone under what is left of the name."""
    if room <= 0:
        return [""]
    long, short = (_(name) if name else "" for name in (cell.name, cell.short))
    for name in (long, short):
        if name and cells_of(name) + len(cell.value) + 3 <= room:
            return [f" {name} {cell.value.rjust(room - cells_of(name) - 3)} "]
    names = (f" {long} ", long, f" {short} ", short)
    name = next((text for text in names if cells_of(text) <= room), "")
    if not cell.value:
        return [name]
    if len(cell.value) > room:
        return [name, *(cell.value[at : at + room] for at in range(0, len(cell.value), room))]
    return [name, cell.value.center(room) if room < 4 else f" {cell.value}".ljust(room)[:room]]


def ruler(cells: int) -> list[str]:
    """The two lines of bit numbers over a box, as RFC 9293 prints them; none where a bit is one cell."""
    if cells < 2:
        return []
    tens = "".join((str(bit // 10) if bit % 10 == 0 else " ").rjust(cells) for bit in range(BITS))
    ones = "".join(str(bit % 10).rjust(cells) for bit in range(BITS))
    return [tens, ones]


FLAG_BITS = ((AE, "AE", "A"), (CWR, "CWR", "C"), (ECE, "ECE", "E"), (URG, "URG", "U"), (ACK, "ACK", "A"),
             (PSH, "PSH", "P"), (RST, "RST", "R"), (SYN, "SYN", "S"), (FIN, "FIN", "F"))  # fmt: skip


def tcp_rows(frame: Frame, tcp: Tcp, cells: int) -> list[tuple[Cell, ...]]:
    """RFC 9293 section 3.1; numbers as on the wire."""
    flags: tuple[Cell, ...]
    if cells >= 2:
        flags = tuple(Cell(letter, "1" if tcp.flags & bit else "0", 1) for bit, _, letter in FLAG_BITS)
    else:
        letters = "".join(letter if tcp.flags & bit else "." for bit, _, letter in FLAG_BITS)
        flags = (Cell("flags", letters, 9),)
    rows: list[tuple[Cell, ...]] = [
        (Cell("source port", port(frame.source.port), 16, "source"),
         Cell("destination port", port(frame.target.port), 16, "destination")),
        (Cell("sequence number", str(tcp.seq), 32),),
        (Cell("acknowledgment number", str(tcp.ack), 32, "acknowledgment"),),
        (Cell("offset", str(tcp.header_length // 4), 4, "off"), Cell("res", "0", 3, "r"), *flags,
         Cell("window", str(tcp.window), 16)),
        (Cell("checksum", f"0x{tcp.checksum:04x}", 16), Cell("urgent pointer", str(tcp.urgent), 16, "urgent")),
    ]  # fmt: skip
    return rows


def udp_rows(frame: Frame, udp: Udp, cells: int) -> list[tuple[Cell, ...]]:
    """RFC 768."""
    return [
        (Cell("source port", port(frame.source.port), 16, "source"),
         Cell("destination port", port(frame.target.port), 16, "destination")),
        (Cell("length", str(udp.length), 16), Cell("checksum", f"0x{udp.checksum:04x}", 16)),
    ]  # fmt: skip


def icmp_rows(frame: Frame, icmp: Icmp, cells: int) -> list[tuple[Cell, ...]]:
    """RFC 792 and RFC 4443; the second row is what its type makes of it."""
    first = (
        Cell("type", str(icmp.type), 8),
        Cell("code", str(icmp.code), 8),
        Cell("checksum", f"0x{icmp.checksum:04x}", 16),
    )
    if icmp.identifier is not None:
        return [first, (Cell("identifier", str(icmp.identifier), 16), Cell("sequence", str(icmp.sequence or 0), 16))]
    if icmp.mtu is not None and icmp.version == 6:
        return [first, (Cell("MTU", str(icmp.mtu), 32),)]
    if icmp.mtu is not None:
        return [first, (Cell("unused", "0", 16), Cell("next-hop MTU", str(icmp.mtu), 16))]
    return [first, (Cell("unused", "0", 32),)]


def ipv4_rows(frame: Frame, ip: Ip, cells: int) -> list[tuple[Cell, ...]]:
    """RFC 791 section 3.1."""
    # Three bits: reserved, don't fragment, more fragments.
    flags = f"0{int(ip.dont_fragment)}{int(ip.more_fragments)}" if cells > 1 else ""
    return [
        (Cell("version", str(ip.version), 4, "ver"), Cell("IHL", str(ip.header_length // 4), 4),
         Cell("DSCP, ECN", f"0x{ip.traffic_class:02x}", 8, "DSCP"),
         Cell("total length", str(ip.total_length), 16, "length")),
        (Cell("identification", str(ip.identification or 0), 16, "id"), Cell("flags", flags, 3, "fl"),
         Cell("fragment offset", str(ip.fragment_offset // 8), 13, "offset")),
        (Cell("time to live", str(ip.ttl), 8, "TTL"), Cell("protocol", str(ip.protocol), 8, "proto"),
         Cell("header checksum", header_checksum(frame), 16, "checksum")),
        (Cell("source address", frame.source.address, 32),),
        (Cell("destination address", frame.target.address, 32),),
    ]  # fmt: skip


def ipv6_rows(frame: Frame, ip: Ip, cells: int) -> list[tuple[Cell, ...]]:
    """RFC 8200 section 3."""
    return [
        (Cell("version", str(ip.version), 4, "ver"), Cell("traffic class", f"0x{ip.traffic_class:02x}", 8, "class"),
         Cell("flow label", flow_label(frame), 20)),
        (Cell("payload length", str(max(0, ip.total_length - 40)), 16, "length"),
         Cell("next header", next_header(frame, ip), 8, "next"), Cell("hop limit", str(ip.ttl), 8, "hops")),
        (Cell("source address", frame.source.address, 32),),
        (Cell("destination address", frame.target.address, 32),),
    ]  # fmt: skip


def port(number: int | None) -> str:
    """A port, or a dash where the frame does not carry one."""
    return "-" if number is None else str(number)


def header_octets(frame: Frame, name: str, count: int) -> bytes:
    """The first octets of a header as captured; short or empty where they were not."""
    layer = next((layer for layer in frame.layers if layer.name == name), None)
    return frame.data[layer.start : layer.start + count] if layer else b""


def header_checksum(frame: Frame) -> str:
    """The IPv4 header checksum as captured, or a dash."""
    octets = header_octets(frame, "IPv4", 12)
    return f"0x{octets[10:12].hex()}" if len(octets) == 12 else "-"


def flow_label(frame: Frame) -> str:
    """The IPv6 flow label as captured, or a dash."""
    octets = header_octets(frame, "IPv6", 4)
    return f"0x{int.from_bytes(octets, 'big') & 0xFFFFF:05x}" if len(octets) == 4 else "-"


def next_header(frame: Frame, ip: Ip) -> str:
    """The IPv6 next-header field as captured; the upper protocol where it was not."""
    octets = header_octets(frame, "IPv6", 7)
    return str(octets[6]) if len(octets) == 7 else str(ip.protocol)


def option_words(options: TcpOptions) -> list[str]:
    """TCP options as people write them."""
    words = []
    if options.mss is not None:
        words.append(f"MSS {options.mss}")
    if options.window_scale is not None:
        factor = 1 << min(options.window_scale, 14)
        words.append(say("window scale {shift} (times {factor})", {"shift": options.window_scale, "factor": factor}))
    if options.sack_permitted:
        words.append(_("SACK permitted"))
    if options.timestamp is not None:
        values = {"mine": options.timestamp[0], "yours": options.timestamp[1]}
        words.append(say("timestamps {mine}, echo {yours}", values))
    words.extend(f"SACK {first}-{behind}" for first, behind in options.sack)
    if options.fast_open is not None:
        words.append(say("Fast Open cookie {cookie}", {"cookie": options.fast_open.hex() or _("request")}))
    words.extend(say("option kind {kind}", {"kind": kind}) for kind in options.others)
    return words


def options_row(words: list[str], length: int, cells: int) -> list[str]:
    """The words of a header's options, wrapped to the inside of the box."""
    said = _(", ").join(words) or _("padding only")
    text = say("options, {length:octets}: {words}", {"length": length, "words": said})
    return wrap(text, BITS * cells - 3)


ROWS: dict[type, Callable[..., list[tuple[Cell, ...]]]] = {Tcp: tcp_rows, Udp: udp_rows, Icmp: icmp_rows}


def transport_box(frame: Frame, width: int, *, ascii_only: bool = False) -> list[str]:
    """The transport header of a frame as a box; empty where it has none that is drawn."""
    header = frame.transport
    rows = ROWS.get(type(header))
    if rows is None:
        return []
    cells = scale(width)
    drawn = box(rows(frame, header, cells), cells, ascii_only=ascii_only)
    if isinstance(header, Tcp) and header.header_length > 20:
        words = options_row(option_words(header.options), header.header_length - 20, cells)
        drawn = with_text(drawn, words, cells, ascii_only=ascii_only)
    return [*ruler(cells), *drawn]


def ip_box(frame: Frame, width: int, *, ascii_only: bool = False) -> list[str]:
    """The IP header of a frame as a box; empty where it has none."""
    if frame.ip is None:
        return []
    cells = scale(width)
    rows = ipv4_rows if frame.ip.version == 4 else ipv6_rows
    drawn = box(rows(frame, frame.ip, cells), cells, ascii_only=ascii_only)
    extra = frame.ip.header_length - (20 if frame.ip.version == 4 else 40)
    if extra > 0:
        words = options_row(list(frame.ip.options), extra, cells)
        drawn = with_text(drawn, words, cells, ascii_only=ascii_only)
    return [*ruler(cells), *drawn]


def with_text(drawn: list[str], words: list[str], cells: int, *, ascii_only: bool) -> list[str]:
    """A box with one more row of running text under it."""
    lines = ASCII_LINES if ascii_only else UNICODE_LINES
    inside = BITS * cells - 1
    middle = rule_between(bottom_joints(drawn, lines), {0, inside + 1}, inside + 1, lines)
    end = rule_between({0, inside + 1}, set(), inside + 1, lines)
    rows = [f"{lines['ud']} {fit(text, inside - 1)}{lines['ud']}" for text in words]
    return [*drawn[:-1], middle, *rows, end]


def bottom_joints(drawn: list[str], lines: dict[str, str]) -> set[int]:
    """Where borders of the last row reach the bottom line of a box."""
    return {place for place, sign in enumerate(drawn[-2]) if sign == lines["ud"]}
