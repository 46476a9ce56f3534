"""What a name means: every entry and rule by the names people use for it."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from pktscope.explain import (
    calls,
    errors,
    fields,
    flags,
    helpercalls,
    messageflags,
    networkterms,
    options,
    setupcalls,
    sockopts,
    states,
    streamcalls,
    streamterms,
    terms,
)
from pktscope.explain.entry import Call, Entry, Setting, StateEntry
from pktscope.rules import RULES, Rule
from pktscope.words import N_, _

Thing: TypeAlias = Entry | Rule


@dataclass(frozen=True, slots=True)
class Kind:
    """A group of the index."""

    title: str
    """Of the group."""
    word: str
    """What one of them is."""
    things: tuple[Thing, ...]


CALLS = (*calls.CALLS, *setupcalls.CALLS, *streamcalls.CALLS, *helpercalls.CALLS)

KINDS = (
    Kind(N_("Socket calls"), N_("socket call"), CALLS),
    Kind(N_("TCP states"), N_("TCP state"), states.STATES),
    Kind(N_("TCP flags"), N_("TCP flag"), flags.FLAGS),
    Kind(N_("TCP options"), N_("TCP option"), options.OPTIONS),
    Kind(N_("Header fields"), N_("header field"), fields.FIELDS),
    Kind(N_("Socket options"), N_("socket option"), (*sockopts.SETTINGS, *messageflags.SETTINGS)),
    Kind(N_("Errors"), N_("error"), errors.ERRORS),
    Kind(N_("Terms"), N_("term"), (*terms.TERMS, *streamterms.TERMS, *networkterms.TERMS)),
    Kind(N_("Rules: what pktscope points out"), N_("rule"), RULES),
)
"""Everything, as the index groups it."""

SHOWN = 8
"""Names said where several are meant, or near."""


class Unknown(LookupError):
    """No entry of that name, or several that begin so."""

    def __init__(self, near: Sequence[str], several: bool) -> None:
        super().__init__(", ".join(near))
        self.near = tuple(near)
        self.several = several
        """Whether all of `near` begin with what was asked for."""


def name_of(thing: Thing) -> str:
    """How a thing is called: its name, or the id of a rule."""
    return thing.id if isinstance(thing, Rule) else thing.name


def shown(thing: Thing) -> str:
    """How it is called in the reader's language, which differs for words but not for symbols ('socket', the call)."""
    return name_of(thing) if isinstance(thing, SYMBOLS) else _(name_of(thing))


SYMBOLS = (Call, StateEntry, Setting, Rule)
"""Things that are called the same in every language."""


def shown_name(name: str) -> str:
    """The same of the thing that has just this name in English."""
    thing = next((each for each in index().get(plain(name), ()) if name_of(each) == name), None)
    return shown(thing) if thing is not None else name


def kind_of(thing: Thing) -> Kind:
    """The group a thing is in."""
    return next(kind for kind in KINDS if thing in kind.things)


def plain(name: str) -> str:
    """A name without what people write differently: case, '()', 'socket.', blanks, underscores, hyphens, quotes.

    At most 200 characters of it are looked at.
    """
    text = unicodedata.normalize("NFKC", name[:200]).casefold().strip()
    text = re.sub(r"^[a-z.]*error:\s*(?=.)|\[errno -?\d+\]\s*", "", text)  # as a traceback ends
    text = re.sub(r"\s*\([^)]*\)\s*$", "", text).rstrip("(:;.")
    text = re.sub(r"^(socket|sock|s|select|selectors|errno)\.(?=.)", "", text)
    return re.sub(r"[\s_\-'\"‘’“”]+", "", text)


def names(thing: Thing) -> tuple[str, ...]:
    """The names a thing is found by."""
    if isinstance(thing, Rule):
        return (thing.id, thing.headline)
    return (thing.name, *thing.aliases)


@cache
def index() -> dict[str, tuple[Thing, ...]]:
    """Things by each of their plain names."""
    return gathered((plain(name), thing) for kind in KINDS for thing in kind.things for name in names(thing))


@cache
def tails() -> dict[str, tuple[Thing, ...]]:
    """Rules by the last part of their ids, which counts where nothing else has that name."""
    return gathered((plain(rule.id.partition(".")[2]), rule) for rule in RULES)


def gathered(pairs: Iterable[tuple[str, Thing]]) -> dict[str, tuple[Thing, ...]]:
    """Pairs as a table, several of a name in their order, none twice."""
    table: dict[str, tuple[Thing, ...]] = {}
    for name, thing in pairs:
        if not any(thing is other for other in table.get(name, ())):
            table[name] = (*table.get(name, ()), thing)
    return table


def find(name: str) -> tuple[Thing, ...]:
    """What a name means; several where it means several things. Raises Unknown."""
    wanted = plain(name)
    exact = index().get(wanted) or tails().get(wanted)
    if exact:
        return exact
    every = beginning(wanted) if len(wanted) > 1 else ()
    begun = tuple(thing for thing in every if not isinstance(thing, Rule)) or every
    if len(begun) == 1:
        return begun
    if begun:
        literally = sorted(begun, key=lambda thing: not name_of(thing).casefold().startswith(name.casefold()))
        raise Unknown([name_of(thing) for thing in literally[:SHOWN]], several=True)
    raise Unknown(nearest(wanted), several=False)


def beginning(wanted: str) -> tuple[Thing, ...]:
    """The things with a plain name that begins so, each once, in the order of the index."""
    pairs = (("", thing) for known, things in index().items() if known.startswith(wanted) for thing in things)
    return gathered(pairs).get("", ())


def nearest(wanted: str) -> list[str]:
    """The names most like one that nothing has."""
    known = {**tails(), **index()}
    close = difflib.get_close_matches(wanted, known, n=3, cutoff=0.65) if wanted else []
    inside = [name for name in known if len(wanted) > 2 and wanted in name]
    return list(dict.fromkeys(name_of(thing) for name in (*close, *inside) for thing in known[name]))[:5]


def completions(begun: str) -> list[str]:
    """Names that begin so, for the shell: first those written so, then those meant."""
    wanted = plain(begun)
    every = [name_of(thing) for kind in KINDS for thing in kind.things]
    return [name for name in every if name.startswith(begun) or plain(name).startswith(wanted)]


def calls_failing(error: str) -> tuple[Call, ...]:
    """The calls that come back with an error."""
    return tuple(call for call in CALLS if any(failure.error == error for failure in call.errors))
