"""Students' own programs, as they are: run live, told in order, explained, and ended with a clear word."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from pktscope.commands.run import Asked, specification
from pktscope.endings import endings
from pktscope.exits import USAGE, Stop
from pktscope.lab import runner
from pktscope.lab.wishes import Wishes
from pktscope.model import Call, Note, Return, Sample, Side, State
from tests.labtools import Recording, until

PROGRAMS = Path(__file__).parent / "programs"
LOOPS = "the run ended it: a server loops for ever"
WAITS = "the run ended it: it waited for what could never come"

Test = TypeVar("Test", bound=Callable[..., None])


def live(test: Test) -> Test:
    """A test of real programs in a private room."""
    marked: Test = pytest.mark.live(pytest.mark.usefixtures("private_room")(test))
    return marked


def run(server: str, *clients: str, **asked: Any) -> Recording:
    """Run programs of this directory to their end."""
    paths = tuple(str(PROGRAMS / name) for name in (server, *clients))
    wishes = Wishes(**{name: asked.pop(name) for name in list(asked) if name in Wishes.__dataclass_fields__})
    spec = specification(Asked(paths, wishes=wishes, **asked), interactive=False)
    with runner.own(spec) as running:
        octets = running.stream.read()
        return Recording(octets, running.refusal, running.wait(20))


def printed(recording: Recording, side: Side, program: int = 1) -> list[str]:
    """What one program printed."""
    return [call.arguments for call in recording.calls("print", side) if call.program == program]


def ends(recording: Recording) -> dict[str, str]:
    """How each program ended: 'client 1' -> ''."""
    return {f"{call.side} {call.program}": call.arguments for call in recording.calls("exit")}


def plain(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command itself, in the directory of the programs."""
    command = [sys.executable, "-m", "pktscope", "run", "--plain", "--no-color", "--width=200", *arguments]
    return subprocess.run(command, cwd=PROGRAMS, capture_output=True, text=True, timeout=60, check=False)


ONE_WORD: tuple[tuple[str, str, dict[str, Any], str, bool], ...] = (
    ("tcp_once_server.py", "tcp_once_client.py", {"input_client": ("hello",)}, "From Server: HELLO", True),
    ("udp_loop_server.py", "udp_loop_client.py", {"input_client": ("a", "q")}, "('127.0.0.1', 12000) says A", False),
    ("framing_server.py", "framing_client.py", {}, "b'egassem driht regnol hcum a'", True),
    ("socketserver_server.py", "makefile_client.py", {}, "b'HELLO\\r\\n'", False),
    ("asyncio_server.py", "asyncio_client.py", {}, "b'HELLO'", False),
    ("selectors_server.py", "selectors_client.py", {}, "b'two'", False),
    ("http_server.py", "http_client.py", {}, "b'<h1>hi</h1>\\n'", True),
    ("timeout_server.py", "timeout_client.py", {"client_arguments": ("sesame",)}, "b'welcome'", True),
    ("timeout_server.py", "timeout_client.py", {"client_arguments": ("open",)}, "b'wrong word'", True),
    ("fork_server.py", "hello_client.py", {}, "b'hello from the child'", False),
    ("gbk_server.py", "hello_client.py", {}, "b'ok'", True),
    ("reuse_server.py", "reuse_client.py", {"server_arguments": "reuse"}, "b'bye'", True),
)


@live
@pytest.mark.parametrize(("server", "client", "asked", "word", "by_itself"), ONE_WORD, ids=lambda each: str(each)[:24])
def test_tutorial_programs_do_what_they_do(
    server: str, client: str, asked: dict[str, Any], word: str, by_itself: bool
) -> None:
    """Unmodified, every way of writing them: the client's last word is right, and a looping server is ended."""
    recording = run(server, client, **asked)

    assert printed(recording, Side.CLIENT)[-1] == word
    assert ends(recording) == {"client 1": "", "server 1": "" if by_itself else LOOPS}
    assert (recording.status, recording.refusal) == (0, "")


