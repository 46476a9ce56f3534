"""The decoder: every link header, IP, options, checksums; and that no octets whatever raise."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktscope.capture.decode import checksum_state, decode, layers
from pktscope.capture.linktypes import LINKS
from pktscope.capture.reassembly import Reassembler
from pktscope.capture.records import Record
from pktscope.model import Arp, Endpoint, Frame, Icmp, Igmp, Other, Tcp, TcpOptions, Udp
from tests.capturing import ETHERNET, START, ether, ip4, ip6, tcp, udp

HELLO = ip4(udp(1000, 2000, b"hello"), 17)
HELLO6 = ip6(udp(1000, 2000, b"hello", checksum=1), 17)


def seen(data: bytes, link: int = 1, wire: int | None = None) -> Frame:
    """One frame, decoded."""
    return decode(Record(1, START, link, data, len(data) if wire is None else wire))


def cooked(kind: int, payload: bytes) -> bytes:
    return struct.pack(">HHH8sH", 0, 1, 6, b"\2\0\0\0\0\1\0\0", kind) + payload


def cooked2(kind: int, payload: bytes) -> bytes:
    return struct.pack(">HHIHBB8s", kind, 0, 1, 1, 0, 6, b"\2\0\0\0\0\1\0\0") + payload


SNAP = b"\xaa\xaa\x03\0\0\0\x08\x00"
WIFI = b"\x08\x01" + bytes(22)
LINKED: dict[str, tuple[int, bytes, str]] = {
    "Ethernet": (1, ether(HELLO), "Ethernet"),
    "Ethernet IPv6": (1, ether(HELLO6), "Ethernet"),
    "VLAN": (1, ether(b"\0\x07\x08\0" + HELLO, 0x8100), "Ethernet"),
    "VLAN stack": (1, ether(b"\0\x07\x81\0\0\x08\x08\0" + HELLO, 0x88A8), "Ethernet"),
    "802.3 SNAP": (1, ether(SNAP + HELLO, len(SNAP + HELLO)), "Ethernet"),
    "PPPoE": (1, ether(b"\x11\0\0\1\0\x23\0\x21" + HELLO, 0x8864), "Ethernet"),
    "cooked": (113, cooked(0x0800, HELLO), "Linux cooked v1"),
    "cooked IPv6": (113, cooked(0x86DD, HELLO6), "Linux cooked v1"),
    "cooked VLAN": (113, cooked(0x8100, b"\0\7\x08\0" + HELLO), "Linux cooked v1"),
    "cooked 2": (276, cooked2(0x0800, HELLO), "Linux cooked v2"),
    "NULL little": (0, b"\2\0\0\0" + HELLO, "NULL"),
    "NULL big": (0, b"\0\0\0\2" + HELLO, "NULL"),
    "LOOP": (108, b"\0\0\0\2" + HELLO, "LOOP"),
    "LOOP little": (108, b"\2\0\0\0" + HELLO, "LOOP"),
    **{f"NULL AF {family}": (0, struct.pack("<I", family) + HELLO6, "NULL") for family in (10, 24, 28, 30)},
    **{f"LOOP AF {family}": (108, struct.pack(">I", family) + HELLO6, "LOOP") for family in (10, 24, 28, 30)},
    **{f"RAW {link}": (link, HELLO, "RAW") for link in (12, 14, 101)},
    "RAW IPv6": (101, HELLO6, "RAW"),
    "IPv4": (228, HELLO, "IPv4"),
    "IPv6": (229, HELLO6, "IPv6"),
    "PPP": (9, b"\0\x21" + HELLO, "PPP"),
    "PPP HDLC": (50, b"\xff\3\0\x57" + HELLO6, "PPP"),
    "PPP short": (9, b"\x21" + HELLO, "PPP"),
    "Cisco HDLC": (104, b"\x0f\0\x08\0" + HELLO, "Cisco HDLC"),
    "NFLOG": (239, b"\2\0\0\0" + b"\x06\0\x0a\0ab\0\0" + struct.pack("<HH", len(HELLO) + 4, 9) + HELLO, "NFLOG"),
    "802.11": (105, WIFI + SNAP + HELLO, "IEEE 802.11"),
    "802.11 QoS": (105, b"\x88\x02" + bytes(24) + SNAP + HELLO, "IEEE 802.11"),
    "802.11 relayed": (105, b"\x08\x03" + bytes(28) + SNAP + HELLO, "IEEE 802.11"),
    "radiotap": (127, b"\0\0\x08\0\0\0\0\0" + WIFI + SNAP + HELLO, "radiotap"),
    "radiotap padded": (
        127, b"\0\0\x0c\0\2\0\0\0\x20\0\0\0" + b"\x88\x02" + bytes(26) + SNAP + HELLO, "radiotap",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LINKED)
def test_every_link_type(name: str) -> None:
    """The datagram is found behind each link header, and the layers cover the frame without a gap."""
    link, data, shown = LINKED[name]
    frame = seen(data, link)
    found = layers(frame)

    assert isinstance(frame.transport, Udp)
    assert (frame.payload, frame.length, frame.link) == (b"hello", 5, shown)
    assert (frame.source.port, frame.target.port) == (1000, 2000)
    assert frame.oddities == ()
    assert [found[0].start, *(layer.end for layer in found)] == [*(layer.start for layer in found), len(data)]
    assert [layer.name for layer in found][-2:] == ["UDP", "payload"]


@pytest.mark.parametrize("name", LINKED)
def test_cut_anywhere(name: str) -> None:
    """However short the capture cut it, a frame keeps its place, its octets and no more payload than there is."""
    link, data, _ = LINKED[name]
    for size in range(len(data)):
        frame = seen(data[:size], link, len(data))

        assert frame.data == data[:size]
        assert frame.transport is not None
        assert b"hello".startswith(frame.payload) or isinstance(frame.transport, Other)
        if isinstance(frame.transport, Udp):
            assert frame.length == 5


def test_vlans_are_told() -> None:
    """The numbers of a stack of tags, outermost first."""
    link, data, _ = LINKED["VLAN stack"]

    assert seen(data, link).vlans == (7, 8)
    assert [layer.name for layer in layers(seen(data, link))][:3] == ["Ethernet", "802.1ad", "802.1Q"]


def test_ethernet_padding_is_no_payload() -> None:
    """A short packet is padded to 60 octets; what the IP header does not count is a trailer."""
    data = ether(ip4(tcp(1, 2, 16, ack=5), 6)) + b"\xaa" * 6
    frame = seen(data)

    assert (frame.payload, frame.length) == (b"", 0)
    assert layers(frame)[-1].name == "trailer"


def test_total_length_left_to_offload() -> None:
    """With a total length of 0 the captured octets are the packet."""
    frame = seen(ether(ip4(tcp(1, 2, 16, data=b"x" * 3000), 6, total=0)))

    assert (frame.length, len(frame.payload)) == (3000, 3000)
    assert frame.ip is not None
    assert frame.ip.total_length == 0


def test_lengths_that_lie() -> None:
    """IP and UDP lengths beyond the frame, and below their own header, are oddities."""
    cases = [
        (ip4(udp(1, 2, b"abc"), 17, total=900), "the IP header says 900 octets"),
        (ip4(udp(1, 2, b"abc"), 17, total=10), "the IP header says 10 octets in all"),
        (ip4(udp(1, 2, b"abc", length=99), 17), "the UDP header says 99 octets"),
        (ip4(udp(1, 2, b"abc", length=4), 17), "the UDP header says 4 octets"),
        (ip4(b"\0\1\0\2" + bytes(8) + b"\x10\2" + bytes(6), 6), "the TCP header says 4 octets"),
        (ip4(b"\0\1\0\2" + bytes(8) + b"\xf0\2" + bytes(6), 6), "the TCP header says 60 octets"),
        (ip4(b"\0\1\0", 6), "the packet is too short for its TCP header"),
        (b"\x41" + bytes(30), "what should be an IPv4 header is none"),
    ]
    for packet, words in cases:
        frame = seen(ether(packet, 0x0800))

        assert any(words in oddity for oddity in frame.oddities), (words, frame.oddities)
        assert 0 <= len(frame.payload) <= max(frame.length, 0) or isinstance(frame.transport, Other)


def test_extension_headers() -> None:
    """Hop-by-hop, routing, destination and authentication headers, and the transport behind them."""
    chain = b"\x2b\0\1\4\0\0\0\0" + b"\x3c\0\0\0\0\0\0\0" + b"\x33\0\1\4\0\0\0\0" + b"\x11\2" + bytes(14)
    frame = seen(ether(ip6(chain + udp(1, 2, b"hi"), 0)))

    assert frame.ip is not None
    assert frame.ip.options == ("hop-by-hop options", "routing", "destination options", "authentication")
    assert (frame.ip.header_length, frame.ip.protocol, frame.payload) == (80, 17, b"hi")
    assert [layer.name for layer in layers(frame)][2:6] == [f"IPv6 {name}" for name in frame.ip.options]


def test_ipv4_options() -> None:
    """Known by name; a length that lies is an oddity."""
    assert seen(ether(ip4(udp(1, 2, b""), 17, options=b"\x94\4\0\0"))).ip.options == ("router alert",)  # type: ignore[union-attr]
    assert (
        "IPv4 option 7 claims 40 octets where 4 are left"
        in seen(ether(ip4(udp(1, 2, b""), 17, options=b"\x07\x28\0\0"))).oddities
    )


SYN_OPTIONS = bytes.fromhex("020405b4 0402 080a 00000001 00000002 01 030307 220a0102030405060708 0101")


def options_of(octets: bytes) -> tuple[TcpOptions, tuple[str, ...]]:
    frame = seen(ether(ip4(tcp(1, 2, 2, options=octets + bytes(-len(octets) % 4)), 6)))
    assert isinstance(frame.transport, Tcp)
    return frame.transport.options, frame.oddities


def test_tcp_options() -> None:
    """Every option the fold knows, and the kinds of those it does not."""
    assert options_of(SYN_OPTIONS) == (TcpOptions(1460, 7, True, (), (1, 2), b"\1\2\3\4\5\6\7\x08"), ())
    sack = b"\1\1\5\x12" + struct.pack(">IIII", 1, 2, 3, 4)
    assert options_of(sack)[0].sack == ((1, 2), (3, 4))
    assert options_of(b"\xfe\x04\xf9\x89")[0].fast_open == b""
    assert options_of(b"\x1e\4\0\0\x13\x12" + bytes(16))[0].others == (30, 19)


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"\5\2\0\0", "kind 5 has 2 octets"),
        (b"\2\3\0\0", "kind 2 has 3 octets"),
        (b"\x08\x28\0\0", "kind 8 claims 40 octets where 4 are left"),
        (b"\2\0\0\0", "kind 2 claims 0 octets"),
        (b"\1\1\1\5", "kind 5 claims 0 octets where 1 are left"),
        (b"\3\3\xc8\0", "the window scale is 200"),
    ],
)
def test_malformed_tcp_options(octets: bytes, words: str) -> None:
    """They are oddities, and end the walk."""
    assert any(words in oddity for oddity in options_of(octets)[1])


def test_a_tcp_header_the_capture_cut() -> None:
    """What is there is used: ports from four octets, the fields from sixteen."""
    data = ether(ip4(tcp(1, 2, 2, seq=9, options=SYN_OPTIONS, data=b"xyz"), 6))
    long, short = seen(data[:52], wire=len(data)), seen(data[:40], wire=len(data))

    assert isinstance(long.transport, Tcp)
    assert (long.transport.seq, long.length, long.payload) == (9, 3, b"")
    assert "the capture cut its TCP header" in long.oddities
    assert (short.source.port, short.target.port) == (1, 2)
    assert isinstance(short.transport, Other)


def test_icmp_errors_quote() -> None:
    """Whom an error complains of, its sequence number, the MTU; from versions 4 and 6."""
    quoted = ip4(tcp(5, 6, 16, seq=77), 6)[:28]
    frame = seen(ether(ip4(struct.pack(">BBHHH", 3, 4, 0, 0, 1400) + quoted, 1, "10.0.0.9", "10.0.0.1")))
    upper = frame.transport
    assert isinstance(upper, Icmp)
    assert upper.quoted is not None
    assert (upper.quoted.source, upper.quoted.target) == (Endpoint("10.0.0.1", 5), Endpoint("10.0.0.2", 6))
    assert (upper.mtu, upper.quoted.protocol, upper.quoted.seq, upper.quoted.length) == (1400, 6, 77, 40)

    six = seen(ether(ip6(struct.pack(">BBHI", 2, 0, 0, 1280) + ip6(udp(7, 8, b"x"), 17), 58))).transport
    assert isinstance(six, Icmp)
    assert six.quoted is not None
    assert (six.version, six.mtu, six.quoted.source) == (6, 1280, Endpoint("fd00::1", 7))


def test_echo() -> None:
    """Identifier and sequence of a ping."""
    upper = seen(ether(ip4(struct.pack(">BBHHH", 8, 0, 0, 3, 4) + b"ping", 1))).transport
    assert isinstance(upper, Icmp)

    assert (upper.identifier, upper.sequence, upper.quoted) == (3, 4, None)


NAMED = {
    "ARP": (1, ether(bytes.fromhex("0006080006040001 020000000001 0a000001 000000000000 0a000002"), 0x0806)),
    "IGMP": (1, ether(ip4(bytes(4), 2))),
    "GRE": (1, ether(ip4(bytes(8), 47))),
    "IP protocol 200": (1, ether(ip4(bytes(8), 200))),
    "ethertype 0x1234": (1, ether(bytes(8), 0x1234)),
    "STP": (1, ETHERNET + b"\0\x26\x42\x42\3" + bytes(35)),
    "LLDP": (1, ether(bytes(8), 0x88CC)),
    "IEEE 802.15.4": (195, bytes(9)),
    "link type 4711": (4711, b"abc"),
    "802.11 beacon": (105, b"\x80\0" + bytes(40)),
    "802.11 encrypted data": (105, b"\x08\x41" + bytes(40)),
    "IP version 7": (101, b"\x70" + bytes(30)),
    "address family 7": (0, b"\7\0\0\0" + bytes(20)),
}


@pytest.mark.parametrize("name", NAMED)
def test_everything_else_has_a_name(name: str) -> None:
    """What the fold has no fields for is named, never dropped."""
    link, data = NAMED[name]
    upper = seen(data, link).transport

    assert isinstance(upper, Other)
    assert upper.name == name


def test_arp() -> None:
    """Who asks for whom; its ends are the IP addresses it is about."""
    frame = seen(ether(bytes.fromhex("0001080006040001 020000000001 0a000001 000000000000 0a000002"), 0x0806))

    assert frame.transport == Arp(1, "10.0.0.1", "02:00:00:00:00:01", "10.0.0.2", "00:00:00:00:00:00")
    assert (str(frame.source), str(frame.target)) == ("10.0.0.1", "10.0.0.2")


IGMP_REPORT = bytes.fromhex("2200e8f9 00000002 04000000 ef010203 03010001 ef010204 0a000001 00000000")


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (IGMP_REPORT, Igmp(0x22, "0.0.0.0", ((4, "239.1.2.3"), (3, "239.1.2.4")), 0xE8F9)),
        (IGMP_REPORT[:20], Igmp(0x22, "0.0.0.0", ((4, "239.1.2.3"),), 0xE8F9)),
        (bytes.fromhex("2200000000ffffff"), Igmp(0x22, "0.0.0.0")),
        (bytes.fromhex("160009faef010203"), Igmp(0x16, "239.1.2.3", (), 0x09FA)),
    ],
    ids=["version 3", "cut", "records that are not there", "version 2"],
)
def test_igmp(octets: bytes, told: Igmp) -> None:
    """Groups and what is said of them, as far as there are octets."""
    assert seen(ether(ip4(octets, 2))).transport == told


def total(octets: bytes) -> int:
    """The ones' complement sum of 16-bit words, folded: the slow way of RFC 1071."""
    octets += bytes(len(octets) % 2)
    value: int = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while value >> 16:
        value = (value & 0xFFFF) + (value >> 16)
    return value


