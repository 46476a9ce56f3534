"""What a row says: the parts of an arrow's label and the variants of a call's text, as safe text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import assert_never

from pktscope import dhcp, dns
from pktscope.model import (
    ACK,
    FIN,
    RST,
    SYN,
    Arp,
    Call,
    Frame,
    Icmp,
    Igmp,
    Ip,
    Other,
    Return,
    Segment,
    Tcp,
    TcpOptions,
    Udp,
    Whole,
    flag_names,
)
from pktscope.rows import Role
from pktscope.text import safe_text, width
from pktscope.verdicts import Verdict
from pktscope.words import _, counted, retold, say

VERDICT_WORDS = {
    Verdict.CAPTURED_TWICE: "captured twice",
    Verdict.ZERO_WINDOW_PROBE: "window probe",
    Verdict.ZERO_WINDOW_PROBE_ACK: "probe answered",
    Verdict.KEEP_ALIVE: "keep-alive",
    Verdict.KEEP_ALIVE_ACK: "keep-alive answered",
    Verdict.TAIL_PROBE: "tail loss probe",
    Verdict.FAST: "fast retransmission",
    Verdict.SPURIOUS: "needless retransmission",
    Verdict.RETRANSMISSION: "retransmission",
    Verdict.OUT_OF_ORDER: "out of order",
    Verdict.GAP: "after a gap",
    Verdict.ACKED_UNSEEN: "of data not seen",
    Verdict.D_SACK: "D-SACK",
    Verdict.DUPLICATE_ACK: "duplicate ACK",
    Verdict.WINDOW_FULL: "window full",
    Verdict.WINDOW_UPDATE: "window update",
    Verdict.REUSED_PORTS: "ports reused",
}
"""The word that heads a label, the most telling first. A window of zero shows as win=0."""

PREVIEW = 16
"""Characters of payload shown inside an arrow; the inspector shows the rest."""

LONGEST = 60
"""Characters of a call's arguments or result beside a lifeline."""

LENGTHS = (LONGEST, 52, 46, 40, 34, 28, 24, 20, 16, 12, 6)
"""The same of a printed line, where it has to be cut."""

WAITING = frozenset({
    "accept", "connect", "recv", "recvfrom", "recv_into", "recvfrom_into", "recvmsg", "recvmsg_into", "read",
    "readline", "select", "poll", "epoll", "input",
})  # fmt: skip
"""Calls that wait for something to happen; any other that takes long was kept waiting."""

SENDING = frozenset({"send", "sendall", "sendto", "sendmsg", "sendfile", "write"})

ICMP_NAMES = {
    (4, 0): "echo reply", (4, 5): "redirect", (4, 8): "echo request", (4, 9): "router advertisement",
    (4, 10): "router solicitation", (4, 12): "parameter problem", (4, 13): "timestamp request",
    (4, 14): "timestamp reply",
    (4, 3, 0): "network unreachable", (4, 3, 1): "host unreachable", (4, 3, 2): "protocol unreachable",
    (4, 3, 3): "port unreachable", (4, 3, 4): "fragmentation needed", (4, 3, 13): "administratively prohibited",
    (4, 3): "destination unreachable", (4, 11, 0): "TTL exceeded", (4, 11, 1): "reassembly time exceeded",
    (4, 11): "time exceeded", (6, 1, 0): "no route", (6, 1, 1): "administratively prohibited",
    (6, 1, 3): "address unreachable", (6, 1, 4): "port unreachable", (6, 1): "destination unreachable",
    (6, 2): "packet too big", (6, 3, 0): "hop limit exceeded", (6, 3, 1): "reassembly time exceeded",
    (6, 3): "time exceeded", (6, 4): "parameter problem", (6, 128): "echo request", (6, 129): "echo reply",
    (6, 130): "multicast listener query", (6, 131): "multicast listener report", (6, 133): "router solicitation",
    (6, 134): "router advertisement", (6, 135): "neighbour solicitation", (6, 136): "neighbour advertisement",
    (6, 137): "redirect", (6, 143): "multicast listener report",
}  # fmt: skip
"""(IP version, type) and (IP version, type, code) in words: RFC 792, RFC 4443, RFC 4861."""

PROTOCOLS = {1: "ICMP", 6: "TCP", 17: "UDP", 58: "ICMPv6"}


def verdict_words(verdict: int) -> tuple[str, ...]:
    """The word that heads the label of a segment with a verdict: at most one."""
    if verdict:
        for bit, word in VERDICT_WORDS.items():
            if verdict & bit:
                return (_(word),)
    return ()


