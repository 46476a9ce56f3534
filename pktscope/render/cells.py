"""The ladder in terminal cells: every row of a timeline as lines of runs, each line exactly as wide as its columns.

Two drawings from one set of functions: dense (the label inside the arrow, one line a frame) for a lecture's large font,
and the label above the arrow near its sender with the notes beside it where there is room.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeAlias, assert_never

from pktscope.model import Note, Severity
from pktscope.render.columns import (
    CLOCK,
    Columns,
    Options,
    clock,
    columns,
    plain_ascii,
    state_text,
    time_text,
)  # fmt: skip
from pktscope.render.header import paint_header
from pktscope.rows import Arrow, Banner, Fold, Gap, Mark, Role, Row, Span, StateChange, Stroke
from pktscope.text import fit, safe_text, width, wrap
from pktscope.theme import GLYPHS, Glyphs
from pktscope.timeline import Timeline
from pktscope.words import duration, say

__all__ = ["Columns", "Options", "Run", "columns", "height", "paint", "paint_header"]

Run: TypeAlias = tuple[str, Role]
"""Text and what it is."""

LOST_AT = 0.6
"""How far a lost frame gets."""

SEVERITY_ROLES = {
    Severity.LESSON: Role.LESSON,
    Severity.NOTICE: Role.NOTICE,
    Severity.WARNING: Role.WARNING,
    Severity.ERROR: Role.ERROR,
}
SPOKEN = {Severity.WARNING: "warning: ", Severity.ERROR: "error: "}
"""Severities that are said in words; a lesson needs none."""


FIRST_SENTENCE = re.compile(r".{12,}?(?:[.!?](?= [^a-z])|[。！？]|;(?= )|$)")
"""What a note says first: up to the end of a sentence, or of the first part of a long one."""


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

    def say(self, text: str) -> str:
        return plain_ascii(text) if self.options.ascii else text

    def band(self, time: str = "") -> Band:
        life = (self.glyphs.life, Role.LIFELINE)
        return Band(time, lives=[life, life])

    def rails(self, lane: int) -> int:
        """Cells for rails beside a lane's lifeline."""
        size = (self.columns.left, self.columns.right)[lane]
        return 0 if not size else 1 if size < 16 else 2

    def room(self, lane: int) -> int:
        """Cells for text in a lane's gutter."""
        size = (self.columns.left, self.columns.right)[lane]
        return max(0, size - self.rails(lane) - 1)


def brush(columns: Columns, options: Options) -> Brush:
    """The brush for these columns and options."""
    return Brush(columns, options, GLYPHS[options.ascii])


def paint(
    timeline: Timeline, row: int, columns: Columns, options: Options, *, progress: float = 1.0
) -> list[list[Run]]:
    """The cell lines of a row; `progress` is how far its arrow has grown, 0 to 1."""
    tool = brush(columns, options)
    bands = ladder(timeline, row, tool, progress)
    notes = note_lines(timeline, row, tool)
    spans = timeline.spans_at(row)
    while len(bands) < len(notes):
        bands.append(tool.band())
    lines = []
    for index, band in enumerate(bands):
        rails = rail_runs(timeline, row, spans, tool, band, (index == 0, index == len(bands) - 1))
        line = join(band, rails, tool)
        if columns.notes:
            line += notes[index] if index < len(notes) else [(" " * columns.notes, Role.PLAIN)]
        lines.append(line)
    return lines


def height(timeline: Timeline, row: int, columns: Columns, options: Options) -> int:
    """How many cell lines a row takes."""
    if not columns.notes and isinstance(timeline.rows[row], (StateChange, Gap)):
        return 1
    tool = brush(columns, options)
    return max(len(ladder(timeline, row, tool, 1.0)), len(note_lines(timeline, row, tool)))


def ladder(timeline: Timeline, row: int, tool: Brush, progress: float) -> list[Band]:
    """A row's lines without notes and rails. A time too long for its column gets a line of its own."""
    time = row_time(timeline, row, timeline.rows[row], tool)
    if len(time) < tool.columns.time or not time:
        return drawn(timeline.rows[row], time, tool, progress)
    return [tool.band(time), *drawn(timeline.rows[row], "", tool, progress)]


