"""The process that is the wire: takes every frame from one host, and hands it to the other a while later.

It stands between two network cards' far ends (veth), with one packet socket for both, so the order in which the kernel
gave it the frames is the order of their numbers. It sees everything there is to see; scapy has no part in it: the relay
has to answer for each frame within microseconds, and to know what it did to it.
"""

from __future__ import annotations

import heapq
import mmap
import os
import select
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Literal, NoReturn, TypeAlias

from pktscope.capture.ring import MARKER_TYPE
from pktscope.demos import Needs
from pktscope.lab import kernel
from pktscope.lab.impair import Impairment, Impairments, Judge, damaged
from pktscope.lab.watch import Caught
from pktscope.model import Fate, Side

HOLD = 1_000_000_000
"""Nanoseconds a swapped frame waits for the next one of its direction; then it is only late."""

HEARTBEAT = 0.01
"""Seconds between two promises on a quiet wire."""

MARGIN = 200_000
"""Nanoseconds: a frame may have been stamped this long before it can be read."""

LARGEST = 1 << 16

_PACKET_STATISTICS, _SOL_PACKET, _PACKET_IGNORE_OUTGOING = 6, 263, 23
_SO_TIMESTAMPNS = 35
_ETH_P_ALL = 3
_STAMP = struct.Struct("=qq")
_FRAME = struct.Struct("=BQI")  # 0, time, length; the frame behind it
_FATE = struct.Struct("=BQIBB")  # 1, time, frame, what, arrivals; their times behind it
_WHATS = ("delivered", "dropped", "delayed", "doubled", "damaged", "swapped")
What: TypeAlias = Literal["delivered", "dropped", "delayed", "doubled", "damaged", "swapped"]
_DONE: dict[str, What] = {"delay": "delayed", "swap": "swapped", "double": "doubled", "damage": "damaged"}

_PROMISE, _READ, _QUEUED, _SENT = range(4)
"""Words of the shared memory: promise, frames read, frames under way, frames sent."""


def open_socket() -> socket.socket:
    """A packet socket for all interfaces of this namespace; make it before they are up."""
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    opened.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    opened.setblocking(False)
    return opened


def drain(opened: socket.socket) -> None:
    """Take everything a relay's socket has, and forget it."""
    with suppress(BlockingIOError):
        while True:
            opened.recv(LARGEST)


class Relay:
    """The director's end of the relay."""

    def __init__(self, opened: socket.socket, cards: dict[str, Side], needs: Needs, impairments: Impairments) -> None:
        """Fork it. `cards` names the far end of each host's card and who is at it."""
        self._socket = opened
        self._words = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")
        self._unread = b""
        self._marked = False
        self._seen = self._dropped = 0
        self.count()
        self._seen = 0  # those were probes
        self.ended = False
        self.pipe, its = os.pipe()
        stopped, self._stop = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _be_relay(Wire(opened, cards, needs, impairments, self._words), its, stopped)
        os.close(its)
        os.close(stopped)
        os.set_blocking(self.pipe, False)

    @property
    def dropped(self) -> int:
        """Frames the relay was too slow for."""
        return self._dropped

    def promised(self) -> int:
        """Everything stamped before this is in the pipe."""
        return int(self._words[_PROMISE])

    def hear(self) -> Iterator[Caught | Fate]:
        """Frames and fates since; sets `ended` when the relay has closed its pipe."""
        while not self.ended:
            try:
                octets = os.read(self.pipe, 1 << 18)
            except BlockingIOError:
                break
            self.ended = not octets
            self._unread += octets
        at = 0
        while told := _told(self._unread, at):
            at, happened = told
            yield happened
        self._unread = self._unread[at:]

    def count(self) -> int:
        """Frames seen by the kernel and frames handed on."""
        answer = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        packets, dropped = struct.unpack("2I", answer)  # reading resets them
        self._seen += packets
        self._dropped += dropped
        return self._seen + self._words[_SENT]

    def busy(self) -> bool:
        """Whether a frame is on the wire, or waits for the relay to look at it."""
        self.count()
        return self._words[_QUEUED] > 0 or self._words[_READ] < self._seen - self._dropped

    def mark(self) -> None:
        """Have it end."""
        if not self._marked:
            self._marked = True
            os.close(self._stop)

    def lost(self) -> str:
        """Why it ended before it was asked to, in plain words; '' if it did not."""
        return "the relay of the wire died" if self.ended and not self._marked else ""


