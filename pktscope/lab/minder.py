"""A director for programs that nobody wrote for us: they loop for ever, wait for each other, fork, or never listen."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pktscope.lab.director import Director, Interrupted, doing
from pktscope.lab.keyboard import LEFT_OUT, LONGEST_LINE, Allowance
from pktscope.lab.program import Program
from pktscope.lab.unseen import Unseen, waits_for_packets
from pktscope.lab.watch import Caught
from pktscope.model import Call, Fate, Return, Sample, Side, State
from pktscope.words import N_, _, say

LISTENS = 10.0
"""Seconds a server gets to call listen() or bind()."""
CONNECTS = 2.0
"""Seconds after which the next client starts where the one before has not connected."""
DONE = 0.3
"""Seconds a server may wait for what can never come, once the last client has ended."""
STUCK = 2.0
"""Seconds programs may wait for each other while nothing happens."""
UNSEEN = 10.0
"""Seconds more, where one of them is a program whose calls are not seen: it may just be slow."""
UNSEEN_WAITING = 4.0
"""The same where the kernel says that it waits for packets, though not for how long."""
BUSY = 2.0
"""Seconds a server gets after the last client's end where it is doing something."""
LONGEST_OUTPUT = 1 << 16
"""Octets of output that are read at once."""
DEAF_FOR = 1000
"""How often in a row a program may get b"" from recv()."""
GRACE = 0.5
"""Seconds between SIGTERM and SIGKILL."""
LOOK = 0.05
"""Seconds between two looks at who is stuck."""

LOOPS = N_("the run ended it: a server loops for ever")
WAITS = N_("the run ended it: it waited for what could never come")
TIME = N_("the run ended it: its time was up")
SPINS = N_('the run ended it: recv() returned b"" a thousand times, and it went on calling it')
HALTED = N_("the run ended it: a signal had stopped it (SIGSTOP), and nobody would have let it go on")
LEFT = N_("the run ended it: processes that the program had started went on after its end")
AWAY = N_("the run ended it: its calls could no longer be seen (it became another program, or closed our line)")

NOT_YET = N_(
    "the server has not called listen(), nor bind() for UDP, in {seconds} s, so no client was started; {doing}"
)
DEAF = N_("the server never came to listen, so no client was started: {why}")
DEAF_AND_GONE = N_("the server ended without calling listen(), nor bind() for UDP, so no client was started")
TURNED = N_(
    "the server never came to listen: it called connect() or send() instead; the server's file comes first, then the"
    " client's"
)
NO_LINES = N_("{failure}; give it lines with --say or --input-{side}")
TIME_UP = N_("the time is up; {doing}")


