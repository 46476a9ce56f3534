"""The demos, live: real kernels, real sockets, in a private room."""

from __future__ import annotations

import errno
import itertools

import pytest

from pktscope import demos
from pktscope.model import Call, End, Return, Sample, Side, State
from tests.labtools import Recording, record
from tests.played import picture_of

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("private_room")]

PICTURES = {
    "handshake": "C:S S:SA C:A C:PA13 S:A S:PA13 C:A C:FA S:A S:FA C:A",
    "teardown": "C:S S:SA C:A C:PA3 S:A S:PA7 C:A C:FA S:A S:FA C:A",
    "nagle": "C:S S:SA C:A C:PA10 S:A C:PA40 S:A C:FA S:A S:FA C:A",
    "udp-echo": "C:U5 S:U5 C:U16 S:U16 C:U3 S:U3",
    "fragmentation": "2xC:U1472 frag C:U1472 2xfrag C:U1472 44xfrag",
}


@pytest.fixture(scope="module", params=tuple(PICTURES))
def run(request: pytest.FixtureRequest, private_room: None) -> tuple[str, Recording]:
    """The demos every other is made like, each run once."""
    return request.param, record(request.param)


def test_the_wire_shows_what_the_demo_is_about(run: tuple[str, Recording]) -> None:
    """The packets, their flags and lengths are those the demo was written for."""
    name, recording = run

    assert recording.refusal == ""
    assert recording.status == 0
    assert picture_of(recording.packets) == PICTURES[name]


def test_the_recording_is_complete(run: tuple[str, Recording]) -> None:
    """It opens with the exchange and its source, closes with End, and the kernel dropped nothing."""
    name, recording = run

    assert recording.exchange.demo == name
    assert recording.exchange.room.startswith("private loopback, MTU 1500, TSO off, Linux")
    assert recording.exchange.sources == ((demos.load(name).file, demos.load(name).source),)
    assert (recording.end.reason, recording.end.dropped) == ("finished", 0)
    assert [told for _, told in recording.order if isinstance(told, End)] == [recording.end]


def test_the_order_is_the_order_of_happening(run: tuple[str, Recording]) -> None:
    """Times never go back, and every call but exit comes back once, later, under the same serial."""
    _, recording = run
    times = [at for at, _ in recording.order[1:]]
    serials = [call.serial for call in recording.calls()]
    backs = [told.serial for _, told in recording.order if isinstance(told, Return)]

    assert all(before <= after for before, after in itertools.pairwise(times))
    assert len(set(serials)) == len(serials)
    assert sorted(backs) == sorted(call.serial for call in recording.calls() if call.name != "exit")
    assert all(recording.back(call).time >= call.time for call in recording.calls() if call.name != "exit")


def test_packets_fall_inside_the_call_that_sends_them(run: tuple[str, Recording]) -> None:
    """A packet nobody delays is stamped between the entry and the return of the call that put it on the wire."""
    name, recording = run
    sending = ("connect",) if name == "nagle" else ("connect", "send", "sendto")  # Nagle's algorithm sends later
    sends = [call for call in recording.calls() if call.name in sending]
    stamps = [at for at, _ in recording.frames]

    for call in sends:
        back = recording.back(call)
        inside = [at for at in stamps if call.time < at < back.time]

        assert bool(inside) is not bool(back.error)


def test_calls_name_their_line(run: tuple[str, Recording]) -> None:
    """Every socket call carries file and line of the demo's own source, and that line makes the call."""
    name, recording = run
    lines = demos.load(name).source.splitlines()
    calls = [call for call in recording.calls() if call.name not in ("exit",)]

    assert {call.file for call in calls} == {demos.load(name).file}
    assert all(call.name in lines[call.line - 1] for call in calls)


def test_sockets_have_identities_of_their_own(run: tuple[str, Recording]) -> None:
    """No socket of one program has the number of one of the other."""
    _, recording = run
    numbers = {side: {call.socket for call in recording.calls(side=side) if call.socket} for side in Side}

    assert numbers[Side.CLIENT]
    assert numbers[Side.SERVER]
    assert not numbers[Side.CLIENT] & numbers[Side.SERVER]


def test_both_programs_exit_well(run: tuple[str, Recording]) -> None:
    """Each tells of its exit once, without an exception."""
    _, recording = run

    assert [(call.side, call.arguments) for call in sorted(recording.calls("exit"), key=lambda call: call.side)] == [
        (Side.CLIENT, ""),
        (Side.SERVER, ""),
    ]


def test_nagle_waits_for_the_delayed_acknowledgement() -> None:
    """Four of the five writes lie 40 ms and more, and leave together."""
    stamps = [at for at, _ in record("nagle").frames]
    first, ack, rest = stamps[3:6]

    assert ack - first > 39_000_000
    assert rest > ack


def states(samples: list[Sample], sockets: set[int]) -> list[State]:
    """The distinct states of some sockets, in order."""
    return [state for state, _ in itertools.groupby(sample.state for sample in samples if sample.socket in sockets)]


def connections(recording: Recording, side: Side) -> set[int]:
    """The sockets that are one end of a connection."""
    backs = [told for _, told in recording.order if isinstance(told, Return) and told.side is side]
    accepted = {back.new_socket for back in backs if back.new_socket is not None}
    return accepted or {back.socket for back in backs if back.name == "connect"}


def test_teardown_shows_every_state_that_lasts() -> None:
    """The client is seen in FIN_WAIT_2 and TIME_WAIT, the server in CLOSE_WAIT, by the kernel's own word."""
    recording = record("teardown")
    client = states(recording.samples(Side.CLIENT), connections(recording, Side.CLIENT))
    server = states(recording.samples(Side.SERVER), connections(recording, Side.SERVER))

    assert client[:2] == [State.CLOSED, State.ESTABLISHED]
    assert client[-2:] == [State.FIN_WAIT_2, State.TIME_WAIT]
    assert server == [State.ESTABLISHED, State.CLOSE_WAIT, State.CLOSED]


def test_the_listener_is_seen_listening() -> None:
    """After listen() and after accept() the listening socket is in LISTEN; accept() names a new socket."""
    recording = record("handshake")
    accept = recording.calls("accept")[0]
    listening = [sample.state for sample in recording.samples(Side.SERVER) if sample.socket == accept.socket]
    back = recording.back(accept)

    assert listening[-2:] == [State.LISTEN, State.CLOSED]
    assert back.new_socket not in (None, accept.socket)
    assert back.peer == recording.back(recording.calls("connect")[0]).local


def test_too_large_a_datagram_fails_in_the_call() -> None:
    """sendto() of 65,508 bytes comes back with EMSGSIZE and shows its data cut."""
    recording = record("fragmentation")
    last = recording.calls("sendto")[-1]

    assert recording.back(last).error == errno.errorcode[errno.EMSGSIZE]
    assert (last.length, len(last.data)) == (65508, 64)
    assert "(65,508 bytes)" in last.arguments


def test_the_pid_is_the_one_the_host_knows() -> None:
    """Both programs run in processes of their own, and neither is the test's."""
    pids = {call.pid for call in record("udp-echo").calls() if isinstance(call, Call)}

    assert len(pids) == 2
    assert min(pids) > 2  # inside the room's PID namespace they would be 3 and 4
