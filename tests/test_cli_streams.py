"""The command line where its standard streams, its disk or its terminal are not as it likes them."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import shlex
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.test_cli import ENVIRONMENT, RUN, one_line, pcap, pktscope


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """One small conversation."""
    path = tmp_path / "some.pcap"
    path.write_bytes(pcap(b"x"))
    return path


def through_shell(line: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """pktscope with the redirections of `line` behind it."""
    command = ["sh", "-c", f'"$@" {line}', "sh", *RUN, *arguments]
    return subprocess.run(command, capture_output=True, env=ENVIRONMENT, timeout=60, check=False)


def test_standard_output_is_closed(capture: Path) -> None:
    """One line, exit code 1."""
    done = through_shell(">&-", "replay", str(capture))

    assert done.returncode == 1
    assert "standard output is closed" in one_line(done)


@pytest.mark.parametrize("closed", ["2>&-", "<&-", "<&- 2>&-"])
def test_what_is_not_needed_may_be_closed(capture: Path, closed: str) -> None:
    """Without stderr or stdin a capture is shown as ever, and a failure has its exit code."""
    assert through_shell(closed, "replay", str(capture)).stdout == pktscope("replay", str(capture)).stdout
    assert through_shell(closed, "replay", f"{capture}.not").returncode == 2


@pytest.mark.parametrize("option", ["--plain", "--json"])
def test_standard_output_is_full(capture: Path, option: str) -> None:
    """It is said, exit code 1."""
    done = through_shell(">/dev/full", "replay", str(capture), option)

    assert done.returncode == 1
    assert "No space left on device" in one_line(done)


@pytest.mark.live
@pytest.mark.usefixtures("private_room")
@pytest.mark.parametrize("command", ["record", "demo"])
def test_a_recording_that_is_not_whole_is_a_failure(command: str) -> None:
    """A full disk under -w: it is said, exit code 1."""
    done = pktscope(command, "udp-echo", "-w", "/dev/full")

    assert done.returncode == 1
    assert "the copy stops here: No space left on device" in one_line(done)


def test_a_recording_needs_a_name(tmp_path: Path) -> None:
    """-w - makes no file called '-'."""
    done = pktscope("record", "udp-echo", "-w", "-", cwd=tmp_path)

    assert done.returncode == 2
    assert "name a file" in one_line(done)
    assert list(tmp_path.iterdir()) == []


def test_without_a_command_it_helps() -> None:
    """`pktscope` alone is a question, not a mistake."""
    done = pktscope()

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == pktscope("--help").stdout


def test_a_terminal_that_cannot_be_drawn_on_gets_text(capture: Path) -> None:
    """TERM=dumb, as in an editor's shell: no escape sequence."""
    controller, terminal = pty.openpty()
    with open(controller, "rb", buffering=0) as screen:
        subprocess.run(
            [*RUN, "replay", str(capture)], stdin=terminal, stdout=terminal, stderr=terminal, timeout=60, check=True,
            env={**ENVIRONMENT, "TERM": "dumb"},
        )  # fmt: skip
        os.close(terminal)
        said = screen.read(65536)

    assert said
    assert b"\x1b" not in said


@pytest.mark.live
@pytest.mark.usefixtures("may_sniff")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("count", [(), ("-c", "1000")])
def test_a_capture_that_is_ended_is_shown(number: signal.Signals, count: tuple[str, ...], tmp_path: Path) -> None:
    """Ctrl-C and `timeout`, with -c or without: what was seen until then, and exit code 0."""
    kept = tmp_path / "kept.pcapng"
    command = [*RUN, "live", "-i", "lo", "udp port 40997", "--json", "-w", str(kept), *count]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT, text=True)
    while not kept.exists() or not kept.stat().st_size:
        assert process.poll() is None
    for _ in range(2):  # as timeout(1) does
        process.send_signal(number)
        time.sleep(0.01)
    said, _ = process.communicate(timeout=30)

    assert process.returncode == 0
    assert json.loads(said)["steps"][-1]["kind"] == "end"


def test_standard_descriptors_are_never_files_of_ours() -> None:
    """With all three closed, none of their numbers is given to a file that is opened later."""
    code = (
        "import os; [os.close(n) for n in range(3)]; from pktscope import exits; import sys\n"
        "sys.stdin = sys.stdout = sys.stderr = None\n"
        "try: exits.stand_in()\n"
        "except exits.Stop: pass\n"
        "os._exit(open('/dev/zero').fileno())"
    )

    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode > 2


def on_screen(*command: str) -> int:
    """Run a command on a terminal of 80x24, press q until it is gone; its exit code."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        ["setsid", "--ctty", *command], stdin=terminal, stdout=terminal, stderr=terminal,
        env={**ENVIRONMENT, "TERM": "xterm-256color"},
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while process.poll() is None:
            assert time.monotonic() < until
            if select.select([controller], [], [], 0.5)[0]:
                os.read(controller, 65536)
            else:
                os.write(controller, b"q")
        return process.wait()
    finally:
        process.kill()
        os.close(controller)
        os.close(terminal)


def test_the_screen_shows_what_is_no_capture(tmp_path: Path) -> None:
    """A pipe is known to be no capture only when the screen is up: exit code 2 all the same."""
    (tmp_path / "words").write_bytes(b"these are words\n" * 20)
    piped = shlex.join([*RUN, "replay", "-"])

    assert on_screen("sh", "-c", f"cat {shlex.quote(str(tmp_path / 'words'))} | {piped}") == 2


@pytest.mark.live
@pytest.mark.usefixtures("private_room")
def test_the_screen_and_a_recording_that_is_not_whole() -> None:
    """A full disk under -w is exit code 1 behind the screen too."""
    assert on_screen(*RUN, "demo", "udp-echo", "-w", "/dev/full") == 1


@pytest.mark.live
@pytest.mark.usefixtures("private_room")
def test_a_refused_run_leaves_an_older_recording_alone(tmp_path: Path) -> None:
    """-w replaces a file when there is something to put in its place, then wholly."""
    kept = tmp_path / "kept.pcapng"
    kept.write_bytes(b"precious" * 100_000)

    assert pktscope("live", "-i", "nowhere", "-w", str(kept)).returncode == 2
    assert kept.read_bytes() == b"precious" * 100_000

    assert pktscope("record", "udp-echo", "-w", str(kept)).returncode == 0
    assert b"precious" not in kept.read_bytes()
    assert pktscope("replay", str(kept)).stderr == b""