class Ear:
    """What one program writes to its descriptors 1 and 2, in lines, bounded as what it prints is."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.over = False
        self._allowance = Allowance()
        self._rest = b""

    def lines(self) -> Iterator[str]:
        """The lines that are complete; at the end, the last one too."""
        octets = self._read()
        *lines, self._rest = (self._rest + octets).split(b"\n")
        self._rest = self._rest[:LONGEST_OUTPUT]
        if self.over and self._rest:
            lines.append(self._rest)
        for line in lines:
            if self._allowance.one():
                yield line[:LONGEST_OUTPUT].decode("utf-8", "backslashreplace").rstrip("\r")[:LONGEST_LINE]
        if self.over and self._allowance.left_out:
            left_out, self._allowance.left_out = self._allowance.left_out, 0
            yield say(LEFT_OUT, {"count": left_out})

    def _read(self) -> bytes:
        if self.over:
            return b""
        try:
            octets = os.read(self.program.output, LONGEST_OUTPUT)
        except BlockingIOError:
            return b""
        except OSError:  # a terminal whose other end is closed
            octets = b""
        self.over = not octets
        return octets


class Minder(Director):
    """One run of somebody's own programs."""

    def __init__(self, *given: Any, together: bool = False, spare: range = range(0), **named: Any) -> None:
        """As of any Director; `together`: all clients start at once; `spare`: promises that forked processes make."""
        super().__init__(*given, **named)
        self._together = together
        self._spare = spare
        self._began = self._looked = time.monotonic()
        self._still = 0.0
        """Since when everybody has been stuck."""
        self._over = 0.0
        """Since when all clients have ended."""
        self._asked_to_end: dict[int, float] = {}
        """When a program was sent SIGTERM, by slot."""
        self._last_start = 0.0
        self._ears = [Ear(program) for program in self._programs if program.output >= 0]
        for ear in self._ears:
            self._poll.register(ear.program.output, select.POLLIN)
        self._forced = ""
        """Why the run was cut short, if it was."""
        silent = {program.side for program in self._programs if not program.traced}
        self._unseen = Unseen(self._diags, [side for side in Side if side in silent])
        self._gone_by = False
        """Whether a frame has gone by since the kernel was asked about the unseen."""
        self._halted: dict[int, float] = {}
        """Since when a program has been stopped by a signal, by slot."""

    def conduct(self) -> str:
        """As of any Director; a run that had to be cut short says so."""
        failed = super().conduct()
        return self._forced or failed

    def _collect(self) -> int:
        bound = super()._collect()
        for ear in self._ears:
            self._overhear(ear)
        if self._gone_by:
            self._ask_of_unseen()
        return min([bound, *(word for slot in self._spare if (word := self._promises[slot]))])

    def _overhear(self, ear: Ear) -> None:
        """Tell the lines a program wrote past Python's sys.stdout, when they are found here."""
        for line in ear.lines():
            now, program = time.time_ns(), ear.program
            call = Call(now, program.side, program.host_pid, 0, "print", line, program=program.script.number)
            self._hold(now, call)
        if ear.over:
            self._forget(ear.program.output)

    def _ask_of_unseen(self) -> None:
        self._gone_by = False
        for sample in self._unseen.look():
            self._hold(sample.time, sample)

    def _sample_all(self) -> None:
        super()._sample_all()
        self._ask_of_unseen()

    def _hold(self, at: int, told: Caught | Call | Return | Sample | Fate) -> None:
        """A program that the run ended has had its 'exit'."""
        if isinstance(told, Caught):
            self._unseen.see(told.data)
        self._gone_by |= isinstance(told, Caught | Fate)
        if isinstance(told, Call) and told.name == "exit" and told.serial and self._was_ended(told):
            return
        super()._hold(at, told)

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
            raise Interrupted(self._why_deaf())
        if not self._server.traced and (waited > 1 or self._anybody_listens()):
            return True  # what it does with UDP nobody tells
        if waited > 1 and self._anybody_listens():
            return True  # a program that it has started does, and nobody tells what that calls
        if waited > LISTENS and not (self._lines.interactive and self._asking()):
            raise Interrupted(say(NOT_YET, {"seconds": f"{LISTENS:g}", "doing": doing([self._server])}))
        return False

    def _why_deaf(self) -> str:
        """Why a server that has ended never came to listen."""
        if self._server.aimed:
            return _(TURNED)
        return say(DEAF, {"why": self._server.failure}) if self._server.failure else _(DEAF_AND_GONE)

    def _anybody_listens(self) -> bool:
        return any(found.state is State.LISTEN for found in self._diags[Side.SERVER].everything())

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
            self._still = 0.0
            return
        for program in live:
            if program.in_vain > DEAF_FOR:
                self._finish(program, SPINS)
            if self._halted_for(program, now) > STUCK:
                self._finish(program, HALTED)
        if self._stuck(live, now) > (DONE if clients_over or self._server.ended else STUCK):
            for program in live:
                loops = program.side is Side.SERVER and clients_over and (program.served or not program.traced)
                self._finish(program, LOOPS if loops else WAITS)
        elif clients_over and now - self._over > BUSY and not self._limited(now):
            self._finish(self._server, LOOPS)

    def _halted_for(self, program: Program, now: float) -> float:
        """For how long a signal has kept it from doing anything, in seconds."""
        if not program.halted():
            self._halted.pop(program.slot, None)
            return 0.0
        return now - self._halted.setdefault(program.slot, now)

    def _stuck(self, live: list[Program], now: float) -> float:
        """For how long all of them have been stuck, in seconds."""
        seen = [program for program in live if program.traced]
        waiting = all(client.started for client in self._clients) and all(program.stuck() for program in seen)
        self._still = (self._still or now) if waiting and self._quiet() else 0.0
        if not self._still or len(seen) == len(live):
            return now - self._still if self._still else 0.0
        waiting = all(program.traced or waits_for_packets(program.host_pid) for program in live)
        return now - self._still - (UNSEEN_WAITING if waiting else UNSEEN)

    def _limited(self, now: float) -> bool:
        """Whether the server waits in a call that will come back by itself."""
        return any(until > now - 0.1 for until in self._server.open_calls.values())

    def _finish(self, program: Program, why: str) -> None:
        """End it: a word in the recording, then SIGTERM; SIGKILL follows."""
        if program.slot in self._asked_to_end or program.ended:
            return
        now, why = time.time_ns(), LEFT if program.left else why
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
            program.failure = say("killed by {signal}", {"signal": signal.Signals(os.WTERMSIG(status)).name})
        elif os.WEXITSTATUS(status):
            program.failure = say("exit code {code}", {"code": os.WEXITSTATUS(status)})
        now = time.time_ns()
        call = Call(now, program.side, program.host_pid, 0, "exit", program.failure, program=program.script.number)
        self._hold(now, call)

    def _finish_now(self, program: Program) -> None:
        """End a program that goes on without its line."""
        if program.slot not in self._asked_to_end:
            program.ended = False
            self._finish(program, AWAY)
            program.ended, program.failure = True, AWAY
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
            self._forced = say(TIME_UP, {"doing": doing(self._programs)})
            for program in self._programs:
                if program.started:
                    self._finish(program, TIME)
                else:
                    program.ended = True

    def _failed(self) -> str:
        """Which programs failed, and how."""
        return "; ".join(self._how(program) for program in self._programs if self._has_failed(program))

    def _has_failed(self, program: Program) -> bool:
        return bool(program.failure) and (program.slot not in self._asked_to_end or program.failure == AWAY)

    def _how(self, program: Program) -> str:
        failure = program.failure
        if failure.startswith("EOFError") and not self._lines.interactive:
            failure = say(NO_LINES, {"failure": failure, "side": program.side})
        return say("{who}: {how}", {"who": named(program, self._clients), "how": failure})


def named(program: Program, clients: list[Program]) -> str:
    """'the server', 'the client', 'client 2'."""
    if program.side is Side.SERVER or len(clients) == 1:
        return say("the {who}", {"who": program.side})
    return say("{side} {number}", {"side": program.side, "number": program.script.number})
