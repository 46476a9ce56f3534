"""One cell line of the ladder before and after its columns are put side by side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from pktscope.render.columns import Columns, Options, plain_ascii
from pktscope.rows import Role
from pktscope.text import width
from pktscope.theme import GLYPHS, Glyphs

Run: TypeAlias = tuple[str, Role]
"""Text and what it is."""


@dataclass(slots=True)
class Band:
    """One cell line of the ladder before its columns are put together."""

    time: str = ""
    gutters: list[tuple[str, Role]] = field(default_factory=lambda: [("", Role.PLAIN), ("", Role.PLAIN)])
    """Text beside the client's and the server's lifeline, at most as wide as there is room."""
    lives: list[tuple[str, Role]] = field(default_factory=list)
    """The lifelines' own cells."""
    wire: str = ""
    """What stands between them, exactly as wide as the wire or empty."""
    role: Role = Role.PLAIN
    across: str | None = None
    """In place of everything but time and notes."""


@dataclass(frozen=True, slots=True)
class Brush:
    """What every painting function needs to know."""

    columns: Columns
    options: Options
    glyphs: Glyphs
    waypoints: int = 0
    """Hosts between the two lifelines."""

    def place(self, part: float) -> int:
        """The cell of the wire where a part of the way is done; the lifelines stand at -1 and at its width."""
        return round(part * (self.columns.wire + 1)) - 1

    def say(self, text: str) -> str:
        return plain_ascii(text) if self.options.ascii else text

    def band(self, time: str = "") -> Band:
        life = (self.glyphs.life, Role.LIFELINE)
        return Band(time, lives=[life, life])

    def rails(self, lane: int) -> int:
        """Cells for rails beside a lane's lifeline."""
        size = (self.columns.left, self.columns.right)[lane]
        return 0 if not size else 1 if size < 24 else 2

    def room(self, lane: int) -> int:
        """Cells for text in a lane's gutter."""
        size = (self.columns.left, self.columns.right)[lane]
        return max(0, size - self.rails(lane) - 1)


def brush(columns: Columns, options: Options, waypoints: int = 0) -> Brush:
    """The brush for these columns and options, and so many hosts on the way."""
    return Brush(columns, options, GLYPHS[options.ascii], waypoints)


def tick(band: Band, lane: int, tool: Brush) -> None:
    """Join the wire to a lifeline."""
    band.lives[lane] = (tool.glyphs.tick_left if lane else tool.glyphs.tick_right, Role.LIFELINE)


def join(band: Band, rails: tuple[list[Run], list[Run]], tool: Brush) -> list[Run]:
    """The columns side by side, without the notes."""
    columns = tool.columns
    line: list[Run] = []
    if len(band.time) >= columns.time > 0:
        return time_line(band, tool)
    if columns.time:
        line.append((band.time.rjust(columns.time - 1) + " ", Role.TIME))
    if band.across is not None:
        line.append((band.across, band.role))
        return line
    if columns.left:
        text, role = band.gutters[0]
        line.append((" " * (columns.left - tool.rails(0) - 1 - width(text)), Role.PLAIN))
        line += [(text, role), (" ", Role.PLAIN), *rails[0]]
    line.append(band.lives[0])
    line += wire_runs(band, tool)
    line.append(band.lives[1])
    if columns.right:
        text, role = band.gutters[1]
        line += [*rails[1], (" ", Role.PLAIN), (text, role)]
        line.append((" " * (columns.right - tool.rails(1) - 1 - width(text)), Role.PLAIN))
    return [run for run in line if run[0]]


def wire_runs(band: Band, tool: Brush) -> list[Run]:
    """The wire, with the lifelines of the hosts on the way where nothing else is drawn."""
    wire = band.wire or " " * tool.columns.wire
    if not tool.waypoints or width(wire) != len(wire):
        return [(wire, band.role)]
    runs: list[Run] = []
    used = 0
    for number in range(1, tool.waypoints + 1):
        at = tool.place(number / (tool.waypoints + 1))
        if wire[at] == " " and " " in (wire[at - 1], wire[at + 1]):  # a blank between two words is part of a label
            runs += [(wire[used:at], band.role), (tool.glyphs.silent, Role.LIFELINE)]
            used = at + 1
    return [*runs, (wire[used:], band.role)]


def time_line(band: Band, tool: Brush) -> list[Run]:
    """A long time across the columns beside it, and the lifelines it leaves free."""
    columns = tool.columns
    line: list[Run] = [(band.time + " ", Role.TIME)]
    used = len(band.time) + 1
    for place, life in zip(columns.lifelines, band.lives, strict=True):
        if place >= used:
            line += [(" " * (place - used), Role.PLAIN), life]
            used = place + 1
    line.append((" " * (columns.width - columns.notes - used), Role.PLAIN))
    return [run for run in line if run[0]]