@live
def test_calls_carry_the_line_of_the_students_file() -> None:
    """File and line of every socket call are the script's own, or those of a module beside it."""
    recording = run("framing_server.py", "framing_client.py")
    sources = dict(recording.exchange.sources)

    assert {"framing_server.py", "framing_client.py", "framing.py"} == set(sources)
    for call in recording.calls():
        if call.name in ("connect", "accept", "recv", "sendall", "bind", "listen"):
            line = sources[call.file].splitlines()[call.line - 1]
            assert call.name in line or "create_connection" in line
    assert {call.file for call in recording.calls("sendall")} == {"framing.py"}


@live
def test_packets_of_a_call_come_between_its_entry_and_its_return() -> None:
    """A line typed at the client becomes a call, a segment, a recv() and a printed line, in this order."""
    recording = run("tcp_loop_server.py", "tcp_loop_client.py", input_client=("hello", ""))
    told: list[str] = []
    for _, each in recording.order:
        if isinstance(each, bytes):
            told.append(each[66:].decode("latin-1") or "-")
        elif isinstance(each, Call | Return):
            told.append(f"{type(each).__name__} {each.name}")

    expected = ["Call input", "Return input", "Call send", "hello", "Return send", "HELLO", "Return recv", "Call print"]
    at = 0
    for word in expected:
        at = told.index(word, at) + 1


@live
def test_several_clients_start_one_after_the_other() -> None:
    """The second client begins when the first has connected; each is told as itself, with its own arguments."""
    recording = run(
        "thread_chat_server.py", "thread_chat_client.py", "thread_chat_client.py",
        client_arguments=("ann", "bob"), says=("client 1: hi", "client 2: hello"),
    )  # fmt: skip
    first = next(call for call in recording.calls("connect", Side.CLIENT) if call.program == 1)
    second = next(call for call in recording.calls("socket", Side.CLIENT) if call.program == 2)

    assert second.time > recording.back(first).time
    assert printed(recording, Side.CLIENT, 1) == ["bob: hello"]
    assert printed(recording, Side.CLIENT, 2) == ["ann: hi"]
    assert ends(recording) == {"client 1": "", "client 2": "", "server 1": LOOPS}


@live
def test_chat_takes_its_lines_in_order() -> None:
    """Lines for both ends are typed in the order given, each when its end waits and nothing else happens."""
    recording = run("chat_server.py", "chat_client.py", says=("client: hi", "server: hello", "client: bye"))
    typed = [
        (told.side, told.result) for _, told in recording.order if isinstance(told, Return) and told.name == "input"
    ]

    assert typed == [(Side.CLIENT, "hi"), (Side.SERVER, "hello"), (Side.CLIENT, "bye")]
    assert ends(recording) == {"client 1": "", "server 1": ""}


@live
def test_typing_while_it_runs() -> None:
    """A program nobody gave lines waits for what is typed, and time does not count meanwhile."""
    paths = tuple(str(PROGRAMS / name) for name in ("tcp_once_server.py", "tcp_once_client.py"))
    spec = specification(Asked(paths, limit=1.0), interactive=True)
    with runner.own(spec) as running:
        heard = b""
        while b"Input lowercase sentence" not in heard:
            heard += running.stream.read1(1 << 16)  # type: ignore[attr-defined]
        with pytest.raises(TimeoutError):
            running.wait(1.5)
        running.type(Side.CLIENT, 1, "typed by hand")
        heard += running.stream.read()
        recording = Recording(heard, running.refusal, running.wait(10))

    assert printed(recording, Side.CLIENT) == ["From Server: TYPED BY HAND"]
    assert recording.status == 0


def notes(path: Path) -> list[Note]:
    """What the rules say of a recording."""
    from pktscope.capture.store import Store
    from pktscope.show import folded

    store = Store.open(str(path))
    store.wait()
    flow, _ = folded(store, None)
    return list(flow.notes)


