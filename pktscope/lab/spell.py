"""Arguments and results of calls as the reader would write them: constants by name, data cut visibly, bounded."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterable
from typing import Any

from pktscope.words import N_

LONGEST = 200
"""Characters of an argument list or a result."""
FROM_LINE = N_("{said} ({file}, line {line})")
"""An exception and where it came from; English here, and retold where it is shown."""
SHOWN = 40
"""Octets of data that are spelled out before the rest is only counted."""


def data(octets: bytes | bytearray | memoryview) -> str:
    """b'hello' as it is; more than 40 octets as b'aaaa…' (65,507 bytes)."""
    length = memoryview(octets).nbytes
    head = repr(bytes(memoryview(octets).cast("B")[:SHOWN])) if length else "b''"
    return head if length <= SHOWN else f"{head[:-1]}…{head[-1]} ({length:,} bytes)"


def value(anything: object) -> str:
    """One value: data by `data`, addresses and numbers as Python writes them, anything else by its type."""
    if isinstance(anything, (bytes, bytearray, memoryview)):
        return data(anything)
    if isinstance(anything, (tuple, list)):
        inner = ", ".join(value(item) for item in anything[:16])
        return f"({inner},)" if len(anything) == 1 else f"({inner})"
    if anything is None or isinstance(anything, (bool, int, float, str)):
        return bounded(repr(anything))
    return bounded(type(anything).__name__)


def message(received: tuple[Any, ...]) -> str:
    """What recvmsg() returned: data, ancillary data, flags by name, sender."""
    octets, ancillary, number, *sender = received
    return bounded("({})".format(", ".join([data(octets), value(ancillary), flags(number), *map(value, sender)])))


def bounded(text: str) -> str:
    """At most 200 characters; what was cut is marked."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def placed(said: str, file: str, line: int | None) -> str:
    """What was said with the line of the script it came from, which is never cut."""
    room = LONGEST - len(FROM_LINE.format(said="", file=file, line=line))
    return FROM_LINE.format(said=said[:room], file=file, line=line)


def arguments(name: str, given: tuple[Any, ...], named: dict[str, Any]) -> str:
    """What stands between the parentheses of a call to `name`."""
    try:
        spelled = _SPELLED.get(name, _plain)(given)
    except (TypeError, ValueError, IndexError, struct.error):
        spelled = _plain(given)  # wrong arguments: the call itself is about to say so
    spelled += [f"{key}={value(item)}" for key, item in named.items()]
    return bounded(", ".join(spelled))


def _plain(given: tuple[Any, ...]) -> list[str]:
    return [value(item) for item in given]


def _with_flags(given: tuple[Any, ...]) -> list[str]:
    return [value(given[0]), *[flags(item) for item in given[1:]]]


def _sendto(given: tuple[Any, ...]) -> list[str]:
    return [value(given[0]), *[flags(item) for item in given[1:-1]], value(given[-1])]


def _sendmsg(given: tuple[Any, ...]) -> list[str]:
    parts = list(given[0])
    rest = [value(given[1])] if len(given) > 1 else []
    rest += [flags(item) for item in given[2:3]] + [value(item) for item in given[3:]]
    return ["[" + ", ".join(value(part) for part in parts[:8]) + ("…]" if len(parts) > 8 else "]"), *rest]


def _shutdown(given: tuple[Any, ...]) -> list[str]:
    return [{0: "SHUT_RD", 1: "SHUT_WR", 2: "SHUT_RDWR"}.get(given[0], value(given[0]))]


def _socket(given: tuple[Any, ...]) -> list[str]:
    family, kind, *rest = given
    return [_enum(socket.AddressFamily, family), _enum(socket.SocketKind, kind), *_protocol(rest)]


def _enum(kind: Callable[[int], Any], number: int) -> str:
    try:
        return str(kind(number).name)
    except ValueError:
        return value(number)


