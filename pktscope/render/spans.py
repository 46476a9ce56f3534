"""Spans beside the lifelines: a brace over the rows they cover, and what they say."""

from __future__ import annotations

from pktscope.render.bands import Band, Brush, Run
from pktscope.rows import Banner, Mark, Role, Span, StateChange
from pktscope.text import width
from pktscope.theme import Glyphs
from pktscope.timeline import Timeline


def rail_runs(
    timeline: Timeline, row: int, spans: tuple[Span, ...], tool: Brush, band: Band, first: bool
) -> tuple[list[Run], list[Run]]:
    """The rail cells beside both lifelines, from left to right."""
    if not spans:
        return [(" " * tool.rails(0), Role.PLAIN)], [(" " * tool.rails(1), Role.PLAIN)]
    cells: list[list[Run]] = [[(" ", Role.PLAIN)] * tool.rails(lane) for lane in (0, 1)]
    for span in spans:
        if span.rail < len(cells[span.lane]):
            cells[span.lane][span.rail] = (rail_glyph(span, row, tool.glyphs, first), span.role)
            if first and row == label_row(timeline, span) and not band.gutters[span.lane][0]:
                band.gutters[span.lane] = (span_text(span, tool), span.role)
    return cells[0][::-1], cells[1]


def rail_glyph(span: Span, row: int, glyphs: Glyphs, first: bool) -> str:
    """A brace: its end, its middle, its other end, which is the first line of its last row; a call stands there."""
    if row == span.first and first:
        return glyphs.right_top if span.lane else glyphs.left_top
    if row == span.last:
        return " " if not first else glyphs.right_bottom if span.lane else glyphs.left_bottom
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
