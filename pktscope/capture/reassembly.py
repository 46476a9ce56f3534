"""IP fragments back into datagrams (RFC 791 section 3.2, RFC 8200 section 4.5), bounded in memory and in time.

What arrived first stays where two fragments carry the same octets; that they did, and whether they disagreed, is told.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import NamedTuple, TypeAlias

WINDOWS = {4: 30_000_000_000, 6: 60_000_000_000}
"""Nanoseconds a datagram may take from its first fragment seen: Linux's ipfrag_time and ip6frag_time."""
OCTET_LIMIT = 16 << 20
DATAGRAM_LIMIT = 4096
RECENT_LIMIT = 4096
LARGEST = 65_535

Key: TypeAlias = tuple[int, bytes, bytes, int, int]
"""Version, source, target, protocol (0 for IPv6, whose identification is enough), identification."""
Ports: TypeAlias = tuple[int | None, int | None]


class Datagram(NamedTuple):
    """All of a datagram behind its IP header."""

    frames: tuple[int, ...]
    data: bytes
    """Less than `length` where the capture cut a fragment: what lies before the first hole."""
    length: int
    overlap: bool
    conflict: bool


class Pieces:
    """One datagram in the making."""

    __slots__ = ("buffer", "conflict", "cut", "ends", "frames", "overlap", "ports", "since", "starts", "total")

    def __init__(self, time: int) -> None:
        self.since = time
        self.frames: list[int] = []
        self.buffer = bytearray()
        self.starts: list[int] = []
        self.ends: list[int] = []
        """The octets covered, as disjoint ranges in order."""
        self.total: int | None = None
        self.cut = LARGEST + 1
        """The lowest offset the capture did not keep."""
        self.overlap = False
        self.conflict = False
        self.ports: Ports | None = None

    def put(self, start: int, end: int, data: bytes) -> None:
        """Lay one fragment in; `data` is what was captured of the octets from `start` to `end`."""
        if len(data) < end - start:
            self.cut = min(self.cut, start + len(data))
            data = data + bytes(end - start - len(data))
        if len(self.buffer) < end:
            self.buffer.extend(bytes(end - len(self.buffer)))
        first = bisect_right(self.ends, start)
        last = bisect_left(self.starts, end)
        at = start
        for low, high in zip(self.starts[first:last], self.ends[first:last], strict=True):
            self.meet(max(low, start), min(high, end), start, data)
            if at < low:
                self.buffer[at:low] = data[at - start : low - start]
            at = max(at, high)
        if at < end:
            self.buffer[at:end] = data[at - start :]
        self.cover(start, end)

    def meet(self, low: int, high: int, start: int, data: bytes) -> None:
        """The octets from `low` to `high` are there already."""
        self.overlap = True
        high = min(high, self.cut)
        if low < high and self.buffer[low:high] != data[low - start : high - start]:
            self.conflict = True

    def cover(self, start: int, end: int) -> None:
        """Mark a range as covered, joining it with those it touches."""
        first = bisect_left(self.ends, start)
        last = bisect_right(self.starts, end)
        if first < last:
            start, end = min(start, self.starts[first]), max(end, self.ends[last - 1])
        self.starts[first:last] = [start]
        self.ends[first:last] = [end]

    @property
    def complete(self) -> bool:
        return self.total is not None and bool(self.starts) and self.starts[0] == 0 and self.ends[0] >= self.total


class Reassembler:
    """Datagrams in the making, by key. One for each pass over a capture."""

    def __init__(self) -> None:
        self.waiting: dict[Key, Pieces] = {}
        self.octets = 0
        self.recent: dict[Key, tuple[int, Ports]] = {}
        """Ports of datagrams that are complete, for duplicates of their fragments."""

    def add(
        self, key: Key, number: int, time: int, start: int, length: int, data: bytes, more: bool, ports: Ports | None
    ) -> Datagram | None:
        """Take a fragment of `length` octets at offset `start`; the datagram, if this completes it."""
        self.expire(time)
        if more:
            length &= ~7  # all but the last carry a multiple of eight (RFC 791); Linux cuts what is over
        if length <= 0 or start + length > LARGEST:
            return None
        pieces = self.waiting.get(key)
        if pieces is None:
            pieces = self.waiting[key] = Pieces(time)
        pieces.frames.append(number)
        if ports is not None and pieces.ports is None:
            pieces.ports = ports
        if not more:
            if pieces.total is not None and pieces.total != start + length:
                pieces.conflict = True
            else:
                pieces.total = start + length
        before = len(pieces.buffer)
        pieces.put(start, start + length, data[:length])
        self.octets += len(pieces.buffer) - before
        if not pieces.complete:
            self.shrink()
            return None
        self.forget(key)
        self.remember(key, time, pieces)
        total = pieces.total or 0
        return Datagram(
            tuple(pieces.frames), bytes(pieces.buffer[: min(total, pieces.cut)]), total, pieces.overlap, pieces.conflict
        )

    def ports(self, key: Key, time: int) -> Ports | None:
        """The ports of the datagram a fragment belongs to, where its first fragment was seen."""
        pieces = self.waiting.get(key)
        if pieces is not None:
            return pieces.ports
        since, ports = self.recent.get(key, (0, None))
        return ports if ports is not None and time - since <= WINDOWS[key[0]] else None

    def expire(self, time: int) -> None:
        """Give up on datagrams that took too long; the oldest stand first."""
        while self.waiting:
            key, pieces = next(iter(self.waiting.items()))
            if time - pieces.since <= WINDOWS[key[0]]:
                return
            self.forget(key)

    def shrink(self) -> None:
        while self.octets > OCTET_LIMIT or len(self.waiting) > DATAGRAM_LIMIT:
            self.forget(next(iter(self.waiting)))

    def forget(self, key: Key) -> None:
        self.octets -= len(self.waiting.pop(key).buffer)

    def remember(self, key: Key, time: int, pieces: Pieces) -> None:
        if pieces.ports is not None:
            self.recent.pop(key, None)
            self.recent[key] = (time, pieces.ports)
            if len(self.recent) > RECENT_LIMIT:
                del self.recent[next(iter(self.recent))]
