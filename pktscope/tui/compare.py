"""Two runs side by side, aligned, stepping together."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.screen import Screen

from pktscope.alignment import Pair, align, features
from pktscope.exits import Stop
from pktscope.model import NO_STATES, States
from pktscope.promise import Outcome, outcome
from pktscope.render import cells
from pktscope.render.beside import paint_heads, paint_names
from pktscope.rows import Role, Row
from pktscope.text import safe_text, width
from pktscope.timeline import Timeline
from pktscope.tui import player as playing
from pktscope.tui import search
from pktscope.tui import session as about
from pktscope.tui.chrome import Heading, KeyBar, NotePanel
from pktscope.tui.commands import TIME_FORMATS
from pktscope.tui.comparison import Comparison, Said, told
from pktscope.tui.duet import PairLadder, leading
from pktscope.tui.keys import bindings, footer
from pktscope.tui.player import Player, Stops
from pktscope.tui.session import Session
from pktscope.tui.steering import Steering
from pktscope.tui.styles import Styles
from pktscope.words import N_, _, duration, say

if TYPE_CHECKING:
    from pktscope.tui.feed import Feed

LONG = 4000
"""Rows of both together from which aligning them would hold the screen up."""
FEED_RATE = 1 / 25
FRAME_RATE = 1 / 30


@dataclass(slots=True)
class Half:
    """One of the two runs, while it is read."""

    way: int
    session: Session
    feed: Feed | None = None
    kept: Outcome | None = None
    ready: bool = False
    """Everything of it was read, and it is not to be run again."""


class CompareScreen(Steering, Screen[None], inherit_bindings=False):
    """Reads two runs, aligns them, plays both."""

    PLACE = "comparison"
    AUTO_FOCUS = "PairLadder"
    BINDINGS = bindings("comparison")

    def __init__(self, comparison: Comparison, styles: Styles, ended: Callable[[int], None]) -> None:
        super().__init__()
        self.comparison = comparison
        self.inks = styles
        self.ended = ended
        options = comparison.options
        drawn = cells.Options(ascii=styles.ascii_only, time_format=options.time_format, raw_numbers=options.raw_numbers)
        self.halves: list[Half] = []
        self.player = Player()
        self.stops = Stops()
        self.leads: list[Row] = []
        self.pairs: Sequence[Pair] = ()
        self.rules: tuple[Set[str], Set[str]] = (frozenset(), frozenset())
        """Those that speak anywhere in either run."""
        self.touched = self.following = False
        self.message: tuple[str, Role] = ("", Role.PLAIN)
        self.heading = Heading(styles)
        self.heading.title = safe_text(comparison.title, 200)
        self.ladder = PairLadder(styles, drawn)
        self.ladder.clicked = self.pick
        self.ladder.resized = self.update_view
        self.panel = NotePanel(styles)
        self.bar = KeyBar(styles, footer("comparison"))

    def compose(self) -> ComposeResult:
        """Heading, both ladders, what is said of the current pair, keys."""
        yield self.heading
        yield self.ladder
        yield self.panel
        yield self.bar

    def on_mount(self) -> None:
        """Begin to read when the first frame is painted."""
        self.feeder = self.set_interval(FEED_RATE, self.read)
        self.beat = self.set_interval(FRAME_RATE, self.play_on, pause=True)
        self.last_beat = 0.0
        self.feeder.pause()
        self.show_heading()
        self.call_after_refresh(self.begin)

    def begin(self) -> None:
        """Start what does not run yet, once the screen says that it waits."""
        self.halves = [Half(way, self.comparison.session(way)) for way in self.comparison.shown]
        self.feeder.resume()
        self.read()

    # Reading

    def read(self) -> None:
        """A slice of both runs; when both are there, they are aligned."""
        for half in self.halves:
            if not half.ready:
                self.read_half(half)
        if all(half.ready for half in self.halves):
            self.feeder.pause()
            self.align()
        else:
            self.show_heading()

    def read_half(self, half: Half) -> None:
        """A slice of one run; begun again or replaced by its recording where that is called for."""
        session = half.session
        if session.unborn and session.recording is not None:
            self.replace_half(half, session.recording, about.refusal(session))
            return
        if half.feed is None:
            half.feed = self.opened(session)
        feed = half.feed
        if feed is None:
            half.ready = session.store.finished
            return
        feed.pump()
        if feed.done:
            self.judge(half, feed)

    def opened(self, session: Session) -> Feed | None:
        """Follow everything of an exchange, or the one conversation that is asked for; None while nobody knows."""
        from pktscope.show import NoSuchConversation, choose
        from pktscope.tui.feed import Feed

        store = session.store
        exchange = store.exchange
        if exchange is None and not store.finished:
            return None
        conversation = None
        if exchange is None or session.options.conversation:
            try:
                conversation = choose(store.listed, session.options.conversation or self.first_of(session))
            except NoSuchConversation as missing:
                self.tell(str(missing), Role.ERROR)
                return None
        return Feed(store.reader(conversation), conversation, exchange=exchange, fold=session.options.fold)

    def first_of(self, session: Session) -> str:
        """The name of a capture's first conversation, saying so where it has others."""
        listed = session.store.listed
        if len(listed) > 1:
            words = N_("{capture} has several conversations; this is {name}, and --stream shows another.")
            self.tell(say(words, {"capture": session.title, "name": listed[0].name}))
        return listed[0].name if len(listed) else ""

    def judge(self, half: Half, feed: Feed) -> None:
        """Hold a run to its promise; where it missed it, run it once more, then show the recorded one."""
        session = half.session
        half.ready = True
        if not session.shows or session.run is None:
            return
        half.kept = outcome(session.shows, feed.flow.notes, session.promise)
        if half.kept.kept:
            return
        if session.again is not None:
            self.replace_half(half, session.again, _("A run did not show what it promises; this is its second."))
        else:
            self.ended(4)

    def replace_half(self, half: Half, start: Callable[[], Session], why: str) -> None:
        """Another run of the same in the place of one."""
        try:
            half.session, half.feed, half.ready = start(), None, False
        except Stop as stop:
            half.ready, why = True, say("{why}; {more}", {"why": why, "more": stop.line})
        self.comparison.sessions[self.comparison.ways[half.way][0]] = half.session
        self.tell(why, Role.WARNING)

    def align(self) -> None:
        """Both are there: align them, long ones behind the screen's back."""
        feeds = [half.feed for half in self.halves]
        left, right = (feed.timeline if feed is not None else Timeline() for feed in feeds)
        compared = [features(feed.timeline.rows, feed.step) if feed is not None else [] for feed in feeds]
        if len(left.rows) + len(right.rows) < LONG:
            self.show_pairs((left, right), align(*compared))
            return
        self.tell(_("aligning ..."))

        def work() -> None:
            pairs = align(*compared)
            self.app.call_from_thread(self.show_pairs, (left, right), pairs)

        self.run_worker(work, thread=True, group="align", exclusive=True)

    def show_pairs(self, timelines: tuple[Timeline, Timeline], pairs: Sequence[Pair]) -> None:
        """Both beside each other, from their beginning; not what was aligned for a side that is another one by now."""
        now = [half.feed.timeline if half.feed is not None else None for half in self.halves]
        if any(found is not None and found is not shown for found, shown in zip(now, timelines, strict=True)):
            return
        self.pairs = pairs
        self.leads = leading(timelines, pairs)
        spoken = [frozenset(found.note.rule for found in timeline.anchored) for timeline in timelines]
        self.rules = (spoken[0], spoken[1])
        self.stops = Stops()
        self.stops.update(self.leads)
        self.player = Player(pace=self.player.pace, true_time=self.player.true_time, row=self.stops.moved(0, 0))
        if self.message[0] == _("aligning ..."):
            self.message = ("", Role.PLAIN)
        self.ladder.show_both(timelines, pairs)
        self.update_view()

    # What is played

    @property
    def rows(self) -> Sequence[Row]:
        """The leading row of each pair."""
        return self.leads

    @property
    def growing(self) -> bool:
        """Both are read to their end before they are shown."""
        return False

    def noted(self) -> Sequence[int]:
        """The pairs with a note on either side."""
        sides = [{found.row for found in timeline.anchored} for timeline in self.ladder.both.timelines]
        return [at for at, (one, other) in enumerate(self.pairs) if one in sides[0] or other in sides[1]]

    def play_on(self) -> None:
        """One frame of the player."""
        now = monotonic()
        passed, self.last_beat = min(0.25, now - self.last_beat), now
        self.player = playing.advanced(self.player, self.leads, self.stops, passed, more=False)
        self.update_view()

    def set_player(self, player: Player) -> None:
        """Another place or pace; the beat runs only while playing."""
        self.touched = True
        started = player.playing and not self.player.playing
        self.player = player
        if started:
            self.last_beat = monotonic()
        self.update_view()

    # What is shown

    def update_view(self) -> None:
        """Put the player's state on the screen."""
        moving = self.comparison.options.motion and self.app.animation_level != "none"
        done = playing.progress(self.player, self.leads, self.stops) if moving else 1.0
        self.ladder.place(self.player.row, playing.horizon(self.player, self.leads, self.stops, done), done)
        (self.beat.resume if self.player.playing else self.beat.pause)()
        self.bar.relabel("play", N_("Stop") if self.player.playing else N_("Play"))
        self.show_heading()
        self.show_notes()

    def tell(self, text: str, role: Role = Role.NOTICE) -> None:
        """Say something below the title, until the next thing is said."""
        self.message = (safe_text(text, 300), role)
        self.show_heading()

    def names(self) -> tuple[str, str]:
        """The names of both sides."""
        left, right = (self.comparison.ways[half.way][0] for half in self.halves)
        return safe_text(left, 60), safe_text(right, 60)

    def show_heading(self) -> None:
        """Title, position, the names of both and the states they are in."""
        title = safe_text(self.comparison.title, 200)
        if not self.pairs:
            waiting = {about.reading(half.session) for half in self.halves if not half.ready} or {_("reading")}
            self.heading.show(title, tuple(sorted(waiting)), self.notice(), [])
            return
        parts = (
            f"{self.stops.ordinal(self.player.row):,}/{len(self.stops):,}",
            playing.caption(self.player, self.stops, live=False),
            _("recorded") if all(half.session.options.recorded for half in self.halves) else "",
        )
        both = self.ladder.both
        lanes = [paint_names(both, self.labels()), *paint_heads(both, self.states())]
        self.heading.show(title, parts, self.notice(), lanes)

    def labels(self) -> tuple[str, str]:
        """What stands above either side: its name, its title where there is room, and what is to be known of it."""
        rooms = [0 if columns is None else columns.width for columns in self.ladder.both.halves]
        left, right = map(self.label, self.halves, rooms)
        return left, right

    def label(self, half: Half, room: int) -> str:
        """One side's."""
        name, title = (safe_text(_(text), 200) for text in self.comparison.ways[half.way])
        if half.session.options.recorded and half.session.shows:
            name = say("{name} (recorded)", {"name": name})
        whole = say("{name}: {title}", {"name": name, "title": title})
        return whole if title and title != name and width(whole) < room else name

    def notice(self) -> tuple[str, Role]:
        """What was said last, else what is wrong with either run."""
        if self.message[0]:
            return self.message
        for half in self.halves:
            if half.ready and (found := about.notice(half.session, half.feed is not None, None))[0]:
                return found
        missed = [half.kept for half in self.halves if half.kept is not None and not half.kept.kept]
        return (safe_text(missed[0].sentence, 900), Role.ERROR) if missed else ("", Role.PLAIN)

    def states(self) -> tuple[States, States]:
        """The states of both ends of both runs at the play position."""
        found: list[States] = []
        for half, row in zip(self.halves, self.reached(), strict=True):
            if half.feed is None or row < 0:
                found.append(NO_STATES)
            else:
                found.append(half.feed.states(playing.last_step(half.feed.timeline.rows[row])))
        return found[0], found[1]

    def reached(self) -> tuple[int, int]:
        """The last row of either side at the play position; -1 before its first."""
        if self.player.row >= len(self.pairs):
            return -1, -1
        before, here = self.ladder.both.before[self.player.row], self.pairs[self.player.row]
        left, right = (last if row is None else row for last, row in zip(before, here, strict=True))
        return left, right

    def show_notes(self) -> None:
        """The current rows of both sides in full, and what is said of them."""
        shown = bool(self.pairs) and "notes" not in self.ladder.hidden
        if self.panel.display != shown:
            self.panel.display = shown
        if not shown:
            return
        here = self.pairs[self.player.row]
        timelines = self.ladder.both.timelines
        sides = [() if row is None else line.notes_at(row) for line, row in zip(timelines, here, strict=True)]
        lines = [self.row_label(side, row) for side, row in enumerate(here)]
        lines += told(self.names(), (sides[0], sides[1]), self.rules)
        self.panel.show(tuple(lines), self.size.width, max(4, self.size.height // 3))

    def row_label(self, side: int, row: int | None) -> Said:
        """'nagle  0.3 ms: 4 PSH ACK seq=1 ...', or that there is nothing like it here."""
        name = self.names()[side]
        if row is None:
            return say("{name}: nothing like it here", {"name": name}), "", Role.TIME
        timeline = self.ladder.both.timelines[side]
        found = timeline.rows[row]
        label = search.row_label(found, raw=self.ladder.options.raw_numbers) or search.row_text(found)
        at = duration(found.time - (timeline.start or 0))
        return safe_text(say("{name}, {time}: {label}", {"name": name, "time": at, "label": label})), "", Role.TIME

    # Keys

    def action_inspect(self) -> None:
        """Both packets or calls in full."""
        from pktscope.tui import compared

        if self.pairs:
            compared.inspect(self)

    def action_story(self) -> None:
        """The story and the programs."""
        from pktscope.tui import compared

        compared.story(self)

    def action_view(self) -> None:
        """Both, the left one alone, the right one alone."""
        order: tuple[int | None, ...] = (None, 0, 1)
        if self.ladder.side(self.app.size.width) is not None and self.ladder.alone is None:
            self.ladder.alone = 0  # too narrow for both: the left one was shown already
        self.ladder.redraw(alone=order[(order.index(self.ladder.alone) + 1) % 3])
        self.update_view()

    def action_way(self, side: int, by: int) -> None:
        """Another of the ways on one side: run now, unless it was before."""
        count = len(self.comparison.ways)
        if count < 3:
            self.tell(_("there are just these two"))
            return
        taken = self.halves[1 - side].way
        way = (self.halves[side].way + by) % count
        way = (way + by) % count if way == taken else way
        try:
            self.halves[side] = Half(way, self.comparison.session(way))
        except Stop as stop:
            self.tell(stop.line, Role.ERROR)
            return
        self.renew()

    def action_exchange(self) -> None:
        """Left to the right, right to the left."""
        self.halves.reverse()
        self.renew()

    def renew(self) -> None:
        """Align anew, once both are there."""
        self.message, self.pairs, self.leads = ("", Role.PLAIN), (), []
        self.feeder.resume()
        self.read()

    def action_switch(self, what: str) -> None:
        """One of the ways rows are drawn."""
        ladder = self.ladder
        if what == "focus":
            ladder.focus_mode = not ladder.focus_mode
            ladder.refresh()
        elif what == "sloped":
            ladder.redraw(options=replace(ladder.options, sloped=not ladder.options.sloped))
        elif what == "raw":
            ladder.redraw(options=replace(ladder.options, raw_numbers=not ladder.options.raw_numbers))
        self.update_view()

    def action_time(self) -> None:
        """The next way to print times."""
        place = (TIME_FORMATS.index(self.ladder.options.time_format) + 1) % len(TIME_FORMATS)
        self.ladder.redraw(options=replace(self.ladder.options, time_format=TIME_FORMATS[place]))
        self.update_view()

    def action_hide(self, column: str) -> None:
        """Hide a column, or show it again."""
        self.ladder.redraw(hidden=self.ladder.hidden ^ {column})
        self.update_view()

    def action_note_scroll(self, by: int) -> None:
        """Scroll what is said below."""
        self.panel.turn(by)

    async def action_leave(self) -> None:
        """Back to the gallery, if there is one."""
        if any(getattr(screen, "HOME", False) for screen in self.app.screen_stack):
            await self.app.run_action("quit", self.app)

    def restyle(self, styles: Styles) -> None:
        """Another theme, or another set of characters."""
        self.inks = styles
        for widget in (self.heading, self.panel, self.bar):
            widget.inks = styles
            widget.refresh()
        self.ladder.redraw(inks=styles, options=replace(self.ladder.options, ascii=styles.ascii_only))
        self.update_view()
