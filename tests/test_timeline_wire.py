"""Timelines of several conversations, of the lab's wire and of a path through routers, as rows and as cells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pktscope.flows import Flows
from pktscope.model import Call, Exchange, Fate, Frame, Observation, Return, Side
from pktscope.notation import read
from pktscope.render import cells
from pktscope.rows import Arrow, Banner, Mark, Row, StateChange, Stroke
from pktscope.text import width
from pktscope.timeline import Timeline
from tests.test_flows import two_clients

MS = 1_000_000


def laid_out(seen: list[Observation], exchange: Exchange | None = None) -> Timeline:
    """The timeline of an exchange."""
    flows = Flows(exchange)
    timeline = Timeline(path=flows.exchange.path)
    for each in seen:
        step, notes = flows.feed(each)
        timeline.add(step, notes, flows.client, flows.server)
    return timeline


def rows(timeline: Timeline, kind: type[Row]) -> list[Row]:
    return [row for row in timeline.rows if isinstance(row, kind)]


def drawn(timeline: Timeline, cells_wide: int = 80) -> list[str]:
    """Every line of the ladder as text, each exactly as wide as its columns."""
    size = cells.columns(cells_wide)
    lines = []
    for at in range(len(timeline.rows)):
        for line in cells.paint(timeline, at, size, cells.Options()):
            text = "".join(run for run, _ in line)
            assert width(text) == size.width
            lines.append(text)
        assert cells.height(timeline, at, size, cells.Options()) == len(
            cells.paint(timeline, at, size, cells.Options())
        )
    return lines


def test_a_second_connection_is_announced_and_named_from_then_on() -> None:
    timeline = laid_out(two_clients())
    banners = [row for row in timeline.rows if isinstance(row, Banner)]
    assert [row.text for row in banners] == ["#2: a new connection, 127.0.0.1:40001 to 127.0.0.1:8000"]
    arrows = [row for row in timeline.rows if isinstance(row, Arrow)]
    assert [row.tag for row in arrows] == [""] * 5 + ["#2"] * 5
    assert {row.tag for row in timeline.rows if isinstance(row, StateChange)} == {"", "#2"}
    assert timeline.lanes[0].endpoint == "127.0.0.1"
    assert timeline.lanes[1].endpoint == "127.0.0.1:8000"
    assert any("#2" in line and "SYN" in line for line in drawn(timeline))


def test_a_scene_is_a_line_across() -> None:
    scene = Call(1, Side.CLIENT, 1, 1, "pause", "A small buffer")
    over = Return(2, Side.CLIENT, 1, 1, "pause")
    timeline = laid_out([scene, over, replace(scene, serial=2, arguments=""), replace(over, serial=2)])
    assert [row.text for row in timeline.rows if isinstance(row, Banner)] == ["A small buffer"]


def test_what_a_program_prints_stands_beside_its_lifeline() -> None:
    told = Call(1, Side.SERVER, 1, 1, "print", "hello\x1b[31m" + "x" * 200)
    timeline = laid_out([told, replace(told, serial=2, program=2, arguments="two")])
    marks = [row for row in timeline.rows if isinstance(row, Mark)]
    assert marks[0].text[0].startswith("print: hello\\e[31m")
    assert marks[1].text[0] == "2: print: two"
    assert all("\x1b" not in line for line in drawn(timeline))


WIRE = Exchange(topology="wire")
DATAGRAMS = """
udp 10.0.0.1:40000 > 10.0.0.2:8000
   C > S  UDP 10
   C > S  UDP 20
   C > S  UDP 30
