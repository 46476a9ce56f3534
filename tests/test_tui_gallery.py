"""The gallery: what it lists and finds, what its keys start, and how it comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from pktscope import demos
from pktscope.commands.gallery import Demos
from pktscope.demos import Demo, Needs
from pktscope.exits import Stop
from pktscope.text import width as cells_of
from pktscope.tui import catalogue
from pktscope.tui.application import Application
from pktscope.tui.gallery import GalleryScreen
from pktscope.tui.help import HelpScreen
from pktscope.tui.opening import Opening
from pktscope.tui.options import ScreenOptions
from pktscope.tui.prompt import Prompt
from pktscope.tui.session import Session
from pktscope.tui.shelf import Gallery
from pktscope.tui.timeline_screen import TimelineScreen
from tests.scenes import connection
from tests.tui_stage import hold, planes, press, session, told

SIZES = ((80, 24), (120, 40), (200, 60))
Act = Callable[[Application, Pilot[int]], Awaitable[None]]

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("A connection's life", ("opening", "three-ways")),
    ("Datagrams, IP, link", ("lost",)),
)


def demo(name: str, title: str, story: str, **more: Any) -> Demo:
    """A demo that is only told of."""
    shows = more.pop("shows", ("tcp.syn",))
    made = Demo(name, title, story, f"promise of {name}", shows, Needs(), 0.5, f"{name}.py", "pass\n")
    return replace(made, **more)


DEMOS = (
    demo("opening", "A connection begins: three segments", "The server listens.\nThe client calls.\n\nTry twice."),
    demo("three-ways", "握手 one exchange, several ways: which is best", "一个连接 and its ways.", variants=(
        ("plain", "as every socket is"), ("nodelay", "with TCP_NODELAY, 没有延迟"),
    ), needs=Needs(topology="wire", delay=0.02, impair=("drop data 1 from client",))),
    demo("lost", "A datagram is lost: nobody resends it", "Nothing comes back.", shows=("udp.datagram",)),
)  # fmt: skip


class StageShelf:
    """Starts sessions that tell a scene, and remembers what it was asked for."""

    title = "pktscope: a gallery"
    groups = GROUPS

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def demos(self) -> tuple[Demo, ...]:
        return DEMOS

    def demo(self, name: str, variant: str = "") -> Session:
        self.asked.append(("demo", name, variant))
        if name == "lost":
            raise Stop(3, "no private room here, says a test")
        return session(connection(), title=name)

    def comparison(self, name: str, variants: tuple[str, str] | None = None) -> Session:
        self.asked.append(("comparison", name))
        return session(connection(), title=f"{name} compared")

    def file(self, path: str) -> Session:
        self.asked.append(("file", path))
        return session(connection(), title=path)

    def put_back(self) -> None:
        self.asked.append(("put back",))


def visit(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], act: Act, **options: Any) -> StageShelf:
    """Open the gallery of the stage, act in it, raise what went wrong in it."""
    shelf = StageShelf()
    application = Application(Gallery(lambda: shelf, shelf.title, ScreenOptions(**options)))

    async def run() -> None:
        async with application.run_test(size=size) as pilot:
            for _ in range(100):
                await pilot.pause()
                if not isinstance(application.screen, Opening):
                    break
            await pilot.pause()
            await act(application, pilot)

    with told(monkeypatch, connection()):
        asyncio.run(run())
    assert application.fault is None
    return shelf


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_gallery_is_painted_as_agreed(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    """A demo with variants selected, its second way chosen; no line short or long by a cell, in ASCII too."""

    async def act(application: Application, pilot: Pilot[int]) -> None:
        await press(pilot, "j", "v", "v")
        hold(f"gallery-{size[0]}x{size[1]}", application)
        for strip in application.screen._compositor.render_strips():
            assert sum(cells_of(segment.text) for segment in strip) == size[0]
        await press(pilot, "a", "k")
        texts, _ = planes(application)

        assert "║" not in "\n".join(texts)
        assert "▶" not in "\n".join(texts)

    visit(monkeypatch, size, act)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_gallery_is_painted_in_chinese(monkeypatch: pytest.MonkeyPatch, chinese: None, size: tuple[int, int]) -> None:
    """The same in Chinese; a demo that goes one way only says so."""

    async def act(application: Application, pilot: Pilot[int]) -> None:
        await press(pilot, "j", "v", "v")
        hold(f"gallery-zh-{size[0]}x{size[1]}", application)
        for strip in application.screen._compositor.render_strips():
            assert sum(cells_of(segment.text) for segment in strip) == size[0]
        await press(pilot, "k", "v")
        texts, _ = planes(application)

        assert "这个只有一种方式" in "\n".join(texts)

    visit(monkeypatch, size, act)


def test_keys_start_what_they_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Enter runs, c compares, v chooses a way, f opens a file; q and Esc come back; a refusal is one line."""
    capture = tmp_path / "some.pcap"
    capture.write_bytes(b"")

    async def act(application: Application, pilot: Pilot[int]) -> None:
        async def back(key: str) -> None:
            assert isinstance(application.screen, TimelineScreen)
            await press(pilot, key)
            assert isinstance(application.screen, GalleryScreen)

        await press(pilot, "enter")
        await back("q")
        await press(pilot, "enter", "enter")
        await press(pilot, "q")
        assert isinstance(application.screen, GalleryScreen), "from the inspector over the timeline, too"
        await press(pilot, "j", "enter")
        await back("escape")
        await press(pilot, "c")
        await back("q")
        await press(pilot, "v", "enter")
        await back("q")
        await press(pilot, "f", *"nowhere", "enter")
        assert isinstance(application.screen, Prompt), "a file that is not there is not accepted"
        await press(pilot, "escape", "f")
        application.screen.input.value = str(capture)
        await press(pilot, "enter")
        await back("q")
        await press(pilot, "j", "enter")
        texts, _ = planes(application)
        assert "no private room here, says a test" in "\n".join(texts)
        await press(pilot, "question_mark")
        assert isinstance(application.screen, HelpScreen)

    shelf = visit(monkeypatch, (80, 24), act)
    assert [asked for asked in shelf.asked if asked != ("put back",)] == [
        ("demo", "opening", ""), ("demo", "opening", ""), ("comparison", "three-ways"), ("comparison", "three-ways"),
        ("demo", "three-ways", "plain"), ("file", str(capture)), ("demo", "lost", ""),
    ]  # fmt: skip
    assert ("put back",) in shelf.asked


