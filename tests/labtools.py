"""What the tests of the lab share: running a demo, reading its recording, looking at processes."""

from __future__ import annotations

import os
import pickle
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from pktscope.capture.decode import decode
from pktscope.capture.recording import Told, read_entry
from pktscope.capture.records import Record
from pktscope.capture.ring import ETHERNET
from pktscope.lab import ladder, room, runner, threshold
from pktscope.model import Call, End, Exchange, Fate, Frame, Return, Sample, Side


def blocks(recording: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and body of every block of a pcapng as we write it."""
    at = 0
    while at + 12 <= len(recording):
        kind, size = struct.unpack_from("<II", recording, at)
        yield kind, recording[at + 8 : at + size - 4]
        at += size


Answer = TypeVar("Answer")


class Recording:
    """A finished run: what was told and which frames were seen, in the order written."""

    def __init__(self, octets: bytes, refusal: str, status: int) -> None:
        self.refusal, self.status = refusal, status
        self.order: list[tuple[int, Told | bytes]] = []
        self.links: list[int] = []
        """The interface of each frame, by its number in the recording."""
        for kind, body in blocks(octets):
            if kind == 9:
                told = read_entry(body[: -(len(body) % 4) or None].rstrip(b"\0"))
                assert told is not None
                self.order.append((getattr(told, "time", 0), told))
            elif kind == 6:
                link, high, low, captured = struct.unpack_from("<IIII", body)
                self.links.append(link)
                self.order.append((high << 32 | low, body[20 : 20 + captured]))

    @property
    def frames(self) -> list[tuple[int, bytes]]:
        return [(at, told) for at, told in self.order if isinstance(told, bytes)]

    @property
    def packets(self) -> list[Frame]:
        """The frames, read."""
        return [
            decode(Record(number, at, ETHERNET, octets, len(octets)))
            for number, (at, octets) in enumerate(self.frames, 1)
        ]

    @property
    def exchange(self) -> Exchange:
        found = self.order[0][1]
        assert isinstance(found, Exchange)
        return found

    @property
    def end(self) -> End:
        found = self.order[-1][1]
        assert isinstance(found, End)
        return found

    def calls(self, name: str = "", side: Side | None = None) -> list[Call]:
        return [
            told
            for _, told in self.order
            if isinstance(told, Call) and (not name or told.name == name) and side in (None, told.side)
        ]

    def back(self, call: Call) -> Return:
        return next(told for _, told in self.order if isinstance(told, Return) and told.serial == call.serial)

    @property
    def fates(self) -> list[Fate]:
        return [told for _, told in self.order if isinstance(told, Fate)]

    def samples(self, side: Side) -> list[Sample]:
        return [told for _, told in self.order if isinstance(told, Sample) and told.side is side]


def record(demo: str, **wishes: Any) -> Recording:
    """Run a demo to its end, with wishes by the fields of Wishes."""
    with runner.start(demo, **wishes) as run:
        octets = run.stream.read()
        return Recording(octets, run.refusal, run.wait(10))


def parents() -> dict[int, int]:
    """Every process of the machine and its parent."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                    rest = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if rest[0] != "Z":
                found[int(entry)] = int(rest[1])
    return found


def descendants(root: int) -> set[int]:
    """The living processes below `root`."""
    tree, found, fresh = parents(), set[int](), {root}
    while fresh:
        fresh = {child for child, parent in tree.items() if parent in fresh}
        found |= fresh
    return found


def until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Wait for a condition; whether it came true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def in_room(job: Callable[[], Answer], mtu: int = 1500, offload: bool = False) -> Answer:
    """What `job` returns when called in a private room, in a process that still has every right there."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            threshold.attempt(ladder.rungs()[0], lambda settled: _answer(job, mtu, offload, writing))
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as answer:
        octets = answer.read()
    os.waitpid(child, 0)
    assert octets, "no answer from the room"
    result = pickle.loads(octets)
    if isinstance(result, BaseException):
        raise result
    answered: Answer = result
    return answered


def _answer(job: Callable[[], object], mtu: int, offload: bool, writing: int) -> int:
    result: object
    try:
        room.furnish(mtu, offload)
        result = job()
    except BaseException as error:
        result = error
    with open(writing, "wb") as pipe:
        pipe.write(pickle.dumps(result))
    return 0
