"""What stands around the ladder: the heading, the note panel, the keys. Each paints its own lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from pktscope.rows import Role
from pktscope.text import fit, wrap
from pktscope.text import width as cells_of
from pktscope.tui.keys import Key, first_key, fitting
from pktscope.tui.styles import Styles, Surface
from pktscope.words import _, cited, say

if TYPE_CHECKING:
    from textual.app import App

Painted = list[list[tuple[str, Role]]]

ASCII_WORDS = str.maketrans({"→": "Right", "←": "Left", "↓": "Down", "↑": "Up", "…": "~", "×": "x", "·": "-"})
"""What our own words say instead of the characters that some terminals draw two cells wide."""


def heading_line(title: str, parts: Sequence[str], width: int) -> str:
    """Title left, the parts right, most important first: as many whole parts as leave the title eight cells.

    Of a title that does not fit, 'What it is: and how it goes', the first half stands alone.
    """
    title_room = min(cells_of(title), max(8, width // 3))
    kept: list[str] = []
    room = width - 2 - title_room
    for part in parts:
        if part and cells_of(part) + 3 <= room:
            kept.append(part)
            room -= cells_of(part) + 3
    right = "".join(f"   {part}" for part in kept)
    room = width - 2 - cells_of(right)
    short = title.partition(": ")[0]
    return f" {fit(title if cells_of(title) <= room else short, room)}{right} "


class Heading(Widget):
    """The sticky lines on top: what this is, where the reader is, who the lifelines are and in what state."""

    DEFAULT_CSS = "Heading { height: 1; width: 100%; }"

    def __init__(self, styles: Styles) -> None:
        super().__init__()
        self.inks = styles
        self.title = ""
        self.parts: tuple[str, ...] = ()
        self.notice: tuple[str, Role] = ("", Role.PLAIN)
        self.lanes: Painted = []

    def show(self, title: str, parts: tuple[str, ...], notice: tuple[str, Role], lanes: Painted) -> None:
        """Paint these; nothing happens where they are the same as before."""
        if (title, parts, notice, lanes) == (self.title, self.parts, self.notice, self.lanes):
            return
        self.title, self.parts, self.notice, self.lanes = title, parts, notice, lanes
        self.stretch()
        self.refresh()

    def stretch(self) -> None:
        """As tall as what it shows: one line, the notice's, the lanes'."""
        width = self.size.width or self.app.size.width
        self.styles.height = 1 + len(self.notice_lines(width)) + len(self.lanes)

    def on_resize(self) -> None:
        """Another width: the notice may need other lines."""
        self.stretch()

    def notice_lines(self, width: int) -> list[str]:
        """The notice, wrapped; what is longer than eight lines is told elsewhere too."""
        return wrap(self.inks.say(self.notice[0]), width - 2)[:8] if self.notice[0] else []

    def render_line(self, y: int) -> Strip:
        """One line."""
        width = self.size.width
        panel = self.inks.ground(Surface.PANEL)
        if y == 0:
            line = heading_line(self.inks.say(self.title), [self.inks.say(part) for part in self.parts], width)
            return Strip([Segment(self.inks.line(line), self.inks.of(Role.TITLE, Surface.PANEL))], width)
        notice = self.notice_lines(width)
        if y <= len(notice):
            return Strip([Segment(fit(" " + notice[y - 1], width), self.inks.of(self.notice[1], Surface.PANEL))], width)
        place = y - 1 - len(notice)
        if place >= len(self.lanes):
            return Strip.blank(width, panel)
        runs = [Segment(text, self.inks.of(role, Surface.PANEL)) for text, role in self.lanes[place]]
        return Strip(runs).adjust_cell_length(width, panel)


class NotePanel(ScrollView, can_focus=False, inherit_bindings=False):
    """The current row's notes below the ladder, where there is no column for them: whole, scrolled where long."""

    DEFAULT_CSS = (
        "NotePanel { height: 2; width: 100%; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }"
    )

    def __init__(self, styles: Styles) -> None:
        super().__init__()
        self.inks = styles
        self.shown: object = None
        self.drawn: list[tuple[str, Role]] = []

    def show(self, notes: tuple[tuple[str, str, Role], ...], width: int, tallest: int) -> None:
        """Notes as sentence, reference and role, in a panel of at most `tallest` lines."""
        if (notes, tallest, width, self.inks.ascii_only) == self.shown:
            return
        self.shown = (notes, tallest, width, self.inks.ascii_only)
        self.drawn = []
        for sentence, reference, role in notes:
            values = {"text": sentence, "sources": (cited(reference),)}
            text = say("{text} ({sources:clauses})", values) if reference else sentence
            text = self.inks.say(text)
            self.drawn += [(line, role) for line in wrap(text, width - 3)]
        self.virtual_size = Size(width, max(1, len(self.drawn)))
        self.scroll_to(y=0, animate=False, force=True)
        self.styles.height = min(max(2, len(self.drawn)), tallest)
        self.refresh(layout=True)

    def turn(self, lines: int) -> None:
        """Scroll."""
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """One line."""
        width = self.size.width
        place = y + self.scroll_offset.y
        if place >= len(self.drawn):
            return Strip.blank(width, self.inks.ground(Surface.PANEL))
        text, role = self.drawn[place]
        role = Role.PLAIN if role in (Role.LESSON, Role.NOTICE) else role
        return Strip([Segment(fit(" " + text, width), self.inks.of(role, Surface.PANEL))], width)


class KeyBar(Widget):
    """The most useful keys, each whole; a click on one is the key."""

    DEFAULT_CSS = "KeyBar { height: 1; width: 100%; }"

    def __init__(self, styles: Styles, keys: tuple[Key, ...]) -> None:
        super().__init__()
        self.inks = styles
        self.keys = keys
        self.relabelled: dict[str, str] = {}
        """Labels that change with what a key would do now, by action."""

    def show_keys(self, keys: tuple[Key, ...]) -> None:
        """Other keys: those of what has the focus now."""
        if self.keys != keys:
            self.keys = keys
            self.refresh()

    def relabel(self, action: str, label: str) -> None:
        """Say what a key would do now."""
        if self.relabelled.get(action) != label:
            self.relabelled[action] = label
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line."""
        width = self.size.width
        panel = self.inks.ground(Surface.PANEL)
        segments: list[Segment] = []
        at = 0
        for key, start, end in fitting(self.keys, width):
            segments += [Segment(" " * (start - at), panel), Segment(first_key(key), self.inks.key())]
            label = _(self.relabelled.get(key.action, key.label))
            segments.append(Segment(f" {fit(label, cells_of(_(key.label)))}", panel))
            at = end
        segments.append(Segment(" " * (width - at), panel))
        return Strip(segments, width)

    def on_click(self, event: events.Click) -> None:
        """Do what the key under the pointer does."""
        for key, start, end in fitting(self.keys, self.size.width):
            if start <= event.x < end:
                perform(self.app, key.action)


def perform(app: App[Any], action: str) -> None:
    """Do what a key would do now: an action of what has the focus, of its screen, or of the application."""
    method = f"action_{action.partition('(')[0]}"
    owner = next((each for each in (app.screen.focused, app.screen) if hasattr(each, method)), app)
    app.call_later(app.run_action, action, owner)


def lines_of(
    runs: Sequence[tuple[str, Role]], styles: Styles, surface: Surface, width: int, style: Style | None = None
) -> Strip:
    """Runs as a strip of exactly `width` cells."""
    segments = [Segment(text, style or styles.of(role, surface)) for text, role in runs]
    return Strip(segments).adjust_cell_length(width, style or styles.ground(surface))
