"""Fragments: in any order, twice, overlapping, incomplete, hostile; and the conversation they belong to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pktscope.capture.reassembly import DATAGRAM_LIMIT, OCTET_LIMIT, Pieces, Reassembler
from pktscope.capture.store import Store
from pktscope.model import Frame, Tcp, Udp, Whole
from tests.capturing import ether, everything, frames, ip4, ip6, pcap, read, tcp, udp

DATAGRAM = udp(1000, 2000, bytes(range(256)) * 16)


def cut4(datagram: bytes, size: int = 1480, identification: int = 7, protocol: int = 17) -> list[bytes]:
    """An IPv4 datagram's fragments, as frames."""
    found = []
    for at in range(0, len(datagram), size):
        part, more = datagram[at : at + size], at + size < len(datagram)
        found.append(ether(ip4(part, protocol, offset=at, more=more, identification=identification)))
    return found


def cut6(datagram: bytes, size: int = 1448) -> list[bytes]:
    """An IPv6 datagram's fragments, as frames."""
    found = []
    for at in range(0, len(datagram), size):
        field = at | (at + size < len(datagram))
        header = b"\x11\0" + field.to_bytes(2, "big") + b"\0\0\0\x09"
        found.append(ether(ip6(header + datagram[at : at + size], 44)))
    return found


def delivered(store: Store) -> list[Frame]:
    return [one for one in frames(store) if one.transport is not None]


@given(st.permutations(range(3)), st.sampled_from([cut4, cut6]))
def test_any_order(order: list[int], cut: object) -> None:
    """The frame that completes a datagram delivers it; the others deliver nothing, and name its ports once known."""
    pieces = cut(DATAGRAM)  # type: ignore[operator]
    store = read(pcap(pieces[place] for place in order))
    (last,) = delivered(store)
    seen = frames(store)

    assert (last.number, last.whole) == (3, Whole((1, 2, 3), len(DATAGRAM)))
    assert isinstance(last.transport, Udp)
    assert (last.payload, last.length) == (DATAGRAM[8:], 4096)
    assert [one.source.port for one in seen[order.index(0) :]] == [1000] * (3 - order.index(0))
    (conversation,) = store.conversations
    assert (conversation.name, conversation.frames, conversation.octets) == ("udp:0", (1, 0), (4096, 0))
    assert frames(store, conversation) == seen


def test_duplicates_and_overlaps() -> None:
    """Octets carried twice are told of, and so is it when they differ; the first to arrive stay."""
    one, two, three = cut4(DATAGRAM)
    same = delivered(read(pcap([one, two, two, three])))[0]
    assert same.whole is not None
    assert (same.whole.overlap, same.whole.conflict, same.whole.frames) == (True, False, (1, 2, 3, 4))

    other = ether(ip4(bytes(1480), 17, offset=1480, more=True))
    differs = delivered(read(pcap([one, two, other, three])))[0]
    assert differs.whole is not None
    assert (differs.whole.overlap, differs.whole.conflict) == (True, True)
    assert differs.payload == DATAGRAM[8:]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30), st.integers(0, 255)), max_size=12))
def test_pieces_against_a_slow_model(parts: list[tuple[int, int, int]]) -> None:
    """First come stays, coverage and overlap are exact, whatever the pieces are."""
    pieces = Pieces(0)
    slow: dict[int, int] = {}
    overlap = conflict = False
    for start, length, value in parts:
        pieces.put(start, start + length, bytes([value]) * length)
        for place in range(start, start + length):
            overlap |= place in slow
            conflict |= slow.get(place, value) != value
            slow.setdefault(place, value)

    assert {place: pieces.buffer[place] for place in slow} == slow
    assert [*slow] == [] or (pieces.overlap, pieces.conflict) == (overlap, conflict)
    covered = [place for low, high in zip(pieces.starts, pieces.ends, strict=True) for place in range(low, high)]
    assert covered == sorted(slow)


def test_teardrop() -> None:
    """A second fragment inside the first completes nothing by itself and harms nobody."""
    whole = udp(1, 2, bytes(28))
    frames_of = [ether(ip4(whole, 17, more=True)), ether(ip4(whole[:4], 17, offset=24))]
    (last,) = delivered(read(pcap(frames_of)))
    assert last.whole is not None

    assert (last.whole.length, last.whole.overlap, last.whole.conflict) == (28, True, True)
    assert any("the UDP header says" in oddity for oddity in last.oddities)