def _told(octets: bytes, at: int) -> tuple[int, Caught | Fate] | None:
    """The next happening in what was read, and where the one after it begins; None while it is not whole."""
    if at >= len(octets):
        return None
    head = _FATE if octets[at] else _FRAME
    if at + head.size > len(octets):
        return None
    start = at + head.size
    if octets[at]:
        _, seen_at, frame, what, arrivals = _FATE.unpack_from(octets, at)
        stop = start + 8 * arrivals
        if stop > len(octets):
            return None
        times = struct.unpack_from(f"={arrivals}Q", octets, start)
        return stop, Fate(seen_at, frame, _WHATS[what], times)  # type: ignore[arg-type]
    _, seen_at, length = _FRAME.unpack_from(octets, at)
    stop = start + length
    return (stop, Caught(seen_at, octets[start:stop], length)) if stop <= len(octets) else None


@dataclass(slots=True)
class Passage:
    """A frame on its way."""

    number: int
    card: str
    """Through which it is to be handed on."""
    data: bytes
    what: What
    arrivals: tuple[int, ...] = ()


class Wire:
    """The relay's own work, one turn at a time."""

    def __init__(self, opened: socket.socket, cards: dict[str, Side], needs: Needs, impairments: Impairments,
                 words: memoryview) -> None:  # fmt: skip
        self.socket = opened
        self._cards = cards
        one, other = cards
        self._across = {one: other, other: one}
        self._delay = int(needs.delay * 1e9)
        self._spacing = int(needs.spacing * 1e9)
        self._judge = Judge(impairments)
        self._words = words
        self._free = dict.fromkeys(cards, 0)
        """When the next frame may be handed to each card."""
        self._held: dict[str, list[tuple[int, Passage]]] = {card: [] for card in cards}
        """Swapped frames: what they wait for has not come yet."""
        self._queues: dict[str, list[tuple[int, int, Passage]]] = {card: [] for card in cards}
        self._order = count()
        self._latest = 0
        self._numbers = count(1)
        self.unsent = bytearray()
        """What the director has still to be told."""

    def turn(self) -> None:
        """Take every frame that is there, hand on every one that is due."""
        while (taken := self._take()) is not None:
            self._accept(*taken)
        now = time.time_ns()
        for held in self._held.values():
            while held and held[0][0] <= now:
                late = held.pop(0)[1]
                late.what = "delayed"
                self._put(now, late)
        while (card := self._next()) and self._when(card) <= time.time_ns():
            self._hand_on(heapq.heappop(self._queues[card])[2])
        self._words[_QUEUED] = self._under_way()

    def due(self) -> float:
        """Seconds until something has to be done, at most a heartbeat."""
        times = [self._when(card) for card, queue in self._queues.items() if queue]
        times += [held[0][0] for held in self._held.values() if held]
        return min(HEARTBEAT, max(0.0, (min(times) - time.time_ns()) / 1e9)) if times else HEARTBEAT

    def _next(self) -> str:
        """The card that is to be handed a frame first; '' where none waits. Late ones go in their order, too."""
        return min((card for card, queue in self._queues.items() if queue), key=self._when, default="")

    def _when(self, card: str) -> int:
        """When the next frame for this card is handed on: never right behind the one before, however late that was."""
        return max(self._queues[card][0][0], self._free[card])

    def _under_way(self) -> int:
        return sum(map(len, self._queues.values())) + sum(map(len, self._held.values()))

    def _take(self) -> tuple[int, str, bytes] | None:
        """The next frame that is one of the hosts': its stamp, whose card it came from, and itself."""
        while True:
            try:
                data, ancillary, _, address = self.socket.recvmsg(LARGEST, 64)
            except BlockingIOError:
                return None
            self._words[_QUEUED] += 1  # first: else it would be neither waiting nor under way for a moment
            self._words[_READ] += 1
            if address[0] in self._cards and address[1] != MARKER_TYPE:
                stamps = [_STAMP.unpack_from(value) for _, kind, value in ancillary if kind == _SO_TIMESTAMPNS]
                stamp = stamps[0][0] * 1_000_000_000 + stamps[0][1] if stamps else time.time_ns()
                self._latest = stamp = max(stamp, self._latest + 1)
                return stamp, address[0], data

    def _accept(self, stamp: int, card: str, data: bytes) -> None:
        """Tell of a frame and decide what becomes of it."""
        number, side = next(self._numbers), self._cards[card]
        self.unsent += _FRAME.pack(0, stamp, len(data)) + data
        rule = self._judge.judge(side, data)
        passage = Passage(number, self._across[card], data, _what(rule))
        if rule.action == "drop":
            self._tell(passage, max(time.time_ns(), stamp))
            return
        if rule.action == "damage":
            passage.data = damaged(data)
        at = stamp + self._delay + int(rule.by * 1e9)
        if rule.action == "swap":
            self._held[card].append((at + HOLD, passage))
            return
        self._put(at, passage)
        if rule.action == "double":
            self._put(at, passage)
        if not rule.by:  # one that is late by itself is not the next
            for _, waiting in self._held[card]:
                self._put(at, waiting)
            self._held[card].clear()

    def _put(self, at: int, passage: Passage) -> None:
        heapq.heappush(self._queues[passage.card], (at, next(self._order), passage))

    def _hand_on(self, passage: Passage) -> None:
        """Give a frame to the card it is for. Stamped first: what it causes is stamped later."""
        now = self._latest_fate(time.time_ns())
        try:
            self.socket.sendto(passage.data, (passage.card, 0))
        except OSError:  # the card is gone or full
            passage.what = "dropped"
        else:
            passage.arrivals += (now,)
        self._free[passage.card] = now + self._spacing
        self._words[_SENT] += 1
        self._tell(passage, now)

    def _latest_fate(self, now: int) -> int:
        return max(now, self._latest)

    def _tell(self, passage: Passage, now: int) -> None:
        arrivals = passage.arrivals
        self.unsent += _FATE.pack(1, now, passage.number, _WHATS.index(passage.what), len(arrivals))
        self.unsent += struct.pack(f"={len(arrivals)}Q", *arrivals)

    def promise(self, until: int) -> None:
        """Say up to when everything has been told."""
        self._words[_PROMISE] = max(self._words[_PROMISE], until)


def _what(rule: Impairment) -> What:
    if rule.action == "drop":
        return "dropped"
    return "delivered" if rule.action == "delay" and not rule.by else _DONE[rule.action]


def _be_relay(wire: Wire, pipe: int, stop: int) -> NoReturn:
    status = 1
    try:
        kernel.drop_privileges()
        kernel.die_with_parent()
        kernel.keep_only(wire.socket.fileno(), pipe, stop)
        os.set_blocking(pipe, False)
        while True:
            before = time.time_ns() - MARGIN
            wire.turn()
            if _flush(wire, pipe):
                wire.promise(before)
            ready, _, _ = select.select([wire.socket.fileno(), stop], [pipe] if wire.unsent else [], [], wire.due())
            if stop in ready:
                break
        wire.turn()
        os.set_blocking(pipe, True)
        while not _flush(wire, pipe):
            pass
        status = 0
    finally:
        os._exit(status)


def _flush(wire: Wire, pipe: int) -> bool:
    """Write what can be written; whether that was all."""
    while wire.unsent:
        try:
            del wire.unsent[: os.write(pipe, wire.unsent)]
        except BlockingIOError:
            return False
    return True
