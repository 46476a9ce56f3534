"""What the timeline screen shows around its ladder: the heading, the notes of the current row, the inspector."""

from __future__ import annotations

from pktscope.model import NO_STATES
from pktscope.render import cells
from pktscope.render.columns import BESIDE, ladder_width
from pktscope.rows import Role
from pktscope.text import safe_text
from pktscope.tui import player as playing
from pktscope.tui import search
from pktscope.tui import session as about
from pktscope.tui.commands import Host
from pktscope.tui.ladder import EDGE
from pktscope.words import _, say


class Surroundings(Host):
    """The part of the timeline screen that keeps them on the current row."""

    def step_shown(self) -> int:
        """The step at the play position."""
        rows = self.ladder.timeline.rows
        return playing.last_step(rows[self.player.row]) if self.player.row < len(rows) else 0

    def show_heading(self) -> None:
        """Title, position, states."""
        feed, rows = self.feed, self.ladder.timeline.rows
        parts: tuple[str, ...] = (about.reading(self.session),)
        if feed is not None and rows:
            here = rows[min(self.player.row, len(rows) - 1)].time - rows[0].time
            parts = (
                f"{self.stops.ordinal(self.player.row):,}/{len(self.stops):,}",
                playing.caption(self.player, self.stops, live=not feed.done),
                _("recorded") if self.session.options.recorded else "",
                about.quality(self.session, feed.end),
                say("t {time:duration}", {"time": here}),
                about.room(self.session),
            )
        notice = self.message
        if not notice[0]:
            done = self.player.row >= len(rows) - 1 or not self.touched
            told = self.kept if self.kept is not None and (done or not self.kept.kept) else None
            notice = about.notice(self.session, feed is not None and feed.done, told)
        states = feed.states(self.step_shown()) if feed is not None and rows else NO_STATES
        tag = getattr(rows[self.player.row], "tag", "") if self.player.row < len(rows) else ""
        lanes = cells.paint_header(self.ladder.timeline, self.ladder.columns, states, self.ladder.options, tag)
        self.heading.show(self.full_title(), parts, notice, lanes)

    def full_title(self) -> str:
        """The title, with the conversation's name where there are several."""
        title = safe_text(self.session.title, 200)
        chosen = self.feed.conversation if self.feed is not None else None
        return f"{title}   {chosen.name}" if chosen and len(self.session.store.listed) > 1 else title

    def show_notes(self) -> None:
        """The current row and its notes in full below the ladder; beside it they stand in short, or not at all."""
        rows = self.ladder.timeline.rows
        shown = bool(rows and "notes" not in self.ladder.hidden and self.size.width < BESIDE)
        if self.panel.display != shown:
            self.panel.display = shown
        if not shown or self.player.row >= len(rows):
            return
        row, options = rows[self.player.row], self.ladder.options
        found = self.ladder.timeline.notes_at(self.player.row)
        notes = [(safe_text(say(n.message, n.values)), n.reference, Role(n.severity.value)) for n in found]
        label = search.row_label(row, raw=options.raw_numbers)
        if label and (not self.ladder.columns.notes or not notes):
            notes.insert(0, (safe_text(label), "", Role.TIME))
        self.panel.show(tuple(notes), self.size.width, max(2, self.size.height // 3))

    def show_inspector(self) -> None:
        """Keep the inspector beside the ladder on the current row, where there is room for it."""
        room = self.size.width >= BESIDE
        if room and self.inspector is None:
            self.call_later(self.mount_inspector)
            return
        if self.inspector is None:
            return
        self.inspector.display = room
        self.ladder.styles.width = ladder_width(self.size.width) + EDGE if room else "1fr"
        if room and self.inspected != self.player.row:
            self.inspected = self.player.row
            self.inspector.renew(stay=False)
            if self.printing:
                self.inspector.show_mark()
