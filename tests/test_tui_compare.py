"""Two runs side by side: what is painted, that both step together, and what the text form says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from pktscope.alignment import align, features
from pktscope.cli import run_commands
from pktscope.model import Conversation, Note, Severity, State, Step
from pktscope.render import beside as both_sides
from pktscope.render.columns import Options
from pktscope.text import width as cells_of
from pktscope.tui import feed as feeds
from pktscope.tui.application import Application
from pktscope.tui.compare import CompareScreen
from pktscope.tui.comparison import Comparison, told
from pktscope.tui.help import HelpScreen
from pktscope.tui.opening import Opening
from pktscope.tui.options import ScreenOptions
from pktscope.tui.pages import TextScreen
from pktscope.tui.session import Session
from tests.scenes import CLIENT, EPOCH, LESSON, SERVER, C, S, Scene
from tests.tui_stage import StageReader, StageStore, hold, planes, press

SIZES = ((80, 24), (120, 40), (200, 60))
CAPTURES = Path(__file__).parents[1] / "captures"
Act = Callable[[Application, Pilot[int]], Awaitable[None]]


def writes(*, nodelay: bool) -> Scene:
    """Three small writes: with Nagle two segments, without three."""
    tell = Scene(states=(State.ESTABLISHED, State.ESTABLISHED))
    if nodelay:
        option = tell.call(C, "setsockopt", "TCP_NODELAY, 1")
        tell.back(C, option, "setsockopt")
    for index, word in enumerate((b"one", b"two", b"six")):
        place = (1 + 3 * index, 4 + 3 * index)
        sending = tell.after(500).call(C, "send", repr(word), length=3, octets=place)
        if nodelay or not index:
            tell.after(9).tcp(C, "PA", place[0], 1, word, ("A small segment leaves at once.", LESSON, "RFC 1122"))
        tell.after(5).back(C, sending, "send", "3", length=3, octets=place)
    if not nodelay:
        tell.after(40_000).tcp(S, "A", 1, 4, b"", ("等了 40 毫秒才确认。", Severity.WARNING, "RFC 1122"))
        tell.after(20).tcp(C, "PA", 4, 1, b"twosix", ("Two writes left in one segment.", Severity.NOTICE, "RFC 896"))
    tell.after(30).tcp(S, "A", 1, 10)
    return tell


SCENES = {"nagle": writes(nodelay=False), "nodelay": writes(nodelay=True), "again": writes(nodelay=False)}
WAYS = (("nagle", "as every socket is"), ("nodelay", "with TCP_NODELAY 没有延迟"), ("again", "as every socket is"))


class SceneReader(StageReader):
    """Knows its scene."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene


class SceneStore(StageStore):
    """A capture of one scene."""

    def __init__(self, scene: Scene) -> None:
        super().__init__((Conversation("tcp", 0, CLIENT, SERVER, (8, 4), (9, 0), EPOCH, EPOCH + 10**9),))
        self.scene = scene

    def reader(self, conversation: Conversation | None) -> StageReader:
        return SceneReader(self.scene)


def start(name: str) -> Session:
    """A run of a scene."""
    store: Any = SceneStore(SCENES[name])
    return Session(store, name, None, (), ("nagle.py", "send()\n"), "The story of it.", ScreenOptions())


@contextmanager
def scenes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every feed tells its reader's scene."""

    class SceneFeed(feeds.Feed):
        def pump(self, seconds: float = 0.0) -> int:
            if self.flow.steps:
                return 0
            scene: Scene = self.reader.scene  # type: ignore[attr-defined]
            for step, notes in scene.steps:
                self.flow.steps.append(step)
                self.timeline.add(step, notes, scene.client, scene.server)
                self.laid += 1
                self._remember(step, notes)
            return len(scene.steps)

    with monkeypatch.context() as patch:
        patch.setattr(feeds, "Feed", SceneFeed)
        patch.setenv("COLORTERM", "truecolor")
        patch.setenv("TERM", "xterm-256color")
        yield