def frame_label(
    frame: Frame, segment: Segment | None, words: tuple[str, ...] = (), *, window: bool = True
) -> tuple[str, ...]:
    """The parts of a frame's label, most important first.

    `words` are what the frame's headers do not say: a segment's verdict, the sender of an ICMP error. `window` asks for
    the window of a segment that opens nothing.
    """
    if frame.ip is not None and frame.ip.is_fragment and not isinstance(frame.transport, Tcp):
        return fragment_label(frame, frame.ip, frame.whole)
    match frame.transport:
        case Tcp():
            return words + tcp_label(frame, frame.transport, segment, window)
        case Udp():
            return udp_label(frame)
        case Icmp():
            first, *others = icmp_label(frame, frame.transport)
            return (first, *words, *others)
        case Arp():
            return arp_label(frame.transport)
        case Igmp():
            return igmp_label(frame.transport)
        case Other():
            return tuple(
                part for part in (safe_text(frame.transport.name, 40), safe_text(frame.transport.summary, 80)) if part
            )
        case None:
            return bare_label(frame)
    assert_never(frame.transport)


def bare_label(frame: Frame) -> tuple[str, ...]:
    """A frame without a header we read: what carried it and how long it was."""
    name = say("IP protocol {number}", {"number": frame.ip.protocol}) if frame.ip else safe_text(frame.link, 40)
    return name or _("frame"), counted(frame.wire_length, "bytes")


def preview(payload: bytes, length: int) -> tuple[str, ...]:
    """The first characters of a payload in quotation marks, or nothing."""
    if not payload:
        return ()
    shown = safe_text(payload[: PREVIEW * 4], PREVIEW)
    if length > PREVIEW and len(shown) == PREVIEW and not shown.endswith("…"):
        shown = safe_text(shown + "....", PREVIEW)
    return (f'"{shown}"',)


def tcp_label(frame: Frame, tcp: Tcp, segment: Segment | None, window: bool) -> tuple[str, ...]:
    """'PSH ACK', 'seq=1', 'ack=1', 'len=5', '"hello"', ..."""
    parts = [flag_text(tcp.flags) or _("no flags"), f"seq={segment.seq if segment else tcp.seq}"]
    if tcp.flags & ACK:
        parts.append(f"ack={tcp.ack if segment is None or segment.ack is None else segment.ack}")
    if frame.length:
        parts.append(f"len={frame.length}")
    if not tcp.window and not tcp.flags & RST:
        parts.append("win=0")
    parts += preview(frame.payload, frame.length)
    if tcp.options.sack:
        parts.append(sack_part(segment.sack if segment else tcp.options.sack))
    if tcp.flags & SYN:
        parts += option_parts(tcp.options)
    if tcp.window and window:
        parts.append(f"win={window_of(tcp, segment)}")
    return tuple(parts)


def window_of(tcp: Tcp, segment: Segment | None) -> int:
    """The window in octets, or the field as sent where its scale is not known."""
    return segment.window if segment and segment.window_known else tcp.window


def raw_label(label: tuple[str, ...], tcp: Tcp) -> tuple[str, ...]:
    """A segment's label with the sequence numbers as on the wire."""
    raw = {"seq=": str(tcp.seq), "ack=": str(tcp.ack)}
    changed = (part[:4] + raw[part[:4]] if part[:4] in raw else part for part in label)
    return tuple(sack_part(tcp.options.sack) if part.startswith("sack=") else part for part in changed)


@cache
def flag_text(flags: int) -> str:
    """'PSH ACK'; '' for none."""
    return " ".join(flag_names(flags))


def sack_part(blocks: tuple[tuple[int, int], ...]) -> str:
    """The first SACK block, which reports the newest arrival (RFC 2018 section 4), and how many more."""
    if not blocks:
        return "sack"
    more = f" +{len(blocks) - 1}" if len(blocks) > 1 else ""
    return f"sack={blocks[0][0]}:{blocks[0][1]}{more}"


def option_parts(options: TcpOptions) -> list[str]:
    """The options of a SYN, which settle what the connection can do."""
    return [
        part
        for part, present in (
            (f"mss={options.mss}", options.mss is not None),
            (f"wscale={options.window_scale}", options.window_scale is not None),
            ("sack", options.sack_permitted),
            ("ts", options.timestamp is not None),
            (_("fast open"), options.fast_open is not None),
        )
        if present
    ]


def fragment_label(frame: Frame, ip: Ip, whole: Whole | None) -> tuple[str, ...]:
    """'fragment', 'offset=1480', 'len=1480', 'more', 'id=0x1c46'; the one that completes its datagram says so."""
    parts = [_("fragment"), f"offset={ip.fragment_offset}", f"len={ip.fragment_length}"]
    parts.append(_("more") if ip.more_fragments else _("last"))
    if whole is not None:
        values = {"protocol": protocol_name(ip.protocol), "count": frame.length}
        parts.append(say("completes {protocol}, {count:bytes}", values))
    if ip.identification is not None:
        parts.append(f"id=0x{ip.identification:04x}")
    return tuple(parts)


