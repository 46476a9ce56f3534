"""`demo` and `replay --compare`: two runs or recordings taken together, and both of them as text."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pktscope import show
from pktscope.commands.present import finish, manner_of, on_screen, say_lines, screen_options
from pktscope.exits import NOT_SHOWN, OK, USAGE, Stop, complain, safe
from pktscope.words import N_, _, retold, say

if TYPE_CHECKING:
    from pktscope.capture.store import Store
    from pktscope.flow import Flow
    from pktscope.flows import Flows
    from pktscope.model import Conversation
    from pktscope.promise import Outcome
    from pktscope.show import Manner
    from pktscope.timeline import Timeline
    from pktscope.tui.comparison import Comparison
    from pktscope.tui.session import Session

BESIDE = 160
"""Columns from which text has both beside each other, too."""


def compare_variants(name: str, variants: Sequence[str], look: dict[str, Any], options: dict[str, Any]) -> int:
    """Run two variants of a demo (the first two where none are named) and show them beside each other."""
    from pktscope import demos
    from pktscope.commands.gallery import Demos
    from pktscope.commands.opening import lay_down_privileges
    from pktscope.lab.starter import starter

    first = demos.load(name)
    chosen = list(variants) or [variant for variant, _title in first.variants[:2]]
    if len(chosen) < 2:
        raise Stop(USAGE, say("the demo {name} has no variants to compare", {"name": safe(name)}))
    with starter() as launch:
        shelf = Demos(launch, look, options)
        try:
            screen = on_screen(look)
            comparison = shelf.comparison(name, (chosen[0], chosen[1]), begun=1 if screen else 2)
            lay_down_privileges()
            if screen:
                from pktscope.tui.app import start

                return start(comparison)
            return print_both(comparison, look)
        finally:
            shelf.put_back()


def compare_files(paths: tuple[str, str], look: dict[str, Any], stream: str) -> int:
    """Show any two recordings beside each other."""
    names = names_of(paths)
    comparison = recordings(dict(zip(names, opened_both(paths), strict=True)), names, look, stream)
    if on_screen(look):
        from pktscope.tui.app import start

        return start(comparison)
    return print_both(comparison, look)


def opened_both(paths: tuple[str, str]) -> tuple[Store, Store]:
    """Both captures, or one clear line. Rights that only opening needed are laid down before either is read."""
    from pktscope.capture.store import Store
    from pktscope.commands.opening import lay_down_privileges, opened

    if "-" in paths:
        raise Stop(USAGE, _("--compare takes two files: standard input can be read only once"))
    second: list[Store] = []

    def open_second() -> None:
        second.append(opened(lambda: Store.open(paths[1], lay_down_privileges), paths[1]))

    return opened(lambda: Store.open(paths[0], open_second), paths[0]), second[0]


def names_of(paths: Sequence[str]) -> tuple[str, str]:
    """What two files are called beside each other: no more of their paths than tells them apart."""
    parts = [os.path.abspath(path).split(os.sep) for path in paths]
    for size in range(1, max(map(len, parts)) + 1):
        short = [os.sep.join(each[-size:]) for each in parts]
        if short[0] != short[1]:
            return safe(short[0]), safe(short[1])
    return safe(short[0]), safe(f"{short[1]} (2)")


def recordings(stores: dict[str, Store], names: tuple[str, str], look: dict[str, Any], stream: str) -> Comparison:
    """Two opened captures as something to compare."""
    from pktscope.tui.comparison import Comparison
    from pktscope.tui.session import Session

    options = screen_options(look, recorded=True, stream=stream)

    def start(name: str) -> Session:
        return Session(stores[name], name, None, (), None, "", options)

    title = say("{left} and {right}", {"left": names[0], "right": names[1]})
    return Comparison(title, options, tuple((name, name) for name in names), start)


@dataclass(frozen=True, slots=True)
class Read:
    """One of the two, read to its end."""

    name: str
    session: Session
    flow: Flow | Flows
    timeline: Timeline
    kept: Outcome | None
    """How a demo that ran kept its promise."""


def print_both(comparison: Comparison, look: dict[str, Any]) -> int:
    """One timeline after the other, then, where there is room, both beside each other; how the promises were kept."""
    if look["as_json"]:
        raise Stop(USAGE, _("--json shows one run at a time: name it with --variant, or replay one file"))
    manner = manner_of(look)
    both = [read_to_end(comparison, way, manner) for way in comparison.shown]
    say_lines(both_lines(both, manner))
    for one in both:
        if one.kept is not None and one.kept.sentence:
            sentence = say("{name}: {note}", {"name": one.name, "note": one.kept.sentence})
            print(sentence, file=sys.stdout if one.kept.kept else sys.stderr)
    return OK if all(one.kept is None or one.kept.kept for one in both) else NOT_SHOWN


def read_to_end(comparison: Comparison, way: int, manner: Manner) -> Read:
    """Everything of one run; of a second one where the first missed its promise, of the recorded one where none ran."""
    from pktscope.promise import outcome
    from pktscope.timeline import lay_out

    name, session = comparison.ways[way][0], comparison.session(way)
    while True:
        finish(session.store, False)
        if session.unborn and session.recording is not None:
            assert session.run is not None
            why = retold(session.run.refusal)
            complain(say("{name}: {why}; playing the recorded exchange instead", {"name": name, "why": why}))
            session = session.recording()
            continue
        if session.store.error:
            raise Stop(USAGE, session.store.error)
        show.complain(session.store, name)
        chosen = conversation_of(session, name)
        flow, placed = show.folded(session.store, chosen)
        kept = outcome(session.shows, flow.notes, session.promise) if session.run is not None else None
        if kept is None or kept.kept or session.again is None:
            break
        session = session.again()
    path = show.path_of(session.store, chosen)
    timeline = lay_out(placed, flow.client, flow.server, fold=manner.fold, path=path)
    return Read(name, session, flow, timeline, kept)


def conversation_of(session: Session, name: str) -> Conversation | None:
    """Which conversation is compared: all of an exchange as one; else the one asked for, or the only one."""
    wanted, found = session.options.conversation, session.store.conversations
    if session.exchange is not None and not wanted:
        return None
    if not wanted and len(found) > 1:
        words = N_("{capture} has {count:conversations}; --stream NAME says which of them to compare")
        raise Stop(USAGE, say(words, {"capture": name, "count": len(found)}))
    try:
        return show.choose(found, wanted)
    except show.NoSuchConversation as error:
        raise Stop(USAGE, f"--stream: {name}: {error}") from None


def both_lines(both: Sequence[Read], manner: Manner) -> Iterator[str]:
    """The text: either timeline with its notes; from 160 columns on, the two of them aligned."""
    from pktscope.render.columns import Options
    from pktscope.render.text import text
    from pktscope.theme import PALETTES

    options = Options(ascii=manner.ascii, time_format=manner.time_format, raw_numbers=manner.raw_numbers)
    palette = PALETTES[manner.theme]
    for one in both:
        yield f"== {one.name} =="
        head = show.heading(one.session.store, one.flow, safe(one.session.title), recorded=one.session.run is None)
        yield from text(
            one.timeline, head, width=manner.width, options=options, palette=palette, colours=manner.colours
        )
        yield ""
    if manner.width < BESIDE:
        return
    from pktscope.alignment import align, features
    from pktscope.render.beside import beside, half_columns, text_beside

    left = (manner.width - 1) // 2
    halves = tuple(half_columns(size, None, time_format=manner.time_format) for size in (left, manner.width - 1 - left))
    compared = [features(one.timeline.rows, one.flow.steps.__getitem__) for one in both]
    drawn = beside((both[0].timeline, both[1].timeline), align(*compared), (halves[0], halves[1]), options)
    yield from text_beside(drawn, (both[0].name, both[1].name), palette, manner.colours)
