"""A live exchange from the command's side: the run, its store, its promise, and the recording where nothing can run."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from io import FileIO
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from pktscope.exits import FAILED, NOT_SHOWN, OK, PERMISSION, USAGE, Stop, complain, quoted, safe
from pktscope.present import ended, on_screen, present, print_out
from pktscope.words import _, retold, say

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from pktscope.capture.store import Store
    from pktscope.demos import Demo
    from pktscope.lab.runner import Run
    from pktscope.lab.starter import Launch
    from pktscope.lab.wishes import Wishes


def perform(demo: Demo, write_to: str | None, wishes: Wishes, look: dict[str, Any] | None) -> int:
    """Run a demo as wished; show it unless `look` is None; hold it to its promise."""
    if look is not None and on_screen(look):
        from pktscope.browse import show_demo

        return show_demo(demo, write_to, wishes.named(), look)
    from pktscope.lab.starter import starter

    demo = promised(demo, wishes)
    wishes = replace(wishes, variant=demo.variant)
    with starter() as launch:
        attempt = begin(demo, launch, wishes, write_to)
        if look is not None and refused(*attempt):
            return play_recording(demo, attempt[1].refusal, look)
        missing = missed(demo, *attempt)
        if missing:
            attempt[1].close()
            complain(say("the first run did not show {missing:clauses}; this is a second", {"missing": missing}))
            attempt = begin(demo, launch, wishes, write_to)
        store, run = attempt
        with run:
            if look is None:
                return recorded(store, run, demo, write_to or "")
            code = print_out(store, look, title=_(demo.title), stream="", run=run, demo=demo, endless=False)
        if missing and code == NOT_SHOWN:
            complain(say("'pktscope demo {name} --recorded' plays a run that did", {"name": demo.name}))
        return code


def promised(demo: Demo, wishes: Wishes) -> Demo:
    """The demo as it can be held to its word: where somebody has frames lost or bent on purpose it promises nothing."""
    return replace(demo, shows=(), promise="") if wishes.bent else demo


def begin(demo: Demo, launch: Launch, wishes: Wishes, write_to: str | None) -> tuple[Store, Run]:
    """A run of a demo and the store of its recording, kept in a file too if asked."""
    run = launch(demo.name, **wishes.named())
    return receiver(run, write_to)(), run


def missed(demo: Demo, store: Store, run: Run) -> list[str]:
    """What a run that went well did not show, of what the demo promises; waits for its end."""
    from pktscope.promise import headline, outcome
    from pktscope.show import folded

    flow = folded(store, None)[0]
    if run.wait() != OK or store.error:
        return []
    return [headline(rule) for rule in outcome(demo.shows, flow.notes, demo.promise).missing]


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


def play_recording(demo: Demo, why: str, look: dict[str, Any]) -> int:
    """What was recorded elsewhere, labelled so, where nothing can run here."""
    from importlib.resources import as_file, files

    from pktscope.capture.store import Store

    if why:
        complain(say("{why}; playing the recorded exchange instead", {"why": retold(why)}))
    with as_file(files("pktscope.recordings") / f"{demo.recording}.pcapng") as path:
        store = opened(lambda: Store.open(str(path)))
    return present(store, look, title=say("{title} (recorded)", {"title": _(demo.title)}), demo=demo)


def recorded(store: Store, run: Run, demo: Demo, write_to: str) -> int:
    """Wait for a run to be recorded and say how it went."""
    from pktscope.promise import outcome
    from pktscope.show import folded

    flow = folded(store, None)[0]
    code = ended(run)
    if code != OK:
        return code
    if store.copy_lost:
        raise Stop(FAILED, f"{safe(write_to)}: {retold(store.copy_lost)}")
    kept = outcome(demo.shows, flow.notes, demo.promise)
    values = {"file": safe(write_to), "count": store.frame_count, "kept": kept.sentence}
    print(say("{file}: {count:frames}. {kept}", values))
    return OK if kept.kept else NOT_SHOWN


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
