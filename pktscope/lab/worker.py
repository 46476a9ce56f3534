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
from typing import NoReturn

from pktscope import demos
from pktscope.capture.recording import Writer
from pktscope.capture.ring import ETHERNET, Ring, link_of, port_filter
from pktscope.demos import Demo
from pktscope.lab import ladder, live, own, program, room, threshold
from pktscope.lab.codes import DENIED, FAILED, INTERRUPTED, OK, USAGE
from pktscope.lab.director import STOPPED, Director
from pktscope.lab.lines import Lines, spoken
from pktscope.lab.program import Script
from pktscope.lab.room import Refused, step
from pktscope.lab.sniffer import Sniffer
from pktscope.lab.threshold import HOST, SUDO
from pktscope.model import Exchange, Side
from pktscope.words import N_, say

NOT_SHARED = N_("the demo {name} needs a private room: on the host's loopback MTU and timers differ")
NO_ROOM = N_("the demo {name} needs a private room, and none is to be had here")

CONTROL, RECORDING = 0, 1
"""Descriptors."""

SPARE = 30.0
"""Seconds a demo may take beyond what it says, on a loaded machine."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one job; its exit code."""
    wanted = _parser().parse_args(arguments)
    if wanted.job == "live":
        return live.run(wanted.interface, wanted.filter, wanted.count, CONTROL, RECORDING)
    if wanted.job == "run":
        return own.run(own.from_text(wanted.spec), CONTROL, RECORDING, refuse)
    try:
        demo = demos.load(wanted.name)
    except demos.NoSuchDemo as error:
        return refuse(USAGE, str(error))
    if wanted.host and not demo.needs.shared:
        return refuse(USAGE, say(NOT_SHARED, {"name": demo.name}))
    return _climb(demo, wanted.host, _lines(demo, wanted.say, wanted.interactive))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pktscope.lab.worker", allow_abbrev=False)
    jobs = parser.add_subparsers(dest="job", required=True)
    demo = jobs.add_parser("demo")
    demo.add_argument("name")
    demo.add_argument("--host", action="store_true")
    demo.add_argument("--say", action="append", default=[])
    demo.add_argument("--interactive", action="store_true")
    jobs.add_parser("run").add_argument("spec")
    sniff = jobs.add_parser("live")
    sniff.add_argument("--interface", required=True)
    sniff.add_argument("-c", dest="count", type=int, default=0)
    sniff.add_argument("--filter", default="")
    return parser


def _lines(demo: Demo, says: Sequence[str], interactive: bool) -> Lines:
    """What its programs read: as asked, else by hand, else as the demo itself has it."""
    return Lines(spoken(says or (() if interactive else demo.needs.says)), interactive)


def refuse(code: int, line: str) -> int:
    """Say in one line what cannot be done; the exit code."""
    sys.stderr.write(" ".join(line.split()) + "\n")
    sys.stderr.flush()
    return code


def _climb(demo: Demo, host: bool, lines: Lines) -> int:
    """Try the ways in until one holds."""
    first: tuple[str, Refused] | None = None
    for rung in ladder.rungs(host):
        if rung == SUDO:
            if ladder.sudo_allowed():
                ladder.again_as_root()
            continue
        if rung == HOST and not demo.needs.shared:
            continue
        outcome = threshold.attempt(rung, _job(demo, rung, first, lines))
        if isinstance(outcome, int):
            return outcome
        first = first or (rung, outcome)
    if first is None:
        return refuse(DENIED, say(NO_ROOM, {"name": demo.name}))
    rung, refused = first
    values = {"why": ladder.explain(refused), "way_out": ladder.way_out(rung, refused)}
    return refuse(DENIED, say("no live run here: {why}; {way_out}", values))


def _job(demo: Demo, rung: str, refused: tuple[str, Refused] | None, lines: Lines) -> threshold.Job:
    """What to do once in: furnish, open the ring, drop every privilege, run."""

    def job(settled: Callable[[], None]) -> int:
        if rung == HOST:
            address, exchange = _shared(demo, refused)
            filtered = port_filter(address[1])
        else:
            applied = room.furnish(demo.needs.mtu, demo.needs.offload)
            address, filtered = room.ADDRESS, ()
            exchange = _exchange(demo, room.describe(demo.needs.mtu, demo.needs.offload), applied)
        with step("AF_PACKET"):
            ring = Ring("lo", link_of("lo"), program=filtered)
            sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        promises = program.promise_words(2)
        sniffer = Sniffer(ring, sender, promises, slot=2)
        settled()
        return _run(demo, exchange, address, ring, sniffer, promises, lines)

    return job


def _exchange(demo: Demo, where: str, applied: tuple[tuple[str, str], ...]) -> Exchange:
    return Exchange(demo.title, demo.name, where, applied, ((demo.file, demo.source),))


def _shared(demo: Demo, refused: tuple[str, Refused] | None) -> tuple[tuple[str, int], Exchange]:
    """On the host's loopback: a port that is free, and the reason for being there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    values = {"why": ladder.explain(refused[1]) if refused is not None else "", "system": room.system()}
    where = N_("the host's loopback (as asked), {system}")
    if refused is not None:
        where = N_("the host's loopback (no private room: {why}), {system}")
    return ("127.0.0.1", port), _exchange(demo, say(where, values), ())


def _run(demo: Demo, exchange: Exchange, address: tuple[str, int], ring: Ring, sniffer: Sniffer,
         promises: memoryview, lines: Lines) -> int:  # fmt: skip
    """The recording, from its first block to its last."""
    scripts = [Script(side, demo.file, demo.source, side.value, (address,)) for side in (Side.SERVER, Side.CLIENT)]
    programs = [program.start(script, promises, slot) for slot, script in enumerate(scripts)]
    writer = Writer(os.fdopen(RECORDING, "wb", buffering=0), interface="lo", link=ETHERNET)
    writer.exchange(exchange, time.time_ns())
    limit = demo.seconds + SPARE
    failure = Director(writer, ring, sniffer, programs, promises, CONTROL, limit, lines).conduct()
    if failure == STOPPED:
        return INTERRUPTED
    return refuse(FAILED, failure) if failure else OK


def run() -> NoReturn:
    """For `python -m`: the exit code, and no traceback where nobody is there to read."""
    try:
        code = main()
    except (BrokenPipeError, KeyboardInterrupt):
        code = FAILED
    os._exit(code)


if __name__ == "__main__":
    run()
