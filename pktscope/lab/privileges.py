"""Laying down root: the process that reads, folds and paints packets keeps no more rights than the user has.

Under sudo the process becomes the invoking user. Root itself keeps its name, but not one capability.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager

_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION_3 = 0x20080522


def invoking_user() -> tuple[int, int] | None:
    """(uid, gid) of who called sudo; None where nobody but root did."""
    try:
        user, group = int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"])
    except (KeyError, ValueError):
        return None
    return (user, group) if user > 0 else None


def lay_down() -> None:
    """Give up root for good. Does nothing for who is not root. Raises OSError where the kernel refuses.

    Where the caller of sudo could not read this Python's own library (it lies in root's home), becoming that user would
    break every later import; then root keeps its name, and not one capability.
    """
    if os.geteuid() != 0:
        return
    caller = invoking_user()
    if caller is not None and library_is_readable():
        user, group = caller
        os.setgroups([group])
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
    else:
        drop_capabilities()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


@contextmanager
def as_invoking_user() -> Iterator[None]:
    """Do something with the rights of who called sudo, and take root's back: files made belong to that user."""
    caller = invoking_user() if os.geteuid() == 0 else None
    if caller is None:
        yield
        return
    user, group = caller
    groups = os.getgroups()
    os.setgroups([group])
    os.setegid(group)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def library_is_readable() -> bool:
    """Whether the invoking user can import what this process has yet to import."""
    with as_invoking_user():
        return all(os.access(path, os.R_OK, effective_ids=True) for path in (os.__file__, __file__))


def drop_capabilities() -> None:
    """Empty this thread's permitted, effective and inheritable sets (capset(2), version 3: two times 32 bits)."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = ctypes.create_string_buffer(struct.pack("Ii", _CAPABILITY_VERSION_3, 0))
    nothing = ctypes.create_string_buffer(24)
    if libc.capset(header, nothing) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), "capset")
