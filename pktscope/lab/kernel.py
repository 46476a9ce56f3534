"""The few system calls Python 3.11 has no name for: namespaces, process death, capabilities. Standard library only."""

from __future__ import annotations

import ctypes
import itertools
import os
import signal
import struct

CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_KEEPCAPS = 8
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522

NET_RAW = 1 << 13
"""The capability to open raw sockets, in this namespace."""

_MOST_DESCRIPTORS = 4096

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    """Leave the namespaces named by the CLONE_NEW* `flags` for new ones. OSError says why not."""
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def setns(descriptor: int, kind: int) -> None:
    """Move this thread into the namespace a descriptor names; `kind` is its CLONE_NEW* flag."""
    _checked(_libc.setns(ctypes.c_int(descriptor), ctypes.c_int(kind)), "setns")


def die_with_parent() -> None:
    """Have the kernel send this process SIGKILL when its parent dies.

    A change of user or group clears the wish (prctl(2)), so this comes after `drop_privileges`.
    """
    _checked(_libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0), "prctl")


def own_proc() -> None:
    """Own the files in /proc/self again, which a change of user gives to root (PR_SET_DUMPABLE in prctl(2))."""
    _checked(_libc.prctl(_PR_SET_DUMPABLE, ctypes.c_ulong(1), 0, 0, 0), "prctl")


def capabilities() -> int:
    """The effective capabilities of this process, as a bit mask (capabilities(7))."""
    data = ctypes.create_string_buffer(24)
    _checked(_libc.capget(struct.pack("Ii", _CAPABILITY_VERSION_3, 0), data), "capget")
    low, high = struct.unpack_from("I8xI", data)
    return int(low | high << 32)


def drop_capabilities(keep: int = 0) -> None:
    """Give up every capability but the mask `keep`, for good: also what an exec could give back."""
    held = capabilities()
    for number in range(64):
        if _libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(number), 0, 0, 0) < 0 and held == 0:
            break  # without CAP_SETPCAP there is nothing to take from the bounding set, and no use in it either
    _libc.prctl(_PR_CAP_AMBIENT, ctypes.c_ulong(_PR_CAP_AMBIENT_CLEAR_ALL), 0, 0, 0)
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), 0, 0, 0), "prctl")
    low = keep & 0xFFFFFFFF
    data = struct.pack("IIIIII", low, low, 0, keep >> 32, keep >> 32, 0)
    _checked(_libc.capset(struct.pack("Ii", _CAPABILITY_VERSION_3, 0), data), "capset")


def invoking_user() -> tuple[int, int]:
    """User and group to work as: who called sudo where sudo was called, else who we are."""
    if os.geteuid() == 0:
        user, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
        if user.isdecimal() and group.isdecimal():
            return int(user), int(group)
    return os.getuid(), os.getgid()


def drop_privileges(keep: int = 0) -> None:
    """Become the invoking user with no capability but those of the mask `keep` that are held.

    Not to be undone; harmless where there is nothing to drop.
    """
    user, group = invoking_user()
    keep &= capabilities()
    if os.geteuid() == 0 and user != 0:
        _checked(_libc.prctl(_PR_SET_KEEPCAPS, ctypes.c_ulong(int(bool(keep))), 0, 0, 0), "prctl")
        os.setgroups([])
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
    drop_capabilities(keep)


def keep_only(*descriptors: int) -> None:
    """Close every descriptor but these: no pipe is kept open by accident. Input is empty, output lost."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nothing, standard)
    kept = sorted({0, 1, 2, *descriptors})
    for before, behind in itertools.pairwise([*kept, _MOST_DESCRIPTORS]):
        os.closerange(before + 1, behind)