def drawn(item: Row, time: str, tool: Brush, progress: float) -> list[Band]:
    """One row of each kind."""
    match item:
        case Arrow():
            label = item.raw_label if tool.options.raw_numbers else item.label
            return arrow_bands(item, str(item.number), label, item.stroke, time, tool, progress)
        case Fold():
            first, last = item.numbers
            return arrow_bands(item, f"{first}-{last}:", item.label, Stroke.LIGHT, time, tool, progress)
        case Mark():
            return mark_bands(item, time, tool)
        case StateChange():
            return [state_band(item, tool)]
        case Gap():
            return [gap_band(item, tool)]
        case Banner():
            return banner_bands(item, tool)
    assert_never(item)


def row_time(timeline: Timeline, row: int, item: Row, tool: Brush) -> str:
    """The time column's text for a row: whole, or empty for rows that are not events."""
    cells = tool.columns.time - 1
    if cells < 1 or isinstance(item, (StateChange, Gap, Banner)):
        return ""
    if tool.options.time_format == "absolute" and cells >= CLOCK:
        return clock(item.time)
    if tool.options.time_format == "delta":
        before = timeline.rows[row - 1].time if row else item.time
        return time_text(item.time - before, cells)
    return time_text(item.time - (timeline.start or 0), cells)


def label_text(number: str, parts: tuple[str, ...], room: int, tool: Brush) -> str:
    """The frame's number and as many whole parts as fit; empty where not even the first does."""
    text = number
    comma = "," if number.endswith(":") else ""  # a run's parts are a list, a frame's are fields
    for part in parts:
        longer = f"{text}{comma if text != number else ''} {tool.say(part)}"
        if width(longer) > room:
            break
        text = longer
    return "" if text == number else text


def arrow_bands(
    item: Arrow | Fold,
    number: str,
    parts: tuple[str, ...],
    stroke: Stroke,
    time: str,
    tool: Brush,
    progress: float,
) -> list[Band]:
    """A frame: its label inside or above its arrow, or on a stair."""
    wire = tool.columns.wire
    if tool.options.sloped and stroke is not Stroke.LOST:
        return stair_bands(item, number, parts, stroke, time, tool, progress)
    inside = "" if tool.columns.label_above or stroke is Stroke.LOST else label_text(number, parts, wire - 6, tool)
    line = arrow_band(item, inside, stroke, time, tool, progress)
    return [line] if inside else [*label_bands(item, number, parts, tool), line]


def label_bands(item: Arrow | Fold, number: str, parts: tuple[str, ...], tool: Brush) -> list[Band]:
    """The label above its arrow, near the sender."""
    room = tool.columns.wire - 2
    whole = label_text(number, parts, room, tool)
    texts = [whole] if whole else wrap(tool.say(f"{number} {parts[0] if parts else ''}").rstrip(), room)
    bands = []
    for text in texts:
        band = tool.band()
        band.wire = fit(f" {text} ", tool.columns.wire, ">" if item.sender else "<")
        band.role = item.role
        bands.append(band)
    return bands


def arrow_band(item: Arrow | Fold, label: str, stroke: Stroke, time: str, tool: Brush, progress: float) -> Band:
    """The line with the arrow itself."""
    glyphs, wire = tool.glyphs, tool.columns.wire
    lost = stroke is Stroke.LOST
    reach = round(wire * LOST_AT) if lost else wire
    done = min(reach, max(0, round(reach * progress)))
    right = item.receiver > item.sender
    tip = glyphs.lost if lost and done == reach else glyphs.to_right if right else glyphs.to_left
    shaft = shaft_of(stroke, glyphs) * (done - 1)
    drawn = (shaft + tip if right else tip + shaft) if done else ""
    cells = drawn.ljust(wire) if right else drawn.rjust(wire)
    if label:
        start = (wire - width(label) - 2) // 2
        cells = f"{cells[:start]} {label} {cells[start + width(label) + 2 :]}"
    band = tool.band(time)
    band.wire, band.role = cells, item.role
    tick(band, item.sender, tool)
    if done == wire:
        tick(band, item.receiver, tool)
    return band


def shaft_of(stroke: Stroke, glyphs: Glyphs) -> str:
    """The character a shaft is made of."""
    return {
        Stroke.SOLID: glyphs.solid,
        Stroke.DOUBLE: glyphs.double,
        Stroke.BROKEN: glyphs.broken,
        Stroke.LIGHT: glyphs.light,
        Stroke.LOST: glyphs.broken,
    }[stroke]


def tick(band: Band, lane: int, tool: Brush) -> None:
    """Join the wire to a lifeline."""
    band.lives[lane] = (tool.glyphs.tick_left if lane else tool.glyphs.tick_right, Role.LIFELINE)


