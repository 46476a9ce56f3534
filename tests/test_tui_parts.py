"""Headers as boxes, rows and lines, the hex view, searching, lists: all without a screen."""

from __future__ import annotations

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktscope.model import ACK, PSH, Conversation, Endpoint, Frame, Icmp, Ip, Layer, Tcp, TcpOptions, Udp
from pktscope.rows import Role
from pktscope.text import width as cells_of
from pktscope.timeline import lay_out
from pktscope.tui import search
from pktscope.tui.boxes import Cell, box, ip_box, transport_box
from pktscope.tui.heights import BLOCK, Heights
from pktscope.tui.listing import Filter, full, line, titles
from pktscope.tui.sections import HexLines
from tests.scenes import connection

HERE, THERE = Endpoint("10.0.0.1", 50000), Endpoint("10.0.0.2", 80)
OPTIONS = TcpOptions(mss=1460, window_scale=7, sack_permitted=True, timestamp=(2**32 - 1, 2**32 - 1))
SEGMENT = Tcp(2**32 - 1, 2**32 - 1, ACK | PSH, 65535, 40, 0xFFFF, 65535, OPTIONS)
IP4 = Ip(4, 20, 65535, 255, 255, 255, 65535, True, True, 65528)
IP6 = Ip(6, 48, 65575, 255, 58, 255)
LONG = Endpoint("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 65535)


def frame(**changes: object) -> Frame:
    """A frame with the largest numbers."""
    fields = {"number": 1, "time": 0, "data": b"", "wire_length": 60, "source": HERE, "target": THERE, **changes}
    return Frame(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [40, 66, 80])
@pytest.mark.parametrize(
    "transport", [SEGMENT, Udp(65535, 65535), Icmp(4, 8, 0, 65535, 65535, 65535), Icmp(6, 2, 0, mtu=2**32 - 1)]
)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_header_boxes_are_aligned(width: int, transport: Tcp | Udp | Icmp, ascii_only: bool) -> None:
    """Every line of a box is equally wide, fits the room, and every number is whole."""
    drawn = transport_box(frame(transport=transport), width, ascii_only=ascii_only)
    boxed = [text for text in drawn if not text.startswith((" 0", "  "))]

    assert len({cells_of(text) for text in boxed}) == 1
    assert cells_of(boxed[0]) <= width
    if isinstance(transport, Tcp):
        text = "\n".join(drawn)
        assert all(number in text for number in ("50000", "80", "4294967295", "65535", "0xffff"))


@pytest.mark.parametrize("width", [40, 66])
@pytest.mark.parametrize(("ip", "ends"), [(IP4, (HERE, THERE)), (IP6, (LONG, LONG))])
def test_ip_boxes_are_aligned(width: int, ip: Ip, ends: tuple[Endpoint, Endpoint]) -> None:
    """The same for both versions of IP, with the longest addresses."""
    drawn = ip_box(frame(ip=ip, source=ends[0], target=ends[1]), width)
    boxed = [text for text in drawn if not text.startswith((" 0", "  "))]

    assert len({cells_of(text) for text in boxed}) == 1
    assert ends[0].address in "".join(boxed).replace(" ", "").replace("││", "")


@given(st.lists(st.lists(st.integers(1, 16), min_size=1, max_size=6), min_size=1, max_size=5), st.sampled_from([1, 2]))
def test_borders_always_meet(shapes: list[list[int]], cells: int) -> None:
    """Wherever a vertical border stands, the line above and below it has a joint."""
    rows = []
    for shape in shapes:
        places = sorted({0, 32, *(at for at in accumulate(shape) if at < 32)})
        rows.append(tuple(Cell("f", "1", behind - first) for first, behind in pairwise(places)))
    drawn = box(rows, cells)
    for above, middle in pairwise(drawn):
        for place, sign in enumerate(middle):
            if sign == "│" and above[place] not in "│":
                assert above[place] in "┌┬┐├┼┤", (above, middle)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=BLOCK * 3))
def test_heights_find_every_line(sizes: list[int]) -> None:
    """Rows of any height, none at all too: once measured, each line belongs to the row that owns it."""
    heights = Heights(sizes.__getitem__)
    heights.grow(len(sizes))
    tops = [heights.top(row) for row in range(len(sizes))]
    tops = [heights.top(row) for row in range(len(sizes))]

    assert heights.total == sum(sizes)
    for row, top in enumerate(tops):
        for within in range(sizes[row]):
            assert heights.find(top + within) == (row, within)


def test_heights_measure_only_what_is_looked_at() -> None:
    """A million rows are opened, and their end is looked at, with two blocks measured."""
    measured = 0

    def measure(row: int) -> int:
        nonlocal measured
        measured += 1
        return 2

    heights = Heights(measure)
    heights.grow(1_000_000)
    assert heights.find(0) == (0, 0)
    last = heights.top(999_999)

    assert heights.find(last) == (999_999, 0)
    assert measured <= 3 * BLOCK


@given(st.binary(max_size=200))
def test_hex_shows_every_octet_once(data: bytes) -> None:
    """The hex view is the data, in order, in the role of its layer."""
    view = HexLines(data, (Layer("Ethernet", 0, 14), Layer("payload", 14, len(data))), 80)
    shown = bytes.fromhex("".join("".join(text for text, _ in runs)[6:54] for runs in view))

    assert shown == data
    assert all(len("".join(text for text, _ in runs)) <= 76 for runs in view)
    if len(data) > 14:
        assert view.role_of(14) is Role.DATA


def test_going_to_packets_and_times() -> None:
    """Numbers are packets, units are times, and what is out of range says what there is."""
    scene = connection()
    timeline = lay_out(scene.steps, scene.client, scene.server)
    row, words = search.go_to(timeline, "3")

    assert row is not None
    assert (getattr(timeline.rows[row], "number", 0), words) == (3, "")
    assert search.go_to(timeline, "99") == (None, "the packets here are 1 to 10")
    assert search.go_to(timeline, "1h")[0] is None
    assert "ends at" in search.go_to(timeline, "100s")[1]
    assert search.go_to(timeline, "0ms") == (0, "")


def test_finding_goes_round() -> None:
    """Calls, labels and notes are found from the current row on, and from the start again."""
    scene = connection()
    timeline = lay_out(scene.steps, scene.client, scene.server)
    first = search.find(timeline, "waited 40 MS", 0)

    assert first is not None
    assert search.find(timeline, "waited 40 ms", first) == first
    assert search.find(timeline, "no such words", 0) is None


CONVERSATION = Conversation("tcp", 12, LONG, LONG, (10**6, 10**6), (10**9, 10**9), 0, 90_000 * 10**9)


@pytest.mark.parametrize("width", range(60, 200, 11))
def test_list_lines_fit(width: int) -> None:
    """A line of the list is as wide as the screen, its numbers are whole, and the long form leaves nothing out."""
    shown = line(CONVERSATION, width)

    assert cells_of(shown) == width == cells_of(titles(width))
    assert "2,000,000" in shown
    assert LONG.address in full(CONVERSATION)


def test_filter_looks_at_each_line_once() -> None:
    """A growing list is filtered as it grows."""
    found = [Conversation("tcp", number, Endpoint("10.0.0.1", number), THERE) for number in range(100)]
    kept = Filter()
    kept.set("tcp:7")

    assert [each.number for each in kept.kept(found[:50])] == [7]
    assert [each.number for each in kept.kept(found)] == [7, *range(70, 80)]
    assert kept.looked == 100
