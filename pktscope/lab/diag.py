"""What the kernel says of sockets: struct tcp_info of our own, sock_diag(7) for any four-tuple in the namespace."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pktscope.model import Endpoint, State

_STATES = (
    State.UNKNOWN, State.ESTABLISHED, State.SYN_SENT, State.SYN_RECEIVED, State.FIN_WAIT_1, State.FIN_WAIT_2,
    State.TIME_WAIT, State.CLOSED, State.CLOSE_WAIT, State.LAST_ACK, State.LISTEN, State.CLOSING, State.SYN_RECEIVED,
)  # fmt: skip
"""By the kernel's numbers, include/net/tcp_states.h; the last is NEW_SYN_RECV."""

_TIMERS = ("", "retransmit", "keepalive", "time-wait", "probe")
"""By idiag_timer, sock_diag(7)."""

_OCTETS = ("retransmits", "probes", "backoff")
_WORDS = (
    "rto", "ato", "snd_mss", "rcv_mss", "unacked", "sacked", "lost", "retrans", "", "last_data_sent", "",
    "last_data_recv", "last_ack_recv", "pmtu", "rcv_ssthresh", "rtt", "rttvar", "snd_ssthresh", "snd_cwnd", "advmss",
    "reordering", "rcv_rtt", "rcv_space", "total_retrans",
)  # fmt: skip
"""struct tcp_info from octet 8, in order; times in microseconds, last_* in milliseconds; '' is always 0 or unused."""

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_REQUEST, _DUMP = 0x01, 0x300
_ERROR, _DONE = 2, 3
_EXTENSION_INFO = 1 << 1
_ATTRIBUTE_INFO = 2
_ANSWER = struct.Struct("4B")


@dataclass(frozen=True, slots=True)
class Socket:
    """One TCP socket as the kernel describes it."""

    state: State
    local: Endpoint
    peer: Endpoint
    timer: str = ""
    timer_left: int = 0
    """Nanoseconds."""
    unread: int = 0
    unacknowledged: int = 0
    """Octets sent or waiting to be sent that the other side has not acknowledged; a FIN counts one."""
    info: tuple[tuple[str, int], ...] = ()

    @property
    def busy(self) -> bool:
        """Whether something is still to come of it without any program's doing."""
        return self.state is not State.LISTEN and (self.unacknowledged > 0 or self.timer in ("retransmit", "probe"))


def tcp_info(raw: bytes) -> tuple[State, tuple[tuple[str, int], ...]]:
    """A struct tcp_info as its state and its fields by name; fields an older kernel does not have are left out."""
    state = _STATES[raw[0]] if raw[0] < len(_STATES) else State.UNKNOWN
    words = struct.unpack_from(f"{min(len(_WORDS), (len(raw) - 8) // 4)}I", raw, 8)
    fields = list(zip(_OCTETS, raw[2:5], strict=True))
    fields += [(name, value) for name, value in zip(_WORDS, words, strict=False) if name]
    return state, tuple(fields)


class Diag:
    """A question-and-answer line to the kernel about TCP sockets of this network namespace."""

    def __init__(self, kind: type[socket.socket] = socket.socket) -> None:
        self._socket = kind(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG)
        self._socket.bind((0, 0))

    def lookup(self, local: Endpoint, peer: Endpoint) -> Socket | None:
        """The socket of exactly these two ends; None when the kernel knows none (5 to 10 µs)."""
        family = socket.AF_INET6 if ":" in local.address else socket.AF_INET
        identity = struct.pack(
            "!HH16s16s", local.port or 0, peer.port or 0,
            socket.inet_pton(family, local.address), socket.inet_pton(family, peer.address),
        )  # fmt: skip
        found = next(self._ask(family, identity + struct.pack("III", 0, 0xFFFFFFFF, 0xFFFFFFFF), _REQUEST), None)
        # For a connection that is gone the kernel answers with the listener of that port.
        return found if found is not None and found.peer == peer else None

    def everything(self) -> list[Socket]:
        """Every TCP socket of the namespace (about a millisecond: it walks the whole hash table)."""
        return [
            found
            for family in (socket.AF_INET, socket.AF_INET6)
            for found in self._ask(family, bytes(48), _REQUEST | _DUMP)
        ]

    def _ask(self, family: int, identity: bytes, flags: int) -> Iterator[Socket]:
        question = struct.pack("BBBBI", family, socket.IPPROTO_TCP, _EXTENSION_INFO, 0, 0xFFFFFFFF) + identity
        self._socket.send(struct.pack("IHHII", 16 + len(question), _SOCK_DIAG_BY_FAMILY, flags, 0, 0) + question)
        answers: list[Socket] = []
        while True:
            data, at = self._socket.recv(1 << 18), 0
            while at + 16 <= len(data):
                size, kind = struct.unpack_from("IH", data, at)
                if kind == _DONE or (kind == _ERROR and _tolerable(data, at)):
                    return iter(answers)
                answers.append(_socket_of(data[at + 16 : at + size]))
                at += (size + 3) & ~3
            if not flags & _DUMP:
                return iter(answers)

    def close(self) -> None:
        """Close the line."""
        self._socket.close()


def _tolerable(data: bytes, at: int) -> bool:
    """True for 'no such socket', 'no such protocol'; any other error is raised."""
    number = -struct.unpack_from("i", data, at + 16)[0]
    if number in (0, errno.ENOENT, errno.EOPNOTSUPP):
        return True
    raise OSError(number, "sock_diag")


def _socket_of(answer: bytes) -> Socket:
    """struct inet_diag_msg and its attributes."""
    family, state, timer, _ = _ANSWER.unpack_from(answer)
    local_port, peer_port = struct.unpack_from("!HH", answer, 4)
    expires, unread, unacknowledged = struct.unpack_from("III", answer, 52)
    width = 16 if family == socket.AF_INET6 else 4
    return Socket(
        _STATES[state] if state < len(_STATES) else State.UNKNOWN,
        Endpoint(socket.inet_ntop(family, answer[8 : 8 + width]), local_port),
        Endpoint(socket.inet_ntop(family, answer[24 : 24 + width]), peer_port),
        _TIMERS[timer] if timer < len(_TIMERS) else "",
        expires * 1_000_000 if timer else 0,
        unread,
        unacknowledged,
        _info_of(answer),
    )


def _info_of(answer: bytes) -> tuple[tuple[str, int], ...]:
    at = 72
    while at + 4 <= len(answer):
        size, kind = struct.unpack_from("HH", answer, at)
        if size < 4:
            break
        if kind == _ATTRIBUTE_INFO and size > 104:
            return tcp_info(answer[at + 4 : at + size])[1]
        at += (size + 3) & ~3
    return ()
