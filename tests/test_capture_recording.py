"""Our recordings: they come back exactly, other tools read them, and a hostile one harms nobody."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktscope.capture.recording import BadEntry, Told, Writer, entry, read_entry
from pktscope.capture.store import Store
from pktscope.model import Call, End, Endpoint, Exchange, Fate, Frame, Return, Sample, Side, State
from tests.capturing import (
    PATIENCE,
    START,
    block,
    ether,
    everything,
    interface,
    ip4,
    opened,
    packet,
    read,
    section,
    tcp,
)

CLIENT, SERVER = Endpoint("127.0.0.1", 40680), Endpoint("127.0.0.1", 8000)
SYN = ether(ip4(tcp(40680, 8000, 2, seq=99), 6, "127.0.0.1", "127.0.0.1"))

NUMBERS = st.integers(-(1 << 63), (1 << 63) - 1)
ENDPOINTS = st.none() | st.builds(Endpoint, st.text(), st.none() | st.integers(0, 65535))
FIELDS: dict[str, Any] = {
    "time": NUMBERS, "since": NUMBERS, "side": st.sampled_from(Side), "state": st.sampled_from(State),
    "pid": NUMBERS, "serial": NUMBERS, "name": st.text(), "arguments": st.text(), "socket": NUMBERS, "line": NUMBERS,
    "descriptor": NUMBERS, "protocol": st.sampled_from(["tcp", "udp", "icmp", "raw", "unix", ""]), "data": st.binary(),
    "local": ENDPOINTS, "peer": ENDPOINTS, "length": st.none() | NUMBERS, "file": st.text(), "result": st.text(),
    "error": st.text(), "new_socket": st.none() | NUMBERS, "timer": st.text(), "timer_left": NUMBERS, "unread": NUMBERS,
    "unacknowledged": NUMBERS, "info": st.lists(st.tuples(st.text(), NUMBERS)).map(tuple), "frame": NUMBERS,
    "what": st.sampled_from(["delivered", "dropped", "delayed", "doubled", "damaged", "swapped"]),
    "delivered": st.lists(NUMBERS).map(tuple), "reason": st.sampled_from(["finished", "cut", "interrupted"]),
    "dropped": st.none() | NUMBERS, "detail": st.text(), "title": st.text(), "demo": st.text(), "room": st.text(),
    "program": NUMBERS, "variant": st.text(), "topology": st.sampled_from(["lo", "wire", "routers"]),
    "path": st.lists(st.text()).map(tuple),
    "settings": st.lists(st.tuples(st.text(), st.text())).map(tuple),
    "sources": st.lists(st.tuples(st.text(), st.text())).map(tuple),
}  # fmt: skip


def told(kind: type) -> st.SearchStrategy[Told]:
    """Any value of a kind, every field of it filled."""
    names = kind.__dataclass_fields__  # type: ignore[attr-defined]
    return st.builds(kind, **{name: FIELDS[name] for name in names})


ANYTHING = st.one_of(*(told(kind) for kind in (Call, Return, Sample, Fate, End, Exchange)))


@given(ANYTHING)
def test_round_trip(value: Told) -> None:
    """Whatever its texts and numbers are, an observation comes back as it was."""
    assert read_entry(entry(value, getattr(value, "time", 0))) == value


@given(st.lists(st.one_of(*(told(kind) for kind in (Call, Return, Sample))), max_size=5))
def test_the_order_of_happening_is_kept(values: list[Call | Return | Sample]) -> None:
    """Calls and frames come back in the order they were written, whatever their times say."""
    stream = io.BytesIO()
    writer = Writer(stream)
    for value in values:
        writer.observe(value)
        writer.frame(START, SYN, comment="so it was")
    writer.observe(End(START, "interrupted", 3, "by hand"))
    seen = everything(read(stream.getvalue()))

    assert [one for one in seen if not isinstance(one, Frame)] == [*values, End(START, "interrupted", 3, "by hand")]
    assert [type(one) is Frame for one in seen[:-1]] == [False, True] * len(values)
    assert {one.comment for one in seen if isinstance(one, Frame)} <= {"so it was"}


def handshake(stream: io.BytesIO | Any) -> None:
    """A few lines of a recording."""
    writer = Writer(stream)
    writer.exchange(Exchange("The handshake", "handshake", sources=(("client.py", "import socket\n"),)), START)
    writer.observe(Call(START + 1, Side.CLIENT, 7, 1, "connect", "('127.0.0.1', 8000)", 1, protocol="tcp", peer=SERVER))
    writer.frame(START + 2, SYN)
    writer.observe(
        Return(START + 3, Side.SERVER, 8, 2, "accept", 5, "a new socket, 127.0.0.1:40680", local=SERVER, new_socket=6)
    )
    writer.observe(Return(START + 4, Side.CLIENT, 7, 1, "connect", 1, error="ECONNREFUSED", local=CLIENT, peer=SERVER))
    writer.observe(Sample(START + 5, START + 4, Side.CLIENT, State.SYN_SENT, 1, CLIENT, SERVER))
    writer.many([(START + 6, SYN, len(SYN))])
    writer.observe(End(START + 7))


def tool(name: str, *arguments: str) -> str:
    """What a capture tool prints; skips where it is not installed."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    done = subprocess.run([path, *arguments], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def test_wireshark_lists_the_calls_between_the_packets(tmp_path: Path) -> None:
    """tshark shows each journal block's message in line with the packets."""
    path = tmp_path / "recording.pcapng"
    with path.open("wb") as stream:
        handshake(stream)
    lines = tool("tshark", "-r", str(path)).splitlines()
    shown = ["exchange: The handshake", "client: connect(('127.0.0.1', 8000))", "[SYN]",
             "server: accept() returned a new socket, 127.0.0.1:40680", "client: connect() failed: ECONNREFUSED",
             "client: the kernel says SYN_SENT", "[SYN]", "end of the recording: finished"]  # fmt: skip

    assert len(lines) == len(shown)
    assert all(words in line for words, line in zip(shown, lines, strict=True)), lines


