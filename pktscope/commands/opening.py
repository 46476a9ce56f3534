"""What comes in and goes out: captures opened, recordings kept, each with the caller's rights; whether a run begins."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from pktscope.exits import FAILED, OK, PERMISSION, USAGE, Stop, quoted
from pktscope.words import _, say

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from pktscope.capture.store import Store
    from pktscope.demos import Demo
    from pktscope.lab.runner import Run


def receiver(run: Run, write_to: str | None) -> Callable[[], Store]:
    """What opens the store of a run's stream, kept in a file too if asked. Rights are laid down here."""
    copy = writable(write_to) if write_to else None
    lay_down_privileges()

    def receive() -> Store:
        from pktscope.capture.store import Store

        return Store.from_stream(cast("BinaryIO", run.stream), copy_to=cast("BinaryIO", copy))

    return receive


class Kept(FileIO):
    """A file whose old content goes only when there is something to put in its place: not for a run that is refused.

    A new file that got nothing goes again.
    """

    begun = False
    fresh = False
    """It was not there before."""

    def write(self, octets: Buffer, /) -> int:
        """As of any raw file; the first time, the old content is dropped."""
        if not self.begun:
            self.begun = True
            with suppress(OSError):  # a pipe or a device has none
                self.truncate(0)
        return super().write(octets)

    def close(self) -> None:
        """As of any file."""
        if not self.closed and self.fresh and not self.begun:
            with suppress(OSError):
                os.unlink(str(self.name))
        super().close()


def writable(path: str) -> FileIO:
    """A file to write, opened with the invoking user's rights; the store closes it when the stream ends."""
    from pktscope.lab.privileges import as_invoking_user

    if path == "-":
        raise Stop(USAGE, _("-w -: standard output shows the timeline; name a file"))
    try:
        with as_invoking_user():
            fresh = not os.path.lexists(path)
            kept = Kept(path, "wb", opener=lambda name, flags: os.open(name, flags & ~os.O_TRUNC, 0o666))
            kept.fresh = fresh
            return kept
    except OSError as error:
        values = {"file": quoted(path), "why": _(error.strerror or "")}
        raise Stop(FAILED, say("cannot write {file}: {why}; name another file with -w", values)) from None


def lay_down_privileges() -> None:
    """From here on this process has no more rights than the user who called it."""
    if os.geteuid() == 0:
        from pktscope.lab import privileges

        privileges.lay_down()


def opened(how: Callable[[], Store], file: str = "") -> Store:
    """A store, or one clear line."""
    from pktscope.capture import BadCapture

    try:
        return how()
    except BadCapture as error:
        denied = bool(file) and os.path.exists(file) and not os.access(file, os.R_OK)
        raise Stop(PERMISSION if denied else USAGE, str(error)) from None


def recording(demo: Demo) -> Store:
    """The recorded run of a demo, which every installation has."""
    from importlib.resources import as_file, files

    from pktscope.capture.store import Store

    try:
        shelf = files("pktscope.recordings")
    except ModuleNotFoundError:  # a checkout that was not installed: they lie beside the package
        shelf = Path(__file__).parents[2] / "captures"
    with as_file(shelf / f"{demo.recording}.pcapng") as path:
        return opened(lambda: Store.open(str(path)))


def begins(store: Store, run: Run) -> bool:
    """Whether anything comes of a run at all; waits until that is known."""
    while not store.octets_read and not store.finished and run.status is None:
        store.wait(0.005)
    return bool(store.octets_read) or run.wait() == OK


def refused(store: Store, run: Run) -> bool:
    """Whether the run came to nothing because this machine allows no exchange; known before anything is shown."""
    while store.exchange is None and not store.finished and run.status is None:
        store.wait(0.005)
    return store.exchange is None and run.wait() == PERMISSION
