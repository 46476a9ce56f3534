"""The list of conversations: one line each, live while the capture is being read."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from pktscope.model import Conversation
from pktscope.rows import Role
from pktscope.text import safe_text
from pktscope.tui import listing
from pktscope.tui.chrome import Heading, KeyBar, NotePanel
from pktscope.tui.keys import bindings, footer
from pktscope.tui.parts import Line
from pktscope.tui.picklist import PickList
from pktscope.tui.session import Session, notice, reading
from pktscope.tui.styles import Styles
from pktscope.words import _, counted, say

RATE = 1 / 5
SLICE = 0.02
"""Seconds at once for a filter's search; the rest of the time belongs to keys and painting."""
PAUSE = 0.01
"""... and between two searches of a long list."""


class ConversationList(PickList[Conversation]):
    """A conversation a line."""

    def runs(self, entry: Conversation, width: int) -> Line:
        """One conversation."""
        return [(listing.line(entry, width, ascii_only=self.inks.ascii_only), Role.PLAIN)]


class ConversationsScreen(Screen[Conversation | None], inherit_bindings=False):
    """The list, live while the capture is being read. Gives the conversation chosen, None for none."""

    PLACE = "conversations"
    AUTO_FOCUS = "ConversationList"
    BINDINGS = bindings("conversations")

    def __init__(self, session: Session, styles: Styles) -> None:
        super().__init__()
        self.session = session
        self.heading = Heading(styles)
        self.list = ConversationList(styles)
        self.panel = NotePanel(styles)
        self.bar = KeyBar(styles, footer("conversations"))
        self.filter = listing.Filter()

    def compose(self) -> ComposeResult:
        """Heading, lines, the selected one in full, keys."""
        yield self.heading
        yield self.list
        yield self.panel
        yield self.bar

    def on_mount(self) -> None:
        """Look again and again until everything was read."""
        self.refresher = self.set_interval(RATE, self.renew)
        self.call_after_refresh(self.renew)

    def on_resize(self) -> None:
        """Another width: other columns."""
        self.call_after_refresh(self.renew)

    def renew(self) -> None:
        """What has been found by now."""
        store = self.session.store
        finished = store.finished
        found = store.listed
        self.list.show(self.filter.kept(found, SLICE))
        self.describe(len(found))
        if self.filter.behind(len(found)):
            self.set_timer(PAUSE, self.renew)
        elif finished:
            self.refresher.pause()

    def describe(self, total: int) -> None:
        """Heading and the selected conversation in full."""
        store, shown = self.session.store, len(self.list.entries)
        count = counted(total, "conversations")
        if shown != total:
            count = say("{shown:,} of {total:conversations}", {"shown": shown, "total": total})
        wanted = say("filter: {text}", {"text": self.filter.text}) if self.filter.text else ""
        if self.filter.behind(total):
            part = 100 * self.filter.looked // total
            wanted = say("filter: {text}, {part} % searched", {"text": self.filter.text, "part": part})
        lanes = [[(listing.titles(self.size.width), Role.TIME)]] if total else []
        title = safe_text(self.session.title, 200)
        said = notice(self.session, False, None)
        if store.finished and not total and not said[0]:
            said = (_("No conversation was found in it."), Role.WARNING)
        self.heading.show(title, (count, reading(self.session), wanted), said, lanes)
        chosen = self.list.chosen
        text = listing.full(chosen) if chosen is not None else ""
        self.panel.show(((text, "", Role.PLAIN),) if text else (), self.size.width, 3)

    def select(self, place: int) -> None:
        """Another line."""
        self.list.select(place)
        self.describe(len(self.session.store.listed))

    def action_move(self, by: int) -> None:
        """A line down or up."""
        self.select(self.list.place + by)

    def action_page(self, by: int) -> None:
        """A screen down or up."""
        self.select(self.list.place + by * max(1, self.list.size.height - 1))

    def action_edge(self, which: int) -> None:
        """To an end."""
        self.select(len(self.list.entries) - 1 if which > 0 else 0)

    def action_open(self) -> None:
        """The timeline of the selected one."""
        if self.list.chosen is not None:
            self.dismiss(self.list.chosen)

    def action_filter(self) -> None:
        """Show only lines with a text in them."""
        from pktscope.tui.prompt import Check, Prompt

        def check(text: str) -> Check:
            self.filter.set(text)
            self.renew()
            return Check()

        def answered(text: str | None) -> None:
            self.filter.set(text or "")
            self.list.place = 0
            self.renew()

        self.app.push_screen(Prompt(_("Show only those with:"), check, value=self.filter.text), answered)

    def action_back(self) -> None:
        """Drop the filter; without one, go back."""
        if self.filter.text:
            self.filter.set("")
            self.renew()
        else:
            self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        """Select; twice: open."""
        if event.widget is not self.list:
            return
        place = event.y + self.list.scroll_offset.y
        if place < len(self.list.entries):
            self.select(place)
            if event.chain > 1:
                self.action_open()

    def restyle(self, styles: Styles) -> None:
        """Another theme."""
        for widget in (self.heading, self.list, self.panel, self.bar):
            widget.inks = styles
            widget.refresh()
