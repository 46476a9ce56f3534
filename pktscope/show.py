"""A capture shown without the screen: as text, as JSON, or as the list of its conversations."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TextIO

from pktscope.flow import Flow
from pktscope.flows import Flows
from pktscope.model import Conversation, Exchange, Note, Step
from pktscope.render.columns import Options, TimeFormat
from pktscope.render.text import PIPE_WIDTH
from pktscope.text import fit, safe_text, width
from pktscope.theme import Depth
from pktscope.words import N_, _, duration, retold, say

if TYPE_CHECKING:
    from pktscope.capture.store import Store


class NoSuchConversation(ValueError):
    """--stream names none; the message says which there are."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How text shall look."""

    width: int = PIPE_WIDTH
    colours: Depth = 0
    theme: str = "dark"
    ascii: bool = False
    time_format: TimeFormat = "relative"
    raw_numbers: bool = False
    fold: bool = True


def choose(conversations: Sequence[Conversation], wanted: str) -> Conversation | None:
    """The conversation `wanted` names: 'tcp:0', or a number alone as Wireshark counts TCP streams (then UDP).

    None where nothing was asked for and there are several, or none. Raises NoSuchConversation.
    """
    if not wanted:
        return conversations[0] if len(conversations) == 1 else None
    names = (wanted,) if ":" in wanted else (f"tcp:{wanted}", f"udp:{wanted}")
    for name in names:
        for each in conversations:
            if each.name == name:
                return each
    values: dict[str, object] = {"wanted": safe_text(wanted, 40), "more": len(conversations) - 8}
    values["known"] = ", ".join(each.name for each in islice(conversations, 8)) or _("none")
    if len(conversations) > 8:
        raise NoSuchConversation(say("there is no conversation {wanted}; there are: {known} and {more:,} more", values))
    raise NoSuchConversation(say("there is no conversation {wanted}; there are: {known}", values))


def folded(store: Store, conversation: Conversation | None) -> tuple[Flow | Flows, list[tuple[Step, tuple[Note, ...]]]]:
    """Everything of a conversation, or of all of them, folded, as far as the store has it; waits for the store."""
    placed: list[tuple[Step, tuple[Note, ...]]] = []
    reader = store.reader(conversation)
    flow: Flow | Flows = Flows(exchange_of(store)) if conversation is None else Flow(conversation)
    while not reader.done:
        more = reader.more(1000)
        if not more:
            store.wait(0.05)
        placed.extend(flow.feed(seen) for seen in more)
    return flow, placed


def exchange_of(store: Store) -> Exchange | None:
    """What a recording says of itself: its first block, so known with the first frame; waits for either."""
    while store.exchange is None and not store.frame_count and not store.finished:
        store.wait(0.005)
    return store.exchange


def conversation_lines(store: Store) -> Iterator[str]:
    """The list to choose from, a line each, columns as wide as they need to be."""
    found = store.conversations
    values = {"conversations": len(found), "frames": store.frame_count}
    yield say("{conversations:conversations}, {frames:frames}. Show one with --stream NAME.", values)
    yield ""
    rows = [
        (
            each.name, str(each.client), str(each.server), f"{each.frames[0]:,}", f"{each.frames[1]:,}",
            f"{each.octets[0]:,}", f"{each.octets[1]:,}", duration(each.last - each.first),
        )
        for each in found
    ]  # fmt: skip
    heads = (
        _("name"), _("client"), _("server"), _("frames ->"), "<-", _("bytes ->"), "<-", _("lasts"),
    )  # fmt: skip
    sizes = [max(width(row[at]) for row in (heads, *rows)) for at in range(len(heads))]
    for row in (heads, *rows):
        cells = [
            fit(text, size, "<" if at < 3 else ">") for at, (text, size) in enumerate(zip(row, sizes, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def text_lines(
    store: Store, conversation: Conversation | None, manner: Manner, title: str, recorded: bool
) -> tuple[Flow | Flows, Iterator[str]]:
    """The annotated timeline of a conversation; `recorded`: not as it happens."""
    from pktscope.render.text import text
    from pktscope.theme import PALETTES
    from pktscope.timeline import lay_out

    flow, placed = folded(store, conversation)
    timeline = lay_out(placed, flow.client, flow.server, fold=manner.fold, path=path_of(store, conversation))
    return flow, text(
        timeline,
        heading(store, flow, title, recorded),
        width=manner.width,
        options=Options(ascii=manner.ascii, time_format=manner.time_format, raw_numbers=manner.raw_numbers),
        palette=PALETTES[manner.theme],
        colours=manner.colours,
    )


def path_of(store: Store, conversation: Conversation | None) -> tuple[str, ...]:
    """The hosts between which the frames travelled, where a recording shown as a whole tells them."""
    return store.exchange.path if store.exchange is not None and conversation is None else ()


def heading(store: Store, flow: Flow | Flows, title: str, recorded: bool) -> Iterator[str]:
    """What stands above the ladder: what it is, whether it is a recording, where it happened, who talks."""
    exchange = store.exchange
    if exchange is not None and exchange.room:
        title = _(exchange.title) if exchange.title else title
        if recorded:
            title = say("{title} (recorded)", {"title": title})
        yield say("{title}: {room}", {"title": title, "room": retold(exchange.room)})
    else:
        yield title
    ends = [str(end) for end in (flow.client, flow.server) if end is not None and end.address]
    if ends:
        yield f"{flow.protocol.upper()} {' - '.join(ends)}"
    yield ""


def json_pieces(store: Store, conversation: Conversation | None) -> tuple[Flow | Flows, Iterator[str]]:
    """The steps and notes of a conversation as one JSON document, in pieces."""
    from pktscope.render.json import document

    flow, placed = folded(store, conversation)
    return flow, document(
        placed, conversation=conversation, exchange=store.exchange, client=flow.client, server=flow.server
    )


def watch(store: Store, out: TextIO) -> None:
    """Wait for a store to finish, telling a person at `out` how far it is; leaves the line clean."""
    if not out.isatty():
        store.wait()
        return
    begun = time.monotonic()
    while not store.wait(0.25):
        if time.monotonic() - begun > 0.5:
            done, whole = store.progress
            values = {"frames": store.frame_count, "done": done, "part": 100 * done // whole if whole else 0}
            told = (
                N_("{frames:frames}, {done:bytes} read, {part} %")
                if whole
                else N_("{frames:frames}, {done:bytes} read")
            )
            out.write(f"\r{say(told, values)} \x1b[K")
            out.flush()
    if time.monotonic() - begun > 0.5:
        out.write("\r\x1b[K")
        out.flush()


def complain(store: Store, name: str) -> None:
    """What is wrong with a capture, on stderr, a line each."""
    for complaint in store.complaints:
        sys.stderr.write(f"pktscope: {name}: {retold(complaint)}\n")
