"""The worker's job for somebody's own programs: their specification, and the run in a private room."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pktscope.capture.recording import Writer
from pktscope.capture.ring import ETHERNET
from pktscope.demos import Needs
from pktscope.lab import ladder, program, room, threshold
from pktscope.lab.codes import DENIED, FAILED, INTERRUPTED, OK
from pktscope.lab.director import STOPPED
from pktscope.lab.lines import Line, Lines, one_line, spoken
from pktscope.lab.minder import Minder
from pktscope.lab.place import Place, sniffed
from pktscope.lab.privileges import as_invoking_user
from pktscope.lab.program import Own, Script
from pktscope.lab.room import Refused
from pktscope.lab.threshold import HOST, SUDO
from pktscope.lab.wishes import Wishes, from_values
from pktscope.model import Exchange, Side
from pktscope.words import N_, _, say

FORKS = 64
"""Processes that programs may fork and that are followed; what more of them do is not told."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One program to run."""

    path: str
    """Absolute: of the script; or the directory a command runs in."""
    name: str
    """As it is shown: 'server.py'."""
    arguments: tuple[str, ...] = ()
    """Of the script; or the whole command."""
    traced: bool = True
    """A Python script."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A run that was asked for."""

    title: str
    programs: tuple[Wanted, ...]
    """The server, then the clients."""
    names: tuple[tuple[str, str], ...]
    """Source files and directories (ending in '/'), and how they are shown."""
    sources: tuple[str, ...]
    """Those of `names` whose text the recording keeps."""
    wishes: Wishes = field(default_factory=Wishes)
    """What is between them, and lines for whoever asks."""
    typed: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Side and the lines for its programs' input()."""
    together: bool = False
    limit: float = 60.0
    """Seconds."""


def to_text(spec: Spec) -> str:
    """For a command line."""
    return json.dumps(asdict(spec))


def from_text(text: str) -> Spec:
    """What to_text() made."""
    values: dict[str, Any] = json.loads(text)
    wanted = tuple(Wanted(**{**each, "arguments": tuple(each["arguments"])}) for each in values.pop("programs"))
    names = tuple((file, name) for file, name in values.pop("names"))
    typed = tuple((side, tuple(lines)) for side, lines in values.pop("typed"))
    sources, wishes = tuple(values.pop("sources")), from_values(values.pop("wishes"))
    return Spec(programs=wanted, names=names, typed=typed, sources=sources, wishes=wishes, **values)


def run(spec: Spec, control: int, recording: int, refuse: Callable[[int, str], int]) -> int:
    """Try the ways into a private room until one holds; the exit code."""
    first: tuple[str, Refused] | None = None
    for rung in ladder.rungs():
        if rung == SUDO:
            if ladder.sudo_allowed():
                ladder.again_as_root()
            continue
        if rung == HOST:
            continue
        outcome = threshold.attempt(rung, lambda settled: _perform(spec, control, recording, refuse, settled))
        if isinstance(outcome, int):
            return outcome
        first = first or (rung, outcome)
    if first is None:
        return refuse(DENIED, _("programs of one's own need a private room, and none is to be had here"))
    rung, refused = first
    values = {"why": ladder.explain(refused), "way_out": ladder.way_out(rung, refused)}
    return refuse(DENIED, say("no run here: {why}; {way_out}", values))


