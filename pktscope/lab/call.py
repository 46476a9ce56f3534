"""What one socket call offered and what came of it, taken from its Python arguments and result."""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pktscope.lab import spell
from pktscope.model import Endpoint

HEAD = 64
"""Octets of data kept with a call."""

Protocol: TypeAlias = Literal["tcp", "udp", "icmp", "raw", "unix", ""]

_INTERNET = (socket.AF_INET, socket.AF_INET6)
_ADDRESS_AT = {"connect": 0, "connect_ex": 0, "sendto": -1, "sendmsg": 3}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call returned."""

    text: str = ""
    length: int | None = None
    data: bytes = b""
    error: OSError | None = None
    """connect_ex() returns its error."""
    peer: Endpoint | None = None
    """Whom recvfrom() heard."""


def protocol_of(family: int, kind: int, number: int) -> Protocol:
    """What a socket of these three speaks; '' for families that put nothing on this wire."""
    kind &= 15  # SOCK_NONBLOCK and SOCK_CLOEXEC are flags beside it
    if family == socket.AF_UNIX:
        return "unix"
    if family not in _INTERNET:
        return ""
    if number in (socket.IPPROTO_ICMP, socket.IPPROTO_ICMPV6):
        return "icmp"
    kinds: dict[int, Protocol] = {socket.SOCK_STREAM: "tcp", socket.SOCK_DGRAM: "udp", socket.SOCK_RAW: "raw"}
    return kinds.get(kind, "")


def address(name: str, given: tuple[Any, ...]) -> Endpoint | None:
    """Where the call says to go: connect(), sendto(), sendmsg(). None for anything that is no IP address and port."""
    place = _ADDRESS_AT.get(name)
    try:
        return None if place is None else endpoint(given[place])
    except IndexError:
        return None


def endpoint(pair: object) -> Endpoint | None:
    """An (address, port, ...) tuple of Python's as an Endpoint; 'localhost' as the address it means."""
    if not isinstance(pair, tuple) or len(pair) not in (2, 4) or not isinstance(pair[0], str):
        return None
    host, port = pair[0], pair[1]
    family = socket.AF_INET6 if len(pair) == 4 or ":" in host else socket.AF_INET
    host = {"localhost": "127.0.0.1", "": "0.0.0.0"}.get(host, host) if family == socket.AF_INET else host
    try:
        return Endpoint(socket.inet_ntop(family, socket.inet_pton(family, host)), int(port))
    except (OSError, TypeError, ValueError):
        return None


def offered(name: str, given: tuple[Any, ...]) -> tuple[int | None, bytes]:
    """Octets offered (send...) or asked for (recv...), and the first of those offered."""
    if not given:
        return None, b""
    first = given[0]
    try:
        if name in ("send", "sendall", "sendto"):
            return memoryview(first).nbytes, head(first)
        if name == "sendmsg":
            parts = list(first)
            return sum(memoryview(part).nbytes for part in parts), b"".join(head(part) for part in parts[:HEAD])[:HEAD]
        if name in ("recv", "recvfrom", "recvmsg"):
            return int(first), b""
        if name in ("recv_into", "recvfrom_into"):
            return int(given[1]) if len(given) > 1 and given[1] else memoryview(first).nbytes, b""
    except (TypeError, ValueError):
        pass  # wrong arguments: the call itself is about to say so
    return None, b""


def head(data: Any) -> bytes:
    """The first octets of anything that holds octets."""
    return bytes(memoryview(data).cast("B")[:HEAD]) if memoryview(data).nbytes else b""


def outcome(name: str, given: tuple[Any, ...], result: Any) -> Outcome:
    """What a successful call returned, as text and as numbers."""
    if name in ("send", "sendto", "sendmsg"):
        return Outcome(str(result), int(result))
    if name == "sendall":
        return Outcome("", offered(name, given)[0])
    if name == "recv":
        return Outcome(spell.data(result), len(result), head(result))
    if name in ("recvfrom", "recvmsg"):
        text = spell.value(result) if name == "recvfrom" else spell.message(result)
        return Outcome(text, len(result[0]), head(result[0]), peer=endpoint(result[-1]))
    if name in ("recv_into", "recvfrom_into"):
        length = result if name == "recv_into" else result[0]
        peer = None if name == "recv_into" else endpoint(result[1])
        return Outcome(spell.value(result), length, head(memoryview(given[0]).cast("B")[:length]), peer=peer)
    if name == "connect_ex":
        failed = OSError(result, os.strerror(result)) if result else None
        return Outcome(str(result), error=failed)
    return Outcome("" if result is None else spell.value(result))


def error_name(error: BaseException | None) -> str:
    """'ECONNREFUSED'; 'timeout' for a socket's own time limit; the exception's name where there is no errno."""
    if error is None:
        return ""
    number = getattr(error, "errno", None)
    if isinstance(error, TimeoutError) and number is None:
        return "timeout"
    return errno.errorcode.get(number, type(error).__name__) if isinstance(number, int) else type(error).__name__
