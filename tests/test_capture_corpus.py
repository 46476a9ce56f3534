"""The shared captures: conversations and datagrams as tshark has them, headers as scapy has them, nothing raises."""

from __future__ import annotations

import gzip
import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pktscope.capture.decode import checksum_state, layers
from pktscope.capture.store import Store
from pktscope.model import End, Frame, Icmp, Tcp, Udp
from tests.capturing import everything, frames, opened, read
from tests.conftest import CORPUS

NAMES = sorted(path.name for path in (CORPUS / "captures").glob("*")) if CORPUS.is_dir() else ["(not here)"]

TUNNELS = {
    "arkime__gtp-iphone.pcap": "GTP: tshark counts the conversations inside the tunnel, we name the tunnel's own",
    "zeek__gtp6_gtp_0x32.pcap": "GTP",
    "zeek__gre-sample.pcap": "GRE",
    "suricata-ver__vxlan-non-zero-reserved-fields__input.pcap": "VXLAN",
    "dpkt__nb6-http.pcap": "L2TP",
}
"""Captures whose inner conversations are not ours to count yet."""

MANY = 5000
"""Frames of a capture that are enough; one has 82,582, all much alike."""

LARGE = ("zeek__echo-connections.pcap.gz",)

EXTRA_BLOCKS = {"pcapng-test__test102.pcapng": 3, "pcapng-test__test202.pcapng": 3}
"""tshark counts blocks of unknown types as frames; we count packets."""

LYING_LENGTHS = {
    "filesamples__teardrop.pcap": "the UDP header says 36 octets of a datagram of 28",
    "pcapplusplus__clusterfuzz-testcase-minimized-FuzzTarget-5204104585674752.pcap":
        "the UDP header says 27,391 octets of a packet of 15,733",
}  # fmt: skip
"""tshark adds up what the UDP header says, we what the packet has room for."""


@pytest.fixture
def capture(corpus: Path, name: str) -> Path:
    return corpus / "captures" / name


@cache
def oracle(name: str) -> dict[str, Any]:
    """tshark's reading of a capture."""
    with gzip.open(CORPUS / "oracle" / f"{name}.json.gz") as stream:
        known: dict[str, Any] = json.load(stream)
    return known


@cache
def stored(capture: Path) -> Store:
    """The capture, read once for all tests."""
    return opened(capture)


@cache
def some_frames(capture: Path) -> tuple[Frame, ...]:
    """Its frames, the first thousands of them."""
    seen = stored(capture).reader(None).more(MANY)
    return tuple(one for one in seen if isinstance(one, Frame))


@pytest.mark.parametrize("name", NAMES)
def test_as_many_frames_as_tshark(capture: Path, name: str) -> None:
    """Every packet record is a frame, and every frame is in exactly one conversation."""
    store = stored(capture)
    delivered = sum(len(frames(store, one)) for one in store.conversations) if store.frame_count < MANY else None

    assert store.frame_count == oracle(name)["frames"] - EXTRA_BLOCKS.get(name, 0)
    assert delivered in (None, store.frame_count)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in TUNNELS])
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_conversations_as_tshark_has_them(capture: Path, name: str, protocol: str) -> None:
    """The same conversations by the same numbers: ends, packets each way, payload octets each way."""
    mine = [one for one in stored(capture).conversations if one.protocol == protocol]
    theirs = []
    for number, known in enumerate(oracle(name)[protocol]):
        client = (mine[number].client.address, mine[number].client.port) if number < len(mine) else None
        ways = (0, 1) if tuple(known["a"]) == client else (1, 0)
        ends = (known["a"], known["b"])
        octets = None if name in LYING_LENGTHS and protocol == "udp" else [known["pl"][way] for way in ways]
        theirs.append((known["id"], [ends[way] for way in ways], [known["pk"][way] for way in ways], octets))

    assert [
        (
            one.number,
            [[one.client.address, one.client.port], [one.server.address, one.server.port]],
            [*one.frames],
            None if name in LYING_LENGTHS and protocol == "udp" else [*one.octets],
        )
        for one in mine
    ] == theirs


@pytest.mark.parametrize("name", [name for name in NAMES if name not in TUNNELS])
def test_the_client_is_who_tshark_saw_send_the_syn(capture: Path, name: str) -> None:
    """Where tshark tells which frame was the SYN, its sender is our client."""
    store = stored(capture)
    mine = [one for one in store.conversations if one.protocol == "tcp"]
    for one, known in zip(mine, oracle(name)["tcp"], strict=True):
        life = known["life"]
        if life["hs"] in ("full", "syn+synack", "syn-only") and known["p"][0][0] == life["syn"][0]:
            assert [one.client.address, one.client.port] == known["a"]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {*TUNNELS, *LARGE}])
def test_segments_as_tshark_has_them(capture: Path, name: str) -> None:
    """Each segment of each conversation: frame, payload length, window field, relative sequence number."""
    store = stored(capture)
    columns = oracle(name)["pcols"]
    for one, known in zip((c for c in store.conversations if c.protocol == "tcp"), oracle(name)["tcp"], strict=True):
        mine = {frame.number: frame for frame in frames(store, one) if isinstance(frame.transport, Tcp)}
        rows = [dict(zip(columns, row, strict=False)) for row in known["p"]]

        if name not in EXTRA_BLOCKS:
            assert sorted(mine) == [row["frame"] for row in rows]
            assert [mine[row["frame"]].length for row in rows] == [row["len"] for row in rows]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in TUNNELS])