def _perform(spec: Spec, control: int, recording: int, refuse: Callable[[int, str], int],
             settled: Callable[[], None]) -> int:  # fmt: skip
    """Behind the threshold: read the scripts, make the place, start everybody in it, drop every privilege, run."""
    try:
        with as_invoking_user():
            sources = {file: Path(file).read_bytes() for file in spec.sources}
    except OSError as error:
        return refuse(FAILED, f"{error.filename}: {error.strerror}")
    count = len(spec.programs)
    promises = program.promise_words(count + FORKS)
    place = _place(spec.wishes, promises, count)
    spare = range(count + 1, count + FORKS)
    programs = _start(spec, sources, promises, spare, place)
    settled()
    first, *further = place.interfaces
    writer = Writer(os.fdopen(recording, "wb", buffering=0), interface=first, link=ETHERNET, further=further)
    writer.exchange(_exchange(spec, sources, place), time.time_ns())
    failure = Minder(
        writer, place.watches, programs, promises, control, spec.limit, _lines(spec), place.diags,
        together=spec.together, spare=spare,
    ).conduct()  # fmt: skip
    if failure == STOPPED:
        return INTERRUPTED
    return refuse(FAILED, hinted(failure, spec.wishes, sources.values())) if failure else OK


NO_LOOPBACK_OF_SIX = N_("{failure}; over a wire only 127.0.0.1 means the server, not ::1: write 127.0.0.1 in both")
NO_BROADCAST = N_("{failure}; loopback has no broadcast: with --wire 1ms client and server are hosts with a card each")

NO_WAY_OUT = N_("{failure}; from the private room no other network can be reached")


def hinted(failure: str, wishes: Wishes, sources: Iterable[bytes]) -> str:
    """What failed, and the way out where the room is the reason."""
    if wishes.wired and "Errno 99]" in failure and any(b"::1" in source for source in sources):
        return say(NO_LOOPBACK_OF_SIX, {"failure": failure})
    if "Errno 101]" not in failure:
        return failure
    aimed = not wishes.wired and any(b"255" in source or b"<broadcast>" in source for source in sources)
    return say(NO_BROADCAST if aimed else NO_WAY_OUT, {"failure": failure})


def _place(wishes: Wishes, promises: memoryview, slot: int) -> Place:
    """One loopback for all; where a wire was asked for, two hosts, the server's and the clients'."""
    if wishes.wired:
        from pktscope.lab import wire

        needs = Needs(topology="wire", impair=wishes.impair)
        needs = needs if wishes.wire is None else replace(needs, delay=wishes.wire)
        return wire.build(needs, drops=wishes.drops, loss=wishes.loss, seed=wishes.seed or 0, loopback_names=True)
    applied = room.furnish()
    return Place(room.address(), room.describe(1500, False), applied, (sniffed("lo", promises, slot),))


def _exchange(spec: Spec, sources: dict[str, bytes], place: Place) -> Exchange:
    names = dict(spec.names)
    texts = tuple((names[file], decoded(octets)) for file, octets in sources.items())
    return Exchange(
        spec.title, room=place.room, settings=place.settings, sources=texts, topology=place.topology, path=place.path
    )


def decoded(source: bytes) -> str:
    """A source file as text, by the coding it declares (PEP 263), UTF-8 else."""
    import io
    import tokenize

    try:
        coding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        return source.decode(coding, "replace")
    except (SyntaxError, LookupError):
        return source.decode("utf-8", "replace")


def _start(spec: Spec, sources: dict[str, bytes], promises: memoryview, spare: range,
           place: Place) -> list[program.Program]:  # fmt: skip
    """Fork every program; each waits until it may begin."""
    pool, full = os.pipe()
    os.write(full, b"".join(slot.to_bytes(2, "big") for slot in spare))
    os.close(full)
    os.set_blocking(pool, False)
    programs = []
    for slot, wanted in enumerate(spec.programs):
        own = Own(wanted.path, sources.get(wanted.path, b""), spec.names, wanted.arguments, wanted.traced, pool)
        side = Side.CLIENT if slot else Side.SERVER
        script = Script(side, wanted.name, "", "", (), max(1, slot), own=own)
        programs.append(program.start(script, promises, slot, place.entry(side, False)))
    os.close(pool)
    return programs


def _lines(spec: Spec) -> Lines:
    given = spoken(spec.wishes.says)
    for side, lines in spec.typed:
        given.extend(Line(one_line(line), Side(side)) for line in lines)
    return Lines(given, spec.wishes.interactive)