EXPLAINED = (
    (
        "tcp_loop_server.py",
        "forgetful_client.py",
        {"program.never-closed", "program.ended-by-run", "tcp.end-of-stream"},
    ),
    ("tcp_loop_server.py", "early_client.py", {"tcp.refused", "tcp.call-failed", "program.crashed"}),
    ("tcp_loop_server.py", "str_client.py", {"program.wants-bytes", "program.crashed", "program.never-closed"}),
    ("tcp_loop_server.py", "tcp_loop_client.py", {"program.no-more-input", "program.crashed"}),
    ("deaf_server.py", "brief_client.py", {"program.deaf", "tcp.end-of-stream", "program.ended-by-run"}),
    ("reuse_server.py", "reuse_client.py", {"call.address-in-use", "tcp.refused"}),
    ("sticky_server.py", "sticky_client.py", {"tcp.bytes-delivered", "tcp.end-of-stream"}),
    ("udp_big_server.py", "udp_big_client.py", {"ip.fits", "ip.fragmented", "ip.reassembled", "udp.too-big"}),
    ("timeout_server.py", "timeout_client.py", {"call.timeout"}),
)


@live
@pytest.mark.parametrize(("server", "client", "rules"), EXPLAINED, ids=lambda each: str(each)[:24])
def test_what_goes_wrong_is_explained(server: str, client: str, rules: set[str], tmp_path: Path) -> None:
    """The mistakes of tutorials and of students are pointed out where they show."""
    keep = tmp_path / "kept.pcapng"
    plain(server, client, "-w", str(keep))
    told = {note.rule for note in notes(keep)}

    assert rules <= told


@live
def test_every_end_is_said_plainly() -> None:
    """The last line of the text says how each program ended; a failure is an exit code and a line on stderr."""
    done = plain("tcp_loop_server.py", "early_client.py")

    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == (
        "The client: ConnectionRefusedError: [Errno 111] Connection refused (early_client.py, line 5). "
        f"The server: {WAITS}."
    )
    assert done.stderr.strip().endswith("Connection refused (early_client.py, line 5)")


REFUSED = (
    ("bad/python2.py", "python2.py, line 6: this is written for Python 2"),
    ("bad/syntax.py", "syntax.py, line 3: Python does not understand this"),
    ("bad/gbk.py", "gbk.py: it is not UTF-8"),
    ("bad/nowhere.py", "cannot read"),
)


@pytest.mark.parametrize(("name", "line"), REFUSED)
def test_what_cannot_run_is_refused_before_anything_runs(name: str, line: str) -> None:
    """One line with the file, and the line in it; nothing has been started."""
    with pytest.raises(Stop) as stopped:
        specification(Asked((str(PROGRAMS / name), str(PROGRAMS / "hello_client.py"))), interactive=False)

    assert stopped.value.code == USAGE
    assert line in stopped.value.line


def test_a_directory_an_unreadable_file_and_no_client_are_refused(tmp_path: Path) -> None:
    """Each with one line that says what is missing."""
    folder = tmp_path / "folder.py"
    folder.mkdir()
    huge = tmp_path / "huge.py"
    huge.write_bytes(b"#" * (1 << 20) + b"\n")

    for programs, word in (
        ((str(folder), "b.py"), "Is a directory"),
        ((str(huge), "b.py"), "longer than any program"),
        ((str(PROGRAMS / "hello_client.py"),), "which program is the client?"),
        ((), "which program is the server?"),
        (("./server",), "which program is the client?"),
    ):
        with pytest.raises(Stop) as stopped:
            specification(Asked(programs), interactive=False)
        assert word in stopped.value.line


HOSTILE = (
    ("bad/never_listens.py", 1, "ended without calling listen()"),
    ("bad/listens_twice.py", 1, "Address already in use (listens_twice.py, line 7)"),
    ("bad/becomes.py", 1, "its calls could no longer be seen"),
    ("bad/stubborn.py", 0, ""),
    ("bad/leaves.py", 0, ""),
    ("bad/escapes.py", 0, ""),
    ("bad/gigabyte.py", 0, ""),
)


@live
@pytest.mark.parametrize(("name", "status", "line"), HOSTILE)
def test_hostile_programs_are_ended_and_nothing_is_left(name: str, status: int, line: str) -> None:
    """Whatever a server does, the run ends by itself with a clear line, and no process of it goes on."""
    recording = run(name, "hello_client.py")

    assert recording.status == status
    assert line in recording.refusal
    assert recording.end.reason == "finished" or status
    assert len(recording.calls("print")) < 3000


