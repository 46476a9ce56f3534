"""The gallery: every demo under its group, what it is about beside the list, and a key that runs it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from threading import Thread
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen

from pktscope.exits import Stop
from pktscope.rows import Role
from pktscope.text import safe_text
from pktscope.tui import catalogue
from pktscope.tui.catalogue import Entry
from pktscope.tui.chrome import Heading, KeyBar
from pktscope.tui.keys import bindings, footer
from pktscope.tui.pages import Pages
from pktscope.tui.parts import Line, Part
from pktscope.tui.picklist import PickList
from pktscope.tui.prompt import Check, Prompt
from pktscope.tui.shelf import Shelf
from pktscope.tui.styles import Styles
from pktscope.words import _, say

if TYPE_CHECKING:
    from pktscope.tui.session import Subject

BESIDE = 110
"""Columns from which the text stands beside the list; below them it stands below."""
MEASURE = 92
"""Cells of the longest line that is read with ease."""
LIST_PART = 0.5
"""The list's part of a wide screen."""
LIST_CELLS = (62, 84)
"""... but never less or more."""


class GalleryList(PickList[Entry]):
    """A demo a line, under the headings of the groups."""

    def runs(self, entry: Entry, width: int) -> Line:
        """One entry."""
        return catalogue.line(entry, width, ascii_only=self.inks.ascii_only)

    def choosable(self, place: int) -> bool:
        """Headings are not."""
        return self.entries[place].is_choice


