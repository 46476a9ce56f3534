"""How long until something is seen: screens against an empty Textual app, text against python.

Run it: `python tests/benchmarks/first_frame.py [ROUNDS]`. The sides take turns; printed are medians and
their ratio. It reports and never fails: a wall clock is no judge of a build.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path

COLUMNS, LINES = 120, 40
EMPTY = "from textual.app import App\nApp().run()\n"
LAST_LINE = f"\x1b[{LINES};1H".encode()
"""Textual moves to every line of a frame before it writes it: with the last one the frame is there."""
CURSOR, CURSOR_REPLY = b"\x1b[6n", b"\x1b[1;4R"
PATIENCE = 30.0
CAPTURE = str(Path(__file__).parents[2] / "captures" / "handshake.pcapng")
SHOWN = (("demo", "handshake"), ("demo", "nagle"), ("replay", CAPTURE), ())
"""A demo, two runs beside each other, a recording, the gallery."""
SAID = (("--help",), ("demo",), ("explain", "accept"))


def first_frame(command: Sequence[str]) -> float:
    """Seconds from starting a command on a terminal of 120x40 to its first whole frame."""
    begun = time.perf_counter()
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        os.execvp(command[0], list(command))
    try:
        return seen(terminal, begun) - begun
    finally:
        os.kill(process, signal.SIGTERM)
        os.close(terminal)
        os.waitpid(process, 0)


def seen(terminal: int, begun: float) -> float:
    """When the last line of a frame came through the terminal."""
    written = b""
    while time.perf_counter() - begun < PATIENCE:
        if not select.select([terminal], [], [], 0.5)[0]:
            continue
        written += os.read(terminal, 65536)
        if CURSOR in written:
            os.write(terminal, CURSOR_REPLY)
            written = written.replace(CURSOR, b"")
        if LAST_LINE in written:
            return time.perf_counter()
    raise SystemExit(f"no frame within {PATIENCE} s; it wrote {written[-400:]!r}")


def finished(command: Sequence[str]) -> float:
    """Seconds a command takes."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def in_turn(measure: Callable[[Sequence[str]], float], sides: Sequence[Sequence[str]], rounds: int) -> list[float]:
    """The median of each side; one round of each is thrown away first, for byte-code and caches."""
    times: list[list[float]] = [[] for _ in sides]
    for turn in range(rounds + 1):
        for side, command in zip(times, sides, strict=True):
            taken = measure(command)
            if turn:
                side.append(taken)
    return [statistics.median(side) for side in times]


def main(rounds: int) -> None:
    """Print both kinds."""
    python = sys.executable
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PYTHONPYCACHEPREFIX"] = folder  # byte-code as an installed program has it, for both sides
        measured(python, rounds)


def measured(python: str, rounds: int) -> None:
    """Measure and print."""
    ours = [python, "-m", "pktscope"]
    every = [[python, "-c", EMPTY], *([*ours, *words] for words in SHOWN)]
    nothing, *frames = in_turn(first_frame, every, rounds)
    print(f"first frame: empty Textual app {nothing * 1000:.0f} ms")
    for words, frame in zip(SHOWN, frames, strict=True):
        name = " ".join(["pktscope", *map(os.path.basename, words)])
        print(f"  {name} {frame * 1000:.0f} ms, ratio {frame / nothing:.2f} (target 1.25)")
    sides = [[python, "-c", "pass"], *([*ours, *words] for words in SAID)]
    bare, *said = in_turn(finished, sides, rounds * 2)
    print(f"text: python -c pass {bare * 1000:.0f} ms")
    for words, taken in zip(SAID, said, strict=True):
        print(f"  pktscope {' '.join(words)} {taken * 1000:.0f} ms, ratio {taken / bare:.2f} (target of --help: 5)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
