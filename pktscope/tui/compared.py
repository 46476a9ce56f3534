"""What the comparison opens over itself: both packets or calls in full, the story with the programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pktscope.tui.pages import TextScreen
from pktscope.tui.parts import Part, plain
from pktscope.tui.source import own_lines, program
from pktscope.tui.windows import step_parts
from pktscope.words import _, paragraphs, say

if TYPE_CHECKING:
    from pktscope.model import Step
    from pktscope.tui.compare import CompareScreen


def current_steps(screen: CompareScreen) -> list[tuple[int, Step | None, int]]:
    """The side, the step and the row of either half at the play position."""
    here = screen.pairs[screen.player.row] if screen.pairs else (None, None)
    found: list[tuple[int, Step | None, int]] = []
    for side, (half, row) in enumerate(zip(screen.halves, here, strict=True)):
        step = half.feed.step(half.feed.timeline.rows[row].step) if half.feed is not None and row is not None else None
        found.append((side, step, row or 0))
    return found


def inspect(screen: CompareScreen) -> None:
    """Both, one below the other; n and p step on."""

    def parts(width: int) -> Sequence[Part]:
        made: list[Part] = []
        for side, step, row in current_steps(screen):
            half, name = screen.halves[side], screen.names()[side]
            if step is None or half.feed is None:
                words = _("There is nothing like it in this run.")
                made.append(Part(name, plain(words, width)))
                continue
            said = step_parts(step, half.feed, row, width, half.session.sources(), screen.ladder.options)
            made += [Part(say("{name}: {title}", {"name": name, "title": part.title}), part.lines, part.marked)
                     for part in said]  # fmt: skip
        return made

    def step(by: int) -> None:
        screen.action_step(by)
        shown.pages.renew(stay=False)

    shown = TextScreen(screen.comparison.title, screen.inks, parts, stepped=step)
    screen.app.push_screen(shown)


def story(screen: CompareScreen) -> None:
    """The story, then the programs, each once, with the lines behind the current rows stressed."""
    stories = dict.fromkeys(half.session.story for half in screen.halves if half.session.story)
    sources = dict.fromkeys(source for half in screen.halves for source in half.session.sources())
    if not stories and not sources:
        screen.tell(_("there is no story here: these were no demos"))
        return
    lines = [
        line
        for side, step, _row in current_steps(screen)
        if step is not None and (feed := screen.halves[side].feed) is not None
        for line in own_lines(step, feed.flow.steps)
    ]

    def parts(width: int) -> list[Part]:
        told = [
            Part(_("the story"), [line for text in spaced(each) for line in plain(text, width)]) for each in stories
        ]
        ascii_only = screen.ladder.options.ascii
        return [*told, *(program(name, text, lines, width, ascii_only=ascii_only) for name, text in sources)]

    screen.app.push_screen(TextScreen(screen.comparison.title, screen.inks, parts, at_mark=True))


def spaced(text: str) -> list[str]:
    """The paragraphs of a story with a blank line between them."""
    return [line for paragraph in paragraphs(text) for line in (paragraph, " ")][:-1]
