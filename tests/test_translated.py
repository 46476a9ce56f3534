"""Nothing is left in English: what is said in a made-up language, whose letters are all the same, has no English words.

Values stay as they are: names of calls, options, programs and hosts, what programs said and printed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import pytest

from pktscope import cli, languages, notation, words
from pktscope.capture.store import Store
from pktscope.commands import help
from pktscope.explain import lookup, page
from pktscope.flow import Flow
from pktscope.lab import ladder
from pktscope.rows import Arrow, Banner, Fold, Span
from pktscope.rules import RULES, Rule
from pktscope.show import folded
from pktscope.text import width
from pktscope.timeline import Timeline, lay_out
from pktscope.tui.help import help_parts
from pktscope.tui.keys import PLACES, Place
from pktscope.tui.sections import described
from tests import catalogue
from tests.scenes import connection
from tests.tui_stage import planes, play, press, session, told

CAPTURES = sorted((Path(__file__).parents[1] / "captures").glob("*.pcapng"))

LETTER = "ø"
PLACE = re.compile(r"(\{[^{}]*\}|%\(\w+\)s)")

SAME = """
seq ack len win mss wscale sack ts id offset mtu ttl ms us min kB pktscope Fast Open ping curl lo tcp udp icmp unix nak
Keep-Alive ZeroWindow Window Update Full Dup Retransmission Out-Of-Order Linux discover offer request
TypeError ValueError EOFError ConnectionResetError TimeoutError bytes-like object is required the header says octets
Enter Esc Home End PgDn PgUp Tab Shift Ctrl-C Ctrl-D Ctrl-P Ctrl-Z space Python tutorial
"""
NAMES = frozenset(SAME.split())
"""Words that are the same in every language, and what the examples of rules give as somebody else's text."""

ELSEWHERE = re.compile(
    r"\w+\((?:b?'[^']*'|[^()])*\)|\"[^\"]*\"|(?<!\w)b?'[^']*'"
    r"|\b(?:drop|delay|swap|double|damage) [\w-]+ [\w,-]+ from \w+( by)?"
    r"|[\w.-]*\d[\w.:/-]*|[\w-]+(?:\.[\w-]+)+|\w+=\S+|\b\w+_\w+\b"
)
"""Calls and manual pages, quoted text, what --impair takes, addresses and other things with numbers, names of files and
hosts, settings."""


def made_up(message: str) -> str:
    """A translation of a message: its letters replaced, its placeholders kept."""
    return "".join(part if PLACE.fullmatch(part) else re.sub("[A-Za-z]", LETTER, part) for part in PLACE.split(message))


NOWHERE = {message: made_up(message) for message in catalogue.messages()}


@pytest.fixture(autouse=True)
def nowhere() -> Iterator[None]:
    """Everything is said in the made-up language."""
    languages.speak("en")
    words.use(NOWHERE)
    yield
    languages.speak("en")


def english(text: str) -> list[str]:
    """The words of a text that look like words of English."""
    left = ELSEWHERE.sub(" ", text)
    return [word for word in re.findall(r"[A-Za-z][A-Za-z-]+", left) if word not in NAMES and not word.isupper()]


def found(texts: Iterable[str]) -> list[str]:
    """The texts with English in them."""
    return [f"{english(text)}: {text}" for text in texts if english(text)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.id))
def test_rule_speaks(rule: Rule) -> None:
    """What a rule says in its example, its headline, its lesson and where it is from."""
    flow = Flow()
    for seen in notation.read(rule.example).observations:
        flow.feed(seen)
    said = [words.say(note.message, note.values) for note in flow.notes]

    assert found([*said, words._(rule.headline), *words.paragraphs(rule.lesson), words.cited(rule.reference)]) == []


def drawn(timeline: Timeline) -> Iterator[str]:
    """What a timeline says besides calls: labels, banners, braces."""
    for row in timeline.rows:
        if isinstance(row, Arrow | Fold):
            yield from row.label
        if isinstance(row, Banner):
            yield row.text
    for span in timeline.spans:
        yield span.text if isinstance(span, Span) else ""


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_recording_speaks(path: Path) -> None:
    """Notes, labels, banners and the heading of every recorded demo."""
    store = Store.open(str(path))
    store.wait()
    flow, placed = folded(store, None)
    timeline = lay_out(placed, flow.client, flow.server)
    said = [words.say(note.message, note.values) for note in flow.notes]
    exchange = store.exchange
    assert exchange is not None
    heading = [words._(exchange.title), *words.retold(exchange.room).split(";")[:1]]

    assert found([*said, *drawn(timeline), *heading]) == []