def protocol_name(number: int) -> str:
    """What is inside an IP packet."""
    return PROTOCOLS.get(number) or say("protocol {number}", {"number": number})


def icmp_label(frame: Frame, icmp: Icmp) -> tuple[str, ...]:
    """'ICMP port unreachable', 'mtu=1400', 'about UDP to 127.0.0.1:9'."""
    known = ICMP_NAMES.get((icmp.version, icmp.type, icmp.code)) or ICMP_NAMES.get((icmp.version, icmp.type))
    what = _(known) if known else say("type {type} code {code}", {"type": icmp.type, "code": icmp.code})
    parts = [f"{'ICMP' if icmp.version == 4 else 'ICMPv6'} {what}"]
    if icmp.mtu is not None:
        parts.append(f"mtu={icmp.mtu}")
    if icmp.sequence is not None:
        parts.append(f"seq={icmp.sequence}")
    if icmp.quoted is not None:
        values = {"protocol": protocol_name(icmp.quoted.protocol), "target": safe_text(icmp.quoted.target, 60)}
        parts.append(say("about {protocol} to {target}", values))
    elif frame.length:
        parts.append(counted(frame.length, "bytes"))
    return tuple(parts)


def udp_label(frame: Frame) -> tuple[str, ...]:
    """'UDP', '5 bytes', '"hello"'; 'DNS', 'A www.example.org?'; 'DHCP discover'."""
    ports = {frame.source.port, frame.target.port}
    if ports & dns.PORTS and (message := dns.parse(frame.payload)) is not None:
        return dns_label(message)
    if ports <= dhcp.PORTS and (told := dhcp.parse(frame.payload)) is not None:
        given = (told.yours if told.yours != "0.0.0.0" else "", told.requested)
        return (f"DHCP {told.type.lower()}", *(address for address in given if address))
    return ("UDP", counted(frame.length, "bytes"), *preview(frame.payload, frame.length))


def dns_label(message: dns.Dns) -> tuple[str, ...]:
    """'DNS', 'A www.example.org?'; 'DNS', 'A 192.0.2.80', 'www.example.org'; 'DNS', 'NXDOMAIN', 'www.example.org'."""
    name, kind = message.questions[0]
    if not message.response:
        return "DNS", f"{kind} {safe_text(name, 60)}?"
    found = [f"{record.type} {safe_text(record.data, 60)}" for record in message.answers if record.data]
    code = message.code if message.code != "NOERROR" or not found else ""
    return ("DNS", *([code] if code else []), *found[:2], safe_text(name, 60))


def arp_label(arp: Arp) -> tuple[str, ...]:
    """'ARP', 'who has 10.0.0.2?', 'tell 10.0.0.1'."""
    place = say("{address} is at {mac}", {"address": arp.sender, "mac": arp.sender_mac})
    if arp.announces:
        return "ARP", place, _("announced")
    if arp.operation == 1:
        wanted = say("who has {address}?", {"address": arp.target})
        return "ARP", wanted, say("tell {address}", {"address": arp.sender})
    if arp.operation == 2:
        return "ARP", place
    return "ARP", say("operation {number}", {"number": arp.operation})


IGMP_NAMES = {0x11: "query", 0x12: "report", 0x16: "report", 0x17: "leave", 0x22: "report"}
RECORD_NAMES = {
    1: "wanted from some", 2: "wanted", 3: "no more wanted", 4: "wanted", 5: "more sources", 6: "fewer sources",
}  # fmt: skip
"""What an IGMP version 3 record says of its group: RFC 3376 section 4.2.12."""


def igmp_label(igmp: Igmp) -> tuple[str, ...]:
    """'IGMP report', '239.1.2.3 wanted'."""
    name = f"IGMP {typed(IGMP_NAMES, igmp.type, f'0x{igmp.type:02x}')}"
    told = [f"{group} {typed(RECORD_NAMES, kind, kind)}" for kind, group in igmp.records[:4]]
    return (name, *told) if igmp.records or igmp.group == "0.0.0.0" else (name, igmp.group)


def typed(names: Mapping[int, str], number: int, shown: object) -> str:
    """A type's name, or its number where it has none."""
    return _(names[number]) if number in names else say("type {number}", {"number": shown})


