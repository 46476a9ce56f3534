"""Which column of the ladder gets how many cells, and how times and states are written in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pktscope import words
from pktscope.text import width as cells_of
from pktscope.words import long_duration

TimeFormat: TypeAlias = Literal["absolute", "relative", "delta"]

NARROWEST = 40
BESIDE = 160
"""From here on the inspector stands beside the ladder."""

WIDEST = 118
"""A ladder beside an inspector: what is wider than a hand's turn of the eye is not read as one row."""

INSPECTOR = 74
"""Cells of an inspector that has what it needs; what a screen has beyond both goes to the notes, ROOMIER at most."""

ROOMIER = 8

LECTURE = 100
"""From here on notes stand beside the ladder."""

TALL = 26
"""Rows from which a label may have a line of its own."""

WIRE = 52
"""Cells of the longest arrow beside notes."""

WIRE_ALONE = 46
"""... and without, where the calls get the room."""

CLOCK = len("12:34:56.123456789")


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells of each column, left to right; the two lifelines take one cell each. Their sum is `width`."""

    width: int
    time: int
    left: int
    wire: int
    right: int
    notes: int
    """0 when there is no room beside the ladder."""
    label_above: bool
    """Labels stand on a line of their own above their arrow, not inside it."""

    @property
    def lifelines(self) -> tuple[int, int]:
        """The columns of the two lifelines, from 0."""
        first = self.time + self.left
        return first, first + 1 + self.wire


@dataclass(frozen=True, slots=True)
class Options:
    """What the reader chose."""

    ascii: bool = False
    time_format: TimeFormat = "relative"
    raw_numbers: bool = False
    sloped: bool = False
    whole_notes: bool = False
    """Notes beside the ladder in full, with their RFC reference; else their first sentence, as on a screen that has
    another place for the rest."""


def columns(
    width: int,
    height: int | None = None,
    *,
    dense: bool | None = None,
    hidden: frozenset[str] = frozenset(),
    time_format: TimeFormat = "relative",
    margin: int = 0,
) -> Columns:
    """The columns for a screen of `width` cells; `height` in rows where it is limited.

    `margin` cells at the edge stay free: the result is narrower by them, and its choices are those of `width`.

    `dense` overrides the choice between labels inside and above their arrows. `hidden` may name 'time', 'left', 'right'
    and 'notes'. From 160 cells on the ladder is capped, and the result's own `width` is what it takes.
    """
    beside = width >= LECTURE and "notes" not in hidden
    if dense is None:
        dense = width < LECTURE or (height is not None and height < TALL)
    if width >= BESIDE:  # what the ladder has beyond WIDEST is for the notes
        width, spread = ladder_width(width), WIDEST
    else:
        width = spread = max(NARROWEST, width - margin)
    time = 0 if "time" in hidden else time_cells(width, time_format)
    gutter = 9 if width < 60 else 12 if width < 72 else 13 + max(0, spread - LECTURE) // 12
    left, right = (0 if name in hidden else gutter for name in ("left", "right"))
    rest = width - time - left - right - 2
    wire = min(WIRE, rest, 36 + max(0, spread - LECTURE) // 2) if beside else min(rest, WIRE_ALONE)
    spare = rest - wire
    notes = spare if beside else 0
    if not beside and left and right:
        more = min(spare // 2, 12)
        left, right = left + more, right + spare - more
    elif not beside:  # what is hidden leaves its room to what is not
        left, wire, right = (left + spare, wire, 0) if left else (0, wire, right + spare) if right else (0, rest, 0)
    return Columns(width, time, left, wire, right, notes, not dense)


def ladder_width(width: int) -> int:
    """Cells of the ladder on a screen wide enough for an inspector beside it."""
    return WIDEST + min(ROOMIER, max(0, width - WIDEST - INSPECTOR))


def time_cells(width: int, time_format: TimeFormat) -> int:
    """The time column with the space behind it."""
    if time_format == "absolute" and width >= 72:
        return CLOCK + 1
    return 9 if width >= 72 else 8


def unit(columns: Columns, options: Options) -> str:
    """What the numbers of the time column are, for the header."""
    if options.time_format == "absolute" and columns.time > CLOCK:
        return "UTC"
    return "+ms" if options.time_format == "delta" else "ms"


def time_text(nanoseconds: int, cells: int) -> str:
    """A duration in milliseconds for a column of `cells`; where that does not fit, in a larger unit, which it names."""
    sign = "-" if nanoseconds < 0 else ""
    nanoseconds = abs(nanoseconds)
    for decimals in (3,) if cells >= 7 else (3, 2, 1):  # where there is room, points stand below each other
        shown = f"{sign}{nanoseconds / 1e6:.{decimals}f}"
        if len(shown) <= cells:
            return shown
    for decimals in (3, 2, 1, 0):
        shown = f"{sign}{nanoseconds / 1e9:.{decimals}f} s"
        if len(shown) <= cells and nanoseconds < 3600 * 10**9:
            return shown
    return sign + long_duration(nanoseconds // 10**9)


def clock(nanoseconds: int) -> str:
    """The time of day, UTC: '12:34:56.123456789'."""
    seconds, rest = divmod(nanoseconds, 10**9)
    minutes, second = divmod(seconds % 86400, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}.{rest:09}"


SHORT_STATES = {"ESTABLISHED": "ESTAB", "SYN_RECEIVED": "SYN_RCVD"}
"""As ss prints them."""

SHORTEST_STATES = {
    "ESTABLISHED": "ESTAB", "SYN_SENT": "SYN_S", "SYN_RECEIVED": "SYN_R", "FIN_WAIT_1": "FIN_W_1",
    "FIN_WAIT_2": "FIN_W_2", "CLOSE_WAIT": "CLOSE_W", "LAST_ACK": "LAST_A", "TIME_WAIT": "TIME_W",
}  # fmt: skip


def state_text(state: str, cells: int) -> str:
    """A state's name in at most `cells` cells, whole or in its short form; empty where neither fits."""
    for table in ({}, SHORT_STATES, SHORTEST_STATES):
        shown = table.get(state, state)
        if cells_of(shown) <= cells:
            return shown
    return ""


TRANSLITERATED = str.maketrans({
    "→": "->", "←": "<-", "…": "...", "×": "x", "µ": "u", "–": "-", "—": "-", "“": '"', "”": '"', "‘": "'", "’": "'",
    "•": "*", "·": "*", "≥": ">=", "≤": "<=",
})  # fmt: skip


def plain_ascii(text: str) -> str:
    """The text without any character a terminal of 1980 lacks; Chinese writing stays where the reader asked for it."""
    if text.isascii():
        return text
    if words.CATALOGUE:
        return "".join(one if cells_of(one) == 2 else in_ascii(one) for one in text)
    return in_ascii(text)


def in_ascii(text: str) -> str:
    """Transliterated; what has no likeness as an escape."""
    return text.translate(TRANSLITERATED).encode("ascii", "backslashreplace").decode()