def test_fragmented_tcp() -> None:
    """A segment in fragments keeps its header, and counts in its conversation."""
    segment = tcp(5, 6, 24, seq=100, ack=7, data=b"x" * 100)
    store = read(pcap([ether(ip4(tcp(5, 6, 2, seq=99), 6)), *cut4(segment, 40, protocol=6)]))
    (_, last) = delivered(store)

    assert isinstance(last.transport, Tcp)
    assert (last.transport.seq, last.payload) == (100, b"x" * 100)
    assert [(one.name, one.octets) for one in store.conversations] == [("tcp:0", (100, 0))]
    assert len(frames(store, store.conversations[0])) == 1 + len(cut4(segment, 40))


def test_a_lost_fragment() -> None:
    """What never completes delivers nothing, and still stands in its conversation."""
    pieces = cut4(DATAGRAM)
    whole = ether(ip4(udp(1000, 2000, b"hi"), 17))
    for lost in range(3):
        rest = [piece for place, piece in enumerate(pieces) if place != lost]
        for capture in ([whole, *rest], [*rest, whole]):
            store = read(pcap(capture))

            assert len(delivered(store)) == 1
            assert [(one.name, one.octets) for one in store.conversations] == [("udp:0", (2, 0))]
            assert frames(store, store.conversations[0]) == frames(store)


def test_fragments_nothing_is_known_of() -> None:
    """Without a first fragment and with two conversations to choose from, fragments have one of their own."""
    both = [ether(ip4(udp(port, 2000, b"hi"), 17)) for port in (1, 2)]
    store = read(pcap([*both, cut4(DATAGRAM)[1]]))

    assert [one.name for one in store.conversations] == ["udp:0", "udp:1", "udp fragment:0"]
    assert len(frames(store, store.conversations[2])) == 1


def test_identifications_are_used_again() -> None:
    """Fragments of a datagram that took longer than the kernel waits are not mixed with the next one's."""
    one, two, three = cut4(DATAGRAM)
    slow = pcap([one, two, three], step=31_000_000)
    quick = pcap([one, two, three], step=14_000_000)

    assert delivered(read(slow)) == []
    assert len(delivered(read(quick))) == 1


def test_a_datagram_no_header_can_announce() -> None:
    """A fragment that reaches beyond 65,535 octets is an oddity (the ping of death), and completes nothing."""
    (one,) = frames(read(pcap([ether(ip4(bytes(100), 17, offset=65_528))])))

    assert "the fragment reaches beyond the largest possible datagram" in one.oddities


def test_memory_is_bounded() -> None:
    """Fragments that never complete cost no more than the limits, however many there are."""
    fragments = Reassembler()
    for number in range(3 * DATAGRAM_LIMIT):
        key = (4, b"abcd", b"efgh", 17, number)
        fragments.add(key, number, 0, 65_000, 8, b"12345678", False, None)

        assert fragments.octets <= OCTET_LIMIT
    assert len(fragments.waiting) <= DATAGRAM_LIMIT
    assert sum(len(pieces.buffer) for pieces in fragments.waiting.values()) == fragments.octets


def test_many_fragments_are_not_slow() -> None:
    """A datagram in the most fragments there can be, last to first: no step looks at all of them."""
    datagram = udp(1, 2, bytes(65_000))
    store = read(pcap(reversed(cut4(datagram, 8))))

    assert [one.payload for one in delivered(store)] == [bytes(65_000)]
    assert len(everything(store, store.conversations[0])) == store.frame_count + 1


def test_a_cut_fragment() -> None:
    """Where the capture cut a fragment, the payload ends at the first hole, and the length tells the truth."""
    one, two, three = cut4(DATAGRAM)
    octets = pcap([one]) + pcap([two[:100]], wire=len(two))[24:] + pcap([three])[24:]
    (last,) = delivered(read(octets))

    assert last.length == 4096
    assert last.payload == DATAGRAM[8 : 1480 + 100 - 34]


SMALL = [*cut4(udp(1, 2, bytes(40)), 16), *cut4(udp(3, 4, bytes(40)), 16, 8), *cut6(udp(5, 6, bytes(40)), 16)]


@given(st.lists(st.sampled_from(SMALL), max_size=20))
def test_every_frame_is_in_exactly_one_conversation(chosen: list[bytes]) -> None:
    """However fragments come, each conversation's reader delivers its own and no other, in the order of the capture."""
    store = read(pcap(chosen))
    parts = [[one.number for one in frames(store, conversation)] for conversation in store.conversations]

    assert sorted(number for part in parts for number in part) == [*range(1, len(chosen) + 1)]
    assert all(part == sorted(part) for part in parts)
