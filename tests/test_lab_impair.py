"""Impairments: the rules' grammar, what frames are, and who is hit."""

from __future__ import annotations

import socket
import struct

import pytest

from pktscope.lab import impair
from pktscope.lab.impair import BadRule, Impairment, Judge, damaged, kinds, understood
from pktscope.model import ACK, FIN, PSH, RST, SYN, Side


def tcp(flags: int, payload: bytes = b"") -> bytes:
    """An Ethernet frame with a TCP segment; padded as short frames are."""
    segment = struct.pack("!HHIIBBHHH", 1, 2, 0, 0, 5 << 4, flags, 0, 0, 0) + payload
    return ipv4(socket.IPPROTO_TCP, segment)


def ipv4(protocol: int, body: bytes, place: int = 0) -> bytes:
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 1, place, 64, protocol, 0, bytes(4), bytes(4))
    return (bytes(12) + b"\x08\x00" + head + body).ljust(60, b"\0")


def ipv6(protocol: int, body: bytes) -> bytes:
    return bytes(12) + b"\x86\xdd" + struct.pack("!IHBB16s16s", 6 << 28, len(body), protocol, 64, b"", b"") + body


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("drop data 3 from client", Impairment("drop", "data", ((3, 3),), Side.CLIENT)),
        ("drop data from client", Impairment("drop", "data", ((1, 1),), Side.CLIENT)),
        ("  drop  data 1-4 from   server ", Impairment("drop", "data", ((1, 4),), Side.SERVER)),
        ("swap frame 2,5-6 from client", Impairment("swap", "frame", ((2, 2), (5, 6)), Side.CLIENT)),
        ("damage syn-ack all from server", Impairment("damage", "syn-ack", (), Side.SERVER)),
        ("delay data 1 from client by 400 ms", Impairment("delay", "data", ((1, 1),), Side.CLIENT, 0.4)),
        ("delay fin from client by 1.5s", Impairment("delay", "fin", ((1, 1),), Side.CLIENT, 1.5)),
    ],
)
def test_a_rule_is_understood(text: str, rule: Impairment) -> None:
    assert impair.parse(text) == rule


@pytest.mark.parametrize(
    "text",
    [
        "", "drop", "drop data 3", "lose data 3 from client", "drop dada 3 from client", "drop data 3 from router",
        "drop data 0 from client", "drop data 4-2 from client", "drop data 1,,2 from client",
        "drop data 3 from client by 1 s", "delay data 3 from client", "delay data 3 from client by 2",
        "delay data 3 from client by 2 h", "delay data 3 from client by 900 s", "drop data 3 from client\x1b[31m",
        "drop data 99999999999 from client",
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused_in_one_plain_line(text: str) -> None:
    with pytest.raises(BadRule) as refused:
        impair.parse(text)
    line = str(refused.value)
    assert line
    assert line.isprintable()


@pytest.mark.parametrize(("text", "seconds"), [("20ms", 0.02), ("1.5 s", 1.5), ("300us", 0.0003), ("300µs", 0.0003)])
def test_times(text: str, seconds: float) -> None:
    assert impair.duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(("text", "part"), [("10%", 0.1), ("2.5", 0.025), ("100 %", 1.0), ("0", 0.0)])
def test_shares(text: str, part: float) -> None:
    assert impair.share(text) == pytest.approx(part)


@pytest.mark.parametrize("text", ["", "-1", "101%", "ten", "1e3"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(BadRule):
        impair.share(text)


@pytest.mark.parametrize(
    ("frame", "names"),
    [
        (tcp(SYN), {"syn"}),
        (tcp(SYN | ACK), {"syn-ack"}),
        (tcp(SYN, b"early"), {"syn", "data"}),
        (tcp(ACK), {"ack"}),
        (tcp(PSH | ACK, b"hello"), {"data"}),
        (tcp(FIN | ACK), {"fin"}),
        (tcp(FIN | ACK, b"bye"), {"fin", "data"}),
        (tcp(RST | ACK), set()),
        (ipv4(socket.IPPROTO_UDP, bytes(8)), {"datagram"}),
        (ipv4(socket.IPPROTO_UDP, bytes(8), 0x2000), {"fragment"}),
        (ipv4(socket.IPPROTO_UDP, bytes(8), 5), {"fragment"}),
        (ipv4(socket.IPPROTO_ICMP, bytes(8)), {"icmp"}),
        (ipv4(socket.IPPROTO_GRE, bytes(8)), set()),
        (bytes(12) + b"\x08\x06" + bytes(28), {"arp"}),
        (ipv6(socket.IPPROTO_UDP, bytes(8)), {"datagram"}),
        (ipv6(socket.IPPROTO_FRAGMENT, bytes(16)), {"fragment"}),
        (ipv6(socket.IPPROTO_ICMPV6, bytes((135,)) + bytes(7)), {"arp"}),
        (ipv6(socket.IPPROTO_ICMPV6, bytes((1,)) + bytes(7)), {"icmp"}),
        (ipv6(socket.IPPROTO_TCP, tcp(SYN)[34:54]), {"syn"}),
        (b"", set()),
        (bytes(12) + b"\x08\x00\x45", set()),
    ],
)
def test_what_a_frame_is(frame: bytes, names: set[str]) -> None:
    assert kinds(frame) == {"frame"} | names


def test_a_damaged_frame_differs_in_its_packet_not_in_its_padding() -> None:
    frame = tcp(ACK, b"ab")
    assert len(frame) == 60
    broken = damaged(frame)
    assert [at for at in range(60) if frame[at] != broken[at]] == [14 + 20 + 20 + 1]


def test_each_side_and_each_kind_is_counted_by_itself() -> None:
    judge = Judge(understood(["drop data 2 from client"]))
    data, ack = tcp(PSH | ACK, b"x"), tcp(ACK)
    seen = [(Side.CLIENT, data), (Side.SERVER, data), (Side.CLIENT, ack), (Side.CLIENT, data), (Side.CLIENT, data)]
    assert [judge.judge(side, frame).action == "drop" for side, frame in seen] == [False, False, False, True, False]


def test_a_frame_is_dropped_by_its_number() -> None:
    judge = Judge(understood([], drops=(2,)))
    frame = tcp(ACK)
    assert [judge.judge(side, frame).action == "drop" for side in (Side.CLIENT, Side.SERVER, Side.SERVER)] == [
        False, True, False,
    ]  # fmt: skip


def test_chance_begins_where_the_seed_says() -> None:
    def losses(seed: int) -> list[bool]:
        judge = Judge(understood([], loss=0.3, seed=seed))
        return [judge.judge(Side.CLIENT, tcp(ACK)).action == "drop" for _ in range(200)]

    assert losses(1) == losses(1) != losses(2)
    assert 30 < sum(losses(1)) < 90