@live
def test_time_is_up() -> None:
    """--time ends everything; the recording is whole and says so."""
    recording = run("timeout_server.py", "timeout_client.py", limit=1.0)

    assert "the time is up" in recording.refusal
    assert set(ends(recording).values()) == {"the run ended it: its time was up"}
    assert recording.end.reason == "finished"


@live
def test_other_commands_run_with_packets_and_without_calls() -> None:
    """A client that is no script of Python's: what it prints and how it ends is told, and its packets are there."""
    recording = run("http_server.py", clients=(f"{sys.executable} {PROGRAMS / 'http_client.py'}",))

    assert printed(recording, Side.CLIENT) == ["b'<h1>hi</h1>\\n'"]
    assert {call.name for call in recording.calls("", Side.CLIENT)} == {"exec", "print", "exit"}
    assert len(recording.frames) >= 8


@live
def test_the_kernel_is_asked_about_programs_that_tell_nothing(tmp_path: Path) -> None:
    """Of a command that is no script of Python's the states are the kernel's own; why it has no calls is said."""
    keep = tmp_path / "kept.pcapng"
    done = plain("http_server.py", "--client", f"{sys.executable} {PROGRAMS / 'http_client.py'}", "-w", str(keep))
    asked = [seen.state for _, seen in Recording(keep.read_bytes(), "", 0).order
             if isinstance(seen, Sample) and seen.side is Side.CLIENT]  # fmt: skip

    assert asked[-1] in (State.CLOSED, State.TIME_WAIT)
    assert "program.untold" in {note.rule for note in notes(keep)}
    assert "Calls are told of Python programs only" in done.stdout.splitlines()[-1]


@live
def test_what_the_room_cannot_do_is_said(tmp_path: Path) -> None:
    """Broadcast on loopback, ::1 over a wire: the failure's line says the way out; over a wire broadcast arrives."""
    hears = (
        "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.bind(('', 9999))\nprint(s.recv(9))\n"
    )
    calls = (
        "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)\ns.sendto(b'all', ('255.255.255.255', 9999))\n"
    )
    server, client, six = (str(tmp_path / name) for name in ("hears.py", "calls.py", "six.py"))
    loopback = "import socket\ns = socket.socket(socket.AF_INET6)\ns.bind(('::1', 8000))\n"
    for path, text in ((server, hears), (client, calls), (six, loopback)):
        Path(path).write_text(text)

    assert "with --wire 1ms" in run(server, client).refusal
    assert printed(run(server, client, wire=0.001), Side.SERVER) == ["b'all'"]
    assert "::1" in run(six, client, wire=0.001).refusal


BAD_FILES = (
    (b"\xff\xfep\0r\0", "UTF-16"),
    (b"# \xc4\xe3\nprint(1)\n", "it is not UTF-8"),
    (b"a\0b", "null bytes"),
    (b"x" * 2_000_000, "longer than any program"),
)


@pytest.mark.parametrize(("octets", "why"), BAD_FILES, ids=[why for _, why in BAD_FILES])
def test_files_that_are_no_programs(octets: bytes, why: str, tmp_path: Path) -> None:
    """What cannot be a program is refused before anything runs, in one line."""
    bad = tmp_path / "bad.py"
    bad.write_bytes(octets)
    with pytest.raises(Stop, match=why):
        specification(Asked((str(bad), str(bad))), interactive=False)


def test_a_pipe_is_no_program(tmp_path: Path) -> None:
    """Nobody waits for a pipe that nobody writes to."""
    os.mkfifo(tmp_path / "pipe.py")
    with pytest.raises(Stop, match="it is a pipe"):
        specification(Asked((str(tmp_path / "pipe.py"),) * 2), interactive=False)


@live
def test_a_program_that_a_signal_has_stopped_is_ended() -> None:
    """SIGSTOP is not outlived: nobody would send SIGCONT."""
    recording = run("bad/halts.py", "hello_client.py")

    assert ends(recording)["server 1"].startswith("the run ended it: a signal had stopped it (SIGSTOP)")


@live
def test_a_server_that_starts_another_program_has_its_client() -> None:
    """Who listens is the kernel's to say, where it is a program whose calls are not told."""
    recording = run("bad/starts_another.py", "http_client.py")

    assert printed(recording, Side.CLIENT) == ["b'<h1>hi</h1>\\n'"]


