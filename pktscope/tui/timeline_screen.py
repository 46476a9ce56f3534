"""The timeline with its player: the screen everything else is one key away from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen

from pktscope.model import Conversation
from pktscope.render import cells
from pktscope.rows import Role
from pktscope.text import safe_text
from pktscope.timeline import Timeline
from pktscope.tui import player as playing
from pktscope.tui import session as about
from pktscope.tui.chrome import Heading, KeyBar, NotePanel
from pktscope.tui.commands import Commands
from pktscope.tui.keys import bindings, footer
from pktscope.tui.ladder import Ladder
from pktscope.tui.output import Output
from pktscope.tui.player import Player, Stops
from pktscope.tui.session import Session
from pktscope.tui.styles import Styles
from pktscope.tui.surroundings import Surroundings
from pktscope.tui.typing import Typing
from pktscope.tui.typing_line import TypingLine
from pktscope.tui.waiting import Waiting
from pktscope.words import N_, _

if TYPE_CHECKING:
    from pktscope.promise import Outcome
    from pktscope.tui.feed import Feed
    from pktscope.tui.pages import Pages

FEED_RATE = 1 / 25
FRAME_RATE = 1 / 30


class TimelineScreen(Commands, Typing, Surroundings, Screen[None], inherit_bindings=False):
    """Feeds, plays and shows one timeline."""

    PLACE = "timeline"
    AUTO_FOCUS = "Ladder"
    BINDINGS = bindings("timeline")
    CSS = "Horizontal { height: 1fr; }"

    def __init__(self, session: Session, styles: Styles, ended: Callable[[int], None]) -> None:
        """`ended` is told the exit code a demo deserves."""
        super().__init__()
        self.session = session
        self.ended = ended
        self.inks = styles
        options = session.options
        drawn = cells.Options(ascii=styles.ascii_only, time_format=options.time_format, raw_numbers=options.raw_numbers)
        self.feed: Feed | None = None
        self.player = Player()
        self.stops = Stops()
        self.following = True
        """The current row is the newest one, until the reader touches a key."""
        self.touched = False
        self.needle = ""
        self.sought: int | None = None
        """The step to be current once it is laid out again."""
        self.seen = (0, 0, 0)
        """Rows, anchored notes and revision of the timeline when it was last looked at."""
        self.heading = Heading(styles)
        self.heading.title = safe_text(session.title, 200)
        self.ladder = Ladder(Timeline(), styles, drawn)
        self.ladder.dense = options.dense
        self.ladder.clicked = self.pick
        self.ladder.resized = self.update_view
        self.panel = NotePanel(styles)
        self.bar = KeyBar(styles, footer("timeline"))
        self.waiting = Waiting()
        self.line = TypingLine(self.typed)
        self.spoken = False
        """Something was typed into a program: what comes of that is not the demo's own doing."""
        self.eager = True
        """Whoever waits for a line gets the keys at once; not once the reader has left a line."""
        self.inspector: Pages | None = None
        self.message: tuple[str, Role] = ("", Role.PLAIN)
        self.kept: Outcome | None = None
        """How a demo kept its promise, once it is over."""
        self.inspected = -1
        self.output = Output()
        self.printing = False
        """What the programs printed stands beside the ladder, in the inspector's place."""
        self.dissected: dict[int, tuple[str, ...]] = {}
        """Scapy's lines by frame number, the frames looked at last."""

    def compose(self) -> ComposeResult:
        """Heading, ladder (and inspector), note panel, keys."""
        yield self.heading
        with Horizontal():
            yield self.ladder
        yield self.line
        yield self.panel
        yield self.bar

    def on_mount(self) -> None:
        """Nothing is read before the first frame is painted."""
        self.panel.display = False
        self.line.display = False
        self.feeder = self.set_interval(FEED_RATE, self.read)
        self.beat = self.set_interval(FRAME_RATE, self.play_on, pause=True)
        self.last_beat = 0.0
        self.call_after_refresh(self.read)
        if (self.session.shows or self.session.recording is not None) and self.session.run is not None:
            self.birth = self.set_interval(0.02, self.check_birth)

    def check_birth(self) -> None:
        """Leave where this machine allows no run of the demo, or show its recording; stop asking once it is alive."""
        if self.session.unborn:
            self.birth.stop()
            if self.session.recording is None:
                self.app.exit(3)
            else:
                self.go_on_with(self.session.recording, about.refusal(self.session))
        elif self.session.exchange is not None or self.session.store.finished:
            self.birth.stop()

    def go_on_with(self, start: Callable[[], Session], why: str) -> None:
        """Another run of the same demo in this one's place, saying why."""
        from pktscope.exits import Stop

        try:
            session = replace(start(), foreword=why)
        except Stop as stop:
            self.tell(stop.line, Role.ERROR)
            return
        self.app.switch_screen(TimelineScreen(session, self.inks, self.ended))

    # Reading

    def read(self) -> None:
        """A slice of the capture, and what it changes on the screen."""
        if self.feed is None and not self.begin():
            return
        feed = self.feed
        assert feed is not None
        if feed.pump():
            self.absorb()
            self.look_for_questions()
        if not self.touched and self.is_current and about.opens_with_list(self.session):
            self.touched = True
            self.open_list()  # a live run has met a second conversation
        if feed.done:
            self.feeder.pause()
            self.finish()

    def begin(self) -> bool:
        """Open what is to be shown, as soon as that can be known."""
        store = self.session.store
        if not store.finished and not store.listed and store.exchange is None:
            self.show_heading()
            return False
        if about.opens_with_list(self.session) and not self.touched:
            if self.is_current:
                self.feeder.pause()
                self.open_list()
            return False
        return self.begin_with(self.session.options.conversation)

    def begin_with(self, name: str) -> bool:
        """Open the conversation of that name; '' for the only one; the list where there is none of that name."""
        from pktscope.show import NoSuchConversation, choose

        store = self.session.store
        try:
            found = choose(store.listed, name) if name or store.exchange is None else None
        except NoSuchConversation as missing:
            if store.finished and self.is_current:
                self.feeder.pause()
                self.tell(str(missing), Role.ERROR)
                self.open_list()
            return False
        self.open(found)
        return True

    def open(self, conversation: Conversation | None) -> None:
        """Follow a conversation from its beginning; None: everything, as one."""
        from pktscope.tui.feed import Feed

        store = self.session.store
        exchange = store.exchange
        if conversation is None and exchange is None and store.finished and len(store.listed) == 1:
            conversation = store.listed[0]
        live = self.session.run is not None or not store.finished
        self.feed = Feed(store.reader(conversation), conversation, exchange=exchange, fold=self.session.options.fold)
        self.player = Player(pace=self.player.pace, true_time=self.player.true_time)
        self.stops, self.output, self.waiting = Stops(), Output(), Waiting()
        self.following, self.sought = live, None
        self.seen = (0, 0, 0)
        self.needle, self.message = "", ("", Role.PLAIN)
        self.ladder.show(self.feed.timeline)
        self.feeder.resume()

    def absorb(self) -> None:
        """Take what the timeline has grown by to the screen."""
        feed = self.feed
        assert feed is not None
        timeline = feed.timeline
        count, anchored, revision = self.seen
        self.seen = (len(timeline.rows), len(timeline.anchored), timeline.revision)
        self.stops.update(timeline.rows)
        if timeline.revision != revision:
            self.ladder.heights.clear()
            self.ladder.painted.clear()
        self.ladder.grown(max(0, count - 1), [found.row for found in timeline.anchored[anchored:]])
        if self.sought is not None:
            if feed.laid > self.sought:
                self.player = replace(self.player, row=self.stops.at(timeline.row_of(self.sought)))
                self.sought = None
        elif self.following:
            self.player = replace(self.player, row=self.stops.moved(len(timeline.rows), 0))
        elif not count:
            self.player = replace(self.player, row=self.stops.moved(0, 0))
        self.inspected = -1
        self.update_view()

    def finish(self) -> None:
        """Everything was read: a run is judged, once, and shown from its beginning."""
        self.look_for_questions()
        if self.kept is None and self.feed is not None:
            self.judge(self.feed)
        self.update_view()

    def judge(self, feed: Feed) -> None:
        """How a demo kept its promise: where it missed it, it runs once more; how a run of one's own programs ended."""
        from pktscope.promise import Outcome, outcome

        session = self.session
        if session.shows and session.run is not None:
            self.kept = outcome(session.shows, feed.flow.notes, session.promise)
            self.ended(0 if self.kept.kept else 4)
            if not self.kept.kept and session.again is not None and not self.spoken:
                self.go_on_with(session.again, _("The first run did not show what it promises; this is a second."))
            elif not self.touched:
                self.following = False
                self.player = playing.selected(self.player, self.stops.moved(0, 0))
        elif session.exchange is not None and not session.exchange.demo:
            from pktscope.endings import endings

            self.kept = Outcome((), endings(step.observation for step in feed.flow.steps))

    # Playing

    def play_on(self) -> None:
        """One frame of the player."""
        now = monotonic()
        passed, self.last_beat = min(0.25, now - self.last_beat), now
        more = self.feed is not None and not self.feed.done
        self.player = playing.advanced(self.player, self.ladder.timeline.rows, self.stops, passed, more=more)
        self.update_view()

    def set_player(self, player: Player) -> None:
        """Another place or pace; the beat runs only while playing."""
        self.touched, self.following = True, False
        started = player.playing and not self.player.playing
        self.player = player
        if started:
            self.last_beat = monotonic()
        self.update_view()

    @property
    def moving(self) -> bool:
        """Whether arrows grow."""
        return self.session.options.motion and self.app.animation_level != "none"

    def update_view(self) -> None:
        """Put the player's state on the screen."""
        rows = self.ladder.timeline.rows
        done = playing.progress(self.player, rows, self.stops) if self.moving else 1.0
        self.ladder.place(self.player.row, playing.horizon(self.player, rows, self.stops, done), done)
        (self.beat.resume if self.player.playing else self.beat.pause)()
        self.bar.relabel("play", N_("Stop") if self.player.playing else N_("Play"))
        if done in (0.0, 1.0) or self.inspected != self.player.row:
            self.show_heading()
            self.show_notes()
        self.show_inspector()

    def restyle(self, styles: Styles) -> None:
        """Another theme, or another set of characters."""
        self.inks = styles
        widgets: list[Any] = [self.heading, self.panel, self.bar, self.inspector]
        for widget in widgets:
            if widget is not None:
                widget.inks = styles
                widget.refresh()
        self.ladder.redraw(inks=styles, options=replace(self.ladder.options, ascii=styles.ascii_only))
        self.inspected = -1
        self.update_view()
