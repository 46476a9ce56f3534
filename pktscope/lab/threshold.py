"""The ways into a place where an exchange can be run and sniffed, each tried in a child of its own.

A namespace entered half-way cannot be left again, so every attempt happens in a forked process: it becomes the place's
first process, or says at which step the system refused and is thrown away.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from pktscope.lab import kernel, room
from pktscope.lab.room import Refused
from pktscope.words import say

ROOM, USER_ROOM, HOST, SUDO = "room", "user room", "host", "sudo"
"""Private room by root's right; by a user namespace; the host's loopback; all again through `sudo -n`."""

Job = Callable[[Callable[[], None]], int]
"""What to do there: it calls its argument when it has all it needs and privileges are dropped; returns an exit code."""


def attempt(rung: str, job: Job) -> int | Refused:
    """Do `job` on the far side of `rung`; its exit code, or what was refused before it said that it has all it needs.

    Once the job runs, this process gives up its privileges too, and then only waits. It does not ask to die with its
    parent: that would be with the parent's thread, and the control pipe ends it anyway.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _cross(rung, job, writing)
    os.close(writing)
    with open(reading, "rb") as said:
        refusal = said.read()
    if refusal:
        os.waitpid(child, 0)
        step, _, number = refusal.decode().rpartition(" ")
        return Refused(step, int(number))
    kernel.drop_privileges()
    return wait(child)


def wait(child: int) -> int:
    """The exit code of `child`, as a shell would put it."""
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _cross(rung: str, job: Job, writing: int) -> NoReturn:
    """In the child: cross the threshold, then be or wait for the first process behind it. Never returns."""
    kernel.die_with_parent()
    status = 1
    try:
        if not _leave(rung) or (first := os.fork()) == 0:
            kernel.die_with_parent()
            status = job(lambda: _settled(writing))
        else:
            os.close(writing)
            kernel.drop_privileges()
            kernel.die_with_parent()
            status = wait(first)
    except Refused as refused:
        os.write(writing, f"{refused.step} {refused.number}".encode())
    except (BrokenPipeError, KeyboardInterrupt):
        pass  # nobody wants the recording any more
    except Exception as error:
        values = {"error": f"{type(error).__name__}: {error}"}
        sys.stderr.write(say("the run broke off: {error}", values) + "\n")
    finally:
        sys.stderr.flush()
        os._exit(status)


def _leave(rung: str) -> bool:
    """Enter the namespaces of `rung`; whether a new process has to be made to be inside."""
    if rung != HOST:
        if rung == USER_ROOM and kernel.invoking_user()[0] != os.geteuid():
            # Behind this threshold only one user is known, and nobody can become another.
            kernel.drop_privileges()
            kernel.own_proc()
        room.leave_host(user_namespace=rung == USER_ROOM)
        return True
    try:
        kernel.unshare(kernel.CLONE_NEWPID)  # only so that nothing survives us; without the right, PDEATHSIG must do
    except OSError:
        return False
    return True


def _settled(writing: int) -> None:
    with room.step("giving up rights"):
        kernel.drop_privileges()
    kernel.die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is for the screen; it ends us by the pipe
    os.close(writing)