@live
def test_escapes_do_not_reach_the_terminal() -> None:
    """What a program prints is escaped where it is painted."""
    done = plain("bad/escapes.py", "hello_client.py")

    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "print: " in done.stdout


@live
def test_scripts_that_say_127_0_0_1_run_through_a_wire() -> None:
    """--wire and --drop put a wire between unmodified scripts: their second data segment is lost, and sent again."""
    recording = run(
        "tcp_loop_server.py", "tcp_loop_client.py", input_client=("hello", "world", ""), wire=0.01,
        impair=("drop data 2 from client",),
    )  # fmt: skip
    words = [told[66:].decode("latin-1") for _, told in recording.order if isinstance(told, bytes) and len(told) > 66]

    assert printed(recording, Side.CLIENT) == ["HELLO", "WORLD"]
    assert [word for word in words if word.isalpha()] == ["hello", "HELLO", "world", "world", "WORLD"]
    assert recording.exchange.topology == "wire"
    assert recording.status == 0


@live
def test_datagrams_through_a_wire() -> None:
    """The UDP loop with 127.0.0.1 in both scripts goes over the wire, too; a lost datagram stays lost."""
    asked = {"input_client": ("a", "b", "q"), "impair": ("drop datagram 2 from client",), "wire": 0.005}
    recording = run("udp_loop_server.py", "udp_loop_client.py", limit=5.0, **asked)

    assert printed(recording, Side.CLIENT) == ["('127.0.0.1', 12000) says A"]
    assert ends(recording)["client 1"] == "the run ended it: it waited for what could never come"


def test_commands_that_cannot_be_are_refused() -> None:
    """A command that is not there, and words that are none, are one line each before anything runs."""
    script = str(PROGRAMS / "tcp_loop_server.py")

    for asked, word in (
        (Asked((script,), clients=("no-such-command 1",)), "there is no such program"),
        (Asked((script,), clients=("",)), "that is no command"),
        (Asked((script, script), server_arguments="it's"), "is not closed"),
    ):
        with pytest.raises(Stop) as stopped:
            specification(asked, interactive=False)
        assert word in stopped.value.line


@live
def test_waiting_for_the_keyboard_in_select() -> None:
    """select() on sys.stdin wakes when a line is there, and reads it; so does a loop over sys.stdin."""
    for name, expected in (("select_client.py", ["<ONE", ">", "<TWO", ">"]), ("stdin_client.py", ["b'ONE'", "b'TWO'"])):
        recording = run("tcp_loop_server.py", name, input_client=("one", "two"))

        assert printed(recording, Side.CLIENT) == expected
        assert ends(recording) == {"client 1": "", "server 1": LOOPS}


@live
def test_nothing_is_left_when_the_screen_is_killed(tmp_path: Path) -> None:
    """SIGKILL for the command itself: what its programs started goes too, other sessions and all."""
    mark = f"31{os.getpid()}"
    (tmp_path / "server.py").write_text(
        "import os, socket, subprocess, time\n"
        "s = socket.create_server(('127.0.0.1', 8000))\n"
        f"subprocess.Popen(['sleep', '{mark}'], start_new_session=True)\n"
        "os.fork() or os.setsid()\n"
        "print('ready')\n"
        "time.sleep(1000)\n"
    )
    command = [sys.executable, "-m", "pktscope", "run", "--plain", "server.py", "--client", f"sleep {mark}"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
        until(lambda: len(sleeping(mark)) == 2)
        process.kill()
    until(lambda: not sleeping(mark))

    assert sleeping(mark) == []


def sleeping(mark: str) -> list[str]:
    """Processes whose command line ends with this."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = Path("/proc", entry, "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        found += [entry] if words[:2] == [b"sleep", mark.encode()] else []
    return found


def test_endings_of_several_clients() -> None:
    """Clients are told apart where there are several."""
    told = [Call(1, Side.CLIENT, 1, 1, "exit"), Call(2, Side.CLIENT, 2, 2, "exit", "exit code 3", program=2)]

    assert endings(told) == "Client 1 ended normally (exit code 0). Client 2: exit code 3."