def test_search_looks_at_everything_known() -> None:
    """Names, titles, stories, promises, variants, lessons; in any script; every word has to be there."""
    for wanted, names in (
        ("", ["opening", "three-ways", "lost"]),
        ("lost", ["lost"]),
        ("SERVER listens", ["opening"]),
        ("握手", ["three-ways"]),
        ("没有延迟", ["three-ways"]),
        ("nodelay", ["three-ways"]),
        ("udp.datagram", ["lost"]),
        ("one end asks", ["opening", "three-ways"]),
        ("resends connection", []),
    ):
        found = catalogue.entries(GROUPS, DEMOS, wanted)

        assert [entry.demo.name for entry in found if entry.demo] == names, wanted
        assert all(entry.is_choice or entry.title for entry in found)


def test_search_narrows_the_list_while_typing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed behind / filters at once; Esc shows all again."""

    async def act(application: Application, pilot: Pilot[int]) -> None:
        screen = application.screen
        assert isinstance(screen, GalleryScreen)
        await press(pilot, "slash", *"lost")
        assert [entry.demo.name for entry in screen.list.entries if entry.demo] == ["lost"]
        await press(pilot, "enter", "escape")
        assert sum(entry.demo is not None for entry in screen.list.entries) == 3
        await press(pilot, "slash", *"xyzzy", "enter", "enter")
        texts, _ = planes(application)
        assert "No exchange here has all of these words" in "\n".join(texts)

    visit(monkeypatch, (80, 24), act)


def test_every_demo_has_its_place() -> None:
    """Each real demo is one entry, and everything told of it fits its cells."""
    found = catalogue.entries(demos.GROUPS, demos.every())

    assert [entry.demo.name for entry in found if entry.demo] == list(demos.ORDER)
    for entry in found:
        assert sum(cells_of(text) for text, _ in catalogue.line(entry, 62)) == 62
        for part in catalogue.details(entry, "", 60):
            assert all(sum(cells_of(text) for text, _ in line) <= 60 for line in part.lines)


@pytest.mark.usefixtures("private_room", "rights_kept")
def test_a_demo_runs_from_the_shelf() -> None:
    """The real shelf runs a real demo, keeps its promise, and leaves nothing running."""
    from pktscope.lab.starter import starter

    with starter() as launch:
        shelf = Demos(launch, {})
        about = shelf.demo("handshake")
        assert about.store.wait(30)
        assert about.store.frame_count
        assert about.verdict() == (0, "")
        run = about.run
        shelf.put_back()
    assert run is not None
    assert run.status == 0
    assert shelf.recorded(demos.load("handshake")).store.wait(10)


class StageRun:
    """A run that is over, or was refused."""

    refusal = "no private room here"

    def __init__(self, status: int) -> None:
        self.status = status

    def wait(self, timeout: float | None = None) -> int:
        return self.status


def missing(status: int = 0, **more: Any) -> Session:
    """A demo that promises what its scene does not show."""
    about = session(connection(), title="a promise")
    run: Any = StageRun(status)
    run.refusal = "" if not status else run.refusal
    return replace(about, run=run, shows=("never.rule",), promise="the impossible", **more)


def test_a_missed_promise_is_tried_again_then_the_recording_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """One automatic second run; then R shows the recorded one, labelled; the program's exit code says it was missed."""
    tried: list[str] = []

    def again() -> Session:
        tried.append("again")
        return missing(recording=recorded)

    def recorded() -> Session:
        tried.append("recorded")
        return replace(session(connection(), title="a promise (recorded)", recorded=True))

    application = Application(missing(again=again, recording=recorded))

    async def run() -> None:
        async with application.run_test(size=(120, 40)) as pilot:
            for _ in range(200):
                await pilot.pause(0.01)
                if tried and getattr(application.screen, "kept", None) is not None:
                    break
            texts, _ = planes(application)
            shown = " ".join("\n".join(texts).split())
            assert "this is a second." in shown
            assert "R shows the recorded run." in shown
            await press(pilot, "R")
            await pilot.pause(0.1)
            texts, _ = planes(application)
            assert "a promise (recorded)" in "\n".join(texts)
            assert "made earlier on another machine" in " ".join("\n".join(texts).split())

    with told(monkeypatch, connection()):
        asyncio.run(run())
    assert application.fault is None
    assert tried == ["again", "recorded"]
    assert application.settled == 4


def test_a_refused_run_plays_its_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this machine allows no run, the recorded one is shown at once, with the reason."""

    def recorded() -> Session:
        return session(connection(), title="a promise (recorded)", recorded=True)

    refused = missing(3, recording=recorded)
    application = Application(refused)

    async def run() -> None:
        async with application.run_test(size=(120, 40)) as pilot:
            for _ in range(200):
                await pilot.pause(0.01)
                screen = application.screen
                if isinstance(screen, TimelineScreen) and screen.session.options.recorded:
                    break
            await pilot.pause(0.1)
            texts, _ = planes(application)
            assert "no private room here" in "\n".join(texts)
            assert "(recorded)" in "\n".join(texts)

    with told(monkeypatch, connection()):
        asyncio.run(run())
    assert application.fault is None
    assert refused.verdict() == (0, "")
