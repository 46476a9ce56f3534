"""The screen: what it paints at each size, that its keys do what they say, and that no text gets out raw."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.widget import Widget

from pktscope.model import Side
from pktscope.render.cells import Options
from pktscope.text import width as cells_of
from pktscope.theme import DARK, PALETTES
from pktscope.timeline import Timeline
from pktscope.tui import keys
from pktscope.tui.application import Application
from pktscope.tui.chrome import Heading, KeyBar, NotePanel
from pktscope.tui.compare import CompareScreen
from pktscope.tui.comparison import Comparison
from pktscope.tui.conversations import ConversationsScreen
from pktscope.tui.duet import PairLadder
from pktscope.tui.gallery import GalleryList, GalleryScreen
from pktscope.tui.help import HelpScreen
from pktscope.tui.ladder import Ladder
from pktscope.tui.opening import GROUNDS
from pktscope.tui.options import ScreenOptions
from pktscope.tui.pages import Pages, TextScreen
from pktscope.tui.prompt import Prompt
from pktscope.tui.small import TooSmall
from pktscope.tui.styles import Styles
from pktscope.tui.timeline_screen import TimelineScreen
from pktscope.tui.typing_line import Line, TypingLine
from tests.scenes import bulk, connection
from tests.tui_stage import hold, planes, play, press, session, told

SIZES = ((60, 20), (80, 24), (120, 40), (200, 60))
Act = Callable[[Application, Pilot[int]], Awaitable[None]]


def snapshot(name: str, *pressed: str) -> Act:
    """Press keys, then compare."""

    async def act(application: Application, pilot: Pilot[int]) -> None:
        await press(pilot, *pressed)
        hold(name, application)

    return act


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_timeline_is_painted_as_agreed(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    """The timeline at a packet in the middle, at every size it is made for."""
    scene = connection()
    with told(monkeypatch, scene):
        play(session(scene), size, snapshot(f"timeline-{size[0]}x{size[1]}", *["j"] * 6))


@pytest.mark.parametrize("size", SIZES[-3:], ids=lambda size: f"{size[0]}x{size[1]}")
def test_timeline_is_painted_in_chinese(monkeypatch: pytest.MonkeyPatch, chinese: None, size: tuple[int, int]) -> None:
    """The same in Chinese: notes, calls, header and footer."""
    scene = connection()
    with told(monkeypatch, scene):
        play(session(scene), size, snapshot(f"timeline-zh-{size[0]}x{size[1]}", *["j"] * 6))


@pytest.mark.parametrize(
    ("name", "pressed", "options"),
    [
        ("stepped", ["home", "n", "n", "n"], {}),
        ("inspector", ["j", "j", "j", "enter"], {}),
        ("call", ["j", "j", "enter"], {}),
        ("help", ["question_mark"], {}),
        ("white", ["T"], {}),
        ("ascii", ["a", "j", "j", "j"], {}),
    ],
)
def test_views_are_painted_as_agreed(
    monkeypatch: pytest.MonkeyPatch, name: str, pressed: list[str], options: dict[str, Any]
) -> None:
    """Other views of the same story at 80x24."""
    scene = connection()
    with told(monkeypatch, scene):
        play(session(scene, **options), (80, 24), snapshot(f"{name}-80x24", *pressed))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_line_is_as_wide_as_the_screen(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    """No line is short or long by a cell, wide characters counted, whatever is open."""
    scene = connection()

    async def act(application: Application, pilot: Pilot[int]) -> None:
        for key in ("j", "enter", "escape", "d", "l", "t", "t", "s", "2", "3", "4", "1", "z", "question_mark"):
            await press(pilot, key)
            for strip in application.screen._compositor.render_strips():
                assert sum(cells_of(segment.text) for segment in strip) == size[0], key

    with told(monkeypatch, scene):
        play(session(scene), size, act)


def test_ascii_screen_is_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    """With `a` nothing outside ASCII is painted, in the timeline, the inspector and the help."""
    scene = connection()

    async def act(application: Application, pilot: Pilot[int]) -> None:
        await press(pilot, "a", "j", "j", "j")
        for key in ("enter", "escape", "question_mark"):
            texts, _ = planes(application)

            assert "\n".join(texts).isascii(), key
            await press(pilot, key)

    with told(monkeypatch, scene):
        play(session(scene), (120, 40), act)


def test_resizing_keeps_the_current_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the size becomes, the same row is current and in sight; too small says the size, and comes back."""
    scene = bulk(60)

    async def act(application: Application, pilot: Pilot[int]) -> None:
        screen = application.screen
        assert isinstance(screen, TimelineScreen)
        await press(pilot, "z", "end", "k", "k", "k")
        row = screen.player.row
        for size in ((120, 40), (60, 20), (40, 10), (200, 60)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            await pilot.pause()
            small = size[0] < 60
            assert isinstance(application.screen, TooSmall) == small
            if not small:
                top = screen.ladder.heights.top(row) - screen.ladder.scroll_offset.y

                assert screen.player.row == row
                assert 0 <= top < screen.ladder.size.height, size

    with told(monkeypatch, scene):
        play(session(scene), (80, 24), act)


HOSTILE = "\x1b[31mred\x1b]52;c;ZXZpbA==\x07 [bold] [/nope] [@click=app.quit]x[/] \x9b2J \u202eevil \x00"


def test_hostile_text_is_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Escapes, markup and bidi controls in notes, calls, titles and names appear as visible characters only."""
    scene = connection()
    scene.call(Side.CLIENT, "send", HOSTILE)
    hostile = session(scene, title=HOSTILE)

    async def act(application: Application, pilot: Pilot[int]) -> None:
        await press(pilot, "end", "k", "enter", "escape", "slash", *"x", "escape", "o", "c")
        texts, _ = planes(application)

        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202e]", "".join(texts))

    with told(monkeypatch, scene):
        application = play(hostile, (120, 40), act)
    assert application.fault is None


@pytest.mark.parametrize(
    "place", ["gallery", "timeline", "comparison", "conversations", "text", "prompt", "typing", "everywhere"]
)
def test_every_key_has_an_action_and_help(place: keys.Place) -> None:
    """No key does nothing: its action is a method of what has the focus, and its help says something."""
    owners: dict[str, tuple[type, ...]] = {
        "gallery": (GalleryScreen,),
        "timeline": (TimelineScreen,),
        "comparison": (CompareScreen,),
        "conversations": (ConversationsScreen,),
        "text": (Pages,),
        "prompt": (Prompt,),
        "typing": (Line,),
        "everywhere": (Application,),
    }
    for key in keys.PLACES[place]:
        method = f"action_{key.action.partition('(')[0]}"

        assert any(hasattr(owner, method) for owner in owners[place]), key.action
        assert key.help
        assert key.label
        assert key.shown


def test_no_key_means_two_things() -> None:
    """In one place every key has one meaning."""
    for place in ("gallery", "timeline", "comparison", "conversations", "text"):
        used = [name for key in (*keys.PLACES[place], *keys.EVERYWHERE) for name in key.keys]

        assert len(used) == len(set(used)), place


@pytest.mark.parametrize("width", range(60, 241, 7))
def test_footer_shows_whole_keys(width: int) -> None:
    """At any width the footer holds help and quit, and no key is cut or overlaps another."""
    for place in ("gallery", "timeline", "comparison", "conversations", "text"):
        placed = keys.fitting(keys.footer(place), width)
        ends = [end for _, _, end in placed]
        starts = [start for _, start, _ in placed]

        assert ends[-1] <= width
        assert all(start > end for start, end in zip(starts[1:], ends, strict=False))
        assert {"help", "quit"} <= {key.action for key, _, _ in placed}


def test_keys_reach_their_screens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Inspector, help, story and list open and close; find and go to end up where they should; export writes."""
    monkeypatch.chdir(tmp_path)
    scene = connection()

    async def act(application: Application, pilot: Pilot[int]) -> None:
        screen = application.screen
        assert isinstance(screen, TimelineScreen)
        for key, kind in (("enter", TextScreen), ("question_mark", HelpScreen), ("c", ConversationsScreen)):
            await press(pilot, key)
            assert isinstance(application.screen, kind), key
            await press(pilot, "escape")
            assert isinstance(application.screen, TimelineScreen)
        await press(pilot, "slash", *"retrans", "enter")
        found = screen.ladder.timeline.rows[screen.player.row]
        assert getattr(found, "number", None) == 7
        await press(pilot, "colon", *"99")
        await press(pilot, "enter")
        assert not isinstance(application.screen, TimelineScreen), "a number out of range is not accepted"
        await press(pilot, "backspace", "backspace", "3", "enter")
        assert getattr(screen.ladder.timeline.rows[screen.player.row], "number", None) == 3
        await press(pilot, "e", "enter")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["tcp-0.json", "tcp-0.txt"]

    with told(monkeypatch, scene):
        application = play(session(scene), (80, 24), act)
    assert application.fault is None


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "nord", "gruvbox", "ansi-dark"])
def test_themes_of_textual_work(monkeypatch: pytest.MonkeyPatch, theme: str) -> None:
    """Themes that are not ours paint the same text."""
    scene = connection()

    async def act(application: Application, pilot: Pilot[int]) -> None:
        before, _ = planes(application)
        if theme not in application.available_themes:
            pytest.skip(f"this Textual has no theme {theme}")
        application.theme = theme
        await pilot.pause()
        after, _ = planes(application)

        assert before == after

    with told(monkeypatch, scene):
        play(session(scene), (80, 24), act)


def test_widgets_take_no_name_of_textual() -> None:
    """Attributes of our widgets do not hide Textual's own, which would fail only at run time."""
    styles = Styles(DARK)
    made: tuple[Widget, ...] = (
        Heading(styles),
        NotePanel(styles),
        KeyBar(styles, ()),
        Pages(styles, lambda width: ()),
        Ladder(Timeline(), styles, Options()),
        TimelineScreen(session(connection()), styles, print),
        GalleryList(styles),
        PairLadder(styles, Options()),
        CompareScreen(Comparison("", ScreenOptions(), (), lambda name: session(connection())), styles, print),
        TypingLine(print),
    )
    for widget in made:
        plain: Widget = (
            Screen() if isinstance(widget, Screen) else ScrollView() if isinstance(widget, ScrollView) else Widget()
        )
        taken = {name for name in set(vars(widget)) - set(vars(plain)) if hasattr(plain, name)}

        assert taken <= {"id"}, f"{type(widget).__name__} hides {taken}"


def test_first_frame_has_the_colours_of_the_palettes() -> None:
    """The first frame is painted before the palettes are loaded, in the same colours."""
    for name, palette in PALETTES.items():
        assert GROUNDS[name] == (palette.foreground, palette.surface, palette.background)
