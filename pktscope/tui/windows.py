"""What the timeline opens beside or over itself: inspector, story, export."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pktscope.capture.decode import layers
from pktscope.model import Frame, Step
from pktscope.rows import Role
from pktscope.text import safe_text, wrap
from pktscope.tui.pages import Pages, TextScreen
from pktscope.tui.sections import Context, Line, Part, described, own_lines

if TYPE_CHECKING:
    from pktscope.tui.commands import Commands


def current_step(screen: Commands) -> Step | None:
    """The first step the current row shows."""
    rows = screen.ladder.timeline.rows
    if screen.feed is None or screen.player.row >= len(rows):
        return None
    return screen.feed.step(rows[screen.player.row].step)


def inspected_parts(screen: Commands, width: int) -> Sequence[Part]:
    """What the inspector shows now."""
    step = current_step(screen)
    feed = screen.feed
    if step is None or feed is None:
        return [Part("nothing yet", [])]
    if isinstance(step.observation, Frame):
        step = replace(step, observation=replace(step.observation, layers=layers(step.observation)))
    row = screen.player.row
    context = Context(
        feed.flow.steps, screen.ladder.timeline.notes_at(row), feed.returns, feed.flow.steps[0].time,
        ascii=screen.ladder.options.ascii, raw=screen.ladder.options.raw_numbers,
    )  # fmt: skip
    parts = described(step, context, width)
    if isinstance(step.observation, Frame) and step.observation.data:
        parts.append(Part("scapy's dissection", dissection_lines(screen, step.observation, width)))
    return parts


def dissection_lines(screen: Commands, frame: Frame, width: int) -> list[Line]:
    """Scapy's view of a frame; where it is not there yet a thread makes it, and the inspector is renewed then."""
    known = screen.dissected.get(frame.number)
    if known is None:
        screen.dissected[frame.number] = known = ("dissecting ...",)
        screen.run_worker(lambda: dissect(screen, frame), thread=True, exit_on_error=False, group="dissect")
    return [[(line, Role.PLAIN)] for text in known for line in wrap(text, width)]


def dissect(screen: Commands, frame: Frame) -> None:
    """In the thread: dissect and hand the lines over."""
    from pktscope.capture.dissect import dissection

    lines = dissection(frame)
    screen.app.call_from_thread(dissected, screen, frame.number, lines)


def dissected(screen: Commands, number: int, lines: tuple[str, ...]) -> None:
    """Back in the app: keep the lines and show them where they were waited for."""
    if len(screen.dissected) > 200:
        screen.dissected.clear()
    screen.dissected[number] = lines
    for pages in inspectors(screen):
        pages.renew()


def inspectors(screen: Commands) -> list[Pages]:
    """Every inspector in sight."""
    found = [screen.inspector] if screen.inspector is not None else []
    top = screen.app.screen
    return [*found, top.pages] if isinstance(top, Inspection) else found


class Inspection(TextScreen):
    """The inspector over the whole screen."""

    def __init__(self, screen: Commands) -> None:
        super().__init__(
            screen.full_title(), screen.inks, lambda width: inspected_parts(screen, width), stepped=self.step
        )
        self.owner = screen

    def step(self, by: int) -> None:
        """Another step, in the timeline below too."""
        self.owner.action_step(by)
        self.pages.renew(stay=False)


def inspect(screen: Commands) -> None:
    """Beside the ladder the inspector gets the keys; where it has no room it comes over the whole screen."""
    if current_step(screen) is None:
        return
    if screen.inspector is not None and screen.inspector.display:
        screen.inspector.focus()
    else:
        screen.app.push_screen(Inspection(screen))


async def mount_inspector(screen: Commands) -> None:
    """Put the inspector beside the ladder."""
    from textual.containers import Horizontal

    if screen.inspector is not None:
        return
    pages = Pages(screen.inks, lambda width: inspected_parts(screen, width))
    pages.stepped = screen.action_step
    pages.closed = lambda: screen.set_focus(screen.ladder)
    screen.inspector = pages
    pages.display = False
    await screen.query_one(Horizontal).mount(pages)
    screen.update_view()


def story(screen: Commands) -> None:
    """The story, the programs with the lines behind the current step stressed, and what the capture says of itself."""
    step = current_step(screen)
    steps = screen.feed.flow.steps if screen.feed is not None else []
    lines = own_lines(step, steps, screen.feed.returns if screen.feed else {}) if step is not None else ()
    parts, marked = story_parts(screen, lines)
    start = min(marked) if marked else None
    if not parts:
        screen.tell("there is no story here: this was not a demo")
        return
    shown = TextScreen(
        screen.full_title(), screen.inks, lambda width: wrapped(parts, width), start=start, marked=frozenset(marked)
    )
    screen.app.push_screen(shown)


def story_parts(
    screen: Commands, lines: tuple[tuple[str, int], ...]
) -> tuple[list[tuple[str, list[str], bool]], set[tuple[int, int]]]:
    """Title, lines and whether they are prose; and which lines of which part to stress."""
    session = screen.session
    parts: list[tuple[str, list[str], bool]] = []
    marked: set[tuple[int, int]] = set()
    if session.story:
        parts.append(("the story", safe_text(session.story.strip(), 20000, keep_newlines=True).split("\n"), True))
    for name, text in session.sources():
        base = os.path.basename(name)
        wanted = [line for file, line in lines if os.path.basename(file) == base]
        shown = safe_text(text, 400_000, keep_newlines=True).split("\n")
        marked |= {(len(parts), line - 1) for line in wanted if 0 < line <= len(shown)}
        title = safe_text(base, 100) + (f", line {' and '.join(str(line) for line in wanted)}" if wanted else "")
        parts.append((title, [f"{index + 1:4}  {line}" for index, line in enumerate(shown)], False))
    if screen.kept is not None and screen.kept.sentence:
        parts.append(("the promise", [safe_text(screen.kept.sentence, 2000)], True))
    exchange = session.exchange
    if exchange is not None and (exchange.room or exchange.settings):
        room = [exchange.room, *(f"{name} = {value}" for name, value in exchange.settings)]
        parts.append(("the room", [safe_text(line, 400) for line in room if line], True))
    complaints = session.store.complaints
    if complaints:
        parts.append(("what is wrong with this capture", [safe_text(line, 400) for line in complaints], True))
    return parts, marked


def wrapped(parts: list[tuple[str, list[str], bool]], width: int) -> list[Part]:
    """Prose wrapped to the width; programs line by line, cut at the edge, so that line numbers hold."""
    from pktscope.text import fit

    made = []
    for title, lines, prose in parts:
        if prose:
            made.append(Part(title, [[(piece, Role.PLAIN)] for line in lines for piece in wrap(line, width)]))
        else:
            made.append(Part(title, [[(fit(line, width), Role.PLAIN)] for line in lines]))
    return made


def export(screen: Commands) -> None:
    """Ask for a name; write NAME.txt and NAME.json; over something that is there only when asked twice."""
    from pktscope.tui import export as files
    from pktscope.tui.prompt import Prompt

    feed = screen.feed
    if feed is None:
        return

    def answered(text: str | None) -> None:
        if text:
            sentence, worked = files.write(feed, text, screen.session)
            screen.tell(sentence, Role.NOTICE if worked else Role.ERROR)

    proposal = files.proposal(screen.session, feed)
    screen.app.push_screen(Prompt("Write NAME.txt and NAME.json; NAME:", files.check, value=proposal), answered)
