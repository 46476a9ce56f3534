"""The command line as a user meets it: exit codes, one clear line, nothing left behind, nothing hostile let through."""

from __future__ import annotations

import gzip
import json
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from pktscope.cli import commands

RUN = (sys.executable, "-m", "pktscope")
ENVIRONMENT = {**os.environ, "PYTHONUTF8": "1"}


def pktscope(
    *arguments: str, stdin: bytes | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run it to its end, with pipes instead of a terminal."""
    return subprocess.run(
        [*RUN, *arguments], input=stdin if stdin is not None else b"", capture_output=True, env=ENVIRONMENT,
        timeout=60, cwd=cwd, check=False,
    )  # fmt: skip


def pcap(*payloads: bytes, ports: tuple[int, ...] = (40000,)) -> bytes:
    """A little-endian pcap of UDP datagrams on Ethernet, one conversation for each client port."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for number, payload in enumerate(payloads):
        for port in ports:
            udp = struct.pack("!HHHH", port, 9, 8 + len(payload), 0) + payload
            ip = struct.pack(
                "!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), number, 0, 64, 17, 0, b"\x0a\0\0\1", b"\x0a\0\0\2"
            )
            frame = b"\2" * 12 + b"\x08\x00" + ip + udp
            out += struct.pack("<IIII", 1_700_000_000 + number, 0, len(frame), len(frame)) + frame
    return out


def one_line(done: subprocess.CompletedProcess[bytes]) -> str:
    """The one line a failure says, without a traceback."""
    said = done.stderr.decode()

    assert said.count("\n") == 1, said
    assert said.startswith("pktscope: ")
    return said


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.pcap", b"", "empty"),
        ("text.txt", b"these are words\n" * 20, "not a capture"),
        ("noise.bin", bytes(range(256)) * 4, "not a capture"),
    ],
)
def test_not_a_capture(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    """What is no capture is named in one line, with exit code 2."""
    file = tmp_path / name
    file.write_bytes(content)
    done = pktscope("replay", str(file))

    assert done.returncode == 2
    assert name in one_line(done)
    assert words in one_line(done)


def test_directory_and_missing_file(tmp_path: Path) -> None:
    """So are a directory and a file that is not there."""
    for target in (tmp_path, tmp_path / "nothing"):
        done = pktscope("replay", str(target))

        assert done.returncode == 2
        assert target.name in one_line(done)


def test_stream_that_is_no_capture() -> None:
    """Standard input that is no capture: the same."""
    done = pktscope("replay", "-", stdin=b"hello, these are no packets\n" * 10)

    assert done.returncode == 2
    one_line(done)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_no_permission(tmp_path: Path) -> None:
    """A file that may not be read: exit code 3."""
    file = tmp_path / "secret.pcap"
    file.write_bytes(pcap(b"x"))
    file.chmod(0)
    done = pktscope("replay", str(file))

    assert done.returncode == 3
    assert "secret.pcap" in one_line(done)


def test_cut_capture_shows_what_is_there(tmp_path: Path) -> None:
    """A file cut in the middle of a record: what was good is shown, the loss is said."""
    file = tmp_path / "cut.pcap"
    file.write_bytes(pcap(b"first", b"second")[:-10])
    done = pktscope("replay", str(file))

    assert done.returncode == 0
    assert b"first" in done.stdout
    assert b"cut" in done.stdout
    assert b"middle of" in done.stderr


def test_gzip_and_standard_input(tmp_path: Path) -> None:
    """A gzipped capture, and one on standard input, read as the plain one does."""
    plain = tmp_path / "plain.pcap"
    plain.write_bytes(pcap(b"hello"))
    zipped = tmp_path / "zipped.pcap.gz"
    zipped.write_bytes(gzip.compress(plain.read_bytes()))
    shown = [
        pktscope("replay", str(plain)).stdout,
        pktscope("replay", str(zipped)).stdout,
        pktscope("replay", "-", stdin=plain.read_bytes()).stdout,
    ]

    assert len({text.partition(b"\n")[2] for text in shown}) == 1


def test_several_conversations(tmp_path: Path) -> None:
    """Several conversations: a list; --stream chooses; one that is not there is named with those that are."""
    file = tmp_path / "two.pcap"
    file.write_bytes(pcap(b"hello", ports=(40000, 40001)))
    listing = pktscope("replay", str(file))
    chosen = pktscope("replay", str(file), "--stream", "udp:1")
    wrong = pktscope("replay", str(file), "--stream", "tcp:7")

    assert b"udp:0" in listing.stdout
    assert b"udp:1" in listing.stdout
    assert b"10.0.0.1:40001" in chosen.stdout
    assert wrong.returncode == 2
    assert "udp:0, udp:1" in one_line(wrong)


def test_hostile_payload_never_reaches_the_terminal(tmp_path: Path) -> None:
    """Escape codes, bidi marks and controls in a payload come out as visible escapes, in text and JSON alike."""
    nasty = b"\x1b]52;c;aGk=\x07\x1b[31m\x9b\r\x08" + "\u202e\u0000".encode()
    file = tmp_path / "nasty.pcap"
    file.write_bytes(pcap(nasty))
    for arguments in ((), ("--json",), ("--ascii",)):
        shown = pktscope("replay", str(file), *arguments)

        assert shown.returncode == 0
        assert not any(octet < 32 and octet != 10 for octet in shown.stdout)
        assert "\u202e" not in shown.stdout.decode()


def test_json_is_one_document(tmp_path: Path) -> None:
    """--json prints one document with its schema, steps and notes."""
    file = tmp_path / "one.pcap"
    file.write_bytes(pcap(b"hello"))
    document = json.loads(pktscope("replay", str(file), "--json").stdout)

    assert document["schema"] == "pktscope.timeline/1"
    assert document["steps"]


def test_ascii_is_ascii(tmp_path: Path) -> None:
    """--ascii prints nothing else."""
    file = tmp_path / "one.pcap"
    file.write_bytes(pcap("三次握手".encode()))

    assert pktscope("replay", str(file), "--ascii").stdout.isascii()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 132, 200])