def test_datagrams_put_together_as_tshark_does(capture: Path, name: str) -> None:
    """Which frames made which datagram, how long it is, and whether fragments overlapped."""
    known = oracle(name)["frags"]
    mine = [(one.number, one.whole) for one in some_frames(capture) if one.whole is not None]

    assert [(number, [*whole.frames], whole.length, whole.overlap) for number, whole in mine] == [
        (one["in"], one["frames"], one["len"], "overlap" in one["flags"]) for one in known
    ]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in TUNNELS])
def test_icmp_errors_tied_to_what_they_quote(capture: Path, name: str) -> None:
    """The quoted ends, and the conversation the error stands in."""
    store = stored(capture)
    by_number = {one.number: one for one in some_frames(capture)}
    for error in oracle(name)["icmp_errors"]:
        upper, inner = by_number[error["f"]].transport, error["inner"]
        assert isinstance(upper, Icmp)
        assert upper.quoted is not None
        ends = (upper.quoted.source, upper.quoted.target)

        assert (upper.type, upper.code) == (error["type"], error["code"])
        assert [end.address for end in ends] == [inner["src"], inner["dst"]]
        assert [end.port for end in ends] == [inner.get("sp"), inner.get("dp")]
        if error["link"] is not None:
            owner = next(one for one in store.conversations if one.name == f"{inner['p']}:{error['link']}")
            assert error["f"] in [one.number for one in frames(store, owner)]


@pytest.mark.parametrize("name", NAMES)
def test_damaged_captures(capture: Path, name: str) -> None:
    """Cut at any octet and with any bits turned, a capture gives frames and an End, or one line that says why not."""
    octets = capture.read_bytes()[:60_000]
    chance = random.Random(name)
    for _ in range(6):
        damaged = bytearray(octets[: chance.randrange(1, len(octets) + 1)])
        for _ in range(chance.choice((0, 1, 20))):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        store = read(bytes(damaged))
        seen = everything(store)

        assert isinstance(seen[-1], End)
        assert len(seen) == store.frame_count + 1
        for frame in seen[:50]:
            if isinstance(frame, Frame):
                assert all(0 <= layer.start < layer.end <= len(frame.data) for layer in layers(frame))
                assert checksum_state(frame) in ("good", "bad", "unfilled", "not checked")


# --- law 12: scan, decoder and scapy agree ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in NAMES if name not in LARGE])
def test_scan_and_decoder_agree(capture: Path, name: str) -> None:
    """Conversations counted from decoded frames are the scan's."""
    store = stored(capture)
    for one in store.conversations:
        if one.protocol not in ("tcp", "udp"):
            continue
        own = [frame for frame in frames(store, one) if isinstance(frame.transport, Tcp | Udp)]
        out = [frame for frame in own if frame.source == one.client]
        back = [frame for frame in own if frame.source != one.client]

        assert (len(out), len(back)) == one.frames
        assert (sum(frame.length for frame in out), sum(frame.length for frame in back)) == one.octets


def scapy_fields(packet: Any) -> tuple[object, ...] | None:
    """What scapy says of the outermost IP and transport header; None where it sees none we read."""
    from scapy.layers.inet import IP, TCP, UDP
    from scapy.layers.inet6 import IPv6

    ip = packet.getlayer(IP) or packet.getlayer(IPv6)
    upper = ip and (ip.payload if isinstance(ip.payload, TCP | UDP) else None)
    if not upper:
        return None
    ends = (ip.src, upper.sport, ip.dst, upper.dport)
    if isinstance(upper, UDP):
        return (*ends, "udp", upper.len, upper.chksum)
    return (*ends, "tcp", upper.seq, upper.ack, int(upper.flags), upper.window, upper.dataofs * 4, upper.chksum)


def our_fields(frame: Frame) -> tuple[object, ...]:
    """The same of a decoded frame."""
    ends = (frame.source.address, frame.source.port, frame.target.address, frame.target.port)
    upper = frame.transport
    if isinstance(upper, Udp):
        return (*ends, "udp", upper.length, upper.checksum)
    assert isinstance(upper, Tcp)
    return (*ends, "tcp", upper.seq, upper.ack, upper.flags, upper.window, upper.header_length, upper.checksum)


def dissected(frame: Frame) -> Any:
    """scapy's dissection from the link or IP header on; None for what is not compared."""
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6
    from scapy.layers.l2 import Ether

    if frame.ip is None or frame.ip.is_fragment or not isinstance(frame.transport, Tcp | Udp):
        return None
    if frame.link == "Ethernet":
        return Ether(frame.data)
    start = next(layer.start for layer in layers(frame) if layer.name.startswith("IPv"))
    return (IP if frame.ip.version == 4 else IPv6)(frame.data[start:])


def test_the_decoder_agrees_with_scapy(corpus: Path) -> None:
    """Addresses, ports and header fields of the first frames of every capture."""
    compared = 0
    for name in NAMES:
        for frame in some_frames(corpus / "captures" / name)[:30]:
            packet = dissected(frame)
            theirs = None if packet is None else scapy_fields(packet)
            if theirs is not None:
                assert our_fields(frame) == theirs, (name, frame.number)
                compared += 1

    assert compared > 1000