@given(st.binary(max_size=60), st.sampled_from([6, 17]), st.booleans())
def test_checksums(data: bytes, protocol: int, six: bool) -> None:
    """Right, wrong, and left to a network card that loopback has not."""
    segment = bytearray(tcp(1, 2, 16, data=data) if protocol == 6 else udp(1, 2, data))
    place = 16 if protocol == 6 else 6
    around: Callable[[bytes], bytes] = partial(ip6 if six else ip4, protocol=protocol)
    addresses = around(b"")[8:40] if six else around(b"")[12:20]
    pseudo = addresses + struct.pack(">II", len(segment), protocol)
    for checksum, state in (
        (total(pseudo), "unfilled"),
        (0xFFFF - total(pseudo + segment) or 0xFFFF, "good"),
        ((0xFFFF - total(pseudo + segment) + 1) % 0xFFFF or 7, "bad"),
    ):
        segment[place : place + 2] = struct.pack(">H", checksum)
        frame = seen(ether(around(bytes(segment))))
        if total(pseudo) in (checksum, checksum + 1, checksum - 1) and state != "unfilled":
            continue

        assert checksum_state(frame) == state
        assert frame.unfilled_checksum == (state == "unfilled")


def test_a_right_checksum_may_be_the_pseudo_headers_sum() -> None:
    """One in 65,535 is, by chance: it is filled in all the same."""
    around = ip4(b"", 17)
    pseudo = total(around[12:20] + struct.pack(">II", 10, 17))
    segment = bytearray(udp(1, 2, b"\0\0", checksum=pseudo))
    segment[8:] = struct.pack(">H", 0xFFFF - total(around[12:20] + struct.pack(">II", 10, 17) + segment))
    chance, unlucky = seen(ether(ip4(bytes(segment), 17))), seen(ether(ip4(bytes(segment[:8]) + b"\7\7", 17)))

    assert (checksum_state(chance), checksum_state(unlucky)) == ("good", "unfilled")


