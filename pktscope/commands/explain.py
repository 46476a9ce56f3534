"""`pktscope explain`: the index, or the pages of a name, on standard output."""

from __future__ import annotations

from collections.abc import Iterator

from pktscope.commands.present import say_lines
from pktscope.exits import OK, USAGE, Stop, quoted
from pktscope.explain import lookup
from pktscope.explain.page import INDENT, Line, sections
from pktscope.render.columns import NARROWEST, plain_ascii
from pktscope.render.text import ink
from pktscope.rows import Role
from pktscope.show import Manner
from pktscope.text import ELLIPSIS, wrap
from pktscope.text import width as width_of
from pktscope.theme import PALETTES, RESET
from pktscope.words import _, say

WIDEST = 100
"""Columns beyond which lines of running text are hard to follow."""


def explain(name: str | None, manner: Manner) -> int:
    """Print what a name means, or without one what there is. Raises Stop where the name is not known."""
    if name is None:
        lines = index(cells(manner))
    else:
        try:
            lookup.find(name)
        except lookup.Unknown as missing:
            raise Stop(USAGE, refusal(name, missing)) from None
        lines = pages(name, cells(manner), ascii_only=manner.ascii)
    say_lines(painted(line, manner) for line in lines)
    return OK


def cells(manner: Manner) -> int:
    """Columns to fill."""
    return max(NARROWEST, min(manner.width, WIDEST))


def painted(line: Line, manner: Manner) -> str:
    """A line as it goes out: headings bold and running text in the terminal's own colour, the rest inked."""
    shown = [(plain_ascii(text), role) for text, role in line] if manner.ascii else line
    if not manner.colours:
        return ink(shown, PALETTES[manner.theme], 0)
    pieces = []
    for text, role in shown:
        if role is Role.TITLE:
            pieces.append(f"\x1b[1m{text}{RESET}")
        else:
            pieces.append(text if role is Role.PLAIN else ink([(text, role)], PALETTES[manner.theme], manner.colours))
    return "".join(pieces).rstrip()


def pages(name: str, width: int, *, ascii_only: bool = False) -> Iterator[Line]:
    """Everything a name means: headings, what stands under them, a blank line between."""
    first = True
    for thing in lookup.find(name):
        for section in sections(thing, width - INDENT, ascii_only=ascii_only):
            if not first:
                yield [("", Role.PLAIN)]
            first = False
            yield [(section.title, Role.TITLE)]
            widest = max(sum(width_of(text) for text, _role in line) for line in section.lines)
            indent = " " * min(INDENT, max(0, width - widest))  # a drawn example may need every column
            for line in section.lines:
                yield [(indent, Role.PLAIN), *line]


def index(cells: int) -> Iterator[Line]:
    """Everything there is, in groups, a line each where the width allows."""
    for text in wrap(_("pktscope explain NAME says more of each; English and Chinese names are found."), cells):
        yield [(text, Role.PLAIN)]
    for kind in lookup.KINDS:
        yield [("", Role.PLAIN)]
        yield [(_(kind.title), Role.TITLE)]
        room = min(max(width_of(lookup.shown(thing)) for thing in kind.things), max(12, cells // 3))
        for thing in kind.things:
            yield from entry_lines(lookup.shown(thing), _(thing.headline), room, cells - INDENT)


def entry_lines(name: str, headline: str, room: int, cells: int) -> Iterator[Line]:
    """An entry of the index: one line, cut at a word; only a name too long for its column has one of its own."""
    space = cells - room - 2
    shown = headline if width_of(headline) <= space else f"{wrap(headline, space - 2)[0]} {ELLIPSIS}"
    if width_of(name) > room:
        yield [(" " * INDENT + name, Role.CALL)]
        name = ""
    yield [(" " * INDENT + name, Role.CALL), (" " * (room + 2 - width_of(name)) + shown, Role.PLAIN)]


def refusal(name: str, missing: lookup.Unknown) -> str:
    """Why there is no page, in one line."""
    values: dict[str, object] = {"name": quoted(name), "near": [lookup.shown_name(near) for near in missing.near]}
    if missing.several:
        return say("several names begin with {name}: {near:list}", values)
    if missing.near:
        return say("nothing is called {name}; the nearest: {near:list}", values)
    return say("nothing is called {name}; 'pktscope explain' lists what there is", values)
