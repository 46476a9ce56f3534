"""What the timeline's keys do: each action changes the player, how rows are drawn, or opens another screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pktscope.render.columns import unit
from pktscope.rows import Role, Row
from pktscope.text import safe_text
from pktscope.tui import player as playing
from pktscope.tui import search
from pktscope.tui.options import TimeFormat
from pktscope.tui.steering import Steering
from pktscope.words import N_, _, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.screen import Screen
    from textual.timer import Timer

    from pktscope.model import Conversation
    from pktscope.promise import Outcome
    from pktscope.tui.chrome import Heading, NotePanel
    from pktscope.tui.feed import Feed
    from pktscope.tui.ladder import Ladder
    from pktscope.tui.output import Output
    from pktscope.tui.pages import Pages
    from pktscope.tui.player import Player, Stops
    from pktscope.tui.session import Session
    from pktscope.tui.styles import Styles

    class Host(Screen[None]):
        """What a screen with these commands has."""

        feed: Feed | None
        ladder: Ladder
        player: Player
        stops: Stops
        session: Session
        inks: Styles
        heading: Heading
        panel: NotePanel
        inspector: Pages | None
        dissected: dict[int, tuple[str, ...]]
        output: Output
        printing: bool
        needle: str
        kept: Outcome | None
        message: tuple[str, Role]
        touched: bool
        following: bool
        seen: tuple[int, int, int]
        inspected: int
        sought: int | None
        feeder: Timer

        def set_player(self, player: Player) -> None: ...
        def update_view(self) -> None: ...
        def show_heading(self) -> None: ...
        def read(self) -> None: ...
        def open(self, conversation: Conversation | None) -> None: ...
        def full_title(self) -> str: ...
        def go_on_with(self, start: Callable[[], Session], why: str) -> None: ...
        async def mount_inspector(self) -> None: ...
else:
    Host = object

TIME_FORMATS: tuple[TimeFormat, ...] = ("relative", "absolute", "delta")


NO_ROOM = N_("the time of day needs a wider screen: these are still milliseconds since the start")


class Commands(Steering, Host):
    """The actions of the timeline screen."""

    def tell(self, text: str, role: Role = Role.NOTICE) -> None:
        """Say something below the title, until the next thing is said."""
        self.message = (safe_text(text, 300), role)
        self.show_heading()

    @property
    def rows(self) -> Sequence[Row]:
        """What is played."""
        return self.ladder.timeline.rows

    @property
    def growing(self) -> bool:
        """Whether more rows may come."""
        return self.feed is not None and not self.feed.done

    def noted(self) -> Sequence[int]:
        """The rows with notes, in order."""
        return sorted({found.row for found in self.ladder.timeline.anchored})

    def action_next(self) -> None:
        """The next match while a search is active, else the next step."""
        if self.needle:
            self.search_on()
        else:
            self.action_step(1)

    # Drawing

    def action_switch(self, what: str) -> None:
        """One of the ways rows are drawn."""
        ladder = self.ladder
        if what == "focus":
            ladder.focus_mode = not ladder.focus_mode
            ladder.refresh()
        elif what == "dense":
            ladder.redraw(options=replace(ladder.options, sloped=False), dense=ladder.columns.label_above)
        elif what == "sloped":
            ladder.redraw(options=replace(ladder.options, sloped=not ladder.options.sloped))
        elif what == "raw":
            ladder.redraw(options=replace(ladder.options, raw_numbers=not ladder.options.raw_numbers))
        elif what == "fold":
            self.refold()
        self.inspected = -1
        self.update_view()

    def refold(self) -> None:
        """Lay the same steps out with or without folds; the current step stays current."""
        feed = self.feed
        if feed is None or not self.ladder.timeline.rows:
            return
        self.sought = self.ladder.timeline.rows[self.player.row].step
        feed.refold(not feed.timeline.fold)
        self.stops = type(self.stops)()
        self.seen = (0, 0, feed.timeline.revision)
        self.ladder.show(feed.timeline)
        self.player = replace(self.player, row=0)
        self.feeder.resume()
        self.read()
        self.tell(_("runs of like packets are folded") if feed.timeline.fold else _("every packet has its own row"))

    def action_time(self) -> None:
        """The next way to print times."""
        ladder = self.ladder
        place = (TIME_FORMATS.index(ladder.options.time_format) + 1) % len(TIME_FORMATS)
        ladder.redraw(options=replace(ladder.options, time_format=TIME_FORMATS[place]))
        if TIME_FORMATS[place] == "absolute" and ladder.columns.time and unit(ladder.columns, ladder.options) != "UTC":
            self.tell(_(NO_ROOM))
        elif self.message[0] == _(NO_ROOM):
            self.tell("")
        self.update_view()

    def action_hide(self, column: str) -> None:
        """Hide a column, or show it again."""
        self.ladder.redraw(hidden=self.ladder.hidden ^ {column})
        self.update_view()

    def action_note_scroll(self, by: int) -> None:
        """Scroll the note below the ladder."""
        self.panel.turn(by)

    # Finding

    def action_find(self) -> None:
        """Ask for a text and go to the first row with it; no text ends the search."""
        from pktscope.tui import asking

        asking.find(self)

    def search_on(self) -> None:
        """The next match."""
        found = search.find(self.ladder.timeline, self.needle, self.player.row)
        if found is None:
            self.tell(say("nothing more says {needle!r}", {"needle": self.needle}))
        else:
            self.set_player(playing.selected(self.player, found))

    def action_go(self) -> None:
        """Ask for a packet number or a time and go there."""
        from pktscope.tui import asking

        asking.go(self)

    # Other screens

    def action_inspect(self) -> None:
        """Look into the current step: beside the ladder where there is room, else over it."""
        from pktscope.tui import windows

        windows.inspect(self)

    def action_story(self) -> None:
        """The story, and the program's line behind the current step."""
        from pktscope.tui import windows

        windows.story(self)

    def action_explain(self) -> None:
        """What the current row is about: its call, its notes' rules, its flags."""
        from pktscope.tui import windows

        windows.explain(self)

    def action_output(self) -> None:
        """What the programs printed up to the current row: beside the ladder where there is room, else over it."""
        from pktscope.tui import windows

        windows.output(self)

    def action_conversations(self) -> None:
        """The list of conversations."""
        self.open_list()

    def open_list(self) -> None:
        """The list of conversations over the timeline; choosing one opens it."""
        from pktscope.tui.conversations import ConversationsScreen

        def answered(chosen: Any) -> None:
            self.touched = True
            if chosen is not None:
                self.open(chosen)
            elif self.feed is None:
                self.app.call_later(self.app.run_action, "quit", self.app)

        self.app.push_screen(ConversationsScreen(self.session, self.inks), answered)

    def action_export(self) -> None:
        """Write the timeline into files."""
        from pktscope.tui import asking

        asking.export(self)

    async def action_leave(self) -> None:
        """Back to the gallery, if there is one."""
        if any(getattr(screen, "HOME", False) for screen in self.app.screen_stack):
            await self.app.run_action("quit", self.app)

    def action_recorded(self) -> None:
        """The recorded run in place of a live one that did not show what it promises."""
        if self.session.recording is None or self.kept is None or self.kept.kept:
            self.tell(_("there is a recorded run to show only where a live one missed its promise"))
            return
        self.go_on_with(self.session.recording, _("This is a recorded run, made earlier on another machine."))

    async def mount_inspector(self) -> None:
        """The inspector beside the ladder, the first time there is room for it."""
        from pktscope.tui import windows

        await windows.mount_inspector(self)
