"""The keys of what has the focus, made from the table of keys; and what the drawing means."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from pktscope.rows import Role
from pktscope.text import wrap
from pktscope.tui.keys import EVERYWHERE, PLACES, Key, Place
from pktscope.tui.pages import Pages, TextScreen, ascii_words
from pktscope.tui.parts import Line, Part
from pktscope.tui.styles import Styles

TITLES: dict[Place, str] = {
    "gallery": "Keys of the gallery",
    "timeline": "Keys of the timeline",
    "comparison": "Keys of two runs side by side",
    "conversations": "Keys of the list of conversations",
    "text": "Keys of this text",
    "typing": "Keys of a line for a program",
    "everywhere": "Keys everywhere",
}

LEGEND = (
    ("heavy arrow", "a packet, from its sender's lifeline to its receiver's"),
    ("double arrow", "a segment with FIN"),
    ("broken arrow", "sent before: a retransmission, a probe, a keep-alive"),
    ("light arrow", "a fragment, an ICMP message, a run of like packets in one row"),
    ("arrow with a cross", "lost: the lab's wire dropped it"),
    ("badge and dot", "the TCP state this end has from here on, as far as a bystander can tell"),
    ("dotted lifelines", "a silence, with its length"),
    ("text beside a line", "a socket call of that side's program and what it returned"),
)


def place_of(screen: Screen[Any]) -> Place:
    """Which table of keys holds for what has the focus."""
    if isinstance(screen.focused, Pages):
        return "text"
    return getattr(screen, "PLACE", "everywhere")


def key_lines(table: tuple[Key, ...], width: int, ascii_only: bool) -> list[Line]:
    """One table of keys: the keys, and what they do."""
    names = [ascii_words(key.shown, ascii_only) for key in table]
    room = max(len(name) for name in names) + 2
    lines: list[Line] = []
    for name, key in zip(names, table, strict=True):
        for index, text in enumerate(wrap(key.help, max(20, width - room))):
            lines.append([(name.ljust(room) if index == 0 else " " * room, Role.SYN), (text, Role.PLAIN)])
    return lines


def legend_lines(width: int) -> list[Line]:
    """What the drawing means, in words."""
    room = max(len(name) for name, _ in LEGEND) + 2
    lines: list[Line] = []
    for name, meaning in LEGEND:
        for index, text in enumerate(wrap(meaning, max(20, width - room))):
            lines.append([(name.ljust(room) if index == 0 else " " * room, Role.TIME), (text, Role.PLAIN)])
    return lines


def help_parts(place: Place, width: int, *, ascii_only: bool) -> list[Part]:
    """The whole help for one place."""
    parts = [] if place == "everywhere" else [Part(TITLES[place], key_lines(PLACES[place], width, ascii_only))]
    parts.append(Part(TITLES["everywhere"], key_lines(EVERYWHERE, width, ascii_only)))
    if place == "timeline":
        parts.append(Part("What is drawn", legend_lines(width)))
    return parts


class HelpScreen(TextScreen):
    """The help over the whole screen."""

    def __init__(self, styles: Styles, place: Place, *, ascii_only: bool) -> None:
        super().__init__("pktscope: help", styles, lambda width: help_parts(place, width, ascii_only=ascii_only))
