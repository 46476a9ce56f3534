"""Which row is current and when the next one comes: pure, the clock is an argument.

A *stop* is a row where something happens: a packet, a fold, a call, a banner. State changes belong to the stop before
them and appear when it is done; a gap belongs to the stop that ends it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pktscope.rows import Arrow, Banner, Fold, Gap, Mark, Row
from pktscope.words import _, say

PACKET_SECONDS = 0.9
CALL_SECONDS = 0.35
FLIGHT = 0.7
"""The part of a packet's time its arrow needs to cross the wire; the rest is for looking at it."""
LONGEST_GAP = 2.0
SHORTEST_GAP = 0.05
"""True time: seconds a silence may last on the screen, and the least a row stays."""
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


class Stops:
    """The stops of a growing timeline, by row: their order, their neighbours."""

    def __init__(self) -> None:
        self.rows = array("I")
        self.seen = 0

    def update(self, rows: Sequence[Row]) -> None:
        """Take in the rows appended since; the last one seen may have been replaced."""
        start = max(0, self.seen - 1)
        if self.rows and self.rows[-1] >= start:
            self.rows.pop()
        for index in range(start, len(rows)):
            if is_stop(rows[index]):
                self.rows.append(index)
        self.seen = len(rows)

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, row: int) -> int:
        """The stop a row belongs to: itself, the last one before, else the first; 0 if there is none."""
        if not self.rows:
            return 0
        return self.rows[max(0, bisect_right(self.rows, row) - 1)]

    def ordinal(self, row: int) -> int:
        """The place of that stop, from 1; 0 where there are no stops."""
        return max(1, bisect_right(self.rows, row)) if self.rows else 0

    def moved(self, row: int, by: int) -> int:
        """The stop `by` places away, held at the ends."""
        if not self.rows:
            return 0
        place = max(0, bisect_right(self.rows, row) - 1) + by
        return self.rows[min(max(0, place), len(self.rows) - 1)]

    def next(self, row: int) -> int | None:
        """The stop behind a row, or None."""
        place = bisect_right(self.rows, row)
        return self.rows[place] if place < len(self.rows) else None

    def from_step_row(self, row: int) -> int:
        """The stop at or behind a row (the stop a gap announces), else the last."""
        place = bisect_left(self.rows, row)
        return self.rows[min(place, len(self.rows) - 1)] if self.rows else 0


def is_stop(row: Row) -> bool:
    """Whether something happens in that row."""
    return isinstance(row, Arrow | Fold | Mark | Banner)


@dataclass(frozen=True, slots=True)
class Player:
    """Where the reader is."""

    row: int = 0
    playing: bool = False
    clock: float = 0.0
    """Seconds of playing time spent on this row."""
    pace: int = SPEEDS.index(1.0)
    true_time: bool = False
    curtain: bool = False
    """Rows later than the current one are hidden: the reader plays or steps. Selecting or scrolling lifts it."""

    @property
    def speed(self) -> float:
        return SPEEDS[self.pace]

    @property
    def speed_name(self) -> str:
        return f"{self.speed:g}x"


def toggled(player: Player, stops: Stops) -> Player:
    """Play, from the start where everything was already shown; or pause, with the arrow whole."""
    if player.playing:
        return replace(player, playing=False, clock=LONGEST_GAP)
    if stops.next(player.row) is None:
        return replace(player, row=stops.moved(0, 0), playing=True, clock=0.0, curtain=True)
    return replace(player, playing=True, clock=0.0, curtain=True)


def stepped(player: Player, stops: Stops, by: int) -> Player:
    """A step on or back, by hand: the row is shown whole and what comes later is hidden."""
    return replace(player, row=stops.moved(player.row, by), playing=False, clock=LONGEST_GAP, curtain=True)


def selected(player: Player, row: int) -> Player:
    """A row chosen by hand: playing stops and everything is shown."""
    return replace(player, row=row, playing=False, clock=LONGEST_GAP, curtain=False)


def hurried(player: Player, by: int) -> Player:
    """One speed up or down."""
    return replace(player, pace=min(max(0, player.pace + by), len(SPEEDS) - 1))


def advanced(player: Player, rows: Sequence[Row], stops: Stops, seconds: float, *, more: bool) -> Player:
    """The player after `seconds` of real time; `more` says that rows may still come (a live run)."""
    if not player.playing:
        return player
    clock = player.clock + seconds * player.speed
    row = player.row
    while row < len(rows) and clock >= (needed := seconds_on(rows, stops, row, player.true_time)):
        following = stops.next(row)
        if following is None:
            return replace(player, row=row, clock=clock, playing=more)
        row, clock = following, clock - needed
    return replace(player, row=row, clock=clock)


def seconds_on(rows: Sequence[Row], stops: Stops, row: int, true_time: bool) -> float:
    """How long a row stays at speed 1."""
    packet = isinstance(rows[row], Arrow | Fold)
    if not true_time:
        return PACKET_SECONDS if packet else CALL_SECONDS
    following = stops.next(row)
    gap = (rows[following].time - rows[row].time) / 1e9 if following is not None else 0.0
    return min(max(gap, SHORTEST_GAP), LONGEST_GAP)


def progress(player: Player, rows: Sequence[Row], stops: Stops) -> float:
    """How far the current row's arrow has come, 0 to 1."""
    if not player.playing or player.row >= len(rows) or not isinstance(rows[player.row], Arrow | Fold):
        return 1.0
    flight = FLIGHT * seconds_on(rows, stops, player.row, player.true_time)
    return min(1.0, player.clock / flight)


def horizon(player: Player, rows: Sequence[Row], stops: Stops, done: float) -> int:
    """The first row not shown: behind the current one, with the state changes it caused once its arrow has arrived."""
    if not player.curtain:
        return len(rows)
    limit = stops.next(player.row)
    limit = len(rows) if limit is None else limit
    if done < 1.0:
        return min(player.row + 1, limit)
    while limit > player.row + 1 and isinstance(rows[limit - 1], Gap):
        limit -= 1
    return limit


def owner(rows: Sequence[Row], stops: Stops, row: int) -> int:
    """The stop a click on a row means: a gap announces the stop behind it, a state change belongs to the one before."""
    if row < len(rows) and isinstance(rows[row], Gap):
        return stops.from_step_row(row)
    return stops.at(row)


def last_step(row: Row) -> int:
    """The last step a row shows."""
    return max(row.step, getattr(row, "last_step", 0))


def caption(player: Player, stops: Stops, *, live: bool) -> str:
    """'playing 1x', 'paused', 'live': what the heading says of the player."""
    if player.playing:
        if player.true_time:
            return say("playing {speed} true time", {"speed": player.speed_name})
        return say("playing {speed}", {"speed": player.speed_name})
    extra = "" if player.pace == SPEEDS.index(1.0) else f" {player.speed_name}"
    return (_("live") if live else _("paused")) + extra + (" " + _("true time") if player.true_time else "")
