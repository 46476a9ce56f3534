"""A director for programs that nobody wrote for us: they loop for ever, wait for each other, fork, or never listen."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from pktscope.lab.director import Director, Interrupted, doing
from pktscope.lab.program import Program
from pktscope.model import Call, Return, Sample, Side, State

LISTENS = 10.0
"""Seconds a server gets to call listen() or bind()."""
CONNECTS = 2.0
"""Seconds after which the next client starts where the one before has not connected."""
DONE = 0.3
"""Seconds a server may wait for what can never come, once the last client has ended."""
STUCK = 2.0
"""Seconds programs may wait for each other while nothing happens."""
BUSY = 2.0
"""Seconds a server gets after the last client's end where it is doing something."""
GRACE = 0.5
"""Seconds between SIGTERM and SIGKILL."""
LOOK = 0.05
"""Seconds between two looks at who is stuck."""

LOOPS = "the run ended it: a server loops for ever"
WAITS = "the run ended it: it waited for what could never come"
TIME = "the run ended it: its time was up"
AWAY = "the run ended it: its calls could no longer be seen (it became another program, or closed our line)"


class Minder(Director):
    """One run of somebody's own programs."""

    def __init__(self, *given: Any, together: bool = False, spare: range = range(0), **named: Any) -> None:
        """As of any Director; `together`: all clients start at once; `spare`: promises that forked processes make."""
        super().__init__(*given, **named)
        self._together = together
        self._spare = spare
        self._began = self._looked = time.monotonic()
        self._still: dict[int, float] = {}
        """Since when a program has been stuck, by slot."""
        self._over = 0.0
        """Since when all clients have ended."""
        self._asked_to_end: dict[int, float] = {}
        """When a program was sent SIGTERM, by slot."""
        self._last_start = 0.0
        self._forced = ""
        """Why the run was cut short, if it was."""
        self._killed: set[int] = set()

    def conduct(self) -> str:
        """As of any Director; a run that had to be cut short says so."""
        failed = super().conduct()
        return self._forced or failed

    def _collect(self) -> int:
        bound = super()._collect()
        return min([bound, *(word for slot in self._spare if (word := self._promises[slot]))])

    def _hold(self, at: int, told: bytes | Call | Return | Sample, length: int = 0) -> None:
        """A program that the run ended has had its 'exit'."""
        if isinstance(told, Call) and told.name == "exit" and told.serial and self._was_ended(told):
            return
        super()._hold(at, told, length)

    def _was_ended(self, told: Call) -> bool:
        return any(
            program.side is told.side and program.script.number == told.program and program.slot in self._asked_to_end
            for program in self._programs
        )

    # --- who may start ------------------------------------------------------------------------------------------------

    def _start_clients(self) -> None:
        """One after the other, each when the one before has connected, as somebody would in so many windows."""
        self._mind()
        if not self._server_listens():
            return
        for client in self._clients:
            if client.started:
                continue
            if not self._may_start(client):
                return
            self._last_start = time.monotonic()
            client.go()

    def _server_listens(self) -> bool:
        if self._server.ready or any(client.started for client in self._clients):
            return True
        waited = time.monotonic() - self._began
        if self._server.ended:
            why = self._server.failure or "it ended"
            if self._server.reached:
                why += "; it called connect() or send() instead: the server's file comes first, then the client's"
            raise Interrupted(f"the server never came to listen, so no client was started: {why}")
        own = self._server.script.own
        if own is not None and not own.traced and (waited > 1 or self._anybody_listens()):
            return True  # what it does with UDP nobody tells
        if waited > LISTENS and not (self._lines.interactive and self._asking()):
            raise Interrupted(
                f"the server has not called listen(), nor bind() for UDP, in {LISTENS:g} s, so no client was started; "
                f"{doing([self._server])}"
            )
        return False

    def _anybody_listens(self) -> bool:
        return any(found.state is State.LISTEN for found in self._diag.everything())

    def _may_start(self, client: Program) -> bool:
        place = self._clients.index(client)
        before = self._clients[place - 1] if place else None
        if before is None or self._together or before.reached or before.ended or before.asking:
            return True
        return time.monotonic() - self._last_start > CONNECTS

    # --- who has to end -----------------------------------------------------------------------------------------------

    def _mind(self) -> None:
        """Look who waits in vain, now and then."""
        now = time.monotonic()
        if now - self._looked < LOOK:
            return
        self._looked = now
        self._insist(now)
        live = [program for program in self._programs if program.started and not program.ended]
        clients_over = all(client.ended for client in self._clients)
        self._over = (self._over or now) if clients_over else 0.0
        if not live or (self._lines.interactive and self._asking()):
            self._still.clear()
            return
        if self._stuck(live, now) > (DONE if clients_over or self._server.ended else STUCK):
            for program in live:
                self._finish(program, LOOPS if program.side is Side.SERVER and clients_over else WAITS)
        elif clients_over and now - self._over > BUSY and not self._limited(now):
            self._finish(self._server, LOOPS)

    def _stuck(self, live: Iterable[Program], now: float) -> float:
        """For how long all of them have been stuck, in seconds."""
        waiting = all(client.started for client in self._clients) and all(program.stuck() for program in live)
        if not (waiting and self._quiet()):
            self._still.clear()
        else:
            self._still.setdefault(0, now)
        return now - self._still.get(0, now)

    def _limited(self, now: float) -> bool:
        """Whether the server waits in a call that will come back by itself."""
        return any(until > now - 0.1 for until in self._server.open_calls.values())

    def _finish(self, program: Program, why: str) -> None:
        """End it: a word in the recording, then SIGTERM; SIGKILL follows."""
        if program.slot in self._asked_to_end or program.ended:
            return
        now = time.time_ns()
        call = Call(now, program.side, program.host_pid, 0, "exit", why, program=program.script.number)
        self._hold(now, call)
        self._asked_to_end[program.slot] = time.monotonic()
        self._signal(program, signal.SIGTERM)

    def _insist(self, now: float) -> None:
        for program in self._programs:
            asked = self._asked_to_end.get(program.slot)
            if asked is None or program.ended or now - asked < GRACE:
                continue
            self._signal(program, signal.SIGKILL)
            if now - asked > 3 * GRACE:  # something that left its process group keeps the line open
                program.ended = True
                self._bury(program)

    @staticmethod
    def _signal(program: Program, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(program.pid, number)

    def _bury(self, program: Program) -> None:
        """Take the exit status of a program whose line has closed; whoever lives on without one is ended."""
        self._forget(program.line)
        until = time.monotonic() + GRACE
        found, status = os.waitpid(program.pid, os.WNOHANG)
        while not found and time.monotonic() < until:
            time.sleep(0.001)
            found, status = os.waitpid(program.pid, os.WNOHANG)
        if not found:
            self._finish_now(program)
            return
        self._signal(program, signal.SIGKILL)  # whatever it left behind
        told = isinstance(program.last, Call) and program.last.name == "exit"
        if program.slot in self._asked_to_end or told:
            return
        if os.WIFSIGNALED(status):
            program.failure = f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
        elif os.WEXITSTATUS(status):
            program.failure = f"exit code {os.WEXITSTATUS(status)}"
        now = time.time_ns()
        call = Call(now, program.side, program.host_pid, 0, "exit", program.failure, program=program.script.number)
        self._hold(now, call)

    def _finish_now(self, program: Program) -> None:
        if program.slot not in self._asked_to_end:
            program.ended = False
            self._finish(program, AWAY)
            program.ended = True
        self._signal(program, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(program.pid, 0)

    def _check_time(self) -> None:
        """At the end of the time everything is ended; a program that failed takes nobody with it."""
        now = time.monotonic()
        if self._lines.interactive and self._asking():
            self._deadline += now - self._checked
        self._checked = now
        if now > self._deadline and not self._forced:
            self._forced = f"the time is up; {doing(self._programs)}"
            for program in self._programs:
                if program.started:
                    self._finish(program, TIME)
                else:
                    program.ended = True

    def _failed(self) -> str:
        """Which programs failed, and how."""
        failed = [program for program in self._programs if program.failure and program.slot not in self._asked_to_end]
        return "; ".join(f"{named(program, self._clients)}: {program.failure}" for program in failed)


def named(program: Program, clients: list[Program]) -> str:
    """'the server', 'the client', 'client 2'."""
    if program.side is Side.SERVER or len(clients) == 1:
        return f"the {program.side}"
    return f"{program.side} {program.script.number}"