def commands_below(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """A command and all below it."""
    yield name, command
    if isinstance(command, click.Group):
        for below, each in command.commands.items():
            yield from commands_below(each, below)


def test_help_of_commands_speaks() -> None:
    """What each command and option says of itself."""
    said = []
    for name, command in commands_below(help.localized(cli.commands)):
        said += [command.help or "", command.short_help or ""]
        said += [each.help or "" for each in command.params if isinstance(each, click.Option)]
        assert command.help, name

    assert found(said) == []


def test_every_command_takes_a_language() -> None:
    """--lang is everywhere."""
    for name, command in commands_below(cli.commands):
        assert any("--lang" in each.opts for each in command.params), name


def test_doctor_speaks() -> None:
    """What was tried, what came of it, the way out."""
    findings = ladder.findings()

    assert found(text for each in findings for text in (words._(each.step), each.detail, each.way_out)) == []


@pytest.mark.parametrize("place", [place for place in PLACES if place != "prompt"])
def test_help_of_keys_speaks(place: Place) -> None:
    """Every key's line, and what is drawn."""
    parts = help_parts(place, 80, ascii_only=False)
    texts = [words._(part.title) for part in parts]
    texts += [text for part in parts for line in part.lines for text, role in line if role.value != "syn"]

    assert found(texts) == []


@pytest.mark.parametrize("kind", lookup.KINDS, ids=lambda kind: str(kind.word))
def test_explanations_speak(kind: lookup.Kind) -> None:
    """Prose of every page: headlines and paragraphs."""
    texts = [words._(kind.title), words._(kind.word)]
    for thing in kind.things:
        texts.append(words._(thing.headline))
        if not isinstance(thing, Rule):
            texts += map(words._, thing.text)
        texts += [section.title.replace(lookup.name_of(thing), "") for section in page.sections(thing, 80)][1:]

    assert found(texts) == []


def test_screen_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The heading, the keys, the inspector of packets and calls, the prompts."""
    scene = connection()
    texts: list[str] = []

    async def act(application, pilot):  # type: ignore[no-untyped-def]
        for keys in (["j", "enter"], ["pagedown"], ["escape", "slash"], ["escape", "g"], ["escape", "o"]):
            await press(pilot, *keys)
            texts.extend(planes(application)[0])

    said = {note.message for _, notes in scene.steps for note in notes}
    with told(monkeypatch, scene):
        words.use({**words.CATALOGUE, **{message: made_up(message) for message in (*said, "a story", "test.rule")}})
        play(session(scene, title="ø"), (120, 40), act)

    assert asyncio.iscoroutinefunction(act)
    assert found(re.sub(r"[│├┤]", " ", text) for text in texts) == []


CHINESE_SIZES = ((60, 20), (80, 24), (120, 40))


@pytest.mark.parametrize("size", CHINESE_SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_chinese_screen_stays_straight(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    """In Chinese too every line is exactly as wide as the screen, whatever is open."""
    languages.speak("zh_CN")
    scene = connection()

    async def act(application, pilot):  # type: ignore[no-untyped-def]
        for key in ("j", "enter", "pagedown", "escape", "d", "l", "t", "2", "3", "o", "escape", "question_mark"):
            await press(pilot, key)
            for strip in application.screen._compositor.render_strips():
                assert sum(width(segment.text) for segment in strip) == size[0], key

    with told(monkeypatch, scene):
        play(session(scene), size, act)


def test_chinese_boxes_stay_straight() -> None:
    """Every line of a header's box is as wide as the next."""
    languages.speak("zh_CN")
    scene = connection()
    feed_of = [step for step, _ in scene.steps]
    from pktscope.tui.parts import Context

    for step in feed_of:
        context = Context(feed_of, (), {}, feed_of[0].time)
        for part in described(step, context, 80):
            lines = ["".join(text for text, _ in line) for line in part.lines]
            boxed = [line for line in lines if line[:1] in "┌├└│"]
            assert len({width(line) for line in boxed}) <= 1, (part.title, boxed)
