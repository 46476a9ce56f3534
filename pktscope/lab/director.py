"""Conducts one run: starts the programs, says when the wire is quiet, and writes what three sources tell in one order.

Calls come from the programs' lines, frames from the sniffer's pipe, samples from the kernel. Each carries
CLOCK_REALTIME nanoseconds; each source promises up to when it has told everything; nothing is written before all have
promised that much. So the order in the recording is the order of happening, on a loaded machine too.
"""

from __future__ import annotations

import heapq
import os
import select
import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pktscope.capture.recording import Writer
from pktscope.lab.diag import Diag
from pktscope.lab.lines import Line, Lines
from pktscope.lab.program import Program
from pktscope.lab.trace import sample_of
from pktscope.lab.watch import Caught, Watch
from pktscope.model import Call, End, Endpoint, Fate, Return, Sample, Side, State
from pktscope.words import N_, _, say

QUIET = 0.06
"""Seconds without a frame that make a wire quiet: longer than the 40 ms a delayed ACK may take."""

SETTLE = 5.0
"""Seconds the end of a run may take, once the programs have ended."""

MARK = 1.0
"""Seconds after which a sniffer that has not ended is told again where its end is."""

PATIENCE = 1.0
"""Seconds the other program gets once one has failed: it may be waiting for what will never come."""

MARGIN = 20_000
"""Nanoseconds: how late a promise made in another process's memory may be seen."""

MOMENT = 0.01
"""Seconds between programs that go on together: less than a segment needs over a wire on which that matters."""

TURN = 10
"""Milliseconds between two looks at what moves without waking us."""

READING = 2.0
"""Seconds a program waits for its line at most where somebody else never comes to rest."""

STOPPED = N_("stopped by whoever started the run")


KILLED = N_("killed by {signal}")


class Interrupted(Exception):
    """The run ends early; the text says why, in plain words."""


@dataclass(frozen=True, slots=True)
class Known:
    """A TCP connection's end, once both addresses are known."""

    side: Side
    local: Endpoint
    peer: Endpoint


