"""The record walk: what a capture file may look like, and what it may claim."""

from __future__ import annotations

import gzip
import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktscope.capture import BadCapture
from pktscope.capture.store import Store
from pktscope.model import End, Frame
from tests.capturing import (
    START,
    block,
    ether,
    everything,
    frames,
    interface,
    ip4,
    opened,
    option,
    packet,
    pcap,
    read,
    section,
    tcp,
    udp,
)

DATA = ether(ip4(udp(1000, 2000, b"hello"), 17))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "unit"), [(0xA1B2C3D4, 1000), (0xA1B23C4D, 1), (0xA1B2CD34, 1000)])
def test_every_pcap_form_gives_the_same_packets(order: str, magic: int, unit: int) -> None:
    """Byte order, resolution and the modified form change no packet and no time."""
    store = read(pcap([DATA, DATA], order=order, magic=magic, step=250))

    assert [(one.number, one.time, one.data) for one in frames(store)] == [
        (1, START, DATA),
        (2, START + 250 * unit, DATA),
    ]
    assert store.complaints == ()


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_sections_each_with_their_interfaces(order: str) -> None:
    """Two sections of either byte order, two interfaces of different link types and resolutions."""
    other = "<" if order == ">" else ">"
    nanoseconds = option(9, b"\x09", other) + option(2, b"eth7", other) + option(14, struct.pack(other + "q", 3), other)
    store = read(
        section(order)
        + interface(1, order)
        + interface(101, order)
        + packet(DATA, order=order)
        + packet(DATA[14:], number=1, order=order)
        + section(other)
        + interface(1, other, options=nanoseconds)
        + packet(DATA, START + 5, order=other)
    )

    assert [(one.link, one.time, one.interface) for one in frames(store)] == [
        ("Ethernet", START, ""),
        ("RAW", START, ""),
        ("Ethernet", START + 5 + 3 * 10**9, "eth7"),
    ]
    assert {one.payload for one in frames(store)} == {b"hello"}
    assert store.complaints == ()


