"""`pktscope explain`: every entry has a page at every width, every name leads somewhere, and what it names is there."""

from __future__ import annotations

import ast
import dataclasses
import errno
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from pktscope import demos, rules, words
from pktscope.cli import main
from pktscope.commands.explain import index, pages
from pktscope.explain import lookup, page
from pktscope.explain.about import about
from pktscope.explain.entry import Call, Entry
from pktscope.explain.lookup import Thing, name_of
from pktscope.explain.shows import showing
from pktscope.lab import trace
from pktscope.languages import catalogue
from pktscope.model import FLAG_NAMES, Return, Side, State, TcpOptions
from pktscope.rows import Role
from pktscope.rules import RULES, Rule
from pktscope.text import width
from pktscope.tui.application import Application
from pktscope.tui.pages import Pages, TextScreen
from tests.scenes import connection
from tests.tui_stage import planes, play, press, session, told

THINGS = tuple(thing for kind in lookup.KINDS for thing in kind.things)
ENTRIES = tuple(thing for thing in THINGS if isinstance(thing, Entry))
FOLDER = Path(page.__file__).parent
MARKED = {"headline", "text", "wire", "waits", "returns", "when", "remedy", "place", "lasts", "calls"}
"""Fields whose words a person reads."""

CATALOGUE = frozenset((
    "handshake", "teardown", "teardown-three", "half-close", "simultaneous-close", "simultaneous-open",
    "last-ack-lost", "refused", "reset", "time-wait", "backlog", "keepalive", "syn-lost", "echo", "chat", "timeout",
    "nagle", "write-write-read", "sticky", "framing", "segmentation", "flow-control", "retransmission",
    "fast-retransmit", "reorder", "duplicate", "corrupt", "delayed", "slow-start", "urgent", "fast-open", "ecn",
    "udp", "udp-echo", "udp-boundaries", "udp-loss", "fragmentation", "fragment-lost", "pmtu", "ttl", "ping", "arp",
    "routing", "broadcast", "multicast", "dns", "dhcp", "unix", "by-hand",
))  # fmt: skip
"""The demos an entry may name."""


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(left.value.code or 0), out, err


@pytest.mark.parametrize("columns", [40, 80, 120])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_every_page_fits_its_width(columns: int, ascii_only: bool) -> None:
    """No line of a page is wider than asked for, and every page says more than its name."""
    for thing in THINGS:
        lines = ["".join(text for text, _ in line) for line in pages(name_of(thing), columns, ascii_only=ascii_only)]
        assert [line for line in lines if width(line) > columns] == [], name_of(thing)
        assert len(lines) > 3


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_the_index_names_everything_a_line_each(columns: int) -> None:
    """Every entry and rule is in the index, and no line is too wide."""
    lines = ["".join(text for text, _ in line) for line in index(columns)]
    begun = [line[2:] for line in lines if line.startswith("  ") and line[2:3] != " "]

    assert [line for line in lines if width(line) > columns] == []
    assert len(begun) == len(THINGS)
    assert all(line.startswith(name_of(thing)) for line, thing in zip(begun, THINGS, strict=True))


def test_every_name_leads_to_its_entry() -> None:
    """Each name and other name finds its entry; names are unique within a kind; what it refers to is there."""
    for thing in THINGS:
        assert all(thing in lookup.find(name) for name in lookup.names(thing)), name_of(thing)
    for kind in lookup.KINDS:
        names = [lookup.plain(name_of(thing)) for thing in kind.things]
        assert len(names) == len(set(names))
    for entry in ENTRIES:
        missing = [name for name in entry.see if lookup.plain(name) not in lookup.index()]
        assert missing == [], entry.name


def test_a_name_that_is_shown_in_chinese_is_found() -> None:
    """What a Chinese page calls a thing leads to its page."""
    words.use(catalogue("zh_CN"))
    try:
        lost = [lookup.shown(thing) for thing in ENTRIES if thing not in lookup.find(lookup.shown(thing))]
    finally:
        words.use({})

    assert lost == []


