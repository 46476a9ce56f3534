"""Laying down root: the process that reads, folds and paints packets keeps no more rights than the user has.

Under sudo the process becomes the invoking user. Root itself keeps its name, but not one capability.
"""

from __future__ import annotations

import ctypes
import os
import struct

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
    """Give up root for good. Does nothing for who is not root. Raises OSError where the kernel refuses."""
    if os.geteuid() != 0:
        return
    caller = invoking_user()
    if caller is not None:
        user, group = caller
        os.setgroups([group])
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
    else:
        drop_capabilities()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def drop_capabilities() -> None:
    """Empty this thread's permitted, effective and inheritable sets (capset(2), version 3: two times 32 bits)."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = ctypes.create_string_buffer(struct.pack("Ii", _CAPABILITY_VERSION_3, 0))
    nothing = ctypes.create_string_buffer(24)
    if libc.capset(header, nothing) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), "capset")