def stair_bands(
    item: Arrow | Fold,
    number: str,
    parts: tuple[str, ...],
    stroke: Stroke,
    time: str,
    tool: Brush,
    progress: float,
) -> list[Band]:
    """A frame that takes its time: three lines down from sender to receiver, the label on the middle one."""
    wire, glyphs, shaft = tool.columns.wire, tool.glyphs, shaft_of(stroke, tool.glyphs)
    label = label_text(number, parts, wire - 12, tool)
    above = [] if label else label_bands(item, number, parts, tool)
    inside = f" {label} " if label else ""
    middle = max(wire // 2, width(inside) + 4)
    first = (wire - middle) // 2 + 1
    last = wire - first - middle + 2
    pad = middle - 2 - width(inside)
    rightward = (
        shaft * (first - 1) + glyphs.down_from_left,
        glyphs.on_to_right + shaft * (pad // 2) + inside + shaft * (pad - pad // 2) + glyphs.down_from_left,
        glyphs.on_to_right + shaft * (last - 2) + glyphs.to_right,
    )
    leftward = (
        glyphs.down_from_right + shaft * (first - 1),
        glyphs.down_from_right + shaft * (pad // 2) + inside + shaft * (pad - pad // 2) + glyphs.on_to_left,
        glyphs.to_left + shaft * (last - 2) + glyphs.on_to_left,
    )
    starts = (0, first - 1, wire - last)
    bands = []
    for index, (start, right, left) in enumerate(zip(starts, rightward, leftward, strict=True)):
        band = tool.band(time if not index else "")
        text = right if item.receiver > item.sender else left
        indent = start if item.receiver > item.sender else wire - start - width(text)
        band.wire = fit(" " * indent + text, wire) if progress * 3 > index else ""
        band.role = item.role
        bands.append(band)
    tick(bands[0], item.sender, tool)
    if progress >= 1:
        tick(bands[2], item.receiver, tool)
    return [*above, *bands]


def mark_bands(item: Mark, time: str, tool: Brush) -> list[Band]:
    """A call beside its lifeline; over the wire where the gutter is too narrow for any of its variants."""
    band = tool.band(time)
    lane = item.lane
    band.lives[lane] = (tool.glyphs.tick_right if lane else tool.glyphs.tick_left, Role.LIFELINE)
    texts = [tool.say(text) for text in item.text]
    room = tool.room(lane)
    if not room or not texts:
        return [band]
    for text in texts:
        if width(text) <= room:
            band.gutters[lane] = (text, item.role)
            return [band]
    return over_wire(texts, item.role, lane, band, tool)


def over_wire(texts: list[str], role: Role, lane: int, band: Band, tool: Brush) -> list[Band]:
    """Text that belongs to a lane's gutter, inside the ladder next to its lifeline."""
    room = tool.columns.wire - 2
    tick(band, lane, tool)
    shown = next((text for text in texts if width(text) <= room), None)
    lines = [shown] if shown is not None else wrap(texts[-1], room)
    bands = [band, *(tool.band() for _ in lines[1:])]
    for one, text in zip(bands, lines, strict=True):
        one.wire = fit(f" {text} ", tool.columns.wire, ">" if lane else "<")
        one.role = role
    return bands


def state_band(item: StateChange, tool: Brush) -> Band:
    """Badges on the lifelines of the ends that change."""
    band = tool.band()
    for lane, state in enumerate(item.states[:2]):
        if state:
            band.gutters[lane] = (tool.say(state_text(state, tool.room(lane))), Role.STATE)
            band.lives[lane] = (tool.glyphs.badge, Role.POINT)
    return band


def gap_band(item: Gap, tool: Brush) -> Band:
    """A silence: dotted lifelines and how long it lasted."""
    band = tool.band()
    band.lives = [(tool.glyphs.silent, Role.LIFELINE)] * 2
    dashes = tool.glyphs.gap * 2
    band.wire = fit(f"{dashes} {tool.say(duration(item.duration))} {dashes}", tool.columns.wire, "^")
    band.role = Role.GAP
    return band


def banner_bands(item: Banner, tool: Brush) -> list[Band]:
    """A line across the ladder."""
    size = tool.columns.left + tool.columns.wire + tool.columns.right + 2
    bands = []
    for text in wrap(tool.say(item.text), size - 8):
        band = tool.band()
        shown = f" {text} " if text else ""
        room = size - width(shown)
        band.across = tool.glyphs.rule * (room // 2) + shown + tool.glyphs.rule * (room - room // 2)
        band.role = item.role
        bands.append(band)
    return bands


def rail_runs(
    timeline: Timeline, row: int, spans: tuple[Span, ...], tool: Brush, band: Band, place: tuple[bool, bool]
) -> tuple[list[Run], list[Run]]:
    """The rail cells beside both lifelines, from left to right."""
    if not spans:
        return [(" " * tool.rails(0), Role.PLAIN)], [(" " * tool.rails(1), Role.PLAIN)]
    cells: list[list[Run]] = [[(" ", Role.PLAIN)] * tool.rails(lane) for lane in (0, 1)]
    for span in spans:
        if span.rail < len(cells[span.lane]):
            cells[span.lane][span.rail] = (rail_glyph(span, row, tool.glyphs, place), span.role)
            if row == label_row(timeline, span) and place[0] and not band.gutters[span.lane][0]:
                band.gutters[span.lane] = (span_text(span, tool), span.role)
    return cells[0][::-1], cells[1]


def rail_glyph(span: Span, row: int, glyphs: Glyphs, place: tuple[bool, bool]) -> str:
    """A brace: its end, its middle, its other end."""
    if row == span.first and place[0]:
        return glyphs.right_top if span.lane else glyphs.left_top
    if row == span.last and place[1]:
        return glyphs.right_bottom if span.lane else glyphs.left_bottom
    return glyphs.left_middle


def label_row(timeline: Timeline, span: Span) -> int:
    """The first row inside a span whose gutter is free for the span's text, or -1."""
    for row in range(span.first + 1, min(span.last, span.first + 8)):
        match timeline.rows[row]:
            case Mark(lane=lane) if lane == span.lane:
                continue
            case StateChange(states=states) if states[span.lane]:
                continue
            case Banner():
                continue
            case _:
                return row
    return -1


def span_text(span: Span, tool: Brush) -> str:
    """A span's text, without its first word where it is too long; empty where that does not fit either."""
    room = tool.room(span.lane)
    for text in (span.text, span.text.partition(" ")[2] if span.role is Role.CALL else span.text.partition(",")[0]):
        shown = tool.say(text)
        if width(shown) <= room:
            return shown
    return ""


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
    line.append((band.wire or " " * columns.wire, band.role))
    line.append(band.lives[1])
    if columns.right:
        text, role = band.gutters[1]
        line += [*rails[1], (" ", Role.PLAIN), (text, role)]
        line.append((" " * (columns.right - tool.rails(1) - 1 - width(text)), Role.PLAIN))
    return [run for run in line if run[0]]


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


def note_lines(timeline: Timeline, row: int, tool: Brush) -> list[list[Run]]:
    """The notes beside a row, each line as wide as the notes column."""
    if not tool.columns.notes:
        return []
    notes = timeline.notes_at(row)
    if not notes:
        return []
    item = timeline.rows[row]
    marker = str(item.number) if isinstance(item, Arrow) else tool.glyphs.bullet
    return [line for note in notes for line in note_block(note, marker, tool)]


def note_block(note: Note, marker: str, tool: Brush) -> list[list[Run]]:
    """One note: its marker in the colour of its severity, its sentence wrapped behind it."""
    role = SEVERITY_ROLES[note.severity]
    room = tool.columns.notes - 3 - width(marker)
    word = SPOKEN.get(note.severity, "")
    lines = []
    for index, text in enumerate(wrap(word + tool.say(note_text(note, tool.options.whole_notes)), room)):
        head = word if not index and text.startswith(word) else ""
        indent = marker if not index else " " * width(marker)
        rest = fit(text[len(head) :], tool.columns.notes - 3 - width(indent) - width(head))
        lines.append(
            [run for run in (("  ", Role.PLAIN), (indent + " ", role), (head, role), (rest, Role.PLAIN)) if run[0]]
        )
    return lines


def note_text(note: Note, whole: bool) -> str:
    """A note, safe to paint: all of it and its reference, or its first sentence."""
    text = safe_text(say(note.message, note.values), 4000)
    if whole:
        return f"{text} ({note.reference})" if note.reference else text
    first = FIRST_SENTENCE.match(text)
    if first is None or first.end() == len(text):
        return text
    return f"{first[0].rstrip(';')} …"