def test_every_demo_that_is_named_exists() -> None:
    """No page sends to a demo that is not there; entries name only the catalogue's; every demo is named."""
    named = {name for entry in ENTRIES for name in entry.demos}
    named |= {failure.demo for entry in ENTRIES if isinstance(entry, Call) for failure in entry.errors if failure.demo}
    said = {text.split()[-1] for thing in THINGS for line in pages(name_of(thing), 80) for text, role in line
            if role is Role.CALL and text.startswith("pktscope demo ")}  # fmt: skip

    assert said - set(demos.ORDER) == set()
    assert named - set(demos.ORDER) - CATALOGUE == set()
    assert set(demos.ORDER) - named == set()


def test_the_demos_of_a_rule_are_those_that_promise_it() -> None:
    """What is read from the demos' sources is what their SHOWS say, in any variant."""
    promised: dict[str, set[str]] = {}
    for name in demos.ORDER:
        for variant in [variant for variant, _ in demos.load(name).variants] or [""]:
            for rule in set(demos.load(name, variant).shows) & set(rules.BY_ID):
                promised.setdefault(rule, set()).add(name)

    assert {rule.id: set(showing(rule.id)) for rule in RULES if showing(rule.id)} == promised


def test_everything_the_model_knows_has_an_entry() -> None:
    """Every state, flag and option, every call that is traced, every error that a rule names."""
    states, flags, options = ({name_of(thing) for thing in kind.things} for kind in lookup.KINDS[1:4])
    calls = {name_of(thing) for thing in lookup.KINDS[0].things}
    sources = [path.read_text(encoding="utf-8") for path in Path(rules.__file__).parent.glob("*.py")]
    errors = {name for source in sources for name in re.findall(r"\bE[A-Z]{3,}\b", source)}
    known = set(errno.errorcode.values()) | {"EWOULDBLOCK"}

    assert {state.value for state in State} == states
    assert {name for _, name in FLAG_NAMES} == flags
    assert {*trace._TRACED, "socket", "accept", "close"} <= calls
    for option in dataclasses.fields(TcpOptions):
        assert any(name_of(thing) in options for thing in lookup.find(option.name))
    for error in errors & known:
        assert lookup.find(error)[0] in lookup.KINDS[6].things, error


def test_every_error_of_a_call_has_an_entry() -> None:
    """What is listed under a call can be looked up itself, unless it is no errno."""
    errors = {failure.error for entry in ENTRIES if isinstance(entry, Call) for failure in entry.errors}

    assert {error for error in errors if error.isupper() and lookup.plain(error) not in lookup.index()} == set()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_every_word_a_person_reads_is_marked(path: Path) -> None:
    """In the tables of entries no sentence stands outside N_()."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg in MARKED:
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            assert not [value.lineno for value in values if isinstance(value, ast.Constant | ast.JoinedStr)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("accept()", ["accept"]),
        ("socket.ACCEPT", ["accept"]),
        ("recv(1024)", ["recv"]),
        ("Connect_Ex", ["connect_ex"]),
        ("time-wait", ["TIME_WAIT"]),
        ("Time Wait", ["TIME_WAIT"]),
        ("FIN_WAIT2", ["FIN_WAIT_2"]),
        ("ESTAB", ["ESTABLISHED"]),
        ("ack", ["ACK", "ack number"]),
        ("reuseaddr", ["SO_REUSEADDR"]),
        ("socket.SO_REUSEADDR", ["SO_REUSEADDR"]),
        ("Connection refused", ["ECONNREFUSED"]),
        ("BrokenPipeError:", ["EPIPE"]),
        ("OSError: [Errno 98] Address already in use", ["EADDRINUSE"]),
        ("timeout", ["settimeout"]),
        ("三次握手", ["three-way handshake"]),
        ("四次挥手", ["four-way teardown"]),
        ("粘包", ["sticky packets"]),
        ("半连接队列", ["half-open queue"]),
        ("滑动窗口", ["sliding window"]),
        ("half-open pool", ["half-open queue"]),
        ("Nagle's algorithm", ["Nagle"]),
        ("tcp.nagle-hold", ["tcp.nagle-hold"]),
        ("nagle-hold", ["tcp.nagle-hold"]),
        ('recv() returns b"": that is the FIN, not an error.', ["tcp.end-of-stream"]),
        ("ephem", ["ephemeral port"]),
        ("wscale", ["window scale"]),
    ],
)
def test_names_as_people_write_them(written: str, meant: list[str]) -> None:
    """Case, brackets, blanks, prefixes and languages do not matter; several meanings are all there."""
    assert [name_of(thing) for thing in lookup.find(written)] == meant


@pytest.mark.parametrize(
    ("name", "says"),
    [("acept", "accept"), ("SO_REUSE", "SO_REUSEADDR and SO_REUSEPORT"), ("qqqqqq", "'pktscope explain' lists"),
     ("", "''"), ("\x1b[2J" * 99, "\\e"), ("🦆", "lists what there is")],
)  # fmt: skip
def test_what_is_not_known_is_one_line(capsys: pytest.CaptureFixture[str], name: str, says: str) -> None:
    """Exit code 2, and a line that names what is near, or where several begin so, those."""
    code, out, err = printed(capsys, "explain", name, "--lang", "en")

    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert says in err
    assert "\x1b" not in err


def test_in_a_pipe_it_is_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    """No escape sequences, the width that was asked for, ASCII where asked; several words are one name."""
    code, out, err = printed(capsys, "explain", "three-way", "handshake", "--width", "60", "--ascii", "--lang", "en")

    assert (code, err) == (0, "")
    assert out.startswith("three-way handshake (term)\n")
    assert out.isascii()
    assert max(map(len, out.split("\n"))) <= 60
    assert "\x1b" not in out
    assert "pktscope demo handshake" in out


def test_a_state_is_explained_by_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    """How it is entered and left comes from the table, without the rows only a bystander takes."""
    _, out, _ = printed(capsys, "explain", "established", "--width", "100", "--lang", "en")

    assert "gets SYN,ACK in SYN_SENT: its SYN is acknowledged and the other's is here" in out
    assert "gets FIN, to CLOSE_WAIT" in out
    assert "not in the capture" not in out


def test_a_rule_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    """Its example as a ladder, with its own note and no other's."""
    _, out, _ = printed(capsys, "explain", "tcp.nagle-hold", "--width", "100", "--lang", "en")

    assert "▶" in out
    assert "Nagle" in " ".join(out.split()).partition("An example")[2]
    assert "pktscope demo nagle" in out