def test_checksums_nobody_can_check() -> None:
    """A packet the capture cut, a UDP datagram without one, what is no IP."""
    whole = ether(ip4(udp(1, 2, b"hello", checksum=99), 17))

    assert checksum_state(seen(whole)) == "bad"
    assert checksum_state(seen(whole[:-1], wire=len(whole))) == "not checked"
    assert checksum_state(seen(ether(ip4(udp(1, 2, b"hello"), 17)))) == "not checked"
    assert checksum_state(seen(NAMED["ARP"][1])) == "not checked"


LINK_NUMBERS = st.sampled_from([*LINKS, 4711, -1])
SEEDS = st.sampled_from([data for _, data, _ in LINKED.values()] + [data for _, data in NAMED.values()])


CHANGES = st.lists(st.tuples(st.integers(0, 90), st.integers(0, 255)))


@given(LINK_NUMBERS, st.binary(max_size=120) | SEEDS, CHANGES, st.integers())
def test_no_octets_raise(link: int, data: bytes, changes: list[tuple[int, int]], wire: int) -> None:
    """Any octets on any link type give a frame with these octets, and layers and a checksum state for it."""
    octets = bytearray(data)
    for place, value in changes:
        if place < len(octets):
            octets[place] = value
    fragments = Reassembler()
    for number in (1, 2):
        frame = decode(Record(number, START, link, bytes(octets), wire % 70_000), fragments)
        found = layers(frame)

        assert frame.data == octets
        assert all(0 <= layer.start < layer.end <= len(octets) for layer in found)
        assert all(first.end <= second.start for first, second in pairwise(found))
        assert checksum_state(frame) in ("good", "bad", "unfilled", "not checked")
        assert len(frame.payload) <= frame.length or frame.length == 0
