"""The process that has the privileges: makes the room, starts programs and sniffer, writes one recording to its output.

`demo NAME` tries the ways in, best first: a private room, the same through `sudo -n`, the host's loopback; `live`
sniffs an interface. Standard input is the control pipe: end of file there ends everything. What cannot be done is one
line on standard error, and the exit code says of which kind.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from pktscope import demos
from pktscope.capture.recording import Writer
from pktscope.capture.ring import ETHERNET, port_filter
from pktscope.demos import Demo, Needs
from pktscope.lab import ladder, live, own, program, room, threshold
from pktscope.lab.codes import DENIED, FAILED, INTERRUPTED, OK, USAGE
from pktscope.lab.director import STOPPED, Director
from pktscope.lab.lines import Lines, spoken
from pktscope.lab.place import Place, sniffed
from pktscope.lab.program import Script
from pktscope.lab.room import Refused, step
from pktscope.lab.threshold import HOST, SUDO
from pktscope.lab.wishes import Impossible, Wishes, from_text, needs_of, seeded, source_of
from pktscope.model import Exchange, Side
from pktscope.words import N_, duration, say

NO_ROOM = N_("the demo {name} needs a private room, and none is to be had here")

CONTROL, RECORDING = 0, 1
"""Descriptors."""

LINKS = 3
"""The most interfaces that are sniffed at once."""

HASTE = -10
"""Niceness of a demo and of all that watches it: on a busy machine a program that has to wait for a processor for more
than the 40 ms of a delayed ACK is late with its answer."""

SPARE = 30.0
"""Seconds a demo may take beyond what it says, on a loaded machine."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one job; its exit code."""
    wanted = _parser().parse_args(arguments)
    if wanted.job == "live":
        return live.run(wanted.interface, wanted.filter, wanted.count, CONTROL, RECORDING)
    if wanted.job == "run":
        return own.run(own.from_text(wanted.spec), CONTROL, RECORDING, refuse)
    wishes = from_text(wanted.wishes)
    try:
        demo = demos.load(wanted.name, wishes.variant)
        needs = needs_of(demo, wishes)
    except (demos.NoSuchDemo, Impossible) as error:
        return refuse(USAGE, str(error))
    return Performance(demo, needs, seeded(wishes)).climb()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pktscope.lab.worker", allow_abbrev=False)
    jobs = parser.add_subparsers(dest="job", required=True)
    demo = jobs.add_parser("demo")
    demo.add_argument("name")
    demo.add_argument("wishes", nargs="?", default="{}")
    jobs.add_parser("run").add_argument("spec")
    sniff = jobs.add_parser("live")
    sniff.add_argument("--interface", required=True)
    sniff.add_argument("-c", dest="count", type=int, default=0)
    sniff.add_argument("--filter", default="")
    return parser


def refuse(code: int, line: str) -> int:
    """Say in one line what cannot be done; the exit code."""
    sys.stderr.write(" ".join(line.split()) + "\n")
    sys.stderr.flush()
    return code