def test_tcpdump_reads_the_packets(tmp_path: Path) -> None:
    """libpcap passes over the journal blocks and keeps the nanoseconds."""
    path = tmp_path / "recording.pcapng"
    with path.open("wb") as stream:
        handshake(stream)
    lines = tool("tcpdump", "-ntt", "--nano", "-r", str(path)).splitlines()

    assert [line.split()[0] for line in lines] == ["1700000000.000000002", "1700000000.000000006"]


def test_a_live_stream_is_the_same_recording() -> None:
    """Through a pipe, with a writer that is slower than the reader, everything arrives as it is written."""
    receive, send = os.pipe()
    whole = io.BytesIO()
    handshake(whole)
    copy = io.BytesIO()
    with os.fdopen(receive, "rb") as source, os.fdopen(send, "wb", buffering=0) as target:
        store = Store.from_stream(source, copy)
        reader = store.reader(None)
        octets = whole.getvalue()
        for at in range(0, len(octets), 100):
            target.write(octets[at : at + 100])
        assert not store.finished
        target.close()
        assert store.wait(PATIENCE)

    assert reader.more() == everything(read(octets))
    assert copy.getvalue() == octets
    assert store.exchange == read(octets).exchange is not None


def test_a_killed_writer_loses_the_block_in_hand_only() -> None:
    """A recording that stops anywhere gives every block that was whole, and says that its end is missing."""
    stream = io.BytesIO()
    handshake(stream)
    octets = stream.getvalue()
    all_of_it = everything(read(octets))
    for size in range(400, len(octets) - 1, 50):
        seen = everything(read(octets[:size]))
        end = seen[-1]

        assert seen[:-1] == all_of_it[: len(seen) - 1]
        assert isinstance(end, End)
        assert end.reason == "cut"


