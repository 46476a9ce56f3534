"""Finding a row: by text, by packet number, by time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import assert_never

from pktscope.rows import Arrow, Banner, Fold, Gap, Mark, Row, StateChange
from pktscope.timeline import Timeline
from pktscope.words import _, duration, say

UNITS = {"": 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "µs": 10**3, "ns": 1, "m": 60 * 10**9, "min": 60 * 10**9}
TIME = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(ns|us|µs|ms|s|min|m|)")
NUMBER = re.compile(r"#?(\d+)")


def text_of(timeline: Timeline, index: int) -> str:
    """Everything a reader might look for in a row, in lower case."""
    words = [row_text(timeline.rows[index]), *(say(note.message, note.values) for note in timeline.notes_at(index))]
    return " ".join(words).lower()


def row_text(row: Row) -> str:
    """What a row says itself."""
    match row:
        case Arrow():
            return f"{row.number} {' '.join(row.label)} {' '.join(row.raw_label)}"
        case Fold():
            return f"{row.numbers[0]} {row.numbers[1]} {' '.join(row.label)}"
        case Mark():
            return row.text[0] if row.text else ""
        case StateChange():
            return " ".join(row.states)
        case Gap():
            return duration(row.duration)
        case Banner():
            return row.text
        case _:
            assert_never(row)


def row_label(row: Row, *, raw: bool = False) -> str:
    """Everything a row's label says, however little of it fits on the row; empty for rows that say all they have."""
    match row:
        case Arrow():
            return f"{row.number} {' '.join(row.raw_label if raw else row.label)}"
        case Fold():
            first, last = row.numbers
            return say("{first} to {last}: {what}", {"first": first, "last": last, "what": _(", ").join(row.label)})
        case Mark():
            return row.text[0] if row.text else ""
        case _:
            return ""


def around(count: int, start: int) -> Iterator[int]:
    """Every row once, from the one behind `start` on, the beginning after the end."""
    yield from range(start + 1, count)
    yield from range(min(start + 1, count))


def find(timeline: Timeline, needle: str, start: int) -> int | None:
    """The next row with that text behind `start`, going round; None if there is none."""
    wanted = needle.lower()
    return next((index for index in around(len(timeline.rows), start) if wanted in text_of(timeline, index)), None)


def parse_time(text: str) -> int | None:
    """'1.5s', '250ms', '0.2' as nanoseconds; None for anything else."""
    found = TIME.fullmatch(text.strip())
    return round(float(found[1]) * UNITS[found[2]]) if found else None


def go_to(timeline: Timeline, text: str) -> tuple[int | None, str]:
    """The row meant by a packet number or a time since the first row; or None and what is wrong with it, in words."""
    rows = timeline.rows
    wanted = text.strip()
    if not rows:
        return None, _("nothing was captured yet")
    if not wanted:
        return None, ""
    number = NUMBER.fullmatch(wanted)
    if number:
        return packet_row(rows, int(number[1]))
    nanoseconds = parse_time(wanted)
    if nanoseconds is None:
        return None, _("a packet number (12) or a time (1.5s, 250ms, 80us)")
    whole = rows[-1].time - rows[0].time
    if nanoseconds > whole:
        return None, say("the timeline ends at {whole:duration}", {"whole": whole})
    return time_row(rows, rows[0].time + nanoseconds), ""


def packet_row(rows: list[Row], number: int) -> tuple[int | None, str]:
    """The row that shows a packet, or what numbers there are."""
    first = last = 0
    for index, row in enumerate(rows):
        if isinstance(row, Arrow | Fold):
            low, high = (row.number, row.number) if isinstance(row, Arrow) else row.numbers
            if low <= number <= high:
                return index, ""
            first, last = first or low, max(last, high)
    if not first:
        return None, _("there is no packet on this timeline")
    if first <= number <= last:
        return None, say("packet {number} belongs to another conversation", {"number": number})
    return None, say("the packets here are {first} to {last}", {"first": first, "last": last})


def time_row(rows: list[Row], time: int) -> int:
    """The first row at or after a time."""
    return next((index for index, row in enumerate(rows) if row.time >= time), len(rows) - 1)
