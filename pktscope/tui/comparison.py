"""Two runs to be seen beside each other: which, what starts them, what is said of a pair of rows. Needs no screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pktscope.text import safe_text
from pktscope.tui.options import ScreenOptions
from pktscope.words import N_, say

if TYPE_CHECKING:
    from textual.screen import Screen

    from pktscope.model import Note
    from pktscope.rows import Role
    from pktscope.tui.session import Session
    from pktscope.tui.styles import Styles

Said = tuple[str, str, "Role"]
"""A sentence, its reference, how it looks."""


@dataclass
class Comparison:
    """Something the screen can be started about: two of several runs."""

    title: str
    options: ScreenOptions
    ways: tuple[tuple[str, str], ...]
    """Name and title of everything that can stand on either side: variants of a demo, recordings."""
    start: Callable[[str], Session]
    """Begins one of them by its name. May raise exits.Stop."""
    shown: tuple[int, int] = (0, 1)
    """Which two of the ways come first."""
    sessions: dict[str, Session] = field(default_factory=dict)
    """Those begun, by name."""

    def session(self, way: int) -> Session:
        """The run of a way, begun when first asked for."""
        name = self.ways[way][0]
        if name not in self.sessions:
            self.sessions[name] = self.start(name)
        return self.sessions[name]

    def screen(self, styles: Styles, ended: Callable[[int], None]) -> Screen[Any]:
        """Both, aligned."""
        from pktscope.tui.compare import CompareScreen

        return CompareScreen(self, styles, ended)

    def verdict(self) -> tuple[int, str]:
        """The first thing that went wrong with any of them."""
        found = [session.verdict() for session in self.sessions.values()]
        return next((each for each in found if each[0]), (0, ""))


def told(
    names: tuple[str, str], notes: tuple[Sequence[Note], Sequence[Note]], rules: tuple[Set[str], Set[str]]
) -> list[Said]:
    """The notes of a pair of rows: what both say once, what one says with its name.

    `rules` are those that speak anywhere in either run: what only one of the runs shows at all is marked as such.
    """
    from pktscope.rows import Role

    words = [[safe_text(say(note.message, note.values)) for note in side] for side in notes]
    both: list[Said] = []
    own: list[Said] = []
    for side, name in enumerate(names):
        for note, sentence in zip(notes[side], words[side], strict=True):
            if sentence in words[1 - side]:
                if side == 0:
                    both.append((say("both: {note}", {"note": sentence}), note.reference, Role.PLAIN))
                continue
            template = "{name}: {note}" if note.rule in rules[1 - side] else N_("only {name}: {note}")
            own.append((say(template, {"name": name, "note": sentence}), note.reference, Role(note.severity.value)))
    return [*own, *both]
