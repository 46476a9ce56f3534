"""The recordings in captures/: each keeps its demo's promise with nothing live, and is of the demo as it is."""

from __future__ import annotations

import ast
import shutil
import subprocess
from pathlib import Path

import pytest

from pktscope import demos
from pktscope.capture.store import Store
from pktscope.model import End, Fate, Observation
from pktscope.promise import outcome
from tests.played import fold

CAPTURES = Path(__file__).parents[1] / "captures"
FILES = sorted(CAPTURES.glob("*.pcapng"))
ABOUT = (CAPTURES / "README.md").read_text()


def read(path: Path) -> tuple[Store, list[Observation]]:
    """A recording and everything in it."""
    store = Store.open(str(path))
    assert store.wait(30)
    assert not store.error
    reader = store.reader(None)
    seen: list[Observation] = []
    while not reader.done:
        seen.extend(reader.more(1000))
    return store, seen


def code(source: str) -> list[str]:
    """The functions of a demo, whatever is said of them."""
    return [ast.dump(node) for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    """Each recording."""
    found: Path = request.param
    return found


def test_recording_keeps_the_promise(path: Path) -> None:
    """Every note its demo promises, nothing odd, and an orderly end without a frame lost by the sniffer."""
    store, seen = read(path)
    flow, demo = fold(seen, store.exchange), demos.load(*path.stem.split("."))

    assert store.exchange is not None
    assert (store.exchange.demo, store.exchange.variant) == (demo.name, demo.variant)
    assert outcome(demo.shows, flow.notes, demo.promise).missing == ()
    assert [note.message for note in flow.notes if note.rule in ("tcp.oddity", "capture.oddity")] == []
    ends = [each for each in seen if isinstance(each, End)]
    assert [(end.reason, end.dropped) for end in ends] in ([], [("finished", 0)])


def test_recording_is_of_the_demo_as_it_is(path: Path) -> None:
    """The programs it carries do what the demo's file does, in the room the demo asks for; else: record it again."""
    exchange = read(path)[0].exchange
    assert exchange is not None
    demo = demos.load(*path.stem.split("."))

    assert code(dict(exchange.sources)[demo.file]) == code(demo.source)
    assert exchange.topology == demo.needs.topology


def test_recordings_are_described() -> None:
    """captures/README.md has a row for each."""
    described = [line.split("`")[1].removesuffix(".pcapng") for line in ABOUT.splitlines() if line.startswith("| `")]

    assert sorted(described) == sorted(file.stem for file in FILES)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_reads_the_recording(path: Path) -> None:
    """It lists every frame, and between them the calls, and what the lab's wire did, as journal entries."""
    done = subprocess.run(["tshark", "-r", str(path)], capture_output=True, text=True, timeout=60, check=False)
    store, seen = read(path)
    lines = done.stdout.splitlines()
    told = [line for line in lines if "systemd Journal" in line]
    fates = [each for each in seen if isinstance(each, Fate)]

    assert done.returncode == 0, done.stderr
    assert "malformed" not in done.stdout.lower()
    assert len(lines) - len(told) == store.frame_count
    assert any("client: socket" in line for line in told)
    assert sum(" wire: " in line for line in told) == len(fates)