def compare(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], act: Act, **more: Any) -> None:
    """Compare the scenes on a screen and act on it."""
    application = Application(Comparison("Three small writes: two ways", ScreenOptions(), WAYS, start, **more))

    async def run() -> None:
        async with application.run_test(size=size) as pilot:
            for _ in range(100):
                await pilot.pause()
                if isinstance(application.screen, CompareScreen) and application.screen.pairs:
                    break
                assert isinstance(application.screen, Opening | CompareScreen)
            await pilot.pause()
            await act(application, pilot)

    with scenes(monkeypatch):
        asyncio.run(run())
    assert application.fault is None


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_comparison_is_painted_as_agreed(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    """A few steps in; no line is short or long by a cell whatever is pressed, and ASCII is ASCII."""

    async def act(application: Application, pilot: Pilot[int]) -> None:
        await press(pilot, *["n"] * 7)
        hold(f"compare-{size[0]}x{size[1]}", application)
        for key in ("tab", "tab", "tab", "1", "1", "4", "4", "l", "t", "t", "s", "f", "x", "v", "a", "enter", "escape"):
            await press(pilot, key)
            for strip in application.screen._compositor.render_strips():
                assert sum(cells_of(segment.text) for segment in strip) == size[0], key
        texts, _ = planes(application)
        assert all(line.isascii() for line in texts if "毫" not in line and "没" not in line)

    compare(monkeypatch, size, act)


def test_both_sides_step_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step moves both: each write stands beside the same write, and the notes say which run they are of."""

    async def act(application: Application, pilot: Pilot[int]) -> None:
        screen = application.screen
        assert isinstance(screen, CompareScreen)
        await press(pilot, "home")
        seen = set()
        for _ in range(40):
            left, right = screen.pairs[screen.player.row]
            timelines = screen.ladder.both.timelines
            if left is not None and right is not None:
                seen.add((timelines[0].rows[left].step, timelines[1].rows[right].step))
            await press(pilot, "n")
        sends = [
            [step.index for step, _ in scene.steps if getattr(step.observation, "name", "") == "send" and step.octets
             and type(step.observation).__name__ == "Call"]
            for scene in (SCENES["nagle"], SCENES["nodelay"])
        ]  # fmt: skip
        assert set(zip(*sends, strict=True)) <= seen
        await press(pilot, "end")
        texts, _ = planes(application)
        assert any("nagle" in line and "nodelay" in line for line in texts), "the names of both stand above"

    compare(monkeypatch, (120, 40), act)


def test_another_way_and_swapping(monkeypatch: pytest.MonkeyPatch) -> None:
    """v puts another variant on the right, V on the left, x exchanges them; the story and help open."""

    async def act(application: Application, pilot: Pilot[int]) -> None:
        screen = application.screen
        assert isinstance(screen, CompareScreen)
        assert screen.names() == ("nagle", "nodelay")
        await press(pilot, "v")
        assert screen.names() == ("nagle", "again")
        assert all(one is not None and other is not None for one, other in screen.pairs), "the same run twice"
        await press(pilot, "x")
        assert screen.names() == ("again", "nagle")
        await press(pilot, "V")
        assert screen.names() == ("nodelay", "nagle")
        await press(pilot, "o")
        assert isinstance(application.screen, TextScreen)
        await press(pilot, "escape", "question_mark")
        assert isinstance(application.screen, HelpScreen)

    compare(monkeypatch, (80, 24), act)


def note(rule: str, message: str) -> Note:
    """A note."""
    return Note(rule, message, (), 0, 0, (0,))


def test_notes_say_which_run_they_are_of() -> None:
    """What both say here is said once; what differs with its name; what only one run shows at all says so."""
    left = [note("a", "Both say this."), note("b", "Five segments."), note("c", "Held back.")]
    right = [note("a", "Both say this."), note("b", "One segment.")]
    said = [sentence for sentence, _, _ in told(("nagle", "cork"), (left, right), ({"a", "b", "c"}, {"a", "b"}))]

    assert said == ["nagle: Five segments.", "only nagle: Held back.", "cork: One segment.", "both: Both say this."]


@pytest.mark.parametrize("width", [80, 99, 160, 200])
def test_every_pair_is_as_tall_and_wide_as_it_says(width: int) -> None:
    """What is measured is what is painted, with times or without."""
    left, right = (scene.timeline() for scene in (SCENES["nagle"], SCENES["nodelay"]))
    steps = [[step for step, _ in SCENES[name].steps] for name in ("nagle", "nodelay")]

    def of(index: int, side: int) -> Step:
        return steps[side][index]

    pairs = align(features(left.rows, lambda at: of(at, 0)), features(right.rows, lambda at: of(at, 1)))
    half = (width - 1) // 2
    for hidden in (frozenset[str](), frozenset({"time"})):
        halves = tuple(both_sides.half_columns(size, 24, hidden=hidden) for size in (half, width - 1 - half))
        both = both_sides.beside((left, right), pairs, (halves[0], halves[1]), Options())
        for index in range(len(pairs)):
            lines = both_sides.paint_pair(both, index)
            assert len(lines) == both_sides.pair_height(both, index)
            assert {sum(cells_of(text) for text, _ in line) for line in lines} == {width}


@pytest.mark.usefixtures("rights_kept")
def test_two_recordings_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    """Either timeline, then from 160 columns on both beside each other; a missing name is one clear line."""
    files = [str(CAPTURES / f"{name}.pcapng") for name in ("handshake", "teardown")]
    assert run_commands(["replay", "--compare", *files, "--width", "160"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "== handshake.pcapng ==" in lines
    assert "== teardown.pcapng ==" in lines
    assert any("║" in line and line.count("SYN seq=0") == 2 for line in lines)
    assert run_commands(["replay", "--compare", *files, "--width", "100"]) == 0
    assert "║" not in capsys.readouterr().out
    assert run_commands(["replay", "--compare", files[0], "nowhere.pcap"]) == 2
    assert "nowhere.pcap" in capsys.readouterr().err
    assert run_commands(["replay", files[0], "--compare", *files]) == 2
    assert run_commands(["replay"]) == 2
    assert run_commands(["replay", "--compare", *files, "--json"]) == 2