class GalleryScreen(Screen[None], inherit_bindings=False):
    """The list of demos, and what is said of the selected one."""

    PLACE = "gallery"
    HOME = True
    """`q` in what was started from here comes back here."""
    AUTO_FOCUS = "GalleryList"
    BINDINGS = bindings("gallery")
    CSS = """
    #hall { height: 1fr; layout: vertical; }
    #hall.wide { layout: horizontal; }
    #hall GalleryList { height: 1fr; width: 1fr; }
    #hall Pages { height: 1fr; width: 1fr; margin: 1 0 0 0; }
    #hall.wide Pages { margin: 0; }
    """

    def __init__(self, shelf: Shelf, styles: Styles, ended: Callable[[int], None]) -> None:
        super().__init__()
        self.shelf = shelf
        self.inks = styles
        self.ended = ended
        self.demos = shelf.demos()
        self.wanted = ""
        self.ways: dict[str, str] = {}
        """Which variant Enter runs, by demo, where it is not the first choice."""
        self.message: tuple[str, Role] = ("", Role.PLAIN)
        self.heading = Heading(styles)
        self.list = GalleryList(styles)
        self.pages = Pages(styles, self.parts)
        self.pages.closed = lambda: self.set_focus(self.list)
        self.bar = KeyBar(styles, footer("gallery"))

    def compose(self) -> ComposeResult:
        """Heading, the list and the text of the selected one, keys."""
        yield self.heading
        with Container(id="hall"):
            yield self.list
            yield self.pages
        yield self.bar

    def on_mount(self) -> None:
        """Everything there is."""
        self.lay_out_hall()
        self.renew()

    def on_resize(self) -> None:
        """Another size: another arrangement."""
        self.lay_out_hall()
        self.call_after_refresh(self.renew)

    def on_screen_resume(self) -> None:
        """Back from what was started here: it ends, which may take its programs a while."""
        Thread(target=self.shelf.put_back, daemon=True).start()

    def lay_out_hall(self) -> None:
        """The text beside the list where there is room for both, else below it."""
        width, height = self.app.size
        wide = width >= BESIDE
        self.query_one("#hall").set_class(wide, "wide")
        cells = min(max(int(width * LIST_PART), LIST_CELLS[0]), LIST_CELLS[1])
        self.list.styles.width = cells if wide else "1fr"
        self.list.styles.height = "1fr" if wide else max(7, (height - 2) * 9 // 20)

    def renew(self) -> None:
        """The entries that are wanted, and what is said of the selected one."""
        self.list.show(catalogue.entries(self.shelf.groups, self.demos, self.wanted))
        self.describe()

    def describe(self) -> None:
        """Heading, and the selected entry's text from its beginning."""
        found = sum(entry.demo is not None for entry in self.list.entries)
        wanted = say("search: {text}", {"text": safe_text(self.wanted, 60)}) if self.wanted else ""
        said = self.message
        if not said[0] and not found:
            said = (_("No exchange here has all of these words; Esc shows every one again."), Role.WARNING)
        self.heading.show(_(self.shelf.title), (catalogue.counted_demos(found), wanted), said, [])
        self.pages.renew(stay=False)

    def parts(self, width: int) -> Sequence[Part]:
        """What is said of the selected entry."""
        entry = self.list.chosen
        if entry is None:
            return ()
        return catalogue.details(entry, self.way(entry), min(width, MEASURE), ascii_only=self.inks.ascii_only)

    def way(self, entry: Entry) -> str:
        """The variant that Enter runs; '' for the only one, or for two side by side."""
        return self.ways.get(entry.demo.name, "") if entry.demo is not None else ""

    def tell(self, text: str, role: Role = Role.NOTICE) -> None:
        """Say something below the title, until something is selected."""
        self.message = (safe_text(text, 400), role)
        self.describe()

    # Keys

    def select(self, place: int, direction: int) -> None:
        """Another entry."""
        self.message = ("", Role.PLAIN)
        self.list.select(place, direction)
        self.describe()

    def action_move(self, by: int) -> None:
        """An entry down or up."""
        self.select(self.list.place + by, by)

    def action_page(self, by: int) -> None:
        """A screen down or up."""
        self.select(self.list.place + by * max(1, self.list.size.height - 2), by)

    def action_edge(self, which: int) -> None:
        """To an end."""
        self.select(len(self.list.entries) - 1 if which > 0 else 0, -which)

    def action_scroll_text(self, by: int) -> None:
        """A line of the text down or up."""
        self.pages.action_line(by)

    def action_way(self, by: int) -> None:
        """Another of the selected demo's ways for Enter to run."""
        entry = self.list.chosen
        if entry is None or entry.demo is None:
            return
        if not entry.demo.variants:
            self.tell(_("this one goes one way only"))
            return
        every = catalogue.choices(entry.demo)
        self.ways[entry.demo.name] = every[(every.index(self.way(entry)) + by) % len(every)]
        self.pages.renew()
        self.pages.show_text("▶", ">")

    def action_run(self) -> None:
        """Run the selected demo, or open a file."""
        entry = self.list.chosen
        if entry is None:
            return
        if entry.demo is None:
            self.action_open_file()
        elif entry.demo.variants and not self.way(entry):
            self.action_compare()
        else:
            self.begin(lambda: self.shelf.demo(entry.demo.name, self.way(entry)))  # type: ignore[union-attr]

    def action_compare(self) -> None:
        """Two variants of the selected demo beside each other."""
        entry = self.list.chosen
        if entry is None or entry.demo is None or not entry.demo.variants:
            self.tell(_("this one has no variants to compare"))
            return
        name = entry.demo.name
        self.begin(lambda: self.shelf.comparison(name))

    def begin(self, start: Callable[[], Subject]) -> None:
        """Show what this starts, or the one line that says why it does not start."""
        try:
            subject = start()
        except Stop as stop:
            self.tell(stop.line, Role.ERROR)
            return
        self.message = ("", Role.PLAIN)
        self.app.push_screen(subject.screen(self.inks, self.ended))

    def action_open_file(self) -> None:
        """Ask for a file's name and show what is in it."""

        def check(text: str) -> Check:
            path = os.path.expanduser(text.strip())
            if not text.strip():
                return Check(_("the name of a pcap or pcapng file"), fine=False)
            return Check() if os.path.exists(path) else Check(_("there is no such file"), fine=False)

        def answered(text: str | None) -> None:
            if text:
                self.begin(lambda: self.shelf.file(os.path.expanduser(text.strip())))

        self.app.push_screen(Prompt(_("Open a capture file:"), check), answered)

    def action_search(self) -> None:
        """Show only the demos with these words in what is known of them."""

        def check(text: str) -> Check:
            self.search(text)
            return Check()

        def answered(text: str | None) -> None:
            self.search(text if text is not None else "")

        self.app.push_screen(Prompt(_("Search names, stories and lessons:"), check, value=self.wanted), answered)

    def search(self, text: str) -> None:
        """Other words."""
        if text != self.wanted:
            self.wanted, self.message = text, ("", Role.PLAIN)
            self.list.place = 0
            self.list.scroll_to(y=0, animate=False, force=True)
            self.renew()

    def action_back(self) -> None:
        """Show everything again."""
        self.search("")

    def on_click(self, event: events.Click) -> None:
        """Select; twice: run."""
        if event.widget is not self.list:
            return
        place = event.y + self.list.scroll_offset.y
        if place < len(self.list.entries) and self.list.choosable(place):
            self.select(place, 1)
            if event.chain > 1:
                self.action_run()

    def restyle(self, styles: Styles) -> None:
        """Another theme."""
        self.inks = styles
        for widget in (self.heading, self.list, self.pages, self.bar):
            widget.inks = styles
            widget.refresh()
        self.pages.renew()
