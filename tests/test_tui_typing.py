"""Typing into programs: who is asked, where the line stands, what its keys do, and that it works with a real chat."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from textual.pilot import Pilot

from pktscope.model import Call, Frame, Observation, Return, Side, Step
from pktscope.text import width as cells_of
from pktscope.tui.application import Application
from pktscope.tui.options import ScreenOptions
from pktscope.tui.output import Output, output_parts
from pktscope.tui.session import Session
from pktscope.tui.timeline_screen import TimelineScreen
from pktscope.tui.typing_line import HALVES
from pktscope.tui.waiting import Asked, Waiting, label
from tests.scenes import C, S, Scene
from tests.tui_stage import StageStore, hold, planes, play, press, ready, told

SIZES = ((80, 24), (120, 40), (200, 60))


class StageRun:
    """Remembers what was typed."""

    status = None
    refusal = ""

    def __init__(self) -> None:
        self.typed: list[tuple[Side, int, str | None]] = []

    def type(self, side: Side, program: int, line: str | None) -> None:
        self.typed.append((side, program, line))


def chat() -> Scene:
    """The client and the server both wait for a line."""
    tell = Scene()
    tell.call(S, "input", "回答> \x1b[31m")
    tell.after(900).call(C, "input", "you say: ")
    return tell


def session() -> tuple[Session, StageRun]:
    """A run that goes on."""
    run = StageRun()
    store: Any = StageStore(())
    store.finished = False
    store.listed = (object(),)
    return Session(store, "a talk", run, (), None, "", ScreenOptions()), run  # type: ignore[arg-type]


def sit(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], act: Any) -> StageRun:
    """Sit down before the chat."""
    about, run = session()
    monkeypatch.setattr("pktscope.show.choose", lambda listed, name: None)
    application = Application(about)

    async def go() -> None:
        async with application.run_test(size=size) as pilot:
            await ready(application, pilot)
            screen = application.screen
            assert isinstance(screen, TimelineScreen)
            screen.feeder.pause()
            monkeypatch.setattr(type(screen.feed), "done", False)
            screen.look_for_questions()
            await pilot.pause()
            await act(application, screen, pilot)

    with told(monkeypatch, chat()):
        asyncio.run(go())
    assert application.fault is None
    return run


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_line_is_painted_as_agreed(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    """The question on its program's side, hostile text harmless, wide characters typed, no line long or short."""

    async def act(application: Application, screen: TimelineScreen, pilot: Pilot[int]) -> None:
        await press(pilot, *"hi", "你", "好")
        hold(f"typing-{size[0]}x{size[1]}", application)
        for strip in application.screen._compositor.render_strips():
            assert sum(cells_of(segment.text) for segment in strip) == size[0]
        texts, _ = planes(application)
        assert "\x1b" not in "".join(texts)
        line = next(text for text in texts if "回答" in text)
        if size[0] >= HALVES:
            assert cells_of(line[: line.index("回")]) >= size[0] // 2, "the server's line stands on its side"

    sit(monkeypatch, size, act)


