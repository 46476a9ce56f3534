"""The demos on this machine's own kernel: each keeps its promise, live equals replay, and the kernel agrees."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from pktscope import demos
from pktscope.capture.store import Store
from pktscope.flows import Flows
from pktscope.lab import runner
from pktscope.model import Call, End, Exchange, Fate, Frame, Observation, Return, Sample, Side, State, Step
from pktscope.promise import outcome
from pktscope.timeline import lay_out

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


@dataclass(frozen=True)
class Played:
    """A demo that has run: what was seen as it happened, and the recording's octets."""

    seen: tuple[Observation, ...]
    recording: bytes
    exchange: Exchange | None


class Keeping(io.RawIOBase):
    """A file that keeps what is written."""

    def __init__(self) -> None:
        self.kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, octets: object) -> int:
        self.kept += bytes(octets)  # type: ignore[call-overload]
        return len(bytes(octets))  # type: ignore[call-overload]

    def close(self) -> None:
        """Stays readable."""


@cache
def played(name: str) -> Played:
    """Run a demo once for all tests of this module."""
    copy = Keeping()
    with runner.start(loaded(name).name, variant=loaded(name).variant) as run:
        store = Store.from_stream(run.stream, copy_to=copy)  # type: ignore[arg-type]
        reader = store.reader(None)
        seen: list[Observation] = []
        while not reader.done:
            more = reader.more(50)
            seen.extend(more)
            if not more:
                store.wait(0.01)
        assert run.wait(30) == 0, run.refusal
    return Played(tuple(seen), bytes(copy.kept), store.exchange)


def fold(seen: tuple[Observation, ...], exchange: Exchange | None) -> Flows:
    flow = Flows(exchange)
    for each in seen:
        flow.feed(each)
    return flow


@pytest.mark.parametrize("name", RUNS)
def test_demo_keeps_its_promise(name: str) -> None:
    """Every note a demo promises is there, nothing was lost, and nothing odd was met."""
    run = played(name)
    flow = fold(run.seen, run.exchange)
    end = run.seen[-1]

    demo = loaded(name)

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
    live, replayed = fold(run.seen, run.exchange), fold(tuple(again), store.exchange)

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
    """Law 11: at every call the state shown for that end is the one the kernel reports for that socket.

    Where a frame of the conversation was seen, or arrived, while the kernel was being asked, or so shortly before that
    it may still have been on its way up, the state before that frame counts as well.
    """
    run = played(name)
    flow = fold(run.seen, run.exchange)
    compared = 0
    for step in flow.steps:
        sample = step.observation
        if not isinstance(sample, Sample) or sample.state is State.LISTEN or not is_of(sample, step, flow):
            continue
        compared += 1
        place = 0 if sample.side is Side.CLIENT else 1
        shown = {step.after[place]}
        for earlier in reversed(flow.steps[: step.index]):
            if earlier.time < sample.since - 1_000_000:
                break
            if isinstance(earlier.observation, Frame | Fate) and earlier.conversation == step.conversation:
                shown.add(earlier.before[place])

        assert sample.state in shown, f"step {step.index}: the kernel says {sample.state}, shown is {shown}"
    made = [strand for strand in flow.strands if strand.accepted]
    assert compared >= 3 * len(made)


def is_of(sample: Sample, step: Step, flow: Flows) -> bool:
    """Whether a sample is of the connection's own socket."""
    if step.conversation < 0:
        return False
    strand = flow.strands[step.conversation].flow
    ends = {Side.CLIENT: strand.client, Side.SERVER: strand.server}
    return sample.local == ends[sample.side] and sample.peer == ends[sample.side.other]
