"""Law 9: who may import whom, proved in a fresh interpreter."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import pktscope

PURE = (
    "model text words seq tcp ends verdicts connection programs neighbours dns dhcp flow strands flows rules notation"
    " promise rows labels folding rails timeline theme alignment endings explain show"
    " render render.beside render.cells render.text render.json"
)
RECORDING = str(Path(__file__).parents[1] / "captures" / "handshake.pcapng")
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


@pytest.mark.parametrize("arguments", [["--help"], ["replay", "--help"], ["replay", RECORDING, "--plain"], ["demo"]])
def test_help_and_text_never_import_textual(arguments: list[str]) -> None:
    """`--help` and text output start without the screen, and replay without scapy."""
    script = (
        "import sys, io, contextlib\n"
        "from pktscope.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        f"    try: main({arguments!r})\n"
        "    except SystemExit: pass\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert {name.partition(".")[0] for name in done.stdout.split()} & {"textual", "scapy", "rich"} == set()


def test_the_map_names_every_module() -> None:
    """The package's docstring has every module and package that stands beside it."""
    home = Path(pktscope.__file__).parent
    names = {path.stem for path in home.glob("*.py")} | {path.parent.name for path in home.glob("*/__init__.py")}
    named = set(re.findall(r"\w+", pktscope.__doc__ or ""))

    assert sorted(names - named - {"__init__", "__main__"}) == []
