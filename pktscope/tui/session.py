"""What one start of the screen is about, and what it decides from it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from pktscope.exits import PERMISSION
from pktscope.text import safe_text
from pktscope.tui.options import ScreenOptions
from pktscope.words import _, retold, say

if TYPE_CHECKING:
    from textual.screen import Screen

    from pktscope.capture.store import Store
    from pktscope.lab.runner import Run
    from pktscope.model import End, Exchange
    from pktscope.promise import Outcome
    from pktscope.rows import Role
    from pktscope.tui.styles import Styles


ENDS_WITHIN = 5
"""Seconds a run may take to end when its stream has."""


class Subject(Protocol):
    """What the screen can be started about: one timeline, two beside each other, the gallery."""

    @property
    def title(self) -> str:
        """What stands in the first frame."""
        ...

    @property
    def options(self) -> ScreenOptions:
        """How the screen starts."""
        ...

    def screen(self, styles: Styles, ended: Callable[[int], None]) -> Screen[Any]:
        """The screen that shows it; `ended` is to be told the exit code it deserves."""
        ...

    def verdict(self) -> tuple[int, str]:
        """When everything is over: the exit code and a line that says what went wrong; (0, '') if nothing did."""
        ...


@dataclass(frozen=True)
class Session:
    """Everything the command line handed over."""

    opened: Store | Callable[[], Store]
    """The capture, or what opens it once the first frame is painted."""
    title: str
    run: Run | None
    shows: tuple[str, ...]
    """Rules whose notes a demo promises."""
    source: tuple[str, str] | None
    story: str
    options: ScreenOptions
    promise: str = ""
    """The same in words."""
    again: Callable[[], Session] | None = None
    """Runs the demo once more, where it did not keep its promise."""
    recording: Callable[[], Session] | None = None
    """The demo's recorded run, where no live one shows what it promises."""
    foreword: str = ""
    """Why this is shown instead of something else: a second run, a recording."""

    def screen(self, styles: Styles, ended: Callable[[int], None]) -> Screen[Any]:
        """The timeline."""
        from pktscope.tui.timeline_screen import TimelineScreen

        return TimelineScreen(self, styles, ended)

    def verdict(self) -> tuple[int, str]:
        """3 a demo this machine allows no run of; 1 a fault or a copy that is not whole; 2 no capture."""
        if self.unborn:
            return (3, "") if self.recording is None else (0, "")
        wrong = refusal(self) or self.store.error
        if wrong:
            return (2 if self.run is None else self.run.status or 1), wrong
        return (1, self.store.copy_lost) if self.store.copy_lost else (0, "")

    @cached_property
    def store(self) -> Store:
        return self.opened() if callable(self.opened) else self.opened

    @property
    def unborn(self) -> bool:
        """This machine allowed no run of the demo: nothing was seen, and nothing will be.

        Waits, where the stream has ended with nothing in it, for the run to end too: only then its reason is known.
        """
        run, demo = self.run, bool(self.shows) or self.recording is not None
        if run is None or not demo or self.exchange is not None or not self.store.finished:
            return False
        with suppress(TimeoutError):
            return run.wait(ENDS_WITHIN) == PERMISSION
        return False

    @property
    def exchange(self) -> Exchange | None:
        return self.store.exchange

    def sources(self) -> tuple[tuple[str, str], ...]:
        """File names and texts of the programs that ran."""
        exchange = self.exchange
        if exchange is not None and exchange.sources:
            return exchange.sources
        return (self.source,) if self.source is not None else ()


def refusal(session: Session) -> str:
    """Why a run did not happen or failed, once it is over; empty if all is well."""
    run = session.run
    return retold(run.refusal) if run is not None and session.store.finished and run.status is not None else ""


def opens_with_list(session: Session) -> bool:
    """Whether the list comes first: several conversations, none asked for, and no exchange, which is one story."""
    if session.shows or session.options.conversation:
        return False
    return len(session.store.listed) > 1 and session.exchange is None


def notice(session: Session, ended: bool, outcome: Outcome | None) -> tuple[str, Role]:
    """The one line below the title: what went wrong, else how a demo kept its promise."""
    from pktscope.rows import Role

    store = session.store
    wrong = refusal(session) or retold(store.error)
    if wrong:
        return safe_text(wrong, 400), Role.ERROR
    foreword = safe_text(session.foreword, 400)
    if ended and outcome is not None and outcome.sentence:
        way_out = "" if outcome.kept or session.recording is None else " " + _("R shows the recorded run.")
        kept = safe_text(outcome.sentence, 900) + way_out
        told = say("{first} {second}", {"first": foreword, "second": kept}) if foreword else kept
        return told, Role.ACK if outcome.kept else Role.ERROR
    if foreword:
        return foreword, Role.WARNING
    complaints = store.complaints
    if complaints:
        first = safe_text(retold(complaints[0]), 200)
        if len(complaints) == 1:
            return first, Role.WARNING
        return say("{first} ({count} more with o)", {"first": first, "count": len(complaints) - 1}), Role.WARNING
    return "", Role.PLAIN


def room(session: Session) -> str:
    """Where a demo or a run takes place, in its recording's words."""
    return safe_text(retold(session.exchange.room), 100) if session.exchange is not None else ""


def reading(session: Session) -> str:
    """What is being done about packets that are not there yet."""
    store = session.store
    if store.finished:
        return ""
    if session.run is not None:
        return _("live") if store.frame_count else _("waiting for packets")
    octets, whole = store.progress
    return say("reading {octets} %", {"octets": octets * 100 // whole}) if whole else _("reading")


def quality(session: Session, end: End | None) -> str:
    """What the heading says of the capture itself."""
    if end is not None and end.dropped:
        return say("{dropped:frames} lost", {"dropped": end.dropped})
    if end is not None and end.reason == "cut":
        return _("cut short")
    return safe_text(session.options.quality, 60)
