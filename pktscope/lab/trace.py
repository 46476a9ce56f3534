"""socket.socket with every call told: put in place inside the process of one traced program.

A call is told before it enters the kernel and again when it is back, with CLOCK_REALTIME read around the system call,
so the packets it causes carry stamps between the two. After each call on a TCP socket the kernel is asked for its
state.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import termios
import time
from collections.abc import Callable
from typing import Any

from pktscope.lab import spell
from pktscope.lab.call import HEAD, Protocol, address, error_name, offered, outcome, protocol_of
from pktscope.lab.diag import Diag, Socket, tcp_info
from pktscope.lab.teller import Teller
from pktscope.model import Call, Endpoint, Return, Sample, Side, State

_Socket = socket.socket
_INFO_LENGTH = 104
_TRACED = (
    "bind", "listen", "connect", "connect_ex", "send", "sendall", "sendto", "sendmsg", "recv", "recv_into", "recvfrom",
    "recvfrom_into", "recvmsg", "recvmsg_into", "shutdown", "setsockopt", "getsockopt", "settimeout",
    "detach",
)  # fmt: skip


def install(teller: Teller) -> None:
    """Make `socket.socket` of this process the traced one; create_connection() and accept() then make such sockets."""
    Traced.teller = teller
    Traced.diag = Diag(_Socket)
    socket.socket = Traced  # type: ignore[misc]
    socket.SocketType = Traced  # type: ignore[assignment]


class Traced(_Socket):
    """A socket that tells what is done with it."""

    teller: Teller
    diag: Diag
    silent = False
    """Talks with its own kernel only (a library looks up the interfaces): that is no part of any exchange."""

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:
        self.identity = self.teller.number()
        self.silent = family == socket.AF_NETLINK
        if fileno is not None:
            super().__init__(family, type, proto, fileno)
            return
        given = (socket.AF_INET if family == -1 else family, socket.SOCK_STREAM if type == -1 else type)
        protocol = protocol_of(*given, max(proto, 0))
        serial = self._enter("socket", (*given, proto) if proto > 0 else given, {}, protocol)
        try:
            super().__init__(family, type, proto)
        except OSError as error:
            self._back(serial, "socket", error=error)
            raise
        self._back(serial, "socket", "a new socket")
        self._sample()

    def accept(self) -> tuple[_Socket, Any]:
        """accept(2), which makes a new socket for the connection at the head of the queue."""
        serial = self._enter("accept", (), {})
        try:
            made, address = super().accept()
        except BaseException as error:
            self._back(serial, "accept", error=error)
            raise
        self._back(serial, "accept", "a new socket", made=made)
        self._sample()
        made._sample()  # type: ignore[attr-defined]
        return made, address

    def _real_close(self, *ignored: Any) -> None:
        """close(2) itself: `with`, makefile() and the last reference going end here too."""
        protocol, ends = self.protocol, _ends(self)
        serial = self._enter("close", (), {})
        super()._real_close()  # type: ignore[misc]
        self._back(serial, "close", ends=ends)
        local, peer = ends
        if protocol == "tcp" and local is not None:
            since = time.time_ns()
            found = self.diag.lookup(local, peer) if peer is not None else None
            with self.teller as now:
                self.teller.send(sample_of(found, now, since, self.teller.side, self.identity, local, peer))

    def __del__(self) -> None:
        """An open socket nobody refers to any more is closed here and now: that, too, puts a FIN on the wire."""
        if self.fileno() != -1:
            self._real_close()

    @property
    def protocol(self) -> Protocol:
        """What the socket speaks; '' for what is none of ours (netlink, packet) and when closed."""
        return "" if self.fileno() == -1 else protocol_of(self.family, self.type, self.proto)

    def _enter(self, name: str, given: tuple[Any, ...], named: dict[str, Any], protocol: Protocol = "") -> int:
        """Tell that a call is about to enter the kernel; the serial its return will carry."""
        teller, serial = self.teller, self.teller.number()
        if self.silent:
            return serial
        local, peer = _ends(self)
        shown, (length, data) = spell.arguments(name, given, named), offered(name, given)
        (file, line), protocol, descriptor = teller.place(), protocol or self.protocol, self.fileno()
        with teller as now:
            call = Call(
                now, teller.side, teller.pid, serial, name, shown, self.identity, descriptor, protocol,
                local, address(name, given) or peer, length, data, file, line, teller.program,
            )  # fmt: skip
            teller.send(call)
            if teller.watched and (limit := self.gettimeout()):
                teller.limit(limit)
        return serial

    def _back(self, serial: int, name: str, result: str = "", length: int | None = None, data: bytes = b"", *,
              error: BaseException | None = None, peer: Endpoint | None = None, made: Any = None,
              ends: tuple[Endpoint | None, Endpoint | None] | None = None) -> None:  # fmt: skip
        """Tell that a call has come back. Stamped before anything else is done."""
        teller = self.teller
        if self.silent:
            return
        with teller as now:
            local, connected = ends or _ends(self if made is None else made)
            if made is not None and connected is not None:
                result = f"{result}, {connected}"
            back = Return(
                now, teller.side, teller.pid, serial, name, self.identity, spell.bounded(result), length,
                data[:HEAD], error_name(error), local, peer or connected, made.identity if made else None,
            )  # fmt: skip
            teller.send(back)

    def _sample(self) -> None:
        """Tell the kernel's state of this socket, by TCP_INFO."""
        if self.protocol != "tcp":
            return
        teller, ends = self.teller, _ends(self)
        with teller as since:
            state, info = tcp_info(_Socket.getsockopt(self, socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_LENGTH))
            now = time.time_ns()
            unread, waiting = (0, 0) if state is State.LISTEN else (self._queued("FIONREAD"), self._queued("TIOCOUTQ"))
            sample = Sample(
                now, since, teller.side, state, self.identity, *ends,
                unread=unread, unacknowledged=waiting, info=info,
            )  # fmt: skip
            teller.send(sample)

    def _queued(self, request: str) -> int:
        """Octets waiting to be read (FIONREAD), not yet acknowledged (TIOCOUTQ)."""
        try:
            return int(struct.unpack("i", fcntl.ioctl(self.fileno(), getattr(termios, request), bytes(4)))[0])
        except OSError:
            return 0


