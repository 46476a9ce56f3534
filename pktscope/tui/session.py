"""What one start of the screen is about, and what it decides from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pktscope.model import Conversation, End, Exchange, Note
from pktscope.rows import Role
from pktscope.text import safe_text
from pktscope.tui.options import ScreenOptions
from pktscope.words import counted, listed

if TYPE_CHECKING:
    from pktscope.capture.store import Store
    from pktscope.lab.runner import Run


@dataclass(frozen=True, slots=True)
class Session:
    """Everything the command line handed over."""

    store: Store
    title: str
    run: Run | None
    shows: tuple[str, ...]
    """Rules whose notes a demo promises."""
    source: tuple[str, str] | None
    story: str
    options: ScreenOptions

    @property
    def exchange(self) -> Exchange | None:
        return self.store.exchange

    def sources(self) -> tuple[tuple[str, str], ...]:
        """File names and texts of the programs that ran."""
        exchange = self.exchange
        if exchange is not None and exchange.sources:
            return exchange.sources
        return (self.source,) if self.source is not None else ()


def chosen(session: Session) -> Conversation | None:
    """The conversation the command line asked for by name, if it is there."""
    wanted = session.options.conversation
    return next((found for found in session.store.conversations if found.name == wanted), None) if wanted else None


def opens_with_list(session: Session) -> bool:
    """Whether the list comes first: several conversations, none asked for, and no demo, which is one story."""
    if session.run is not None or session.options.conversation:
        return False
    exchange = session.exchange
    return len(session.store.conversations) > 1 and not (exchange is not None and exchange.demo)


def self_check(shows: tuple[str, ...], notes: list[Note]) -> tuple[str, tuple[str, ...]]:
    """What a finished demo says of its promise, and the rules it missed."""
    seen = {note.rule for note in notes}
    missing = tuple(rule for rule in shows if rule not in seen)
    if not shows:
        return "", ()
    if missing:
        return f"Promised but not seen on this kernel: {listed(missing)}.", missing
    return f"Promised and seen: {listed(dict.fromkeys(shows))}.", ()


def notice(session: Session, end: End | None, notes: list[Note]) -> tuple[str, Role]:
    """The one line below the title: what went wrong, else how a demo kept its promise."""
    store = session.store
    refusal = session.run.refusal if session.run is not None else ""
    if refusal or store.error:
        return safe_text(refusal or store.error, 300), Role.ERROR
    if end is None:
        return "", Role.PLAIN
    if session.shows and session.run is not None:
        sentence, missing = self_check(session.shows, notes)
        return sentence, Role.ERROR if missing else Role.ACK
    complaints = store.complaints
    if complaints:
        more = f" (and {len(complaints) - 1} more: o)" if len(complaints) > 1 else ""
        return safe_text(complaints[0], 200) + more, Role.WARNING
    return "", Role.PLAIN


def quality(session: Session, end: End | None) -> str:
    """What the heading says of the capture itself."""
    if end is not None and end.dropped:
        return f"{counted(end.dropped, 'frames')} lost"
    if end is not None and end.reason == "cut":
        return "cut short"
    return safe_text(session.options.quality, 60)
