"""Every call on a socket is told: entry and return, in order, with what moved. The host's loopback will do."""

from __future__ import annotations

import os
import select
import textwrap

import pytest

from pktscope.lab import program
from pktscope.model import Call, Return, Sample, Side, State

Told = Call | Return | Sample

PREAMBLE = "import socket\nfrom socket import *\nraw = socket\n\ndef client(pause):\n"


def trace(body: str) -> list[Told]:
    """Run some lines as a traced program; everything it told."""
    source = PREAMBLE + textwrap.indent(textwrap.dedent(body), "    ")
    promises = program.promise_words(2)
    running = program.start(program.Script(Side.CLIENT, "script.py", source, "client", ()), promises, 1)
    running.go()
    told: list[Told] = []
    try:
        while not running.ended:
            select.select([running.line], [], [], 10)
            told.extend(running.hear())
            if running.paused:
                running.go()
    finally:
        os.close(running.line)
        os.waitpid(running.pid, 0)

    assert promises[1] == 0  # nothing is promised for later
    return told


def calls(told: list[Told]) -> list[Call]:
    return [event for event in told if isinstance(event, Call)]


def back(told: list[Told], call: Call) -> Return:
    return next(event for event in told if isinstance(event, Return) and event.serial == call.serial)


def only(told: list[Told], name: str) -> tuple[Call, Return]:
    """The one call of this name, and its return."""
    (call,) = [call for call in calls(told) if call.name == name]
    return call, back(told, call)


PAIR = """
listener = create_server(("127.0.0.1", 0))
sock = create_connection(listener.getsockname())
there, address = listener.accept()
"""


def test_a_whole_connection_is_told_in_order() -> None:
    """create_server() and create_connection() show the calls they make; each comes back before the next is entered."""
    told = trace(PAIR + "sock.close()\nthere.close()\nlistener.close()")

    assert [call.name for call in calls(told)] == [
        "socket", "setsockopt", "bind", "listen", "socket", "connect", "accept", "close", "close", "close", "exit",
    ]  # fmt: skip
    kinds = [type(event) for event in told if not isinstance(event, Sample)][:-1]
    assert kinds == [Call, Return] * (len(kinds) // 2)
    assert [event.time for event in told] == sorted(event.time for event in told)


def test_connect_and_accept_name_both_ends() -> None:
    """What connect() returned as its own end is accept()'s peer, and the socket accept() made is a new one."""
    told = trace(PAIR)
    connect, accept = only(told, "connect"), only(told, "accept")

    assert connect[1].local == accept[1].peer
    assert connect[1].peer == accept[1].local == connect[0].peer
    assert accept[1].new_socket not in (None, accept[0].socket)
    assert accept[1].result == f"a new socket, {accept[1].peer}"


def test_data_is_told_both_ways() -> None:
    """Lengths and first octets of what was offered and of what came."""
    told = trace(PAIR + "sock.sendall(b'x' * 100)\nthere.recv(1024)\nsock.shutdown(SHUT_WR)\nthere.recv(10)")
    sendall, shutdown = only(told, "sendall"), only(told, "shutdown")
    first, last = [call for call in calls(told) if call.name == "recv"]

    assert (sendall[0].length, sendall[0].data, sendall[1].length) == (100, b"x" * 64, 100)
    assert shutdown[0].arguments == "SHUT_WR"
    assert (first.length, back(told, first).length, back(told, first).data) == (1024, 100, b"x" * 64)
    assert (back(told, last).length, back(told, last).result, back(told, last).error) == (0, "b''", "")


@pytest.mark.parametrize(
    ("line", "name", "octets"),
    [
        ("sock.makefile('wb', buffering=0).write(b'hello')", "send", b"hello"),
        ("sock.sendmsg([b'he', b'llo'])", "sendmsg", b"hello"),
        ("sock.send(bytearray(b'hello'), MSG_DONTWAIT)", "send", b"hello"),
    ],
)
def test_other_ways_to_send_are_told(line: str, name: str, octets: bytes) -> None:
    """makefile(), sendmsg() and any buffer."""
    call, returned = only(trace(PAIR + line), name)

    assert call.data == octets
    assert returned.length == len(octets)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("there.makefile('rb', buffering=0).read(5)", "recv_into"),
        ("there.recv_into(bytearray(16))", "recv_into"),
        ("there.recvfrom(16)", "recvfrom"),
        ("there.recvmsg(16)", "recvmsg"),
    ],
)
def test_other_ways_to_receive_are_told(line: str, name: str) -> None:
    """The octets come back with the return, whichever call fetched them."""
    told = trace(PAIR + "sock.send(b'hello')\n" + line)
    _, returned = only(told, name)

    assert (returned.length, returned.data) == (5, b"hello")