def test_it_starts_without_the_screen() -> None:
    """Neither Textual nor scapy is imported, and the tables touch nothing of the machine."""
    script = "import sys, pktscope.commands.explain, pktscope.explain.example; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert {name.partition(".")[0] for name in done.stdout.split()} & {"textual", "scapy", "rich", "socket"} == set()


def test_lines_are_the_page_with_a_role_each() -> None:
    """What one list of lines says is what the sections say."""
    lines = page.lines("accept", 60)

    assert lines[0][0] == "accept (socket call)"
    assert any("listener.accept()" in text for text, _ in lines)


def test_completion_knows_names() -> None:
    """The shell completes what people begin to type."""
    assert {"SO_REUSEADDR", "SO_REUSEPORT"} <= set(lookup.completions("SO_RE"))
    assert "accept" in lookup.completions("acc")


def test_each_row_of_a_story_has_something_to_explain() -> None:
    """Calls, segments and their notes lead to pages; no page twice."""
    for step, notes in connection().steps:
        things: tuple[Thing, ...] = about(step.observation, notes)
        assert len(things) == len(set(things))
        assert {note.rule for note in notes} & set(rules.BY_ID) <= {
            thing.id for thing in things if isinstance(thing, Rule)
        }


def test_errors_are_found_by_every_name_the_system_has() -> None:
    """A recording may call an error by its other name."""
    for written, meant in (("EWOULDBLOCK", "EAGAIN"), ("ENOTSUP", "EOPNOTSUPP"), ("ECONNRESET", "ECONNRESET")):
        back = Return(0, Side.CLIENT, 1, 1, "recv", error=written)
        assert [name_of(thing) for thing in about(back, ())] == ["recv", meant]


def test_the_screen_explains_the_current_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """x opens the pages of what the cursor is on, and Esc leads back."""

    async def act(application: Application, pilot: Pilot[int]) -> None:
        await press(pilot, "home", "j", "x")
        opened: Any = application.screen
        assert isinstance(opened, TextScreen)
        assert any("(" in part.title for part in opened.query_one(Pages).parts)
        texts, _ = planes(application)
        assert any("On the wire" in line or "See also" in line for line in texts)
        await press(pilot, "escape")
        assert application.screen is not opened

    scene = connection()
    with told(monkeypatch, scene):
        play(session(scene), (120, 40), act)
