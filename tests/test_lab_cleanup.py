"""Whatever is killed, nothing is left behind: no process, and with it no namespace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pktscope.lab import runner
from tests.labtools import descendants, parents, until

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("private_room")]

WHOLE = 6
"""Worker, threshold, the room's first process, sniffer, server, client."""


def whole_tree(run: runner.Run) -> list[int]:
    """Every process of a run, once all are there, parents before children."""
    assert until(lambda: len({run.pid} | descendants(run.pid)) == WHOLE)
    return sorted({run.pid} | descendants(run.pid))


@pytest.mark.parametrize("victim", range(WHOLE))
def test_nothing_survives_the_death_of_any_process(victim: int) -> None:
    """SIGKILL of any one process ends the run within moments; what was recorded can still be read."""
    with runner.start("nagle") as run:
        tree = whole_tree(run)
        begun = run.stream.read(4)  # before its first block there is nothing that could be read again
        os.kill(tree[victim], signal.SIGKILL)
        recording = begun + run.stream.read()

        assert until(lambda: not set(tree[1:]) & set(parents()))
        assert run.wait(10) == 1
        assert run.refusal
        assert "\n" not in run.refusal
        assert recording[:4] == b"\x0a\x0d\x0d\x0a"


def test_nothing_survives_the_death_of_the_screen() -> None:
    """SIGKILL of the process that started the run, with the run in full swing, leaves no process."""
    code = (
        "import sys, time; from pktscope.lab import runner; run = runner.start('nagle');"
        " print(run.pid, flush=True); time.sleep(60)"
    )
    screen = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path(__file__).parents[1])
    assert screen.stdout is not None
    with screen, screen.stdout:
        worker = int(screen.stdout.readline())
        assert until(lambda: len({worker} | descendants(worker)) == WHOLE)
        tree = {worker} | descendants(worker)
        screen.kill()

    assert until(lambda: not tree & set(parents()))


def test_stop_ends_a_run_at_once() -> None:
    """The control pipe's end ends everything; the recording closes with End and says that it was interrupted."""
    with runner.start("nagle") as run:
        tree = whole_tree(run)
        run.stop()
        recording = run.stream.read()

        assert until(lambda: not set(tree[1:]) & set(parents()))
        assert b'"reason":"interrupted"' in recording


def test_a_reader_that_goes_away_ends_a_run() -> None:
    """Closing the stream is enough: nothing keeps running for nobody."""
    with runner.start("nagle") as run:
        tree = whole_tree(run)
        run.stream.close()

        assert until(lambda: not set(tree[1:]) & set(parents()))
