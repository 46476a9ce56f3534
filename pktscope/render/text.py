"""The annotated timeline as lines of text: for a terminal, a pipe or a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pktscope.model import NO_STATES, Note
from pktscope.render.bands import Run
from pktscope.render.cells import paint, paint_header
from pktscope.render.columns import NARROWEST, Columns, Options, columns, plain_ascii
from pktscope.render.notes import SEVERITY_ROLES, SPOKEN
from pktscope.rows import Arrow, Role
from pktscope.text import safe_text, width, wrap
from pktscope.theme import DARK, GLYPHS, RESET, Depth, Palette, sgr
from pktscope.timeline import Timeline
from pktscope.words import _, cited, say

PIPE_WIDTH = 100
"""Columns of a file or a pipe, which have no width of their own."""

BESIDE = 120
"""Columns from which whole notes stand beside the ladder: any less and they would tear it apart."""

CITED = 6
"""Frames a note names; one that rests on more says how many."""


def text(
    timeline: Timeline,
    heading: Iterable[str] = (),
    *,
    width: int = PIPE_WIDTH,
    options: Options | None = None,
    palette: Palette = DARK,
    colours: Depth = 0,
) -> Iterator[str]:
    """The whole timeline, line by line without line ends: `heading`, the lanes, then every row with its notes."""
    layout, chosen = page(width, options)
    for line in heading:
        yield from wrap(said(line, chosen), max(NARROWEST, width))
    yield from top(timeline, layout, chosen, palette, colours)
    for row in range(len(timeline.rows)):
        yield from row_lines(timeline, row, layout, chosen, palette, colours)


def page(cells: int, options: Options | None = None) -> tuple[Columns, Options]:
    """The columns of a page `cells` wide, and the options completed for paper: whole notes."""
    chosen = replace(options or Options(), whole_notes=True)
    if cells < BESIDE:
        return columns(cells, dense=True, hidden=frozenset({"notes"}), time_format=chosen.time_format), chosen
    return columns(min(cells, 159), time_format=chosen.time_format), chosen


def top(timeline: Timeline, layout: Columns, options: Options, palette: Palette, colours: Depth) -> Iterator[str]:
    """The lines above the ladder. Once the ends are known: the lanes' names do not change behind them."""
    for line in paint_header(timeline, layout, NO_STATES, options):
        yield ink(line, palette, colours)


def row_lines(
    timeline: Timeline, row: int, layout: Columns, options: Options, palette: Palette = DARK, colours: Depth = 0
) -> Iterator[str]:
    """One row, with its notes below where there is no column for them."""
    for line in paint(timeline, row, layout, options):
        yield ink(line, palette, colours)
    if layout.notes:
        return
    item = timeline.rows[row]
    marker = str(item.number) if isinstance(item, Arrow) else GLYPHS[options.ascii].bullet
    for note in timeline.notes_at(row):
        for line in paragraph(timeline, note, marker, layout, options):
            yield ink(line, palette, colours)


def paragraph(timeline: Timeline, note: Note, marker: str, layout: Columns, options: Options) -> Iterator[list[Run]]:
    """A note below its row: sentence, the frames that prove it, the reference."""
    role, word = SEVERITY_ROLES[note.severity], _(SPOKEN.get(note.severity, ""))
    indent = min(layout.time, 6)
    whole = word + said(say(note.message, note.values), options) + tail(timeline, note)
    for index, line in enumerate(wrap(whole, layout.width - indent - width(marker) - 1)):
        head = word if not index and line.startswith(word) else ""
        start = marker if not index else " " * width(marker)
        yield [(" " * indent, Role.PLAIN), (f"{start} ", role), (head, role), (line[len(head) :], Role.PLAIN)]


def tail(timeline: Timeline, note: Note) -> str:
    """' [frames 1 and 2; RFC 9293 section 3.5]', or nothing where the row already says as much."""
    frames = [number for number in map(timeline.frame_of, note.evidence) if number]
    parts = []
    if len(frames) > CITED:
        values = {"count": len(frames), "first": min(frames), "last": max(frames)}
        parts.append(say("{count:frames} from {first} to {last}", values))
    elif len(frames) > 1:
        parts.append(say("frames {frames:list}", {"frames": frames}))
    if note.reference:
        parts.append(cited(note.reference))
    if note.wireshark:
        parts.append(say("Wireshark says {name}", {"name": note.wireshark}))
    return say(" [{parts:clauses}]", {"parts": parts}) if parts else ""


def said(line: str, options: Options) -> str:
    """A line safe to print, in ASCII if asked."""
    shown = safe_text(line)
    return plain_ascii(shown) if options.ascii else shown


def ink(line: list[Run], palette: Palette, colours: Depth) -> str:
    """Runs as one string, with escape sequences for as many colours as there are, without blanks at the end."""
    if not colours:
        return "".join(shown for shown, _ in line).rstrip()
    pieces = []
    for shown, role in line:
        code = sgr(palette.inks[role], colours) if shown.strip() or role is Role.STATE else ""
        pieces.append(f"{code}{shown}{RESET}" if code else shown)
    return "".join(pieces).rstrip()