def _protocol(rest: Iterable[Any]) -> list[str]:
    return [PROTOCOLS.get(item, value(item)) for item in rest if item not in (0, -1, None)]


def _into(given: tuple[Any, ...]) -> list[str]:
    buffer = memoryview(given[0]).nbytes
    return [f"a buffer of {buffer:,} bytes", *[value(item) for item in given[1:]]]


def _option(given: tuple[Any, ...]) -> list[str]:
    level, option, *rest = given
    shown = _address_value if level == socket.IPPROTO_IP else _option_value
    return [LEVELS.get(level, value(level)), option_name(level, option), *[shown(item) for item in rest]]


def _address_value(item: object) -> str:
    """Options of IP take addresses as octets: the group and the interface to join it by."""
    if isinstance(item, bytes) and len(item) in (4, 8):
        return " + ".join(f"inet_aton('{socket.inet_ntoa(item[at : at + 4])}')" for at in range(0, len(item), 4))
    return _option_value(item)


def _option_value(item: object) -> str:
    if isinstance(item, bytes) and len(item) == 8:
        return "pack('ii', {}, {})".format(*struct.unpack("ii", item))  # struct linger and its like
    return value(item)


def option_name(level: int, option: int) -> str:
    """'TCP_NODELAY' for (IPPROTO_TCP, 1); the number where Python has no name for it."""
    return OPTIONS.get((level, option), value(option))


def flags(number: object) -> str:
    """'MSG_PEEK | MSG_DONTWAIT'; '0' for none."""
    if not isinstance(number, int) or number <= 0:
        return value(number)
    names = [name for name, bit in MESSAGE_FLAGS if number & bit == bit]
    known = sum(bit for _, bit in MESSAGE_FLAGS if number & bit == bit)
    return " | ".join(names + ([hex(number & ~known)] if number & ~known else []))


_SPELLED: dict[str, Callable[[tuple[Any, ...]], list[str]]] = {
    "socket": _socket,
    "send": _with_flags,
    "sendall": _with_flags,
    "recv": _with_flags,
    "recvfrom": _with_flags,
    "sendto": _sendto,
    "sendmsg": _sendmsg,
    "recv_into": _into,
    "recvfrom_into": _into,
    "shutdown": _shutdown,
    "setsockopt": _option,
    "getsockopt": _option,
}

_LEVEL_PREFIXES = (
    ("SOL_SOCKET", "SO_"), ("IPPROTO_TCP", "TCP_"), ("IPPROTO_IP", "IP_"), ("IPPROTO_IPV6", "IPV6_"),
    ("IPPROTO_UDP", "UDP_"),
)  # fmt: skip


_OTHERS = ("DEFAULT", "J1939", "VM_SOCKETS")
"""In names that look like options of these levels and are not."""


def _constants(prefix: str) -> list[tuple[str, int]]:
    found = [(name, getattr(socket, name)) for name in dir(socket) if name.startswith(prefix)]
    return [
        (name, int(number)) for name, number in found if isinstance(number, int) and not any(map(name.count, _OTHERS))
    ]


LEVELS = {int(getattr(socket, level)): level for level, _ in _LEVEL_PREFIXES if hasattr(socket, level)}
PROTOCOLS = {number: name for name, number in reversed(_constants("IPPROTO_"))}
OPTIONS = {
    (int(getattr(socket, level)), number): name
    for level, prefix in _LEVEL_PREFIXES
    if hasattr(socket, level)
    for name, number in reversed(_constants(prefix))
}
OPTIONS |= {(socket.IPPROTO_IP, 10): "IP_MTU_DISCOVER", (socket.IPPROTO_IP, 11): "IP_RECVERR",
            (socket.IPPROTO_IP, 14): "IP_MTU", (socket.IPPROTO_IP, 49): "IP_MULTICAST_ALL"}  # fmt: skip
MESSAGE_FLAGS = tuple((name, bit) for name, bit in _constants("MSG_") if bit.bit_count() == 1)
