"""What the timeline asks for in a line at the bottom: a text to find, a place to go to, a name to write to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pktscope.rows import Role
from pktscope.tui import export as files
from pktscope.tui import player as playing
from pktscope.tui import search
from pktscope.tui.prompt import Check, Prompt
from pktscope.words import _, say

if TYPE_CHECKING:
    from pktscope.tui.commands import Commands


def find(screen: Commands) -> None:
    """A text; the first row with it becomes current. No text ends the search."""

    def found(text: str) -> int | None:
        return search.find(screen.ladder.timeline, text, screen.player.row - 1)

    def check(text: str) -> Check:
        if not text:
            return Check(_("Enter ends the search") if screen.needle else "")
        return Check() if found(text) is not None else Check(_("nothing here says that"), fine=False)

    def answered(text: str | None) -> None:
        if text is None:
            return
        screen.needle = text
        row = found(text) if text else None
        if row is not None:
            screen.set_player(playing.selected(screen.player, row))
        screen.tell(say("search: {text}   n: next match; / and Enter: end", {"text": text}) if text else "")

    screen.app.push_screen(Prompt(_("Find in labels, calls and notes:"), check), answered)


def go(screen: Commands) -> None:
    """A packet number or a time; its row becomes current."""

    def check(text: str) -> Check:
        row, words = search.go_to(screen.ladder.timeline, text)
        return Check(words, fine=row is not None)

    def answered(text: str | None) -> None:
        row = search.go_to(screen.ladder.timeline, text or "")[0]
        if row is not None:
            screen.set_player(playing.selected(screen.player, screen.stops.from_step_row(row)))

    screen.app.push_screen(Prompt(_("Go to a packet (12) or a time (1.5s, 250ms):"), check), answered)


def export(screen: Commands) -> None:
    """Ask for a name; write NAME.txt and NAME.json; over something that is there only when asked twice."""
    feed = screen.feed
    if feed is None:
        return

    def answered(text: str | None) -> None:
        if text:
            sentence, worked = files.write(feed, text, screen.session)
            screen.tell(sentence, Role.NOTICE if worked else Role.ERROR)

    proposal = files.proposal(screen.session, feed)
    screen.app.push_screen(Prompt(_("Write NAME.txt and NAME.json; NAME:"), files.check, value=proposal), answered)