class Director:
    """One run, from the first program's start to the last frame."""

    def __init__(self, writer: Writer, watches: Sequence[Watch], programs: list[Program], promises: memoryview,
                 control: int, limit: float, lines: Lines | None = None,
                 diags: Mapping[Side, Diag] | None = None) -> None:  # fmt: skip
        """`control`: a descriptor whose end of file ends the run, and that brings what is typed; `limit`: seconds the
        programs may take, waiting for somebody to type not counted; `lines`: what their input() gets; `diags`: whom to
        ask about each side's sockets, where they are hosts of their own."""
        self._writer = writer
        self._watches = watches
        self._programs = programs
        self._promises = promises
        self._control = control
        self._lines = lines or Lines()
        self._unread = b""
        """The beginning of a message of the control pipe's."""
        self._asked = 0.0
        """Since when somebody has been asking for a line."""
        self._diags = diags or dict.fromkeys(Side, Diag())
        self._held: list[tuple[int, int, Caught | Call | Return | Sample | Fate]] = []
        self._arrivals = 0
        self._known: dict[int, Known] = {}
        self._states: dict[int, State] = {}
        self._server, *self._clients = programs
        self._settling = False
        self._turns = 0
        self._frames = 0
        self._moved = time.monotonic()
        self._deadline = self._moved + limit
        self._checked = self._moved
        self._poll = select.poll()
        for descriptor in (control, *(watch.pipe for watch in watches), *(program.line for program in programs)):
            self._poll.register(descriptor, select.POLLIN)

    def conduct(self) -> str:
        """Run everything to its end; what failed, in one line, or ''. BrokenPipeError when nobody reads any more."""
        try:
            self._server.go()
            while not all(program.ended for program in self._programs):
                self._turn()
                self._start_clients()
                self._release_pause()
                self._answer_input()
                self._check_time()
            self._settle()
        except Interrupted as stopped:
            self._end("interrupted", str(stopped))
            return str(stopped)
        self._end("finished", "")
        return self._failure()

    # --- what is told -------------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        """Wait for something to be told, take it all, write what nothing earlier can come before."""
        watchful = self._held or self._settling or self._paused() or (self._asking() and not self._lines.interactive)
        for descriptor, _event in self._poll.poll(TURN if watchful else 10 * TURN):
            if descriptor == self._control:
                self._obey()
        frames = self._count()
        if frames != self._frames:
            self._frames, self._moved = frames, time.monotonic()
        self._write(self._collect())
        for watch in self._watches:
            if lost := watch.lost():
                raise Interrupted(lost)

    def _obey(self) -> None:
        """Take what the control pipe brings: lines that were typed, or the end."""
        octets = os.read(self._control, 1 << 16)
        if not octets:
            raise Interrupted(STOPPED)
        *messages, self._unread = (self._unread + octets).split(b"\n")
        for message in messages:
            self._lines.hear(message)
        self._unread = self._unread[: 1 << 16]

    def _collect(self) -> int:
        """Take everything told so far; the time up to which that is everything."""
        looked = time.time_ns() - MARGIN
        bounds = [self._promises[program.slot] or looked for program in self._programs if not program.ended]
        for watch in self._watches:
            bounds += [] if watch.ended else [watch.promised()]
            for told in watch.hear():
                self._hold(told.time, told)
            if watch.ended:
                self._forget(watch.pipe)
        for program in self._programs:
            before = program.ended
            for event in program.hear():
                self._learn(event)
                self._hold(event.time, event)
            bounds += [program.behind] if program.behind else []
            if program.ended and not before:
                self._bury(program)
        return min(bounds, default=looked)

    def _count(self) -> int:
        return sum(watch.count() for watch in self._watches)

    def _hold(self, at: int, told: Caught | Call | Return | Sample | Fate) -> None:
        self._arrivals += 1
        heapq.heappush(self._held, (at, self._arrivals, told))

    def _write(self, until: int) -> None:
        """Write what happened up to `until`, in order."""
        while self._held and self._held[0][0] <= until:
            at, _, told = heapq.heappop(self._held)
            if isinstance(told, Caught):
                self._writer.frame(at, told.data, told.length, interface=told.interface)
            else:
                self._writer.observe(told)

    def _learn(self, event: Call | Return | Sample) -> None:
        """Remember whose connections there are, and what state each was last seen in."""
        if isinstance(event, Sample):
            self._states[event.socket] = event.state
        elif isinstance(event, Return) and event.name in ("connect", "connect_ex", "accept") and not event.error:
            socket = event.socket if event.new_socket is None else event.new_socket
            # Only TCP sockets have been sampled: connect() of a datagram socket makes no connection.
            tcp = socket in self._states or event.new_socket is not None
            if tcp and event.local is not None and event.peer is not None:
                self._known[socket] = Known(event.side, event.local, event.peer)

    def _bury(self, program: Program) -> None:
        """A program's line has closed: take its exit status, and say so if it did not end by itself."""
        self._forget(program.line)
        _, status = os.waitpid(program.pid, 0)
        if os.WIFSIGNALED(status):
            name = signal.Signals(os.WTERMSIG(status)).name
            program.failure = say(KILLED, {"signal": name})
            call = Call(time.time_ns(), program.side, program.host_pid, 0, "exit", program.failure)
            self._hold(call.time, call)

    def _forget(self, descriptor: int) -> None:
        with suppress(KeyError):
            self._poll.unregister(descriptor)

    # --- who may go on ------------------------------------------------------------------------------------------------

    def _start_clients(self) -> None:
        """A client starts when the server's listen() has returned; with datagrams there is only its bind()."""
        for client in self._clients:
            if not client.started and self._server.ready:
                client.go()
            elif not client.started and self._server.ended:
                why = self._server.failure or _("it ended")
                raise Interrupted(say("the server never came to listen: {why}", {"why": why}))

    def _paused(self) -> list[Program]:
        return [program for program in self._programs if program.paused]

    def _release_pause(self) -> None:
        """Let somebody out of pause(), once nothing can happen otherwise.

        Where several are paused they take turns, a client first: who came first to pause() is for the scheduler to say.
        """
        paused = self._paused()
        if paused and self._all_blocked() and self._quiet() and not self._told_more():
            self._sample_all()
            self._turns += 1
            if any(program.together for program in paused):
                self._release_all(paused)
                return
            chosen = min(paused, key=lambda program: (program.turn, -program.slot))
            chosen.turn = self._turns
            chosen.go()

    def _release_all(self, paused: list[Program]) -> None:
        """Let those who wait for each other go on together, once all are there; till then the others.

        The client's first frame is waited for, and a moment more, so that the order on the wire is certain: of these
        frames, and of those that answer them.
        """
        alone = [program for program in paused if not program.together]
        active = [program for program in self._programs if program.started and not program.ended]
        if not alone and len(paused) < len(active):
            return
        for program in alone[:1] or sorted(paused, key=lambda program: -program.slot):
            frames, until = self._count(), time.monotonic() + 2 * MOMENT
            program.turn = self._turns
            program.go()
            while not alone and self._count() == frames and time.monotonic() < until:
                time.sleep(0.0005)
            time.sleep(0 if alone else MOMENT)

    def _asking(self) -> list[Program]:
        return [program for program in self._programs if program.asking and not program.ended]

    def _answer_input(self) -> None:
        """Give somebody the line it waits for: what was typed at once, what was given once nothing else happens.

        Whoever typed it would have seen the answer to the line before, too; so the order on the wire is certain.
        """
        asking = sorted(self._asking(), key=lambda program: (program.turn, -program.slot))
        self._asked = (self._asked or time.monotonic()) if asking else 0.0
        typed = self._lines.at_once(asking)
        if typed is None and asking and (self._all_idle() or time.monotonic() - self._asked > READING):
            typed = self._lines.choose(asking)
        if typed is not None:
            self._let_read(*typed)

    def _all_idle(self) -> bool:
        """Whether nothing would happen if nobody typed anything."""
        active = [program for program in self._programs if program.started and not program.ended]
        calm = all(not self._promises[program.slot] and program.idle() for program in active)
        return calm and not self._paused() and self._quiet() and not self._told_more()

    def _let_read(self, program: Program, line: Line) -> None:
        self._turns += 1
        program.turn, self._asked = self._turns, 0.0
        program.answer(line.text)

    def _all_blocked(self) -> bool:
        active = [program for program in self._programs if program.started and not program.ended]
        return all(not self._promises[program.slot] and program.asleep() for program in active)

    def _told_more(self) -> bool:
        """Whether a line holds something not yet taken: then what was just found out may be old."""
        lines = {program.line for program in self._programs}
        return any(descriptor in lines for descriptor, _ in self._poll.poll(0))

    def _quiet(self) -> bool:
        """No frame for a while, nothing unacknowledged, no timer that would send."""
        if time.monotonic() - self._moved < QUIET or any(watch.busy() for watch in self._watches):
            return False
        if any(found.busy for diag in set(self._diags.values()) for found in diag.everything()):
            return False
        return self._count() == self._frames

    def _check_time(self) -> None:
        now, failure = time.monotonic(), self._failed()
        if self._lines.interactive and self._asking():
            self._deadline += now - self._checked  # the clock of whoever sits there is not the programs'
        self._checked = now
        if failure:
            self._deadline = min(self._deadline, now + PATIENCE)
        if now > self._deadline:
            raise Interrupted(failure or say("the time is up; {doing}", {"doing": doing(self._programs)}))

    # --- the end ------------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """The programs have ended: wait until the kernel has nothing left to send, then for the last frame."""
        self._settling = True
        until = time.monotonic() + SETTLE
        while not self._quiet() and time.monotonic() < until:
            self._turn()
        self._sample_all()
        until, told, marked = time.monotonic() + SETTLE, self._arrivals, 0.0
        while not all(watch.ended for watch in self._watches):
            if time.monotonic() - marked > MARK:  # a mark, too, finds no room where much is still to be told
                for watch in self._watches:
                    watch.mark()
                marked = time.monotonic()
            self._turn()
            if self._arrivals != told:
                until, told = time.monotonic() + SETTLE, self._arrivals
            if time.monotonic() > until:
                raise Interrupted(_("the sniffer did not come to an end"))

    def _sample_all(self) -> None:
        """Tell the kernel's state of every connection where it is not the one told last."""
        for socket, known in self._known.items():
            since = time.time_ns()
            found = self._diags[known.side].lookup(known.local, known.peer)
            now = time.time_ns()
            sample = sample_of(found, now, since, known.side, socket, known.local, known.peer)
            if sample.state is not self._states.get(socket):
                self._learn(sample)
                self._hold(now, sample)

    def _end(self, reason: str, detail: str) -> None:
        self._collect()
        self._write(1 << 63)
        self._count()
        ended: End = End(time.time_ns(), "finished", self._dropped(), detail)
        if reason == "interrupted":
            ended = End(ended.time, "interrupted", self._dropped(), detail)
        self._writer.observe(ended)

    def _dropped(self) -> int:
        return sum(watch.dropped for watch in self._watches)

    def _failed(self) -> str:
        """Which programs failed, and how."""
        failed = [program for program in self._programs if program.failure]
        return "; ".join(say("the {side}: {how}", {"side": each.side, "how": each.failure}) for each in failed)

    def _failure(self) -> str:
        """What keeps the finished run from being trusted."""
        dropped = self._dropped()
        lost = say("the kernel could not store {count:frames}", {"count": dropped}) if dropped else ""
        return "; ".join(line for line in (self._failed(), lost) if line)


def doing(programs: Iterable[Program]) -> str:
    """'the client is in recv(); the server has ended'."""
    told = []
    for program in programs:
        values = {"side": program.side, "call": program.last.name if isinstance(program.last, Call) else ""}
        how = N_("the {side} has ended")
        if not program.ended:
            how = N_("the {side} is in {call}()") if values["call"] else N_("the {side} runs")
        told.append(say(how, values))
    return "; ".join(told)
