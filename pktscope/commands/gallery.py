"""The gallery from the command's side: what it can start, with the rights that takes."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pktscope.exits import PERMISSION, Stop
from pktscope.words import N_, _, say

if TYPE_CHECKING:
    from pktscope.demos import Demo
    from pktscope.lab.runner import Run
    from pktscope.tui.comparison import Comparison
    from pktscope.tui.session import Session

TITLE = N_("pktscope: what really happens on the wire when two programs talk")


def browse(look: dict[str, Any]) -> int:
    """Show the gallery until the reader leaves; the program's exit code."""
    from pktscope.commands.opening import lay_down_privileges
    from pktscope.commands.present import screen_options
    from pktscope.lab.starter import starter
    from pktscope.tui.app import start
    from pktscope.tui.shelf import Gallery

    with starter() as launch:
        lay_down_privileges()
        return start(Gallery(lambda: Demos(launch, look), _(TITLE), screen_options(look)))


def show_demo(demo: Demo, write_to: str | None, options: dict[str, Any], look: dict[str, Any]) -> int:
    """Run one demo and show it on the screen; the program's exit code. `options`: what runner.start takes by name."""
    from pktscope.commands.opening import lay_down_privileges
    from pktscope.lab.starter import starter
    from pktscope.tui.app import start

    with starter() as launch:
        shelf = Demos(launch, look, options)
        try:
            session = shelf.demo(demo.name, demo.variant, write_to)
            lay_down_privileges()
            return start(session)
        finally:
            shelf.put_back()


class Demos:
    """What stands on the gallery's shelf (tui.shelf.Shelf)."""

    title = TITLE

    def __init__(self, launch: Callable[..., Run], look: dict[str, Any], options: dict[str, Any] | None = None) -> None:
        """`launch` is called as runner.start is, with `options` of every run."""
        from pktscope import demos

        self.launch = launch
        self.look = look
        self.options = options or {}
        self.groups = demos.GROUPS
        self.running: list[Run] = []

    @property
    def plain(self) -> bool:
        """Whether runs are as the demos have them: in a room that somebody changed they may miss their promise."""
        from pktscope.lab.wishes import Wishes

        return not Wishes(**self.options).changed

    def demos(self) -> tuple[Demo, ...]:
        """Every demo, in its first variant."""
        from pktscope import demos

        return demos.every()

    def demo(self, name: str, variant: str = "", write_to: str | None = None) -> Session:
        """A run of a demo; once more where it misses its promise, and its recording where that does not help."""
        from pktscope import demos
        from pktscope.commands.demo import promised
        from pktscope.lab.wishes import Wishes

        demo = promised(demos.load(name, variant), Wishes(**self.options))
        return self.session(demo, again=True, interactive=True, write_to=write_to)

    def session(self, demo: Demo, *, again: bool, interactive: bool = False, write_to: str | None = None) -> Session:
        """One run of a demo; `interactive`: somebody can type for it; `write_to`: a file to keep it in."""
        from pktscope.commands.opening import receiver
        from pktscope.commands.present import screen_options
        from pktscope.tui.session import Session

        run = self.start(demo, interactive)
        return Session(
            receiver(run, write_to), _(demo.title), run, demo.shows, (demo.file, demo.source), demo.story,
            screen_options(self.look, recorded=False), demo.promise,
            (lambda: self.session(demo, again=False, interactive=interactive)) if again else None,
            lambda: self.recorded(demo),
        )  # fmt: skip

    def start(self, demo: Demo, interactive: bool) -> Run:
        """A run that ends with the screen it is shown on."""
        try:
            run = self.launch(demo.name, **{**self.options, "variant": demo.variant, "interactive": interactive})
        except OSError as error:
            raise Stop(PERMISSION, _(error.strerror or str(error))) from None
        self.running.append(run)
        return run

    def recorded(self, demo: Demo) -> Session:
        """A demo as it was recorded elsewhere."""
        from pktscope.commands.opening import recording
        from pktscope.commands.present import screen_options
        from pktscope.tui.session import Session

        about = {"title": _(demo.title)}
        title = say("{title} (recorded)", about)
        if not self.plain:
            title = say("{title} (recorded, without these options)", about)
        return Session(
            recording(demo), title, None, demo.shows, (demo.file, demo.source), demo.story,
            screen_options(self.look, recorded=True), demo.promise,
        )  # fmt: skip

    def comparison(self, name: str, variants: tuple[str, str] | None = None, *, begun: int = 2) -> Comparison:
        """Two variants of a demo, the first two where none are named; so many of them `begun` at once.

        The other begins with the screen: two runs at once would keep the first frame waiting for a processor.
        """
        from pktscope import demos
        from pktscope.commands.demo import promised
        from pktscope.commands.present import screen_options
        from pktscope.lab.wishes import Wishes
        from pktscope.tui.comparison import Comparison

        demo, wishes = demos.load(name), Wishes(**self.options)
        names = [variant for variant, _title in demo.variants]
        shown = tuple(names.index(variant) for variant in variants or names[:2])
        comparison = Comparison(
            _(demo.title), screen_options(self.look), demo.variants,
            lambda variant: self.session(promised(demos.load(name, variant), wishes), again=self.plain),
            (shown[0], shown[1]),
        )  # fmt: skip
        for way in comparison.shown[:begun]:
            comparison.session(way)
        return comparison

    def file(self, path: str) -> Session:
        """A capture that was saved before."""
        from pktscope.capture.store import Store
        from pktscope.commands.opening import opened
        from pktscope.commands.present import screen_options
        from pktscope.tui.session import Session

        store = opened(lambda: Store.open(path), path)
        return Session(store, os.path.basename(path), None, (), None, "", screen_options(self.look, recorded=True))

    def put_back(self) -> None:
        """End what still runs."""
        running, self.running = self.running, []
        for run in running:
            with suppress(OSError, ValueError):
                run.close()
