"""The demos on this machine's own kernel: each keeps its promise, live equals replay, and the kernel agrees."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from pktscope import demos
from pktscope.capture.store import Store
from pktscope.model import Call, End, Observation, Return
from pktscope.promise import outcome
from pktscope.timeline import lay_out
from tests.played import Played, compared, disagreements, fold, play

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("private_room")]
RUNS = tuple(
    f"{name}.{variant}" if variant else name
    for name in demos.ORDER
    for variant in [each for each, _ in demos.load(name).variants] or [""]
)
"""Every demo in each of its variants, as their recordings are called."""


def loaded(name: str) -> demos.Demo:
    """The demo of a run."""
    return demos.load(*name.split("."))


@cache
def played(name: str) -> Played:
    """Run a demo once for all tests of this module."""
    run = play(*name.split("."))
    assert run.status == 0, run.refusal
    return run


@pytest.mark.parametrize("name", RUNS)
def test_demo_keeps_its_promise(name: str) -> None:
    """Every note a demo promises is there, nothing was lost, and nothing odd was met."""
    run = played(name)
    flow, demo, end = run.flow, run.demo, run.seen[-1]

    assert outcome(demo.shows, flow.notes, demo.promise).missing == ()
    assert isinstance(end, End)
    assert (end.reason, end.dropped) == ("finished", 0)
    assert [note.message for note in flow.notes if note.rule in ("tcp.oddity", "capture.oddity")] == []


@pytest.mark.parametrize("name", RUNS)
def test_live_equals_replay(name: str, tmp_path: Path) -> None:
    """Law 2: the recording read back gives the same steps, the same notes and the same timeline."""
    run = played(name)
    file = tmp_path / "run.pcapng"
    file.write_bytes(run.recording)
    store = Store.open(str(file))
    assert store.wait(30)
    reader = store.reader(None)
    again: list[Observation] = []
    while not reader.done:
        again.extend(reader.more(1000))
    live, replayed = run.flow, fold(tuple(again), store.exchange)

    assert tuple(again) == run.seen
    assert replayed.steps == live.steps
    assert replayed.notes == live.notes
    rows = [
        lay_out(zip(flow.steps, [()] * len(flow.steps), strict=True), flow.client, flow.server).rows
        for flow in (live, replayed)
    ]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("name", RUNS)
def test_order_is_order_of_happening(name: str) -> None:
    """Times never run backwards in a recording, and each call comes before its return."""
    seen = played(name).seen
    times = [each.time for each in seen]
    entered = [each.serial for each in seen if isinstance(each, Call)]

    assert times == sorted(times)
    for place, each in enumerate(seen):
        if isinstance(each, Return):
            assert any(isinstance(call, Call) and call.serial == each.serial for call in seen[:place])
    assert len(entered) == len(set(entered))


@pytest.mark.parametrize("name", RUNS)
def test_kernel_agrees(name: str) -> None:
    """Law 11: at every call the state shown for that end is the one the kernel reports for that socket."""
    flow = played(name).flow
    made = [strand for strand in flow.strands if strand.accepted]

    assert disagreements(flow) == []
    assert len(compared(flow)) >= 3 * len(made)
