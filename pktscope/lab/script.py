"""A student's own program inside its traced process: a script run as `python SCRIPT` would, or any other command.

The script is read before anything runs; it finds its own directory, arguments and `__main__` as it is used to.
"""

from __future__ import annotations

import atexit
import os
import shlex
import signal
import subprocess
import sys
import threading
import traceback
import types
import warnings
from collections.abc import Callable
from contextlib import suppress

from pktscope.lab import keyboard, spell
from pktscope.lab.call import error_name
from pktscope.lab.teller import Teller
from pktscope.lab.trace import install
from pktscope.words import N_, say

NO_START = N_("it cannot be started: {why}")


def run(teller: Teller, path: str, name: str, source: bytes, arguments: tuple[str, ...]) -> int:
    """Run a script, `name` as it is shown, to its end; its exit code, told as its 'exit'."""
    _at_home(path)
    sys.argv = [path, *arguments]
    sys.path.insert(0, os.path.dirname(path))
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=path, __builtins__=__builtins__)
    sys.modules["__main__"] = main
    install(teller)
    keyboard.install(teller)
    os.register_at_fork(after_in_child=teller.forked)

    def everything() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(source, path, "exec", dont_inherit=True)
        exec(code, main.__dict__)

    code, failure = ended(everything, teller.name_of)
    later, _ = ended(_shut_down, teller.name_of)
    keyboard.flush()
    teller.call("exit", failure)
    return code or later


def _at_home(path: str) -> None:
    os.chdir(os.path.dirname(path))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _shut_down() -> None:
    """What an interpreter does at its end: wait for threads, then the functions registered for the exit."""
    getattr(threading, "_shutdown", lambda: None)()
    atexit._run_exitfuncs()


def ended(work: Callable[[], object], name_of: Callable[[str], str]) -> tuple[int, str]:
    """Do `work`: its exit code, and what ended it in one line, '' for a normal end."""
    try:
        work()
    except SystemExit as leave:
        return _left(leave)
    except BaseException as error:
        return 1, described(error, name_of)
    return 0, ""


def _left(leave: SystemExit) -> tuple[int, str]:
    """The exit code of a sys.exit(): a number as it is, None for 0, anything else is printed, and 1."""
    if leave.code is None or leave.code == 0:
        return 0, ""
    if isinstance(leave.code, int):
        return leave.code & 0xFF, say("exit code {code}", {"code": leave.code & 0xFF})
    with suppress(Exception):
        print(leave.code, file=sys.stderr)
    return 1, say("exit code {code}", {"code": 1})


def described(error: BaseException, name_of: Callable[[str], str]) -> str:
    """'OSError: [Errno 98] Address already in use (server.py, line 20)'; told as its traceback would, in one line."""
    where = [(name_of(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    lines = [(name, line) for name, line in where if name]
    try:
        text = " ".join(str(error)[:1000].split())
    except Exception:
        text = ""
    kind = type(error).__name__
    said = spell.bounded(f"{kind}: {text}" if text else kind)
    return spell.placed(said, *lines[-1]) if lines else said


def run_command(teller: Teller, words: tuple[str, ...], directory: str) -> int:
    """Run any other program to its end: neither its calls nor what it reads can be told."""
    serial = teller.call("exec", shlex.join(words))
    try:
        process = subprocess.Popen(words, cwd=directory, stdin=subprocess.DEVNULL)
    except OSError as error:
        teller.back(serial, "exec", error=error_name(error))
        teller.call("exit", say(NO_START, {"why": error.strerror or ""}))
        return 127
    teller.back(serial, "exec")
    code = process.wait()
    teller.call("exit", _code(code))
    return code if code >= 0 else 128 - code


def _code(code: int) -> str:
    if code < 0:
        with suppress(ValueError):
            return say("killed by {signal}", {"signal": signal.Signals(-code).name})
    return say("exit code {code}", {"code": code}) if code else ""
