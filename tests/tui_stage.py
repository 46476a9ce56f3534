"""The screen on a stage: a story made by hand instead of a capture, keys pressed, and what is painted in two planes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.style import Style
from textual.pilot import Pilot

from pktscope.model import Conversation, Observation
from pktscope.tui import feed as feeds
from pktscope.tui.application import Application
from pktscope.tui.opening import Opening
from pktscope.tui.options import ScreenOptions
from pktscope.tui.session import Session
from pktscope.tui.timeline_screen import TimelineScreen
from tests.scenes import CLIENT, EPOCH, SERVER, Scene

SNAPSHOTS = Path(__file__).parent / "snapshots"
LETTERS = ".abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class StageStore:
    """A finished capture of these conversations; what is in them comes from the scene."""

    finished = True
    error = ""
    complaints: tuple[str, ...] = ()
    exchange = None
    frame_count = 0
    progress = (1, 1)

    def __init__(self, conversations: tuple[Conversation, ...]) -> None:
        self.listed = self.conversations = conversations

    def reader(self, conversation: Conversation | None) -> StageReader:
        """Nothing to read: the steps are there."""
        return StageReader()


class StageReader:
    """Has delivered everything."""

    done = True

    def more(self, limit: int = 200) -> list[Observation]:
        """Nothing more."""
        return []


def session(scene: Scene, *, title: str = "a story", **options: Any) -> Session:
    """What the command line would hand over."""
    conversation = Conversation("tcp", 0, CLIENT, SERVER, (8, 4), (9, 0), EPOCH, EPOCH + 10**9)
    store: Any = StageStore((conversation,))
    return Session(store, title, None, (), None, "", ScreenOptions(**options))


@contextmanager
def told(monkeypatch: pytest.MonkeyPatch, scene: Scene) -> Iterator[None]:
    """Every feed tells this scene instead of following a capture."""

    class SceneFeed(feeds.Feed):
        def pump(self, seconds: float = 0.0) -> int:
            if self.flow.steps:
                return self._lay_again(float("inf"))
            for step, notes in scene.steps:
                self.flow.steps.append(step)
                self.flow.notes.extend(notes)
                self.timeline.add(step, notes, scene.client, scene.server)
                self.laid += 1
                self._remember(step, notes)
            return len(scene.steps)

    with monkeypatch.context() as patch:
        patch.setattr(feeds, "Feed", SceneFeed)
        patch.setenv("COLORTERM", "truecolor")
        patch.setenv("TERM", "xterm-256color")
        yield


def play(
    about: Session, size: tuple[int, int], act: Callable[[Application, Pilot[int]], Awaitable[None]], **options: Any
) -> Application:
    """Run the screen without a terminal, act on it, and hand it back; a defect in it is raised."""
    application = Application(about, **options)

    async def run() -> None:
        async with application.run_test(size=size) as pilot:
            await ready(application, pilot)
            await act(application, pilot)

    asyncio.run(run())
    return application


async def ready(application: Application, pilot: Pilot[int]) -> None:
    """Wait until the timeline shows what was read, or another screen lies over it."""
    for _ in range(100):
        await pilot.pause()
        screen = application.screen
        if isinstance(screen, TimelineScreen):
            if screen.feed is not None and screen.ladder.timeline.rows:
                break
        elif not isinstance(screen, Opening):
            break
    await pilot.pause()


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Press keys, one after the other, and let each be done."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()


def planes(application: Application) -> tuple[list[str], list[str]]:
    """What is painted: the characters, and a letter for the style of each cell, with what the letters mean."""
    letters: dict[str, str] = {}
    texts, styles = [], []
    for strip in application.screen._compositor.render_strips():
        texts.append(strip.text.rstrip())
        line = ""
        for segment in strip:
            look = described(segment.style)
            letter = letters.setdefault(look, LETTERS[min(len(letters), len(LETTERS) - 1)])
            line += letter * segment.cell_length
        styles.append(line)
    return texts, [*styles, *(f"{letter} = {look}" for look, letter in letters.items())]


def described(style: Style | None) -> str:
    """A style in words."""
    if style is None:
        return "none"
    weights = [name for name in ("bold", "italic", "reverse", "dim") if getattr(style, name)]
    colours = [colour.name if colour else "-" for colour in (style.color, style.bgcolor)]
    return " ".join([*weights, " on ".join(colours)])


def hold(name: str, application: Application) -> None:
    """Hold what is painted against its snapshot; PKTSCOPE_GOLDEN=write refreshes it."""
    path = SNAPSHOTS / f"{name}.txt"
    texts, styles = planes(application)
    made = "\n".join([*texts, "", *styles, ""])
    if os.environ.get("PKTSCOPE_GOLDEN") == "write":
        path.write_text(made, encoding="utf-8")
    assert made == path.read_text(encoding="utf-8"), f"{path.name} differs; PKTSCOPE_GOLDEN=write refreshes it"