def test_no_line_is_wider_than_asked(tmp_path: Path, width: int) -> None:
    """Text keeps to the width it was given."""
    from pktscope.text import width as cells

    file = tmp_path / "one.pcap"
    file.write_bytes(pcap(b"a fairly long payload that has to be kept within bounds", "好".encode() * 30))
    lines = pktscope("replay", str(file), "--width", str(width)).stdout.decode().splitlines()

    assert max(map(cells, lines)) <= width


def test_reader_that_leaves_early(tmp_path: Path) -> None:
    """A closed pipe ends the program without a word."""
    file = tmp_path / "many.pcap"
    file.write_bytes(pcap(*[b"x" * 100] * 3000))
    with subprocess.Popen(
        [*RUN, "replay", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        said = running.stderr.read()

    assert said == b""
    assert running.returncode == -signal.SIGPIPE


@pytest.mark.parametrize(
    "arguments", [("demo", "nonsense"), ("nonsense",), ("replay",), ("replay", "x", "--theme", "pink"), ("live",)]
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    """Wrong words: one line, exit code 2."""
    done = pktscope(*arguments)

    assert done.returncode == 2
    one_line(done)


def test_list_of_demos() -> None:
    """`demo` alone names every demo on a line of its own, with how long it takes."""
    from pktscope import demos

    lines = pktscope("demo").stdout.decode().splitlines()

    assert [line.split()[0] for line in lines] == list(demos.ORDER)
    assert all(line.endswith(" s)") for line in lines)


@pytest.mark.live
@pytest.mark.usefixtures("private_room")
def test_demo_through_a_pipe_and_its_recording(tmp_path: Path) -> None:
    """A demo prints its timeline into a pipe, keeps its recording, and the recording replays alike."""
    kept = tmp_path / "kept.pcapng"
    done = pktscope("demo", "handshake", "-w", str(kept))
    again = pktscope("replay", str(kept))

    assert done.returncode == 0, done.stderr
    assert "ESTABLISHED" in done.stdout.decode()
    timeline = done.stdout.decode().rpartition("\n\n")[2].splitlines()
    assert timeline[:-1] == again.stdout.decode().rpartition("\n\n")[2].splitlines()


@pytest.mark.live
@pytest.mark.usefixtures("private_room")
def test_interrupted_demo(tmp_path: Path) -> None:
    """Ctrl-C in the middle: exit code 130, no word, and what was recorded until then can be read."""
    kept = tmp_path / "kept.pcapng"
    with subprocess.Popen(
        [*RUN, "demo", "nagle", "-w", str(kept)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
    ) as running:
        while not (kept.exists() and kept.stat().st_size > 6000) and running.poll() is None:
            pass
        running.send_signal(signal.SIGINT)
        out, said = running.communicate(timeout=30)
    again = pktscope("replay", str(kept))

    assert running.returncode == 130, (out, said)
    assert said.strip() == b""
    assert again.returncode == 0
    assert b"connect" in again.stdout or b"socket" in again.stdout


@pytest.mark.live
@pytest.mark.usefixtures("private_room")
def test_unwritable_recording(tmp_path: Path) -> None:
    """-w into nowhere: one line that names the file."""
    done = pktscope("demo", "handshake", "-w", str(tmp_path / "no" / "where.pcapng"))

    assert done.returncode == 1
    assert "where.pcapng" in one_line(done)


def test_doctor_says_what_is_allowed() -> None:
    """Every way in is named with yes or no, and each no has its way out."""
    lines = pktscope("doctor").stdout.decode().splitlines()

    assert any("private room" in line for line in lines)
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        assert line.startswith(("yes ", "no  ", "     way out: "))
        if line.startswith("no "):
            assert after.strip().startswith("way out: ")


@pytest.mark.parametrize(
    ("words", "begun", "found"),
    [
        (["demo"], "simul", ["simultaneous-close", "simultaneous-open"]),
        (["record"], "hand", ["handshake"]),
        (["demo", "nagle", "--variant"], "no", ["nodelay"]),
        (["demo", "nothing", "--variant"], "", []),
    ],
)
def test_the_shell_completes_demos_and_their_variants(words: list[str], begun: str, found: list[str]) -> None:
    """What is begun on the command line is gone on with."""
    complete = ShellComplete(commands, {}, "pktscope", "_PKTSCOPE_COMPLETE")

    assert [item.value for item in complete.get_completions(words, begun)] == found
