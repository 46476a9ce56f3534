"""The ring under scapy's sniff(): complete from bind() to the marker, one copy of each frame, true stamps."""

from __future__ import annotations

import os
import signal
import socket
import struct
import time

import pytest

from pktscope.capture import ring as ring_module
from pktscope.capture.ring import COOKED, ETHERNET, RAW, Ring, Seen, link_for, link_of, port_filter
from pktscope.capture.sniff import NoFilter, compile_filter, marker_frame, sniff_ring
from pktscope.lab import runner
from tests.labtools import blocks, descendants, in_room, parents, until

live = pytest.mark.live

HEADERS = 14 + 20 + 8


def datagrams(port: int, sizes: list[int]) -> None:
    """Send datagrams of these sizes over loopback to `port`."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s,
    ):
        sink.bind(("127.0.0.1", port))
        for size in sizes:
            s.sendto(bytes(size), ("127.0.0.1", port))


def sniffed(ring: Ring) -> list[Seen]:
    """Everything up to a marker put on the wire now."""
    marker, frames = marker_frame(os.urandom(8)), list[Seen]()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
        sender.sendto(marker, ("lo", ring_module.MARKER_TYPE))
    sniff_ring(ring, frames.extend, marker=marker)
    return frames


def capture_all() -> tuple[list[Seen], int, int, int]:
    """Send at once after the ring is made; scapy is imported only then."""
    ring, before = Ring("lo", link_of("lo")), time.time_ns()
    datagrams(9, [index % 1400 for index in range(2000)])
    after = time.time_ns()
    frames = sniffed(ring)
    ring.count()
    return frames, before, after, ring.dropped


@live
@pytest.mark.usefixtures("private_room")
def test_every_frame_once_in_order_from_bind_to_marker() -> None:
    """2,000 datagrams sent before scapy was even imported: all there, whole, stamped as they were sent."""
    frames, before, after, dropped = in_room(capture_all)

    assert [length for _, _, length in frames] == [HEADERS + index % 1400 for index in range(2000)]
    assert all(len(data) == length for _, data, length in frames)
    assert before < frames[0][0]
    assert frames[-1][0] < after
    assert [at for at, _, _ in frames] == sorted(at for at, _, _ in frames)
    assert dropped == 0


def capture_large() -> list[int]:
    ring = Ring("lo", link_of("lo"))
    datagrams(9, [65507, 1, 65507])
    return [len(data) for _, data, _ in sniffed(ring)]


@live
@pytest.mark.usefixtures("private_room")
def test_frames_of_a_wide_loopback_are_whole() -> None:
    """With MTU 65,536, a frame has up to 65,550 octets, and none is cut."""
    assert in_room(capture_large, mtu=65536, offload=True) == [
        65507 + HEADERS, 1 + HEADERS, 65507 + HEADERS,
    ]  # fmt: skip


def capture_port() -> tuple[list[int], int]:
    ring = Ring("lo", link_of("lo"), program=port_filter(7001))
    datagrams(7000, [10, 11])
    datagrams(7001, [20, 21])
    datagrams(7002, [30])
    return [length - HEADERS for _, _, length in sniffed(ring)], ring.count()


@live
@pytest.mark.usefixtures("private_room")
def test_the_port_filter_keeps_strangers_out() -> None:
    """Only what goes to or comes from the port is captured, or counted; the end marker passes."""
    assert in_room(capture_port) == ([20, 21], 3)


def capture_until_stopped() -> list[int]:
    ring, (reading, writing) = Ring("lo", link_of("lo")), os.pipe()
    datagrams(9, [5])
    frames: list[Seen] = []
    assert until(ring.pending)
    os.close(writing)
    sniff_ring(ring, frames.extend, stop=reading)
    while not frames:  # the block was still being filled when the pipe ended
        frames = ring.take()
    return [length - HEADERS for _, _, length in frames]


@live
@pytest.mark.usefixtures("private_room")
def test_the_end_of_the_control_pipe_ends_the_sniffing() -> None:
    """sniff() comes back when the descriptor is readable, and the ring can still be read and asked."""
    assert in_room(capture_until_stopped) == [5]


def promises_made() -> tuple[list[int], list[int], int]:
    ring, made, seen = Ring("lo", link_of("lo")), list[int](), list[int]()
    marker = marker_frame(b"promise")
    datagrams(9, [1] * 10)

    def promise(now: int) -> None:
        made.append(now)
        if len(made) == 3:
            datagrams(9, [2] * 10)
        if len(made) == 6:
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
                sender.sendto(marker, ("lo", ring_module.MARKER_TYPE))

    late: list[int] = []

    def sink(frames: list[Seen]) -> None:
        late.extend(at for at, _, _ in frames if made and at < max(made))
        seen.extend(at for at, _, _ in frames)

    sniff_ring(ring, sink, marker=marker, promise=promise)
    return made, late, len(seen)


@live
@pytest.mark.usefixtures("private_room")
def test_no_frame_comes_later_than_promised() -> None:
    """After a promise, no frame with an earlier stamp is delivered; promises go on while nothing happens."""
    made, late, count = in_room(promises_made)

    assert late == []
    assert count == 20
    assert len(made) >= 6


@pytest.mark.parametrize(
    ("hardware", "expected"), [(1, ETHERNET), (772, ETHERNET), (0xFFFE, RAW), (519, RAW), (778, RAW), (512, COOKED)]
)
def test_every_kind_of_interface_has_a_link_type(hardware: int, expected: int) -> None:
    """Ethernet and loopback as they are, tunnels raw, anything else in Linux cooked form."""
    assert link_for(hardware).link_type == expected


def test_an_interface_that_is_not_there() -> None:
    """OSError, for the caller to put in words."""
    with pytest.raises(OSError, match=r"."):
        link_of("nowhere")


@pytest.mark.parametrize("expression", ["udp prt 9", "((", "host", "tcp\x00"])
def test_a_wrong_filter_is_refused_in_one_line(expression: str) -> None:
    """In libpcap's words, or, where there is no libpcap, with the way to get it."""
    with pytest.raises(NoFilter) as refused:
        compile_filter(expression, 1)

    assert str(refused.value).startswith("capture filter")
    assert str(refused.value).isprintable()


