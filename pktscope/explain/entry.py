"""What an entry is: frozen values, in English; whoever makes a page of one translates them.

Every text a person reads is marked with N_(); code, names and other names are not: they are the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that can be explained: a flag, an option, a term; the other kinds add to it."""

    name: str
    """As people write it: 'accept', 'TIME_WAIT', 'three-way handshake'."""
    headline: str
    """One sentence, for the index too."""
    text: tuple[str, ...] = ()
    """Paragraphs."""
    aliases: tuple[str, ...] = ()
    """Other names it is found by, in any language."""
    reference: str = ""
    demos: tuple[str, ...] = ()
    see: tuple[str, ...] = ()
    """Names of other entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One way a call fails."""

    error: str
    """'ECONNREFUSED'; or a Python exception that is no errno."""
    when: str
    remedy: str
    demo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Entry):
    """A socket call, in Python and in C."""

    python: str
    """Lines of code; marked with N_() where a comment in them has words."""
    c: str
    """What the C tutorial writes; empty where C has nothing like it."""
    wire: str
    """What it puts on the wire."""
    waits: str
    """What it blocks on."""
    returns: str
    errors: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StateEntry(Entry):
    """A TCP state; how one gets in and out is printed from the table of `tcp`."""

    calls: str
    """Which call the program sits in, and what other calls do."""
    lasts: str
    """How long."""
    shown: str
    """As `ss` prints it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Entry):
    """A header field."""

    place: str
    """Header, size, where it lies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting(Entry):
    """A socket option, or a flag of send() and recv()."""

    python: str
    """How it is set."""