def sample_of(found: Socket | None, now: int, since: int, side: Side, socket: int, local: Endpoint,
              peer: Endpoint | None) -> Sample:  # fmt: skip
    """A sock_diag answer as a Sample; None is a socket the kernel no longer knows."""
    if found is None:
        return Sample(now, since, side, State.CLOSED, socket, local, peer)
    return Sample(
        now, since, side, found.state, socket, local, peer,
        found.timer, found.timer_left, found.unread, found.unacknowledged, found.info,
    )  # fmt: skip


def _ends(opened: _Socket) -> tuple[Endpoint | None, Endpoint | None]:
    """Both ends as the kernel knows them; None for what is not bound or not connected, and for raw: it has no port."""
    if opened.fileno() != -1 and opened.type == socket.SOCK_RAW:
        return None, None
    return _end(opened, _Socket.getsockname), _end(opened, _Socket.getpeername)


def _end(opened: _Socket, ask: Callable[[_Socket], Any]) -> Endpoint | None:
    try:
        answer = ask(opened)
    except OSError:
        return None
    return Endpoint(answer[0], answer[1]) if isinstance(answer, tuple) and len(answer) in (2, 4) and answer[1] else None


def _wrapped(name: str) -> Callable[..., Any]:
    """The method `name`, told before and after."""
    original = getattr(_Socket, name)

    def method(self: Traced, *given: Any, **named: Any) -> Any:
        serial = self._enter(name, given, named)
        try:
            result = original(self, *given, **named)
        except BaseException as error:
            self._back(serial, name, error=error)
            self._sample()
            raise
        seen = outcome(name, given, result)
        self._back(serial, name, seen.text, seen.length, seen.data, error=seen.error, peer=seen.peer)
        self._sample()
        return result

    method.__name__ = method.__qualname__ = name
    method.__doc__ = original.__doc__
    return method


for _name in _TRACED:
    setattr(Traced, _name, _wrapped(_name))
Traced.__name__ = Traced.__qualname__ = "socket"