@dataclass(frozen=True, slots=True)
class Performance:
    """A demo that is to be run: as what, where, and how."""

    demo: Demo
    needs: Needs
    wishes: Wishes

    def climb(self) -> int:
        """Try the ways in until one holds; the exit code."""
        first: tuple[str, Refused] | None = None
        for rung in ladder.rungs(self.wishes.host):
            if rung == SUDO:
                if ladder.sudo_allowed():
                    ladder.again_as_root()
                continue
            if rung == HOST and (not self.needs.shared or self.needs.topology != "lo"):
                continue
            refused = first[1] if first else None
            outcome = threshold.attempt(rung, lambda settled, way=rung, why=refused: self._perform(way, why, settled))  # type: ignore[misc]
            if isinstance(outcome, int):
                return outcome
            first = first or (rung, outcome)
        if first is None:
            return refuse(DENIED, say(NO_ROOM, {"name": self.demo.name}))
        rung, refused = first
        values = {"why": ladder.explain(refused, rung), "way_out": ladder.way_out(rung, refused)}
        return refuse(DENIED, say("no live run here: {why}; {way_out}", values))

    def _perform(self, rung: str, refused: Refused | None, settled: Callable[[], None]) -> int:
        """Behind the threshold: make the place, start everybody in it, drop every privilege, run."""
        with suppress(OSError):  # an ordinary user may not
            os.setpriority(os.PRIO_PROCESS, 0, HASTE)
        promises = program.promise_words(2 + LINKS)
        place = self._shared(refused, promises) if rung == HOST else self._private(promises)
        source = source_of(self.demo, self.wishes)
        more = (self.demo.variant,) if self.demo.variant else ()
        programs = []
        for slot, side in enumerate((Side.SERVER, Side.CLIENT)):
            script = Script(side, self.demo.file, source, side.value, (place.address,), more=more)
            programs.append(program.start(script, promises, slot, place.entry(side, self.needs.raw)))
        settled()
        first, *further = place.interfaces
        writer = Writer(os.fdopen(RECORDING, "wb", buffering=0), interface=first, link=ETHERNET, further=further)
        writer.exchange(self._exchange(place, source), time.time_ns())
        limit = self.demo.seconds * (4 if self.wishes.wired else 1) + SPARE
        failure = Director(
            writer, place.watches, programs, promises, CONTROL, limit, self._lines(), place.diags
        ).conduct()
        if failure == STOPPED:
            return INTERRUPTED
        if failure and (self.wishes.wire or self.needs.delay) < self.demo.needs.delay:
            values = {"failure": failure, "delay": duration(round(self.demo.needs.delay * 1e9))}
            failure = say("{failure}; by itself the demo has a slower wire, {delay} each way", values)
        return refuse(FAILED, failure) if failure else OK

    def _private(self, promises: memoryview) -> Place:
        """A private room of the topology it needs."""
        needs, wishes = self.needs, self.wishes
        if needs.topology == "wire":
            from pktscope.lab import wire

            return wire.build(needs, six=wishes.six, drops=wishes.drops, loss=wishes.loss, seed=wishes.seed or 0)
        if needs.topology == "routers":
            from pktscope.lab import routers

            return routers.build(needs, promises, 2)
        applied = (*room.furnish(needs.mtu, needs.offload), *room.pinned(needs.sysctls))
        watches = (sniffed("lo", promises, 2),)
        return Place(room.address(wishes.six), room.describe(needs.mtu, needs.offload), applied, watches)

    def _shared(self, refused: Refused | None, promises: memoryview) -> Place:
        """On the host's loopback: a port that is free, and the reason for being there."""
        host = room.address(self.wishes.six)[0]
        with step("loopback"), socket.socket(socket.AF_INET6 if self.wishes.six else socket.AF_INET) as taken:
            taken.bind((host, 0))
            port = taken.getsockname()[1]
        values = {"why": ladder.explain(refused) if refused is not None else "", "system": room.system()}
        where = N_("the host's loopback (as asked), {system}")
        if refused is not None:
            where = N_("the host's loopback (no private room: {why}), {system}")
        watches = (sniffed("lo", promises, 2, program=port_filter(port, self.wishes.six)),)
        return Place((host, port), say(where, values), (), watches)

    def _exchange(self, place: Place, source: str) -> Exchange:
        demo = self.demo
        return Exchange(
            demo.title, demo.name, place.room, place.settings, ((demo.file, source),), demo.variant, place.topology,
            place.path,
        )  # fmt: skip

    def _lines(self) -> Lines:
        """What its programs read: as asked, else by hand, else as the demo itself has it."""
        wishes = self.wishes
        return Lines(spoken(wishes.says or (() if wishes.interactive else self.needs.says)), wishes.interactive)


def run() -> NoReturn:
    """For `python -m`: the exit code, and no traceback where nobody is there to read."""
    try:
        code = main()
    except (BrokenPipeError, KeyboardInterrupt):
        code = FAILED
    os._exit(code)


if __name__ == "__main__":
    run()
