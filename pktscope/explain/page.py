"""An entry as sections of lines, none wider than asked for: what the text and the screen both show. Pure."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pktscope.explain import lookup
from pktscope.explain.entry import Call, Entry, Failure, Field, Setting, StateEntry
from pktscope.explain.errors import ERRORS
from pktscope.explain.lookup import Thing, kind_of, name_of, shown
from pktscope.explain.shows import showing, there
from pktscope.model import State
from pktscope.rows import Role
from pktscope.rules import Rule
from pktscope.tcp import MISSED_LISTEN, TABLE, Input
from pktscope.text import width as cells_of
from pktscope.text import wrap
from pktscope.words import N_, _, cited, phrase, say

Line: TypeAlias = list[tuple[str, Role]]

INDENT = 2
"""Cells before what stands under something."""


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under a heading."""

    title: str
    lines: Sequence[Line]


def lines(name: str, width: int, *, ascii_only: bool = False) -> list[tuple[str, Role]]:
    """Everything a name means, as lines of one role each, a blank one behind each section. Raises lookup.Unknown."""
    found: list[tuple[str, Role]] = []
    for thing in lookup.find(name):
        for section in sections(thing, width, ascii_only=ascii_only):
            found.append((section.title, Role.TITLE))
            found += [("".join(text for text, _role in line), line[0][1]) for line in section.lines]
            found.append(("", Role.PLAIN))
    return found


def sections(thing: Thing, width: int, *, ascii_only: bool = False) -> list[Section]:
    """The page of one thing."""
    title = say("{name} ({kind})", {"name": titled(thing), "kind": _(kind_of(thing).word)})
    if isinstance(thing, Rule):
        return [section for section in rule_sections(thing, title, width, ascii_only) if section.lines]
    others = (name for name in thing.aliases if lookup.plain(name) != lookup.plain(shown(thing)))
    aliases = _(", ").join(name for name in others if name.isascii() or not ascii_only)
    found = [
        Section(title, prose((thing.headline, *thing.text), width)),
        *particulars(thing, width),
        Section(_("Also called"), wrapped(aliases, width)),
        *closing(there(thing.demos), thing.see, thing.reference, width),
    ]
    return [section for section in found if section.lines]


def titled(thing: Thing) -> str:
    """A thing's name in the reader's language, and in English, by which others call it, where that is another."""
    return name_of(thing) if shown(thing) == name_of(thing) else f"{shown(thing)} {name_of(thing)}"


def rule_sections(rule: Rule, title: str, width: int, ascii_only: bool) -> Iterator[Section]:
    """The page of a rule: its lesson, and its example as a timeline."""
    from pktscope.explain.example import drawn  # it imports the fold, which no other page needs

    yield Section(title, prose((rule.headline, *joined(rule.lesson)), width))
    yield Section(_("An example"), drawn(rule, width, ascii_only=ascii_only))
    yield from closing(showing(rule.id), (), rule.reference, width)


def closing(demos: tuple[str, ...], see: tuple[str, ...], reference: str, width: int) -> Iterator[Section]:
    """What every page ends with."""
    commands = [line for name in demos for line in wrapped(f"pktscope demo {name}", width, Role.CALL)]
    yield Section(_("A demo that shows it") if len(demos) == 1 else _("Demos that show it"), commands)
    yield Section(_("See also"), wrapped(_(", ").join(map(lookup.shown_name, see)), width))
    yield Section(_("Reference"), wrapped(cited(reference), width))


def particulars(entry: Entry, width: int) -> Iterator[Section]:
    """What only entries of its kind have."""
    for kind, make in PARTICULARS:
        if isinstance(entry, kind):
            yield from make(entry, width)
    if entry in ERRORS:
        yield from error_sections(entry, width)


def call_sections(entry: Call, width: int) -> Iterator[Section]:
    """Of a socket call."""
    yield Section(_("In Python"), code(_(entry.python), width))
    yield Section(_("In C"), code(entry.c, width))
    yield Section(_("On the wire"), prose((entry.wire,), width))
    yield Section(_("What it waits for"), prose((entry.waits,), width))
    yield Section(_("What it returns"), prose((entry.returns,), width))
    failures = [line for failure in entry.errors for line in failure_lines(failure, width)]
    yield Section(_("Its errors"), failures)


def failure_lines(failure: Failure, width: int) -> list[Line]:
    """An error of a call: when, what to do, and a demo that shows it."""
    told = wrapped(_(failure.when), width, indent=INDENT) + wrapped(_(failure.remedy), width, Role.NOTICE, INDENT)
    shown = [f"pktscope demo {name}" for name in there((failure.demo,))]
    return [
        [(_(failure.error), Role.FAILURE)],
        *told,
        *(line for command in shown for line in wrapped(command, width, Role.CALL, INDENT)),
    ]