def test_a_missing_libpcap_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that names the package."""
    import scapy.arch.common

    def missing(*_: object, **__: object) -> None:
        raise ImportError

    monkeypatch.setattr(scapy.arch.common, "compile_filter", missing)
    with pytest.raises(NoFilter, match=r"libpcap .* is not installed; install it \(Debian, Ubuntu: apt install"):
        compile_filter("tcp", 1)


# --- live on an interface -------------------------------------------------------------------------------------------


def frames_of(recording: bytes) -> list[bytes]:
    """The captured octets of every frame."""
    return [body[20 : 20 + struct.unpack_from("<I", body, 12)[0]] for kind, body in blocks(recording) if kind == 6]


def started(run: runner.Run) -> bytes:
    """Wait until the capture runs: its first two blocks are there."""
    return run.stream.read(28 + 12)


@live
@pytest.mark.usefixtures("may_sniff")
@pytest.mark.parametrize(("interface", "header"), [("lo", 14), ("any", 16)])
def test_live_captures_as_many_frames_as_asked_for(interface: str, header: int) -> None:
    """-c and a filter: three of five datagrams, each once, and a clean end."""
    with runner.live(interface, expression="udp dst port 40999", count=3) as run:
        head = started(run)
        datagrams(40999, [1, 2, 3, 4, 5])
        recording = head + run.stream.read()

        assert run.refusal == ""
        assert run.wait(10) == 0
    assert [len(frame) for frame in frames_of(recording)] == [header + 28 + size for size in (1, 2, 3)]
    assert b'"reason":"finished","dropped":0' in recording


@live
@pytest.mark.usefixtures("may_sniff")
@pytest.mark.parametrize("how", ["stop", "SIGTERM", "SIGINT"])
def test_live_ends_well_when_told_to(how: str) -> None:
    """The control pipe or a signal: what was on its way is still written, then End."""
    with runner.live("lo", expression="udp dst port 40998") as run:
        head = started(run)
        datagrams(40998, [7])
        if how == "stop":
            run.stop()
        else:
            os.kill(run.pid, getattr(signal, how))
        recording = head + run.stream.read()

        assert run.wait(10) == 0
    assert [len(frame) for frame in frames_of(recording)] == [HEADERS + 7]
    assert b'"reason":"finished"' in recording


@live
@pytest.mark.usefixtures("may_sniff")
def test_live_refuses_a_wrong_filter() -> None:
    """One line, exit code 2, and nothing captured."""
    with runner.live("lo", expression="udp prt 9") as run:
        assert run.stream.read() == b""
        assert run.refusal.startswith("capture filter 'udp prt 9': ")
        assert run.wait(10) == 2


ENDLESS = " or ".join(f"port {number}" for number in range(1, 400))
"""A filter that libpcap works on for minutes."""


@live
@pytest.mark.usefixtures("may_sniff")
def test_a_filter_too_large_to_compile_is_refused() -> None:
    """libpcap's work is bounded: one short line, exit code 2."""
    with runner.live("lo", expression=ENDLESS) as run:
        assert run.stream.read() == b""
        assert run.refusal == f"capture filter {ENDLESS[:40]!r}...: too much to compile; shorten it"
        assert run.wait(10) == 2


@live
@pytest.mark.usefixtures("may_sniff")
@pytest.mark.parametrize("how", ["stop", "SIGKILL"])
def test_nothing_goes_on_compiling_for_nobody(how: str) -> None:
    """Whether told to stop or killed, no process of a run stays behind at work on its filter."""
    with runner.live("lo", expression=ENDLESS) as run:
        assert until(lambda: bool(descendants(run.pid)))
        compiling = descendants(run.pid)
        if how == "stop":
            run.stop()
        else:
            os.kill(run.pid, signal.SIGKILL)

        assert run.wait(2) in (1, 2)
        assert until(lambda: not compiling & set(parents()), 1)


def test_an_interface_without_a_name() -> None:
    """One line of ours, not of the worker's own parser."""
    with runner.live("") as run:
        assert run.refusal == "live: there is no interface ''; see: ip link"
        assert run.wait(10) == 2