def test_datagrams_carry_their_addresses() -> None:
    """sendto() says where to, recvfrom() who sent."""
    told = trace(
        """
        server = raw(AF_INET, SOCK_DGRAM)
        server.bind(("127.0.0.1", 0))
        sock = raw(AF_INET, SOCK_DGRAM)
        sock.sendto(b"hi", server.getsockname())
        server.recvfrom(100)
        """
    )
    sendto, recvfrom = only(told, "sendto"), only(told, "recvfrom")

    assert sendto[0].protocol == recvfrom[0].protocol == "udp"
    assert sendto[0].peer == recvfrom[0].local
    assert recvfrom[1].peer is not None
    assert sendto[1].local is not None
    assert recvfrom[1].peer.port == sendto[1].local.port  # the kernel chose it; the address stays 0.0.0.0
    assert not [event for event in told if isinstance(event, Sample)]


def test_failures_are_told_by_name() -> None:
    """errno for a refused connection, 'timeout' for a socket's own limit; the program sees the same exception."""
    told = trace(
        """
        free = raw(); free.bind(("127.0.0.1", 0)); port = free.getsockname()[1]
        sock = raw(AF_INET, SOCK_STREAM)
        try:
            sock.connect(("127.0.0.1", port))
        except ConnectionRefusedError:
            pass
        free.listen(1)
        free.settimeout(0.01)
        try:
            free.accept()
        except TimeoutError:
            pass
        """
    )

    assert only(told, "connect")[1].error == "ECONNREFUSED"
    assert only(told, "accept")[1].error == "timeout"
    assert calls(told)[-1].arguments == ""


def test_the_kernels_state_follows_every_call() -> None:
    """CLOSED, LISTEN, ESTABLISHED, CLOSE_WAIT as the kernel has them, with the fields of tcp_info."""
    told = trace(PAIR + "sock.shutdown(SHUT_WR)\nthere.recv(1)")
    socket = only(told, "accept")[1].new_socket
    samples = [event for event in told if isinstance(event, Sample)]
    seen = [one.state for one in samples if one.socket == socket]

    assert seen == [State.ESTABLISHED, State.CLOSE_WAIT, State.CLOSED]  # the last when client() returns, and forgets it
    assert State.LISTEN in {one.state for one in samples if one.socket == only(told, "listen")[0].socket}
    assert {"rtt", "rto", "snd_cwnd", "unacked", "retrans"} <= dict(samples[0].info).keys()
    assert all(one.since <= one.time for one in samples)


def test_a_closed_socket_is_looked_up_by_its_four_numbers() -> None:
    """After close() the kernel still knows the connection; of one that is gone it says CLOSED, not LISTEN."""
    told = trace(PAIR + "sock.close()\nthere.recv(1)\nthere.close()")
    first, second = [call for call in calls(told) if call.name == "close"][:2]
    after = {
        close.serial: next(e for e in told if isinstance(e, Sample) and e.time > back(told, close).time).state
        for close in (first, second)
    }

    assert after[first.serial] in (State.FIN_WAIT_1, State.FIN_WAIT_2)
    assert after[second.serial] in (State.LAST_ACK, State.CLOSED)


def test_a_socket_forgotten_is_closed_where_it_is_forgotten() -> None:
    """No close() in the program, but the last reference goes: the close is told, at the line where that happens."""
    told = trace("sock = raw(AF_INET, SOCK_STREAM)\nsock = None\npause()")

    assert [call.name for call in calls(told)] == ["socket", "close", "pause", "exit"]


def test_an_exception_ends_the_program_and_is_told() -> None:
    """exit carries type, text, file and line; what was open stays open until the process is gone."""
    told = trace("sock = raw(AF_INET, SOCK_STREAM)\nsock.connect(('127.0.0.1', 'http'))")
    last = calls(told)[-1]

    assert last.name == "exit"
    assert last.arguments.startswith("TypeError: ")
    assert last.arguments.endswith("(script.py, line 7)")


def test_lines_are_those_of_the_program() -> None:
    """Even a call made deep inside the standard library is told at the program's own line."""
    told = trace(PAIR)

    assert {(call.file, call.line) for call in calls(told) if call.name in ("bind", "listen")} == {("script.py", 7)}
    assert only(told, "connect")[0].line == 8


def test_pause_is_told_and_waits() -> None:
    """pause() is a call like another: it comes back when the director says so."""
    told = trace("pause()")

    assert [type(event) for event in told] == [Call, Return, Call]
    assert told[0].name == told[1].name == "pause"  # type: ignore[union-attr]