@pytest.mark.parametrize(("resolution", "ticks"), [(0, START // 10**9), (6, START // 1000), (0x81, START // 10**9 * 2)])
def test_time_resolution(resolution: int, ticks: int) -> None:
    """if_tsresol counts powers of ten, or of two."""
    options = option(9, bytes([resolution]))
    store = read(section() + interface(options=options) + packet(DATA, ticks))

    assert [one.time for one in frames(store)] == [START]


def test_stamps_nobody_can_have_meant() -> None:
    """A stamp beyond 64 bits of nanoseconds is set to their end."""
    store = read(section() + interface(options=option(9, b"\0")) + packet(DATA, (1 << 64) - 1))

    assert [one.time for one in frames(store)] == [(1 << 63) - 1]


def test_simple_and_obsolete_packet_blocks() -> None:
    """Blocks without an interface or a time, and those of an earlier draft, are packets as well."""
    stamp = divmod(START // 1000, 1 << 32)
    obsolete = struct.pack("<HHIIII", 0, 0, *stamp, len(DATA), len(DATA)) + DATA
    simple = struct.pack("<I", len(DATA)) + DATA
    store = read(section() + interface(snaplen=20) + block(2, obsolete) + block(3, simple))
    first, second = frames(store)

    assert (first.time, first.data) == (START, DATA)
    assert (second.data, second.wire_length) == (DATA[:20], len(DATA))
    assert "the capture gives this packet no time" in second.oddities


def test_comments_and_unknown_blocks() -> None:
    """Comments reach their frame; blocks nobody knows are passed over and count for nothing."""
    comments = option(1, b"first") + option(1, "zweite Zeile ü".encode()) + option(0, b"")
    store = read(section() + interface() + block(0xBAD, b"x" * 9) + packet(DATA, options=comments) + packet(DATA))

    assert [(one.number, one.comment) for one in frames(store)] == [(1, "first\nzweite Zeile ü"), (2, "")]


def test_dropped_frames_are_told() -> None:
    """The drop counts of the last statistics block of each interface reach the End."""
    head = struct.pack("<III", 0, 0, 0)
    counts = [option(5, struct.pack("<Q", n)) + option(7, struct.pack("<Q", 1)) for n in (3, 8)]
    store = read(section() + interface() + packet(DATA) + b"".join(block(5, head + count) for count in counts))

    assert everything(store)[-1] == End(START, "finished", 9)


@pytest.mark.parametrize("left", range(1, 16 + len(DATA)))
def test_a_cut_pcap_keeps_what_was_good(left: int) -> None:
    """Cut anywhere in its second packet, a file gives the first, and says what is missing."""
    whole = pcap([DATA, DATA])
    store = read(whole[: len(whole) - len(DATA) - 16 + left])
    (complaint,) = store.complaints

    assert [one.data for one in frames(store)] == [DATA]
    share = f"{left} of 16" if left < 16 else f"{left - 16} of {len(DATA)}"
    assert complaint.startswith("the file stops in the middle of")
    assert complaint.endswith(f"packet 2: {share} octets are there")
    assert everything(store)[-1] == End(START, "cut", None, complaint)


def test_a_cut_pcapng_keeps_what_was_good() -> None:
    """The same for pcapng, at every octet."""
    whole = section() + interface() + packet(DATA)
    good = len(whole)
    whole += packet(DATA)
    for size in range(good + 1, len(whole)):
        store = read(whole[:size])

        assert [one.data for one in frames(store)] == [DATA]
        assert "stops in the middle of a block behind packet 1" in store.complaints[0]


GOOD_START = section() + interface() + packet(DATA)
HOSTILE = {
    "claims 4,000,000,000 captured octets": pcap([DATA]) + struct.pack("<IIII", 1, 1, 4_000_000_000, 60) + DATA,
    "claims 0 octets": GOOD_START + struct.pack("<II", 6, 0) + bytes(40),
    "claims 8 octets": GOOD_START + struct.pack("<II", 6, 8) + bytes(40),
    "claims 4,294,967,295 octets": GOOD_START + struct.pack("<II", 6, 0xFFFFFFFF) + bytes(40),
    "two different lengths": GOOD_START + packet(DATA)[:-4] + struct.pack("<I", 44),
    "byte-order mark": GOOD_START + block(0x0A0D0D0A, b"abcd" + bytes(12)),
    "too short to hold a packet": GOOD_START + block(6, bytes(12)) + block(3, b""),
    "room for": section() + interface() + packet(DATA, captured=99_999),
    "does not describe": GOOD_START + section() + packet(DATA, number=7),
    "too short; its packets": GOOD_START + block(1, b"\1\0\0\0"),
}


@pytest.mark.parametrize("words", HOSTILE)
def test_lies_become_complaints(words: str) -> None:
    """What cannot be right is said in plain words; the packet before it stays, and what can be read behind it too."""
    store = read(HOSTILE[words])

    assert any(words in complaint for complaint in store.complaints), store.complaints
    assert frames(store)[0].payload == b"hello"


def test_block_lengths_that_are_no_multiple_of_four() -> None:
    """Some writers leave the padding out of the length; the packet is there all the same."""
    body = struct.pack("<IIIII", 0, START // 1000 >> 32, START // 1000 & 0xFFFFFFFF, len(DATA), len(DATA)) + DATA
    padding = -len(body) % 4
    length = struct.pack("<I", len(body) + 12)
    odd = struct.pack("<I", 6) + length + body + bytes(padding) + length
    store = read(section() + interface() + odd + packet(DATA))

    assert padding
    assert [one.payload for one in frames(store)] == [b"hello", b"hello"]


def test_gzip_whole_cut_damaged_and_in_several_members(tmp_path: Path) -> None:
    """gzip is transparent; what could be unpacked stays."""
    whole = pcap([ether(ip4(udp(1, 2, os.urandom(500).hex().encode()), 17)) for _ in range(200)])
    packed = gzip.compress(whole)
    damaged = packed[:60_000] + bytes(100) + packed[60_100:]
    cases = {
        "whole": (packed, ""),
        "members": (gzip.compress(whole[:5000]) + gzip.compress(whole[5000:]), ""),
        "cut": (packed[:60_000], "the compressed file stops in the middle"),
        "damaged": (damaged, "the compressed file stops making sense"),
        "more": (packed + b"more", "behind the end of the compressed file"),
    }
    for name, (octets, words) in cases.items():
        path = tmp_path / name
        path.write_bytes(octets)
        store = opened(path)

        assert any(words in complaint for complaint in store.complaints) == bool(words), name
        assert store.frame_count == 200 or (name in ("cut", "damaged") and 50 < store.frame_count < 200)
        assert all(len(one.payload) == 1000 for one in frames(store)[:50]), name


BAD = {
    "empty": (b"", "it is empty"),
    "text.txt": (b"hello, this is a letter\n", "looks like text"),
    "elf": (b"\x7fELF\x02\x01\x01\x00" + bytes(100), "does not start like a capture"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(30), "zstd -d"),
    "snoop": (b"snoop\0\0\0" + bytes(30), "editcap"),
    "tiny": (b"\xd4\xc3", "only 2 octets"),
}


@pytest.mark.parametrize("name", BAD)
def test_no_capture_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    """The line names the file and says what would help; by its path, and through a pipe."""
    octets, words = BAD[name]
    path = tmp_path / name
    path.write_bytes(octets)
    with pytest.raises(BadCapture) as caught:
        Store.open(str(path))
    line = str(caught.value)

    assert str(path) in line
    assert words in line
    assert "\n" not in line
    assert words in read(octets).error


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    """A directory, a missing file, a name no file can have."""
    for name, words in ((str(tmp_path), "is a directory"), (str(tmp_path / "no"), "no such file"), ("a\0b", "cannot")):
        with pytest.raises(BadCapture, match=words):
            Store.open(name)


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be read is refused with the way out. (Root may read every file, so the refusal is staged.)"""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(BadCapture, match="you may not read this file"):
        Store.open(str(tmp_path / "secret.pcap"))


def test_gzip_of_no_capture(tmp_path: Path) -> None:
    """What is compressed must be a capture as well."""
    path = tmp_path / "letter.gz"
    path.write_bytes(gzip.compress(b"dear reader"))

    assert "looks like text" in opened(path).error


GOOD = (
    section() + interface() + interface(101) + packet(DATA) + block(9, b"MESSAGE=x\n") + packet(DATA[14:], number=1),
    pcap([DATA, ether(ip4(tcp(1, 2, 2), 6)), DATA[:30]], wire=60),
)


CHANGES = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6)


@given(st.sampled_from(GOOD), CHANGES, st.integers(0, 400))
def test_no_octets_whatever_raise(good: bytes, changes: list[tuple[int, int]], size: int) -> None:
    """Damaged and cut captures give frames, an End, or a line that says why not; never an exception, never a hang."""
    octets = bytearray(good)
    for place, value in changes:
        octets[place % len(octets)] = value
    store = read(bytes(octets[: max(1, size)]))
    seen = everything(store)

    assert isinstance(seen[-1], End)
    assert sum(isinstance(one, Frame) for one in seen) == store.frame_count
    assert sum(len(everything(store, one)) - 1 for one in store.conversations) == store.frame_count


@given(st.integers(1, 97))
def test_pieces_of_any_size_give_the_same(size: int) -> None:
    """However a pipe cuts the octets, the capture is the same."""

    class Trickle:
        """A stream that hands out a few octets at a time."""

        def __init__(self, octets: bytes) -> None:
            self.octets = octets

        def read(self, _: int = -1) -> bytes:
            piece, self.octets = self.octets[:size], self.octets[size:]
            return piece

    for good in GOOD:
        store = Store.from_stream(Trickle(good))  # type: ignore[arg-type]
        assert store.wait(60)

        assert everything(store) == everything(read(good))