def state_sections(entry: StateEntry, width: int) -> Iterator[Section]:
    """Of a TCP state: how one gets in and out by the table, and what the program does meanwhile."""
    state = State(entry.name)
    yield Section(_("How it is entered"), moves(arrivals(state), N_("{event} in {states:list}: {why}"), width))
    yield Section(_("How it is left"), moves(departures(state), N_("{event}, to {states:list}: {why}"), width))
    yield Section(_("Which call the program sits in"), prose((entry.calls,), width))
    yield Section(_("How long"), prose((entry.lasts,), width))
    yield Section(_("What ss calls it"), prose((entry.shown,), width))


BYSTANDERS = frozenset({MISSED_LISTEN, (State.SYN_SENT, Input.SENT_SEGMENT)})
"""Rows of the table that only a capture with something missing takes."""

Moves: TypeAlias = dict[tuple[str, str], list[str]]
"""Other states by event and reason."""


def arrivals(state: State) -> Moves:
    """The table's ways into a state, from the states a program knows."""
    found: Moves = {}
    for (before, event), row in TABLE.items():
        if row.to is state and before not in (state, State.UNKNOWN) and (before, event) not in BYSTANDERS:
            found.setdefault((event, row.why), []).append(before)
    return found


def departures(state: State) -> Moves:
    """The table's ways out of a state."""
    found: Moves = {}
    for (before, event), row in TABLE.items():
        if before is state and row.to is not state and (before, event) not in BYSTANDERS:
            found.setdefault((event, row.why), []).append(row.to)
    if state is State.TIME_WAIT:
        found[N_("2 MSL later"), N_("nothing old can still turn up")] = [State.CLOSED]
    return found


def moves(table: Moves, template: str, width: int) -> list[Line]:
    """Ways into or out of a state, a paragraph each."""
    found: list[Line] = []
    for (event, why), states in table.items():
        values: dict[str, object] = {"event": phrase(event), "states": states, "why": phrase(why)}
        found += hanging(say(template, values), width)
    return found


def field_sections(entry: Field, width: int) -> Iterator[Section]:
    """Of a header field."""
    yield Section(_("Where it lies"), prose((entry.place,), width))


def setting_sections(entry: Setting, width: int) -> Iterator[Section]:
    """Of a socket option."""
    yield Section(_("In Python"), code(_(entry.python), width))


def error_sections(entry: Entry, width: int) -> Iterator[Section]:
    """Of an error: its number here, and the calls that come back with it."""
    number = getattr(errno, entry.name, None)
    if number is not None:
        yield Section(_("On this system"), wrapped(f"errno {number}: {os.strerror(number)}", width))
    found: list[Line] = []
    for failure, calls in failing(entry.name).items():
        found += wrapped(_(", ").join(f"{name}()" for name in calls), width, Role.CALL)
        found += wrapped(_(failure.when), width, indent=INDENT)
        found += wrapped(_(failure.remedy), width, Role.NOTICE, INDENT)
    yield Section(_("Calls that fail so"), found)


def failing(error: str) -> dict[Failure, list[str]]:
    """The ways calls fail with an error, and which calls do."""
    found: dict[Failure, list[str]] = {}
    for call in lookup.calls_failing(error):
        for failure in call.errors:
            if failure.error == error:
                found.setdefault(failure, []).append(call.name)
    return found


PARTICULARS: tuple[tuple[type[Entry], Callable[..., Iterator[Section]]], ...] = (
    (Call, call_sections),
    (StateEntry, state_sections),
    (Field, field_sections),
    (Setting, setting_sections),
)


def joined(text: str) -> tuple[str, ...]:
    """The paragraphs of a docstring, each in one line."""
    return tuple(" ".join(part.split()) for part in text.split("\n\n") if part.strip())


def prose(paragraphs: Iterable[str], width: int) -> list[Line]:
    """Paragraphs in the reader's language, the later ones behind a blank line."""
    found: list[Line] = []
    for text in paragraphs:
        if found:
            found.append([("", Role.PLAIN)])
        found += wrapped(_(text), width)
    return found


def wrapped(text: str, width: int, role: Role = Role.PLAIN, indent: int = 0) -> list[Line]:
    """Running text, already in the reader's language; nothing for nothing."""
    return [[(" " * indent + line, role)] for line in wrap(text, width - indent)] if text else []


def hanging(text: str, width: int) -> list[Line]:
    """A paragraph whose later lines stand further in."""
    first, *rest = wrap(text, width - INDENT)
    return [[(line, Role.PLAIN)] for line in (first, *(" " * INDENT + line for line in rest))]


COMMENT = re.compile(r" {3,}#.*")
"""What a line of a program ends with."""


def code(text: str, width: int) -> list[Line]:
    """Lines of a program; what is too long goes on further in. Its comments go where there is no room for them."""
    found: list[Line] = []
    for line in text.split("\n") if text else ():
        shown = line if cells_of(line) <= width else COMMENT.sub("", line)
        found += [[(piece, Role.CALL)] for piece in broken(shown, width)]
    return found


def broken(line: str, width: int) -> list[str]:
    """A line of code in pieces, broken at blanks."""
    if cells_of(line) <= width:
        return [line]
    first, *rest = wrap(line, width)
    return [first, *(" " * 4 + piece for piece in wrap(" ".join(rest), width - 4))] if rest else [first]
