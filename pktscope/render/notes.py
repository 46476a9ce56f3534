"""Notes beside the ladder."""

from __future__ import annotations

import re

from pktscope.model import Note, Severity
from pktscope.render.bands import Brush, Run
from pktscope.rows import Arrow, Role
from pktscope.text import fit, safe_text, width, wrap
from pktscope.timeline import Timeline
from pktscope.words import N_, _, cited, say

SEVERITY_ROLES = {
    Severity.LESSON: Role.LESSON,
    Severity.NOTICE: Role.NOTICE,
    Severity.WARNING: Role.WARNING,
    Severity.ERROR: Role.ERROR,
}


SPOKEN = {Severity.WARNING: N_("warning: "), Severity.ERROR: N_("error: ")}
"""Severities that are said in words; a lesson needs none."""


FIRST_SENTENCE = re.compile(r".{12,}?(?:[.!?](?= [^a-z])|[。！？；]|;(?= )|$)")
"""What a note says first: up to the end of a sentence, or of the first part of a long one."""


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
    word = _(SPOKEN.get(note.severity, ""))
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
        theirs = say("Wireshark says {name}", {"name": note.wireshark}) if note.wireshark else ""
        sources = [part for part in (cited(note.reference), theirs) if part]
        return say("{text} ({sources:clauses})", {"text": text, "sources": sources}) if sources else text
    first = FIRST_SENTENCE.match(text)
    if first is None or first.end() == len(text):
        return text
    return f"{first[0].rstrip('.;。；')}…"
