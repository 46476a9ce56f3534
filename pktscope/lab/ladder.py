"""What this machine allows, found out by doing it in throw-away children, and the way out of each refusal."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import NoReturn

from pktscope.capture.ring import Ring, link_of
from pktscope.lab import room, threshold
from pktscope.lab.room import Refused
from pktscope.lab.threshold import HOST, ROOM, SUDO, USER_ROOM
from pktscope.words import N_, _, say

APPARMOR_PROFILE = """\
# /etc/apparmor.d/pktscope: lets this Python make user namespaces.
# To load it: sudo apparmor_parser -r /etc/apparmor.d/pktscope
abi <abi/4.0>,
include <tunables/global>
profile pktscope {python} flags=(unconfined) {{
  userns,
}}
"""
"""For systems where AppArmor takes every capability from unprivileged user namespaces (Ubuntu 23.10 and later)."""

_NAMES = {
    ROOM: N_("private room, as root"),
    USER_ROOM: N_("private room, by a user namespace"),
    SUDO: N_("sudo without a password"),
    HOST: N_("sniffing on the host's loopback"),
}

_SETTINGS = (
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
    ("kernel.unprivileged_userns_clone", "0", "1"),
    ("user.max_user_namespaces", "0", "10000"),
    ("user.max_net_namespaces", "0", "10000"),
    ("user.max_pid_namespaces", "0", "10000"),
)
"""Sysctls that forbid a room: name, the value that forbids, the value that allows."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing this machine allows or not."""

    step: str
    ok: bool
    detail: str
    """What happened, in a few plain words."""
    way_out: str = ""
    """One command or one sentence; empty where all is well."""


def rungs(host: bool = False) -> tuple[str, ...]:
    """The ways in to try, best first; with `host` only those that end on the host's own loopback."""
    if os.geteuid() == 0:
        return (HOST,) if host else (ROOM, USER_ROOM, HOST)
    return (HOST, SUDO) if host else (USER_ROOM, SUDO, HOST)


def findings() -> tuple[Finding, ...]:
    """Every way in, tried; for `pktscope doctor`. Takes some tens of milliseconds; leaves nothing behind."""
    order = (ROOM, USER_ROOM, HOST) if os.geteuid() == 0 else (USER_ROOM, SUDO, HOST)
    return tuple(finding(rung) for rung in order)


def best() -> str:
    """The first way in that works, or '' where only recordings can be played."""
    return next((rung for rung in rungs() if finding(rung).ok), "")


def finding(rung: str) -> Finding:
    """One way in, tried."""
    name = _NAMES[rung]
    if rung == SUDO:
        allowed = sudo_allowed()
        if allowed:
            return Finding(name, True, _("works"))
        return Finding(name, False, _("not here"), _("run pktscope with sudo"))
    refused = probe(rung)
    if refused is None:
        return Finding(name, True, _("works"))
    detail = explain(refused, rung)
    return Finding(name, False, detail, way_out(rung, refused))


def probe(rung: str) -> Refused | None:
    """What `rung` is refused at, tried in a child; None if it works."""
    child_says, says = os.pipe()
    child = os.fork()
    if child == 0:  # `attempt` gives up the privileges of the process it is called in
        outcome = threshold.attempt(rung, lambda settled: _try(rung, settled))
        if isinstance(outcome, int) and outcome:
            outcome = Refused("trying it", errno.EIO)
        text = f"{outcome.step} {outcome.number}" if isinstance(outcome, Refused) else ""
        os.write(says, text.encode())
        os._exit(0)
    os.close(says)
    with open(child_says, encoding="ascii") as answer:
        step, _, number = answer.read().rpartition(" ")
    os.waitpid(child, 0)
    return Refused(step, int(number)) if step else None


def _try(rung: str, settled: object) -> int:
    if rung != HOST:
        room.furnish()
    open_ring("lo", size=1 << 20).close()
    return 0


def open_ring(interface: str, size: int = 32 << 20) -> Ring:
    """A ring on `interface`. Refused where the right to sniff is missing."""
    with room.step("AF_PACKET"):
        return Ring(interface, link_of(interface), size=size)


def sudo_allowed() -> bool:
    """Whether `sudo -n` would run a command for us without asking anything."""
    try:
        done = subprocess.run(
            ["sudo", "-n", "true"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=5, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def again_as_root() -> NoReturn:
    """Become the same command through `sudo -n`: only the worker gets the rights, and gives them up again."""
    os.execvp("sudo", ["sudo", "-n", "--", sys.executable, *sys.orig_argv[1:]])


def explain(refused: Refused, rung: str = USER_ROOM) -> str:
    """'refused (unshare: EPERM, kernel.unprivileged_userns_clone = 0)': step, errno, and the sysctl that rules it."""
    setting = forbidding() if rung != HOST else None  # sniffing on the host takes no namespace
    why = f"{refused}, {setting[0]} = {setting[1]}" if setting else refused
    return say("refused ({refused})", {"refused": why})


def apparmor_profile() -> str:
    """A profile that lets this very Python make user namespaces, for Ubuntu 23.10 and later; '' where not asked for."""
    setting = forbidding()
    if setting is None or "apparmor" not in setting[0]:
        return ""
    return APPARMOR_PROFILE.format(python=os.path.realpath(sys.executable))


def forbidding() -> tuple[str, str, str] | None:
    """The first sysctl that forbids a room here, its value and the value that allows."""
    return next(((name, bad, good) for name, bad, good in _SETTINGS if _read(name) == bad), None)


def _read(name: str) -> str:
    try:
        with open("/proc/sys/" + name.replace(".", "/"), encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def way_out(rung: str, refused: Refused) -> str:
    """What to do about a refusal, in one sentence."""
    if rung == HOST:
        return _("run it with sudo") if os.geteuid() else _("give the container the capability NET_RAW")
    setting = forbidding()
    if setting is not None and refused.number in (errno.EPERM, errno.EACCES, errno.ENOSPC):
        return say("run it with sudo, or allow it: sudo sysctl -w {setting}", {"setting": f"{setting[0]}={setting[2]}"})
    if os.geteuid() == 0:
        return _("give the container the capabilities SYS_ADMIN and NET_ADMIN, or run pktscope outside it")
    return _("run it with sudo")