def test_blocks_are_whole_in_a_pipe_that_takes_little() -> None:
    """A raw stream may take less than it is given; the writer goes on until all is written."""

    class Narrow(io.RawIOBase):
        """Takes seven octets at a time."""

        def __init__(self) -> None:
            self.taken = b""

        def writable(self) -> bool:
            return True

        def write(self, octets: Any) -> int:
            self.taken += bytes(octets[:7])
            return min(7, len(octets))

    narrow, whole = Narrow(), io.BytesIO()
    handshake(narrow)
    handshake(whole)

    assert narrow.taken == whole.getvalue()


GOOD = entry(Fate(1, 1, "dropped"), 1).decode()
HOSTILE = {
    "not JSON": GOOD.replace("PKTSCOPE_DATA={", "PKTSCOPE_DATA=<"),
    "no data": "\n".join(line for line in GOOD.splitlines() if "DATA" not in line),
    "unknown kind": GOOD.replace("KIND=fate", "KIND=future"),
    "wrong type": GOOD.replace('"frame":1', '"frame":"one"'),
    "huge number": GOOD.replace('"frame":1', '"frame":' + "9" * 400),
    "missing field": GOOD.replace('"frame":1,', ""),
    "no such choice": GOOD.replace('"dropped"', '"eaten"'),
    "nested": GOOD.split("PKTSCOPE_DATA")[0] + "PKTSCOPE_DATA=" + "[" * 100_000,
    "huge": GOOD.replace('"frame":1', '"frame":1,"more":"' + "x" * 3_000_000 + '"'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_entries_are_complaints(name: str) -> None:
    """A journal block that says it is ours and is not in order is told of once, and the packets around it stay."""
    octets = section() + interface() + packet(SYN) + block(9, HOSTILE[name].encode()) + packet(SYN)
    store = read(octets)
    seen = everything(store)

    assert [type(one) for one in seen if not isinstance(one, Fate)] == [Frame, Frame, End]
    if name != "huge":
        assert "a journal block behind packet 1 cannot be read" in store.complaints[0]
        assert len(store.complaints[0]) < 400


@given(st.binary(max_size=200), st.booleans())
def test_any_journal_text(text: bytes, ours: bool) -> None:
    """Any octets are an entry of ours, of somebody else, or a BadEntry."""
    try:
        value = read_entry((b"SYSLOG_IDENTIFIER=pktscope\n" if ours else b"") + text)
    except BadEntry:
        value = None

    assert value is None


def test_entries_of_other_programs_are_nothing() -> None:
    """Journal blocks of a system's own log are no observations; their binary fields do not confuse the reader."""
    binary = b"COREDUMP\n" + (30).to_bytes(8, "little") + b"\nSYSLOG_IDENTIFIER=pktscope\n..\n"
    octets = section() + interface() + block(9, b"MESSAGE=hello\n" + binary + b"SYSLOG_IDENTIFIER=sshd\n") + packet(SYN)

    assert [type(one) for one in everything(read(octets))] == [Frame, End]
    assert read(octets).complaints == ()


def test_importing_the_writer_is_cheap() -> None:
    """The process that sniffs must be up at once: no scapy, no asyncio, nothing beyond the standard library."""
    code = "import sys, pktscope.capture.recording; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.split())

    assert not loaded & {"scapy", "textual", "asyncio", "click", "subprocess", "tempfile"}


def test_a_store_lives_while_it_is_read() -> None:
    """Readers in other threads than the scan see a consistent beginning of the capture at any moment."""
    stream = io.BytesIO()
    writer = Writer(stream)
    for number in range(3000):
        writer.frame(START + number, SYN)
    store = Store.from_stream(io.BytesIO(stream.getvalue()))
    seen: list[int] = []

    def follow() -> None:
        reader = store.reader(None)
        while not reader.done:
            seen.extend(one.number for one in reader.more(50) if isinstance(one, Frame))

    threads = [threading.Thread(target=follow) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)

    assert sorted(seen) == sorted([*range(1, 3001), *range(1, 3001)])


def test_opened_from_a_file(tmp_path: Path) -> None:
    """A recording on disk and the same through a stream are one."""
    stream = io.BytesIO()
    handshake(stream)
    path = tmp_path / "one.pcapng"
    path.write_bytes(stream.getvalue())

    assert everything(opened(path)) == everything(read(stream.getvalue()))
