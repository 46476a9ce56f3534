"""What the timeline opens beside or over itself: inspector, story, explanations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pktscope.capture.decode import layers
from pktscope.model import Frame, Step
from pktscope.rows import Role
from pktscope.text import wrap
from pktscope.tui.output import output_parts
from pktscope.tui.pages import Pages, TextScreen
from pktscope.tui.parts import Context, Line, Part, plain
from pktscope.tui.player import last_step
from pktscope.tui.sections import described
from pktscope.tui.source import own_lines, program
from pktscope.words import _, paragraphs, retold

if TYPE_CHECKING:
    from pktscope.render.cells import Options
    from pktscope.tui.commands import Commands
    from pktscope.tui.feed import Feed


def current_step(screen: Commands) -> Step | None:
    """The first step the current row shows."""
    rows = screen.ladder.timeline.rows
    if screen.feed is None or screen.player.row >= len(rows):
        return None
    return screen.feed.step(rows[screen.player.row].step)


def inspected_parts(screen: Commands, width: int) -> Sequence[Part]:
    """What the inspector shows now."""
    if screen.printing:
        return printed_parts(screen, width)
    step = current_step(screen)
    feed = screen.feed
    if step is None or feed is None:
        return [Part(_("nothing yet"), [])]
    options = screen.ladder.options
    parts = step_parts(step, feed, screen.player.row, width, screen.session.sources(), options)
    if isinstance(step.observation, Frame) and step.observation.data:
        parts.append(Part(_("scapy's dissection"), dissection_lines(screen, step.observation, width)))
    return parts


def printed_parts(screen: Commands, width: int) -> Sequence[Part]:
    """What the programs printed up to the current row."""
    if screen.feed is not None:
        screen.output.update(screen.feed.flow.steps)
    rows = screen.ladder.timeline.rows
    here = last_step(rows[screen.player.row]) if screen.player.row < len(rows) else -1
    return output_parts(screen.output, here, width)


def step_parts(
    step: Step, feed: Feed, row: int, width: int, sources: tuple[tuple[str, str], ...], options: Options
) -> list[Part]:
    """What the inspector says of a step that a row shows, but for scapy's view."""
    if isinstance(step.observation, Frame):
        step = replace(step, observation=replace(step.observation, layers=layers(step.observation)))
    context = Context(
        feed.flow.steps, feed.timeline.notes_at(row), feed.returns, feed.flow.steps[0].time,
        ascii=options.ascii, raw=options.raw_numbers, sources=sources,
    )  # fmt: skip
    return described(step, context, width)


def dissection_lines(screen: Commands, frame: Frame, width: int) -> list[Line]:
    """Scapy's view of a frame; where it is not there yet a thread makes it, and the inspector is renewed then."""
    known = screen.dissected.get(frame.number)
    if known is None:
        screen.dissected[frame.number] = known = (_("dissecting ..."),)
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
    if screen.printing:
        screen.printing, screen.inspected = False, -1
        screen.update_view()
    if screen.inspector is not None and screen.inspector.display:
        screen.inspector.focus()
    else:
        screen.app.push_screen(Inspection(screen))


def output(screen: Commands) -> None:
    """What the programs printed, in the inspector's place beside the ladder, or over the whole screen."""
    if screen.inspector is not None and screen.inspector.display:
        screen.printing = not screen.printing
        screen.inspector.renew(stay=False)
        screen.inspector.show_mark()
        return
    title = screen.full_title()
    screen.app.push_screen(TextScreen(title, screen.inks, lambda width: printed_parts(screen, width), at_mark=True))


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
    lines = own_lines(step, screen.feed.flow.steps) if step is not None and screen.feed is not None else ()
    prose = story_prose(screen)
    sources = screen.session.sources()
    if not prose and not sources:
        screen.tell(_("there is no story here: this was not a demo"))
        return

    def parts(width: int) -> list[Part]:
        ascii_only = screen.ladder.options.ascii
        told = [Part(title, [line for text in texts for line in plain(text, width)]) for title, texts in prose]
        programs = [program(name, text, lines, width, ascii_only=ascii_only) for name, text in sources]
        return [*told[:1], *programs, *told[1:]] if screen.session.story else [*programs, *told]

    screen.app.push_screen(TextScreen(screen.full_title(), screen.inks, parts, at_mark=True))


def story_prose(screen: Commands) -> list[tuple[str, list[str]]]:
    """The story, the promise, the room and the complaints, as far as there are any: titles and paragraphs."""
    session = screen.session
    exchange = session.exchange
    room = (
        [retold(exchange.room), *(f"{name} = {value}" for name, value in exchange.settings)]
        if exchange is not None
        else []
    )
    kept = screen.kept.sentence if screen.kept is not None else ""
    found = [
        (_("the story"), paragraphs(session.story)),
        (_("the promise"), [kept]),
        (_("the room"), [line for line in room if line]),
        (_("what is wrong with this capture"), list(map(retold, session.store.complaints))),
    ]
    return [(title, lines) for title, lines in found if any(lines)]


def explain(screen: Commands) -> None:
    """What the current row is about: the pages of its call and error, of its notes' rules, of its flags."""
    from pktscope.explain.about import about
    from pktscope.explain.page import sections

    step = current_step(screen)
    if step is None or screen.feed is None:
        return
    back = screen.feed.returns.get(step.index)
    both = [step, *([screen.feed.flow.steps[back]] if back is not None else [])]
    notes = screen.ladder.timeline.notes_at(screen.player.row)
    things = dict.fromkeys(thing for each in both for thing in about(each.observation, notes))
    if not things:
        screen.tell(_("there is nothing to explain here"))
        return

    def parts(width: int) -> list[Part]:
        ascii_only = screen.ladder.options.ascii
        pages = [section for thing in things for section in sections(thing, width, ascii_only=ascii_only)]
        return [Part(section.title, section.lines) for section in pages]

    screen.app.push_screen(TextScreen(screen.full_title(), screen.inks, parts))
