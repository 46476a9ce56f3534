"""Writing the timeline on the screen into files: NAME.txt as it is printed, NAME.json for programs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.text import safe_text
from pktscope.tui.prompt import Check
from pktscope.words import _, say

if TYPE_CHECKING:
    from pktscope.tui.feed import Feed
    from pktscope.tui.session import Session

ENDINGS = (".txt", ".json")


def proposal(session: Session, feed: Feed) -> str:
    """A name that is not taken: the demo's or the conversation's."""
    exchange = session.exchange
    conversation = feed.conversation
    name = (
        exchange.demo if exchange is not None and exchange.demo else conversation.name if conversation else "timeline"
    )
    base = re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:60].strip("-.") or "timeline"
    taken = [base, *(f"{base}-{number}" for number in range(2, 100))]
    return next((free for free in taken if not existing(free)), base)


def existing(name: str) -> list[str]:
    """Which of the files of that name are there."""
    return [name + ending for ending in ENDINGS if os.path.lexists(name + ending)]


def check(name: str) -> Check:
    """Whether files of that name can be written here."""
    if not name.strip():
        return Check(_("a name is needed"), fine=False)
    folder = os.path.dirname(name) or "."
    if not os.path.isdir(folder):
        return Check(say("there is no directory {folder}", {"folder": folder}), fine=False)
    if not os.access(folder, os.W_OK):
        return Check(say("{folder} may not be written to", {"folder": folder}), fine=False)
    there = existing(name)
    if any(os.path.isdir(path) for path in there):
        return Check(say("{name} is a directory", {"name": there[0]}), fine=False)
    return Check(say("{names:list} would be replaced", {"names": there}), fine=False, again=True) if there else Check()


def write(feed: Feed, name: str, session: Session) -> tuple[str, bool]:
    """Write both files; a sentence about it, and whether it worked."""
    try:
        for ending, pieces in zip(ENDINGS, (as_text(feed, session), as_json(feed, session)), strict=True):
            with open(name + ending, "w", encoding="utf-8") as stream:
                stream.writelines(pieces)
    except OSError as error:
        return f"{safe_text(name)}: {_(error.strerror or str(error))}", False
    return say("written: {name}.txt and {name}.json", {"name": name}), True


def as_text(feed: Feed, session: Session) -> Iterator[str]:
    """The timeline as it is printed, folds as on the screen."""
    from pktscope.render.text import text

    heading = (safe_text(session.title, 200), "")
    return (f"{line}\n" for line in text(feed.timeline, heading))


def as_json(feed: Feed, session: Session) -> Iterator[str]:
    """Every step and note."""
    from pktscope.render.json import document

    placed = ((step, feed.notes.get(step.index, ())) for step in feed.flow.steps)
    flow = feed.flow
    pieces = document(
        placed, conversation=feed.conversation, exchange=session.exchange, client=flow.client, server=flow.server
    )
    return iter((*pieces, "\n"))
