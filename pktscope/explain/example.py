"""The example of a rule, drawn as the timeline it makes, with what that rule says of it and nothing else."""

from __future__ import annotations

from pktscope import notation
from pktscope.flow import Flow
from pktscope.model import NO_STATES
from pktscope.render.bands import Run
from pktscope.render.cells import paint, paint_header
from pktscope.render.columns import NARROWEST, Options
from pktscope.render.text import page, paragraph
from pktscope.rows import Arrow
from pktscope.rules import Rule
from pktscope.theme import GLYPHS
from pktscope.timeline import lay_out


def drawn(rule: Rule, width: int, *, ascii_only: bool = False) -> list[list[Run]]:
    """The rows and the notes of its example, in at least 40 columns; notes below their rows."""
    script = notation.read(rule.example)
    flow = Flow(wire=script.wire, links=script.links)
    steps = [flow.feed(seen) for seen in script.observations]
    own = [(step, tuple(note for note in notes if note.rule == rule.id)) for step, notes in steps]
    hosts = [host for link in script.links for host in link.split("-")] if len(script.links) > 1 else []
    timeline = lay_out(own, flow.client, flow.server, path=tuple(dict.fromkeys(hosts)))
    layout, options = page(max(NARROWEST, min(width, 100)), Options(ascii=ascii_only))
    lines = list(paint_header(timeline, layout, NO_STATES, options))
    for row, item in enumerate(timeline.rows):
        lines += paint(timeline, row, layout, options)
        marker = str(item.number) if isinstance(item, Arrow) else GLYPHS[ascii_only].bullet
        for note in timeline.notes_at(row):
            lines += paragraph(timeline, note, marker, layout, options)
    return [line for line in lines if "".join(text for text, _ in line).strip()]
