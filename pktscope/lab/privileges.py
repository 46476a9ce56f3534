"""Laying down root: the process that reads, folds and paints packets keeps no more rights than the user has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from pktscope.lab import kernel


def lay_down() -> None:
    """Give up root for good: under sudo become the invoking user, and keep not one capability.

    Where the caller of sudo could not read this Python's own library (it lies in root's home), becoming that user would
    break every later import; then root keeps its name, and no capability. Raises OSError where the kernel refuses.
    """
    if os.geteuid() != 0:
        return
    if library_is_readable():
        kernel.drop_privileges()
    else:
        kernel.drop_capabilities()


@contextmanager
def as_invoking_user() -> Iterator[None]:
    """Do something with the rights of who called sudo, and take root's back: files made belong to that user."""
    user, group = kernel.invoking_user()
    if os.geteuid() != 0 or user == 0:
        yield
        return
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
