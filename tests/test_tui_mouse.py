"""The screen by mouse: a click selects, two open, the wheel scrolls, the keys in the footer can be clicked."""

from __future__ import annotations

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widget import Widget

from pktscope.tui import keys
from pktscope.tui.application import Application
from pktscope.tui.chrome import KeyBar
from pktscope.tui.conversations import ConversationsScreen
from pktscope.tui.ladder import Ladder
from pktscope.tui.pages import Pages, TextScreen
from pktscope.tui.timeline_screen import TimelineScreen
from tests.scenes import bulk, connection
from tests.tui_stage import play, press, session, told


async def wheel(pilot: Pilot[int], widget: Widget, down: bool) -> None:
    """A turn of the wheel over a widget."""
    kind = events.MouseScrollDown if down else events.MouseScrollUp
    widget.post_message(kind(widget, 5, 5, 0, 1, 0, False, False, False))
    await pilot.pause()


def timeline_of(application: Application) -> TimelineScreen:
    """The timeline, which is in sight."""
    assert isinstance(application.screen, TimelineScreen)
    return application.screen


def place_of_key(action: str, place: keys.Place, width: int) -> int:
    """The first cell of a key in the footer."""
    return next(start for key, start, _ in keys.fitting(keys.footer(place), width) if key.action == action)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_clicks_select_and_inspect(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    """One click makes a row current, wherever on the row; two look into it."""
    scene = connection()

    async def act(application: Application, pilot: Pilot[int]) -> None:
        screen = timeline_of(application)
        row = screen.stops.rows[4]
        line = screen.ladder.heights.top(row) - screen.ladder.scroll_offset.y
        await pilot.click(screen.ladder, offset=(size[0] // 2, line))
        await pilot.pause()

        assert screen.player.row == row
        assert application.screen == screen
        await pilot.click(screen.ladder, offset=(3, line), times=2)
        await pilot.pause()

        assert isinstance(application.screen, TextScreen)

    with told(monkeypatch, scene):
        play(session(scene), size, act)


def test_a_double_click_beside_the_inspector_gives_it_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the inspector stands beside the ladder, two clicks go into it instead of opening another."""
    scene = connection()

    async def act(application: Application, pilot: Pilot[int]) -> None:
        screen = timeline_of(application)
        await pilot.click(screen.ladder, offset=(30, 7), times=2)
        await pilot.pause()

        assert application.screen == screen
        assert isinstance(screen.focused, Pages)
        await pilot.click(screen.ladder, offset=(30, 9))
        await pilot.pause()

        assert isinstance(screen.focused, Ladder)

    with told(monkeypatch, scene):
        play(session(scene), (200, 60), act)


def test_the_wheel_scrolls_without_selecting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wheel moves the picture three lines; the current row stays what it was."""
    scene = bulk(60)

    async def act(application: Application, pilot: Pilot[int]) -> None:
        screen = timeline_of(application)
        await press(pilot, "z", "home")
        row = screen.player.row
        await wheel(pilot, screen.ladder, True)
        await wheel(pilot, screen.ladder, True)
        assert (screen.ladder.scroll_offset.y, screen.player.row) == (6, row)
        await wheel(pilot, screen.ladder, False)
        assert screen.ladder.scroll_offset.y == 3

    with told(monkeypatch, scene):
        play(session(scene), (80, 24), act)


def test_the_footer_can_be_clicked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key the footer shows does what it does when pressed, in the timeline and in a text."""
    scene = connection()

    async def act(application: Application, pilot: Pilot[int]) -> None:
        screen = timeline_of(application)
        for action, kind in (("inspect", TextScreen), ("help", TextScreen), ("conversations", ConversationsScreen)):
            await pilot.click(screen.bar, offset=(place_of_key(action, "timeline", 120), 0))
            await pilot.pause()
            opened = application.screen
            assert isinstance(opened, kind), action
            bar = opened.query_one(KeyBar)
            back = next(start for key, start, _ in keys.fitting(bar.keys, 120) if key.label in ("Back", "Open"))
            await pilot.click(bar, offset=(back, 0))
            await pilot.pause()
            await pilot.pause()
            assert application.screen == screen, action
        before = screen.player.row
        await pilot.click(screen.bar, offset=(place_of_key("next", "timeline", 120), 0))
        await pilot.pause()
        assert screen.player.row > before
        await pilot.click(screen.bar, offset=(place_of_key("quit", "timeline", 120), 0))
        await pilot.pause()

        assert application.return_code == 0

    with told(monkeypatch, scene):
        play(session(scene), (120, 40), act)


def test_clicks_in_the_list_select_and_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of conversations by mouse."""
    scene = connection()

    async def act(application: Application, pilot: Pilot[int]) -> None:
        await press(pilot, "c")
        listed = application.screen
        assert isinstance(listed, ConversationsScreen)
        await pilot.pause()
        await pilot.click(listed.list, offset=(10, 0), times=2)
        await pilot.pause()

        assert isinstance(application.screen, TimelineScreen)

    with told(monkeypatch, scene):
        play(session(scene), (80, 24), act)
