"""Starting a run: cheap, isolated from the current directory, and plain about what cannot be done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pktscope.lab import runner
from tests.labtools import descendants, record, until

ROOT = Path(__file__).parents[1]


def test_importing_the_runner_is_cheap() -> None:
    """The screen's process imports neither the lab's machinery nor scapy by it."""
    code = "import sys, pktscope.lab.runner; print(sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout

    for heavy in ("scapy", "textual", "asyncio", "'subprocess'", "pktscope.lab.worker", "pktscope.model", "'socket'"):
        assert heavy not in loaded


def test_demos_can_be_listed_without_scapy() -> None:
    """Names, titles and sources need no right and no scapy."""
    code = "import sys; from pktscope import demos; assert demos.every(); print(sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout

    assert "scapy" not in loaded


def test_an_unknown_demo_is_refused_in_one_line() -> None:
    """Exit code 2, and the line names those there are."""
    with runner.start("no-such\x1b[31m") as run:
        assert run.stream.read() == b""
        assert run.refusal.startswith("there is no demo 'no-such\\e[31m'; there are handshake, teardown, ")
        assert "\x1b" not in run.refusal
        assert "\n" not in run.refusal
        assert run.wait(10) == 2


def test_a_demo_that_needs_a_room_says_so_on_the_host() -> None:
    """--host is refused for what the host's loopback would not show."""
    recording = record("fragmentation", host=True)

    assert recording.status == 2
    assert recording.refusal.startswith("the demo fragmentation needs a private room")


def test_there_is_no_such_interface() -> None:
    """live on an interface that is not there: one line, exit code 2."""
    with runner.live("nowhere\x1b[2J") as run:
        assert run.refusal == "live: there is no interface 'nowhere\\x1b[2J'; see: ip link"
        assert run.wait(10) == 2


@pytest.mark.live
@pytest.mark.usefixtures("private_room")
def test_files_in_the_current_directory_are_not_imported(tmp_path: Path) -> None:
    """A socket.py, a json.py or a scapy.py lying about does not run with the worker's rights."""
    for name in ("socket", "json", "struct", "scapy", "pktscope"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the current directory')\n")
    code = """
from pktscope.lab import runner
with runner.start("udp-echo") as run:
    run.stream.read()
    print(run.wait(), run.refusal)
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.stdout.strip(), done.stderr) == ("0", "")


@pytest.mark.live
@pytest.mark.usefixtures("private_room")
def test_no_process_of_a_run_keeps_a_privilege() -> None:
    """Once the ring is open nobody has a capability, nor can get one by exec; under sudo all belong to the caller."""
    with runner.start("nagle") as run:
        assert until(lambda: len(descendants(run.pid)) == 5)
        assert until(lambda: all("CapEff:\t0000000000000000" in status(pid) for pid in tree(run)))
        found = [status(pid) for pid in tree(run)]

    assert len(found) == 6
    for lines in found:
        assert "CapPrm:\t0000000000000000" in lines
        assert "NoNewPrivs:\t1" in lines


@pytest.mark.live
@pytest.mark.usefixtures("private_room")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_under_sudo_every_process_belongs_to_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """SUDO_UID and SUDO_GID are obeyed by the worker, the sniffer and both programs."""
    monkeypatch.setenv("SUDO_UID", "12345")
    monkeypatch.setenv("SUDO_GID", "12346")
    with runner.start("nagle") as run:
        assert until(lambda: len(descendants(run.pid)) == 5)
        owners = "Uid:\t12345\t12345\t12345\t12345\nGid:\t12346\t12346\t12346\t12346"
        assert until(lambda: all(owners in status(pid) for pid in tree(run)))
        run.stream.read()

        assert run.refusal == ""


def tree(run: runner.Run) -> list[int]:
    """Every process of a run."""
    return sorted({run.pid} | descendants(run.pid))


def status(pid: int) -> str:
    """proc_pid_status(5), '' for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""


@pytest.mark.live
@pytest.mark.usefixtures("private_room")
def test_a_run_touches_nothing_of_the_host() -> None:
    """The host's loopback and its sysctls are as before."""
    places = [Path("/sys/class/net/lo/mtu"), Path("/proc/sys/net/ipv4/tcp_early_retrans"),
              Path("/proc/sys/net/ipv4/tcp_congestion_control"), Path("/proc/sys/net/ipv4/tcp_rmem")]  # fmt: skip
    before = [place.read_text() for place in places]
    recording = record("udp-echo")

    assert dict(recording.exchange.settings)["lo mtu"] == "1500"
    assert dict(recording.exchange.settings)["net.ipv4.tcp_early_retrans"] == "0"
    assert [place.read_text() for place in places] == before
