"""Law 9: who may import whom, proved in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys

import pytest

PURE = (
    "model text words seq tcp ends verdicts connection programs flow rules notation promise rows labels folding rails"
    " timeline theme show render render.cells render.text render.json"
)
IMPURE = (
    "socket",
    "threading",
    "subprocess",
    "scapy",
    "textual",
    "click",
    "ctypes",
    "mmap",
    "select",
    "multiprocessing",
)


def imported(statement: str) -> set[str]:
    """Top-level modules that are there after running `statement`, and were not before."""
    script = f"import sys; before = set(sys.modules); {statement}; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize("module", PURE.split())
def test_core_is_pure(module: str) -> None:
    """The core imports nothing that touches the machine."""
    assert imported(f"import pktscope.{module}") & set(IMPURE) == set()


@pytest.mark.parametrize("module", ["cli", "lab.runner", "lab.ladder", "capture.recording"])
def test_command_line_is_light(module: str) -> None:
    """What every command imports first has neither scapy nor Textual."""
    assert imported(f"import pktscope.{module}") & {"scapy", "textual", "rich"} == set()


def test_help_and_text_never_import_textual() -> None:
    """`--help` and text output start without the screen, replay without scapy."""
    run = "from pktscope.cli import main; import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()):\n"
    script = (
        "import sys\n" + run + "    try: main(['replay', '--help'])\n    except SystemExit: pass\nprint(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert {name.partition(".")[0] for name in done.stdout.split()} & {"textual", "scapy", "rich"} == set()
