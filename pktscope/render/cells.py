"""The ladder in terminal cells: every row of a timeline as lines of runs, each line exactly as wide as its columns.

Two drawings from one set of functions: dense (the label inside the arrow, one line a frame) for a lecture's large font,
and the label above the arrow near its sender with the notes beside it where there is room.
"""

from __future__ import annotations

from typing import assert_never

from pktscope.render.arrows import arrow_bands
from pktscope.render.bands import Band, Brush, Run, brush, join, tick
from pktscope.render.columns import (
    CLOCK,
    Columns,
    Options,
    clock,
    columns,
    state_text,
    time_text,
)
from pktscope.render.header import paint_header
from pktscope.render.notes import note_lines
from pktscope.render.spans import rail_runs
from pktscope.rows import Arrow, Banner, Fold, Gap, Mark, Role, Row, StateChange, Stroke
from pktscope.text import fit, width, wrap
from pktscope.timeline import Timeline
from pktscope.words import duration

__all__ = ["Columns", "Options", "Run", "columns", "height", "paint", "paint_header"]


def paint(
    timeline: Timeline, row: int, columns: Columns, options: Options, *, progress: float = 1.0
) -> list[list[Run]]:
    """The cell lines of a row; `progress` is how far its arrow has grown, 0 to 1."""
    tool = brush(columns, options, len(timeline.waypoints))
    bands = ladder(timeline, row, tool, progress)
    notes = note_lines(timeline, row, tool)
    spans = timeline.spans_at(row)
    while len(bands) < len(notes):
        bands.append(tool.band())
    lines = []
    for index, band in enumerate(bands):
        rails = rail_runs(timeline, row, spans, tool, band, index == 0)
        line = join(band, rails, tool)
        if columns.notes:
            line += notes[index] if index < len(notes) else [(" " * columns.notes, Role.PLAIN)]
        lines.append(line)
    return lines


def height(timeline: Timeline, row: int, columns: Columns, options: Options) -> int:
    """How many cell lines a row takes."""
    if not columns.notes and isinstance(timeline.rows[row], (StateChange, Gap)):
        return 1
    tool = brush(columns, options, len(timeline.waypoints))
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
            return arrow_bands(item, tagged(item.tag, str(item.number)), label, item.stroke, time, tool, progress)
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


def tagged(tag: str, text: str) -> str:
    """Behind the name of its conversation, where there are several."""
    return f"{tag} {text}" if tag else text


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


def mark_bands(item: Mark, time: str, tool: Brush) -> list[Band]:
    """A call beside its lifeline; over the wire where the gutter is too narrow for any of its variants."""
    band = tool.band(time)
    lane = item.lane
    band.lives[lane] = (tool.glyphs.tick_right if lane else tool.glyphs.tick_left, Role.LIFELINE)
    texts = [tagged(item.tag, tool.say(text)) for text in item.text]
    room = tool.room(lane)
    if not room or not texts:
        return [band]
    if item.spoken and width(texts[0]) > room and tool.columns.wire > room + 2:
        return over_wire(texts, item.role, lane, band, tool)
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
            room = tool.room(lane) - (len(item.tag) + 1 if item.tag else 0)
            band.gutters[lane] = (tagged(item.tag, tool.say(state_text(state, room))), Role.STATE)
            band.lives[lane] = (tool.glyphs.badge, Role.POINT)
    return band


def gap_band(item: Gap, tool: Brush) -> Band:
    """A silence: dotted lifelines and how long it lasted."""
    band = tool.band()
    band.lives = [(tool.glyphs.silent, Role.LIFELINE)] * 2
    lasting = tool.say(duration(item.duration))
    dashes = tool.glyphs.gap * max(0, min(2, (tool.columns.wire - width(lasting) - 2) // 2))
    band.wire = fit(f"{dashes} {lasting} {dashes}".strip(), tool.columns.wire, "^")
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
