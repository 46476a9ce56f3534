"""Calls as the reader would write them."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktscope.lab import call, spell
from pktscope.model import Endpoint

SPELLED = (
    ("socket", (socket.AF_INET, socket.SOCK_STREAM), "AF_INET, SOCK_STREAM"),
    ("socket", (socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP), "AF_INET, SOCK_RAW, IPPROTO_ICMP"),
    ("bind", (("127.0.0.1", 8000),), "('127.0.0.1', 8000)"),
    ("listen", (5,), "5"),
    ("accept", (), ""),
    ("send", (b"hello",), "b'hello'"),
    ("send", (b"", socket.MSG_MORE), "b'', MSG_MORE"),
    ("send", (b"a" * 65507,), "b'" + "a" * 40 + "…' (65,507 bytes)"),
    ("sendto", (b"hi", ("127.0.0.1", 8000)), "b'hi', ('127.0.0.1', 8000)"),
    ("sendmsg", ([b"head", b"body"],), "[b'head', b'body']"),
    ("recv", (1024,), "1024"),
    ("recv", (4, socket.MSG_PEEK | socket.MSG_WAITALL), "4, MSG_PEEK | MSG_WAITALL"),
    ("recv_into", (bytearray(2048),), "a buffer of 2,048 bytes"),
    ("shutdown", (socket.SHUT_WR,), "SHUT_WR"),
    ("setsockopt", (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), "IPPROTO_TCP, TCP_NODELAY, 1"),
    ("setsockopt", (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1), "SOL_SOCKET, SO_REUSEADDR, 1"),
    (
        "setsockopt",
        (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)),
        "SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)",
    ),
    ("setsockopt", (socket.IPPROTO_IP, socket.IP_TTL, 3), "IPPROTO_IP, IP_TTL, 3"),
    ("setsockopt", (999, 12345, 1), "999, 12345, 1"),
)


@pytest.mark.parametrize(("name", "given", "text"), SPELLED)
def test_arguments_are_spelled_as_in_the_program(name: str, given: tuple[object, ...], text: str) -> None:
    """Constants have their names, data is shown and cut visibly, addresses are tuples."""
    assert spell.arguments(name, given, {}) == text


@given(
    st.sampled_from(["socket", "bind", "send", "sendto", "sendmsg", "recv", "recv_into", "shutdown", "setsockopt"]),
    st.lists(st.one_of(st.none(), st.integers(), st.text(), st.binary(max_size=300), st.tuples(st.text())), max_size=4),
)
def test_any_arguments_give_short_printable_text(name: str, given_list: list[object]) -> None:
    """Wrong and hostile arguments are spelled too: bounded, and without a control character."""
    text = spell.arguments(name, tuple(given_list), {})

    assert len(text) <= spell.LONGEST
    assert all(char.isprintable() for char in text)


@given(
    st.sampled_from(["connect", "connect_ex", "send", "sendto", "sendmsg", "recv", "recv_into"]),
    st.lists(st.one_of(st.none(), st.integers(), st.text(), st.binary(max_size=300), st.tuples(st.text())), max_size=4),
)
def test_wrong_arguments_are_left_to_the_call(name: str, given_list: list[object]) -> None:
    """Telling of a call never raises, whatever the program passes."""
    length, head = call.offered(name, tuple(given_list))

    assert len(head) <= call.HEAD
    assert length is None or isinstance(length, int)
    assert isinstance(call.address(name, tuple(given_list)), Endpoint | None)


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        (("127.0.0.1", 80), Endpoint("127.0.0.1", 80)),
        (("localhost", 80), Endpoint("127.0.0.1", 80)),
        (("", 80), Endpoint("0.0.0.0", 80)),
        (("::1", 80, 0, 0), Endpoint("::1", 80)),
        (("example.org", 80), None),
        ("/run/socket", None),
    ],
)
def test_addresses_become_endpoints(pair: object, expected: Endpoint | None) -> None:
    """What names no address and port is no endpoint."""
    assert call.endpoint(pair) == expected


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (None, ""),
        (ConnectionRefusedError(111, "refused"), "ECONNREFUSED"),
        (TimeoutError("timed out"), "timeout"),
        (TimeoutError(110, "timed out"), "ETIMEDOUT"),
        (TypeError("an integer is required"), "TypeError"),
    ],
)
def test_errors_have_their_names(error: BaseException | None, name: str) -> None:
    """errno by name; a socket's own time limit has none."""
    assert call.error_name(error) == name
