"""The keys of what has the focus, made from the table of keys; and what the drawing means."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from pktscope.rows import Role
from pktscope.text import fit, wrap
from pktscope.text import width as cells_of
from pktscope.tui.keys import EVERYWHERE, PLACES, Key, Place
from pktscope.tui.pages import Pages, TextScreen, ascii_words
from pktscope.tui.parts import Line, Part
from pktscope.tui.styles import Styles
from pktscope.words import N_, _

TITLES: dict[Place, str] = {
    "gallery": N_("Keys of the gallery"),
    "timeline": N_("Keys of the timeline"),
    "comparison": N_("Keys of two runs side by side"),
    "conversations": N_("Keys of the list of conversations"),
    "text": N_("Keys of this text"),
    "typing": N_("Keys of a line for a program"),
    "everywhere": N_("Keys everywhere"),
}

LEGEND = (
    (N_("heavy arrow"), N_("a packet, from its sender's lifeline to its receiver's")),
    (N_("double arrow"), N_("a segment with FIN")),
    (N_("broken arrow"), N_("sent before: a retransmission, a probe, a keep-alive")),
    (N_("light arrow"), N_("a fragment, an ICMP message, a run of like packets in one row")),
    (N_("arrow with a cross"), N_("lost: the lab's wire dropped it")),
    (N_("badge and dot"), N_("the TCP state this end has from here on, as far as a bystander can tell")),
    (N_("dotted lifelines"), N_("a silence, with its length")),
    (N_("text beside a line"), N_("a socket call of that side's program and what it returned")),
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
        for index, text in enumerate(wrap(_(key.help), max(20, width - room))):
            lines.append([(name.ljust(room) if index == 0 else " " * room, Role.SYN), (text, Role.PLAIN)])
    return lines


def legend_lines(width: int) -> list[Line]:
    """What the drawing means, in words."""
    legend = [(_(name), _(meaning)) for name, meaning in LEGEND]
    room = max(cells_of(name) for name, _meaning in legend) + 2
    lines: list[Line] = []
    for name, meaning in legend:
        for index, text in enumerate(wrap(meaning, max(20, width - room))):
            lines.append([(fit(name if index == 0 else "", room), Role.TIME), (text, Role.PLAIN)])
    return lines


def help_parts(place: Place, width: int, *, ascii_only: bool) -> list[Part]:
    """The whole help for one place."""
    parts = [] if place == "everywhere" else [Part(TITLES[place], key_lines(PLACES[place], width, ascii_only))]
    parts.append(Part(TITLES["everywhere"], key_lines(EVERYWHERE, width, ascii_only)))
    if place == "timeline":
        parts.append(Part(_("What is drawn"), legend_lines(width)))
    return parts


class HelpScreen(TextScreen):
    """The help over the whole screen."""

    def __init__(self, styles: Styles, place: Place, *, ascii_only: bool) -> None:
        super().__init__(_("pktscope: help"), styles, lambda width: help_parts(place, width, ascii_only=ascii_only))
