"""The player as a function of rows and seconds; no screen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pktscope.rows import Arrow, Banner, Gap, Mark, Role, Row, StateChange
from pktscope.tui.player import (
    PACKET_SECONDS,
    Player,
    Stops,
    advanced,
    horizon,
    hurried,
    owner,
    progress,
    selected,
    stepped,
    toggled,
)


def arrow(step: int, milliseconds: int) -> Arrow:
    """A packet."""
    return Arrow(step, milliseconds * 10**6, 0, 1, step + 1, ("ACK",), ("ACK",), Role.ACK)


ROWS: list[Row] = [
    Mark(0, 0, 0, ("connect()",)),
    arrow(1, 1),
    StateChange(1, 10**6, ("SYN_SENT", "")),
    Gap(2, 10**9, 10**9),
    arrow(2, 1001),
    StateChange(2, 1001 * 10**6, ("ESTABLISHED", "")),
    Banner(3, 1002 * 10**6, "end"),
]


def stops_of(rows: list[Row]) -> Stops:
    """The stops of finished rows."""
    stops = Stops()
    stops.update(rows)
    return stops


def test_stops_are_where_something_happens() -> None:
    """Packets, calls and banners are stops; state changes and gaps belong to one."""
    stops = stops_of(ROWS)

    assert list(stops.rows) == [0, 1, 4, 6]
    assert [owner(ROWS, stops, row) for row in range(7)] == [0, 1, 1, 4, 4, 4, 6]
    assert (stops.ordinal(4), len(stops)) == (3, 4)


def test_a_step_hides_what_comes_later() -> None:
    """Stepping shows the row with the states it caused, and neither the gap nor the row behind it."""
    stops = stops_of(ROWS)
    player = stepped(Player(), stops, 1)

    assert player.row == 1
    assert horizon(player, ROWS, stops, progress(player, ROWS, stops)) == 3
    assert horizon(selected(player, 1), ROWS, stops, 1.0) == len(ROWS)


def test_playing_grows_the_arrow_then_shows_the_states() -> None:
    """While an arrow is on its way its consequences are not there yet."""
    stops = stops_of(ROWS)
    player = Player(row=1, playing=True, curtain=True)
    early = advanced(player, ROWS, stops, 0.2, more=False)
    late = advanced(player, ROWS, stops, 0.8, more=False)

    assert 0 < progress(early, ROWS, stops) < 1
    assert horizon(early, ROWS, stops, progress(early, ROWS, stops)) == 2
    assert horizon(late, ROWS, stops, progress(late, ROWS, stops)) == 3
    assert advanced(player, ROWS, stops, PACKET_SECONDS + 0.01, more=False).row == 4


def test_play_at_the_end_begins_anew_and_stops_at_the_end() -> None:
    """Space on the last row plays from the first; at the end of a finished run playing stops."""
    stops = stops_of(ROWS)
    again = toggled(Player(row=6), stops)

    assert (again.row, again.playing) == (0, True)
    assert advanced(again, ROWS, stops, 100.0, more=False).playing is False
    assert advanced(again, ROWS, stops, 100.0, more=True).playing is True


def test_true_time_cuts_long_gaps() -> None:
    """A second of silence lasts a second, a day two seconds."""
    day: list[Row] = [arrow(0, 0), arrow(1, 86_400_000)]
    stops = stops_of(day)
    player = Player(playing=True, true_time=True, curtain=True)

    assert advanced(player, day, stops, 1.9, more=False).row == 0
    assert advanced(player, day, stops, 2.1, more=False).row == 1


def test_speeds_have_ends() -> None:
    """Faster and slower stop at the fastest and the slowest."""
    fastest, slowest = Player(), Player()
    for _ in range(20):
        fastest, slowest = hurried(fastest, 1), hurried(slowest, -1)

    assert (fastest.speed, slowest.speed) == (16.0, 0.25)


@given(st.lists(st.sampled_from(ROWS), max_size=40), st.integers(0, 39))
def test_stops_grow_like_they_are_made(rows: list[Row], cut: int) -> None:
    """Rows taken in in two parts, the last one of the first part replaced, give the same stops as all at once."""
    grown = Stops()
    first = rows[:cut]
    grown.update([*first[:-1], Gap(0, 0, 0)] if first else [])
    grown.update(rows)

    assert list(grown.rows) == list(stops_of(rows).rows)


@given(st.lists(st.sampled_from(ROWS), min_size=1, max_size=40), st.lists(st.integers(-3, 3), max_size=20))
def test_steps_stay_on_stops(rows: list[Row], moves: list[int]) -> None:
    """However one steps, one stands on a stop, and what is shown ends behind it."""
    stops = stops_of(rows)
    player = Player()
    for by in moves:
        player = stepped(player, stops, by)
        limit = horizon(player, rows, stops, 1.0)

        assert not stops.rows or player.row in stops.rows
        assert not stops.rows or player.row < limit <= len(rows)
