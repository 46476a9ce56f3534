"""Text and JSON of what only wires, routers and several conversations have, held against golden files."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from pktscope import notation
from pktscope.flows import Flows
from pktscope.model import Endpoint, Exchange, Frame, Observation
from pktscope.render.columns import Options
from pktscope.render.json import document
from pktscope.render.text import text
from pktscope.timeline import lay_out
from tests.test_flows import two_clients
from tests.test_laws_together import PATH, WIRES
from tests.test_render import check

Told = tuple[Exchange, list[Observation]]


def between(room: Exchange, script: str, near: str, far: str) -> Told:
    """A script whose ends are the hosts of a room."""
    seen = list(notation.read(script).observations)
    ends = {"127.0.0.1:40000": Endpoint(near, 40000), "127.0.0.1:8000": Endpoint(far, 8000)}
    for place, each in enumerate(seen):
        if isinstance(each, Frame):
            moved = [ends.get(str(end), end) for end in (each.source, each.target)]
            seen[place] = replace(each, source=moved[0], target=moved[1])
    return room, seen


def wire() -> Told:
    """A segment is lost and sent again, another arrives twice."""
    room = Exchange("A wire", topology="wire", settings=(("client", "10.0.0.1"), ("server", "10.0.0.2")))
    doubled = WIRES["a doubled segment"].partition("S > C  SYN ACK")[2].partition("C > S  PSH")[2]
    script = (
        WIRES["a lost segment"] + "   C > S  PSH" + doubled.replace("1:11", "101:111").replace("ACK 11\n", "ACK 111\n")
    )
    return between(room, script.replace("doubled 4 again", "doubled 7 again"), "10.0.0.1", "10.0.0.2")


def path() -> Told:
    """A datagram through two routers, each link's frames on their own."""
    room = Exchange(
        "A path", topology="routers", path=PATH,
        settings=(("client", "10.0.1.2"), ("R1", "10.0.1.1 10.0.2.1"), ("R2", "10.0.2.2 10.0.3.1"),
                  ("server", "10.0.3.2")),
    )  # fmt: skip
    hops = "".join(f"   C > S  UDP 10 via {near}-{far}\n" for near, far in pairwise(PATH))
    return between(room, hops, "10.0.1.2", "10.0.3.2")


def several() -> Told:
    """Two connections of one listener."""
    return Exchange("Several", "several"), two_clients()


STORIES = [wire, path, several]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: str(story.__name__))
@pytest.mark.parametrize("cells", [80, 120])
def test_text_is_golden(story: Callable[[], Told], cells: int) -> None:
    room, seen = story()
    flows = Flows(room)
    steps = [(flows.feed(each)[0], ()) for each in seen]  # the notes have tests of their own
    timeline = lay_out(steps, flows.client, flows.server, path=room.path)
    lines = text(timeline, [room.title, ""], width=cells, options=Options())

    check(f"{story.__name__}-{cells}.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize("story", STORIES, ids=lambda story: str(story.__name__))
def test_json_says_what_is_painted(story: Callable[[], Told]) -> None:
    """Every step, its conversation, its link and its fate are in the document."""
    room, seen = story()
    flows = Flows(room)
    steps = [flows.feed(each) for each in seen]
    told = json.loads("".join(document(steps, exchange=room, client=flows.client, server=flows.server)))

    assert len(told["steps"]) == len(seen)
    assert [step.get("conversation", 0) for step in told["steps"]] == [step.conversation for step, _ in steps]
    assert [step.get("link", 0) for step in told["steps"]] == [step.link for step, _ in steps]