"""


def wired(*fates: tuple[str, int, int, int]) -> Timeline:
    """Three datagrams, and then what the wire did: (what, frame, milliseconds later, copies that have arrived)."""
    seen = list(read(DATAGRAMS).observations)
    last = seen[-1].time
    for what, frame, later, copies in fates:
        at = last + later * MS
        seen.append(Fate(at, frame, what, (at,) * copies))  # type: ignore[arg-type]
    return laid_out(seen, WIRE)


def test_a_dropped_frame_stops_on_its_way_and_says_why() -> None:
    timeline = wired(("dropped", 3, 0, 0))
    lost = timeline.rows[-1]
    assert isinstance(lost, Arrow)
    assert lost.stroke is Stroke.LOST
    assert lost.label[:2] == ("UDP", "dropped on the wire")
    assert any("╳" in line for line in drawn(timeline))


def test_a_frame_that_arrives_while_nothing_else_happens_is_one_arrow() -> None:
    timeline = wired(("delivered", 3, 5, 1))
    assert len(rows(timeline, Arrow)) == 3
    assert all(isinstance(row, Arrow) and row.stroke is Stroke.SOLID for row in timeline.rows)


@pytest.mark.parametrize("what", ["delayed", "swapped"])
def test_a_frame_that_is_overtaken_leaves_and_arrives_in_rows_of_their_own(what: str) -> None:
    timeline = wired(("delivered", 2, 5, 1), ("delivered", 3, 5, 1), (what, 1, 6, 1))
    left, *_, came = rows(timeline, Arrow)
    assert isinstance(left, Arrow)
    assert isinstance(came, Arrow)
    assert left.stroke is Stroke.LEAVING
    assert (came.number, came.leg) == (1, (0.5, 1.0))
    lines = drawn(timeline)
    assert sum("▶" in line for line in lines) == 3


def test_a_second_copy_is_a_row_and_the_first_stays_whole() -> None:
    timeline = wired(("doubled", 3, 5, 1), ("doubled", 3, 6, 2))
    arrows = rows(timeline, Arrow)
    assert len(arrows) == 4
    assert isinstance(arrows[2], Arrow)
    assert arrows[2].stroke is Stroke.SOLID
    assert isinstance(arrows[3], Arrow)
    assert arrows[3].label == ("a second copy arrives",)


def test_damage_is_said_on_the_packet_it_was_done_to() -> None:
    timeline = wired(("damaged", 3, 5, 1))
    (*_, last) = rows(timeline, Arrow)
    assert isinstance(last, Arrow)
    assert last.label[1] == "damaged on the wire"


CROSSED = """
tcp 10.0.0.1:40000 > 10.0.0.2:8000
   C > S  FIN ACK
   S > C  FIN ACK 1
"""


def test_segments_that_cross_are_seen_to_cross() -> None:
    one, two = read(CROSSED).observations
    assert isinstance(one, Frame)
    assert isinstance(two, Frame)
    fates = [Fate(two.time + number * MS, number, "delivered", (two.time + number * MS,)) for number in (1, 2)]
    timeline = laid_out([one, two, *fates], WIRE)
    arrows = [row for row in timeline.rows if isinstance(row, Arrow)]
    assert [(row.number, row.leg) for row in arrows] == [(1, (0, 1)), (2, (0, 1)), (1, (0.5, 1.0)), (2, (0.0, 0.5))]
    assert [row.stroke for row in arrows[:2]] == [Stroke.LEAVING] * 2


@pytest.mark.parametrize("size", [60, 80, 120, 200])
def test_on_a_path_every_link_has_its_part_of_the_way(size: int) -> None:
    path = Exchange(topology="routers", path=("client", "R1", "R2", "server"))
    sent = read("udp 10.0.1.2:40000 > 10.0.3.2:8000\n   C > S  UDP 10").observations[0]
    assert isinstance(sent, Frame)
    seen = [replace(sent, interface=name, number=at) for at, name in enumerate(("client-R1", "R1-R2", "R2-server"), 1)]
    timeline = laid_out(list(seen), path)
    assert timeline.waypoints == ("R1", "R2")
    arrows = [row for row in timeline.rows if isinstance(row, Arrow)]
    assert [row.leg for row in arrows] == [(0, 1 / 3), (1 / 3, 2 / 3), (2 / 3, 1)]
    lines = [line for line in drawn(timeline, size) if "▶" in line]
    heads = [line.index("▶") for line in lines]
    assert heads == sorted(heads)
    assert len(set(heads)) == 3
    states = Flows(path).states
    assert "R1" in "".join(
        run for run, _ in cells.paint_header(timeline, cells.columns(size), states, cells.Options())[0]
    )