def frame_role(frame: Frame, again: bool) -> Role:
    """What kind of arrow a frame is."""
    if frame.ip is not None and frame.ip.is_fragment and frame.ip.fragment_offset:
        return Role.FRAGMENT
    match frame.transport:
        case Tcp(flags=flags):
            return Role.AGAIN if again and not flags & (SYN | FIN | RST) else tcp_role(flags, frame.length)
        case Udp() | None if frame.ip is not None and (frame.transport or frame.ip.protocol == 17):
            return Role.DATAGRAM
        case Icmp():
            return Role.ICMP
        case _:
            return Role.OTHER


def tcp_role(flags: int, length: int) -> Role:
    """By the flag that matters most."""
    for bit, role in ((RST, Role.RST), (SYN, Role.SYN), (FIN, Role.FIN)):
        if flags & bit:
            return role
    return Role.DATA if length else Role.ACK


ADDRESS = re.compile(r"\('([^']*)', (\d+)(?:, \d+)*\)")
"""A socket address as Python prints it."""


def call_head(call: Call, arguments: str) -> str:
    """'connect(127.0.0.1:8000)'."""
    return f"{safe_text(call.name, 24)}({arguments})"


def printed(call: Call) -> tuple[str, ...]:
    """A line a program printed, from the whole of it to its beginning; a cut one says so."""
    return shortening([f"print: {safe_text(call.arguments, room)}" for room in LENGTHS])


def setting(call: Call) -> list[str]:
    """What setsockopt() sets: 'setsockopt(TCP_NODELAY, 1)', 'TCP_NODELAY = 1', 'TCP_NODELAY'."""
    words = safe_text(call.arguments, LONGEST).split(", ")
    if call.name != "setsockopt" or len(words) != 3:
        return []
    return [call_head(call, f"{words[1]}, {words[2]}"), f"{words[1]} = {words[2]}", words[1]]


def call_text(call: Call) -> tuple[str, ...]:
    """A call entered, from the longest variant to the shortest."""
    if call.name == "print":
        return printed(call)
    if call.name in ("exec", "exit"):
        whole = retold(call.arguments) if call.name == "exit" else call.arguments
        return shortening([*(f"{call.name}: {safe_text(whole, room)}" for room in LENGTHS if whole), call.name])
    if call.name == "connect" and call.peer is not None:
        arguments, brief = safe_text(call.peer, LONGEST), f":{call.peer.port}"
    else:
        arguments = ADDRESS.sub(r"\1:\2", safe_text(call.arguments, LONGEST))
        brief = ADDRESS.sub(r":\2", safe_text(call.arguments, LONGEST))
    variants = [call_head(call, arguments), call_head(call, brief), *setting(call)]
    if call.length is not None:
        variants.append(call_head(call, counted(call.length, "bytes") if call.name in SENDING else str(call.length)))
        variants.append(call_head(call, str(call.length)))
    return shortening([*variants, call_head(call, ""), safe_text(call.name, 24)])


def outcome(back: Return) -> tuple[str, ...]:
    """What a call came back with, from the longest variant to the shortest; empty where it says nothing."""
    if back.error:
        return (safe_text(back.error, 24),)
    if back.new_socket is not None:
        peer = [say("new socket {peer}", {"peer": safe_text(back.peer, LONGEST)})] if back.peer else []
        return (*peer, _("new socket"))
    if not back.result or back.result == "None" or back.name == "socket":
        return ()
    shown = [safe_text(back.result, LONGEST)]
    if back.length and back.name not in SENDING:
        shown += [counted(back.length, "bytes"), str(back.length)]
    elif back.name == "getsockopt" and back.result.startswith("b"):
        shown.append("b'…'")  # a struct of the kernel's, which nobody reads so
    return tuple(shown)


def return_text(back: Return) -> tuple[str, ...]:
    """A call coming back on a row of its own: 'recv() = b'hello'', '= 5'."""
    name = safe_text(back.name, 24)
    ends = outcome(back)
    if not ends:
        return say("{call}() returns", {"call": name}), _("returns")
    return shortening([f"{name}() = {end}" for end in ends] + [f"= {end}" for end in ends] + [ends[-1]])


def merged_text(call: tuple[str, ...], back: Return) -> tuple[str, ...]:
    """A call and its outcome in one: 'send(b'hello') = 5'."""
    ends = outcome(back)
    if not ends:
        return call
    first = [f"{call[0]} = {ends[0]}"]
    if back.name in SENDING and not back.error:
        first.append(call[0])  # what was sent says more than how much of it was taken
    return shortening(first + [f"{head} = {end}" for end in ends for head in call] + [f"= {end}" for end in ends])


def shortening(variants: list[str]) -> tuple[str, ...]:
    """Variants in order of falling length, none twice."""
    kept: list[str] = []
    for variant in variants:
        if not kept or width(variant) < width(kept[-1]):
            kept.append(variant)
    return tuple(kept)
