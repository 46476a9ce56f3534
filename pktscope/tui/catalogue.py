"""What the gallery lists and says of a demo: its groups, what a search looks at, the text beside the list. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pktscope.demos import Demo, Needs
from pktscope.rows import Role
from pktscope.text import fit, safe_text, width
from pktscope.tui.parts import Line, Part, plain
from pktscope.words import _, listed, paragraphs, say

GROUP, DEMO, FILE = "group", "demo", "file"
"""A heading, an exchange to run, a capture file to open."""

SIDE_BY_SIDE = ""
"""The choice of a demo with variants that shows two of them beside each other."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the gallery."""

    kind: str
    title: str
    demo: Demo | None = None

    @property
    def is_choice(self) -> bool:
        """Whether it can be selected: a heading cannot."""
        return self.kind != GROUP


def entries(groups: Sequence[tuple[str, tuple[str, ...]]], demos: Iterable[Demo], wanted: str = "") -> list[Entry]:
    """The lines of the gallery: the demos that have every word of `wanted` in them, under their groups' headings."""
    by_name = {demo.name: demo for demo in demos}
    words = wanted.casefold().split()
    lines: list[Entry] = []
    for title, names in groups:
        found = [by_name[name] for name in names if name in by_name and has(by_name[name], words)]
        if found:
            lines.append(Entry(GROUP, _(title)))
            lines += [Entry(DEMO, short_title(demo), demo) for demo in found]
    if not words:
        lines.append(Entry(GROUP, _("Your own")))
        lines.append(Entry(FILE, _("Open a capture file")))
    return lines


def has(demo: Demo, words: Sequence[str]) -> bool:
    """Whether a demo has every one of these (casefolded) words somewhere in what is known of it."""
    if not words:
        return True
    told = searched(demo)
    return all(word in told for word in words)


def searched(demo: Demo) -> str:
    """Everything a search looks at, in English and in the reader's language."""
    from pktscope.rules import BY_ID

    headlines = [BY_ID[rule].headline for rule in demo.shows if rule in BY_ID]
    titles = [title for _name, title in demo.variants]
    english = [demo.title, demo.story, demo.promise, *titles, *headlines]
    names = [demo.name, *demo.shows, *(name for name, _title in demo.variants)]
    said = [*(_(text) for text in english if text != demo.story), *paragraphs(demo.story)]
    return " ".join([*names, *english, *said]).casefold()


def short_title(demo: Demo) -> str:
    """'What it is: and how it goes': the title as one line."""
    return safe_text(_(demo.title), 200)


def line(entry: Entry, cells: int, *, ascii_only: bool = False) -> Line:
    """One entry in exactly `cells` cells."""
    if entry.demo is None:
        role = Role.TITLE if entry.kind == GROUP else Role.PLAIN
        indent = " " if entry.kind == GROUP else "   "
        return [(fit(indent + entry.title, cells), role)]
    name = fit(entry.demo.name, NAME_CELLS) if width(entry.demo.name) < NAME_CELLS else entry.demo.name + " "
    marks = ("||" if ascii_only else "║") if entry.demo.variants else ""
    lasting = seconds(entry.demo.seconds)
    right = f"{marks:>2} {lasting:>6} "
    room = cells - 3 - width(name) - width(right)
    title = entry.title if width(entry.title) <= room else entry.title.partition(": ")[0].partition("：")[0]
    return [("   ", Role.PLAIN), (name, Role.SYN), (fit(title, max(0, room)), Role.PLAIN), (right, Role.TIME)]


NAME_CELLS = 20


def seconds(value: float) -> str:
    """'0.4 s', '12 s', '75 s'."""
    return say("{seconds} s", {"seconds": f"{value:.3g}"})


def room(needs: Needs) -> str:
    """Where a demo happens, in one sentence."""
    if needs.topology == "wire":
        delay = f"{needs.delay * 1000:g} ms"
        return say("Two hosts and our wire between them, {delay} each way.", {"delay": delay})
    if needs.topology == "routers":
        return say("Two hosts with two routers between them, MTU {mtu} in the middle.", {"mtu": needs.mtu})
    return say("A private loopback of its own, MTU {mtu}.", {"mtu": needs.mtu})


def details(entry: Entry, choice: str, cells: int, *, ascii_only: bool = False) -> list[Part]:
    """What is told of the selected entry; `choice` is the variant that Enter runs."""
    demo = entry.demo
    if demo is None:
        words = _("Opens a capture that was saved before: pcap or pcapng, by any program, gzip too.")
        return [Part(entry.title, plain(words, cells))]
    lasting = say("It takes about {seconds} s.", {"seconds": f"{demo.seconds:.3g}"})
    head = [
        *plain(short_title(demo), cells, Role.TITLE),
        *plain(sentences(room(demo.needs), lasting), cells, Role.TIME),
    ]
    if demo.needs.impair:
        head += plain(say("On the wire: {what}.", {"what": listed(demo.needs.impair)}), cells, Role.TIME)
    parts = [Part(demo.name, head)]
    if demo.variants:
        parts.append(Part(_("several ways"), variant_lines(demo, choice, cells, ascii_only=ascii_only)))
    parts.append(Part(_("the story"), story_lines(demo, cells)))
    parts.append(Part(_("the promise"), plain(sentence(_(demo.promise)), cells)))
    return parts


def sentence(text: str) -> str:
    """A clause as a sentence of its own."""
    whole = text[:1].upper() + text[1:]
    return whole if text.endswith((".", "。")) else say("{clause}.", {"clause": whole})


def sentences(first: str, second: str) -> str:
    """One sentence behind the other; Chinese has no space between them."""
    return say("{first} {second}", {"first": first, "second": second})


def story_lines(demo: Demo, cells: int) -> list[Line]:
    """The story, a blank line between its paragraphs."""
    lines: list[Line] = []
    for paragraph in paragraphs(demo.story):
        if lines:
            lines.append([])
        lines += plain(paragraph, cells)
    return lines


def variant_lines(demo: Demo, choice: str, cells: int, *, ascii_only: bool) -> list[Line]:
    """Both at once, then each way alone; the one Enter runs is marked."""
    sign = ">" if ascii_only else "▶"
    ways = [(SIDE_BY_SIDE, _("two of them side by side, stepping together")), *demo.variants]
    size = max(width(name) for name, _title in demo.variants) + 2
    lines: list[Line] = []
    for name, title in ways:
        chosen = name == choice
        mark = f"{sign} " if chosen else "  "
        label = fit(name, size) if name else ""
        told = plain(_(title), cells - 2 - width(label), Role.CALL if chosen else Role.PLAIN)
        for index, run in enumerate(told):
            head = mark + label if not index else " " * (2 + width(label))
            lines.append([(head, Role.CALL if chosen else Role.SYN), *run])
    return lines


def choices(demo: Demo | None) -> tuple[str, ...]:
    """What Enter may run of a demo, the first by itself."""
    return (SIDE_BY_SIDE, *(name for name, _title in demo.variants)) if demo is not None and demo.variants else ("",)


def counted_demos(count: int) -> str:
    """'1 demo', '48 demos'."""
    return _("1 demo") if count == 1 else say("{count} demos", {"count": count})