def test_keys_of_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enter sends, Tab asks for another program, Ctrl-D ends on an empty line only, Esc leaves and i comes back."""

    async def act(application: Application, screen: TimelineScreen, pilot: Pilot[int]) -> None:
        assert screen.line.line.has_focus
        await press(pilot, "tab", *"quit? yes", "ctrl+d")
        assert screen.line.line.value == "quit? yes", "keys of the timeline are text here"
        await press(pilot, "enter")
        assert screen.line.asked is not None
        assert screen.line.asked.side is S, "the other one still waits"
        await press(pilot, "escape")
        assert screen.ladder.has_focus
        await press(pilot, "i")
        assert screen.line.line.has_focus
        await press(pilot, "ctrl+d")
        assert not screen.line.display
        assert screen.ladder.has_focus
        await press(pilot, "i")
        texts, _ = planes(application)
        assert "no program waits for a line now" in "\n".join(texts)

    run = sit(monkeypatch, (80, 24), act)
    assert run.typed == [(C, 1, "quit? yes"), (S, 1, None)]


def test_who_waits() -> None:
    """A call of input() that has not come back; several programs of a side are told apart."""

    def step(index: int, seen: Any) -> Step:
        return Step(index, seen, seen.side)

    waiting = Waiting()
    steps = [
        step(0, Call(0, C, 1, 1, "input", "first> ", program=1)),
        step(1, Call(1, C, 2, 2, "input", "", program=2)),
        step(2, Return(2, C, 1, 1, "input", result="x")),
        step(3, Call(3, S, 3, 3, "recv")),
    ]
    waiting.update(steps[:2])
    assert [asked.program for asked in waiting.open.values()] == [1, 2]
    waiting.update(steps)
    (left,) = waiting.open.values()
    assert (left.side, left.program) == (C, 2)
    assert waiting.who(left) == "client 2"
    assert label("client 2", left, 40) == "client 2: a line for its input()"
    assert cells_of(label("client", Asked(1, C, 1, "长" * 30), 20)) <= 20


@pytest.mark.usefixtures("private_room", "rights_kept")
def test_a_typed_line_travels() -> None:
    """In the real chat, what is typed becomes a call, a segment and a recv() at the other end, while it runs."""
    from pktscope.commands.gallery import Demos
    from pktscope.lab.starter import starter

    async def until(pilot: Pilot[int], holds: Any) -> None:
        for _ in range(400):
            if holds():
                return
            await pilot.pause(0.02)
        raise AssertionError("it did not happen in 8 s")

    async def go(application: Application) -> None:
        async with application.run_test(size=(120, 40)) as pilot:
            await ready(application, pilot)
            screen = application.screen
            assert isinstance(screen, TimelineScreen)
            await until(pilot, lambda: screen.line.display and screen.line.line.has_focus)
            await pilot.press(*"ahoy", "enter")
            feed = screen.feed
            assert feed is not None

            def seen() -> list[Observation]:
                return [step.observation for step in feed.flow.steps]

            await until(pilot, lambda: any(isinstance(one, Frame) and one.payload == b"ahoy" for one in seen()))
            await until(pilot, lambda: screen.line.asked is not None and screen.line.asked.side is S)
            assert any(isinstance(one, Return) and one.name == "recv" and one.data == b"ahoy" for one in seen())
            await pilot.press("enter")
            await until(pilot, lambda: feed.done)
            assert not screen.line.display

    with starter() as launch:
        shelf = Demos(launch, {})
        application = Application(shelf.demo("chat"))
        asyncio.run(go(application))
        shelf.put_back()
    assert application.fault is None


def talk() -> Scene:
    """Both programs print, one is told a line, and one prints what a terminal would obey."""
    tell = Scene()
    for number in range(3):
        serial = tell.after(300).call(S, "print", f"服务器第{number}行 \x1b[2J\x07")
        tell.back(S, serial, "print")
    asking = tell.after(400).call(C, "input", "you say: ")
    tell.after(9_000).back(C, asking, "input", "hello")
    serial = tell.after(10).call(C, "print", "said hello")
    tell.back(C, serial, "print")
    return tell


def test_output_up_to_a_step() -> None:
    """Each program's lines up to there, in order, what was typed behind its prompt, the current one stressed."""
    output = Output()
    steps = [step for step, _ in talk().steps]
    output.update(steps[:3])
    output.update(steps)
    early = output_parts(output, 2, 60)
    late = output_parts(output, len(steps), 60)

    assert [part.title for part in late] == ["what the client printed", "what the server printed"]
    assert [run[0][0] for run in late[0].lines] == ["you say: hello", "said hello"]
    assert len(early[1].lines) == 2
    assert early[1].marked == {1}
    assert "\x1b" not in late[1].lines[0][0][0]


def test_output_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a program that prints without end the last lines are kept, and it is said how many went before."""
    monkeypatch.setattr("pktscope.tui.output.MOST", 100)
    monkeypatch.setattr("pktscope.tui.output.SHOWN", 10)
    output = Output()
    output.update([Step(at, Call(at, S, 1, at, "print", f"line {at}"), S) for at in range(1000)])
    (part,) = output_parts(output, 999, 40)

    assert len(output.lines[S, 1]) <= 125
    assert part.lines[0][0][0] == "(990 lines before these)"
    assert part.lines[-1][0][0] == "line 999"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_output_is_painted_as_agreed(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    """P shows it, beside the ladder or over it; Enter or Esc brings the inspector or the ladder back."""
    from tests.tui_stage import session as recorded

    async def act(application: Application, pilot: Pilot[int]) -> None:
        await press(pilot, "j", "j", "P")
        hold(f"output-{size[0]}x{size[1]}", application)
        for strip in application.screen._compositor.render_strips():
            assert sum(cells_of(segment.text) for segment in strip) == size[0]
        await press(pilot, "enter", "escape")
        texts, _ = planes(application)
        assert "printed" not in "\n".join(texts)

    with told(monkeypatch, talk()):
        application = play(recorded(talk()), size, act)
    assert application.fault is None
