"""A demo's promise: the notes it says it will show, held against the notes of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pktscope.model import Note
from pktscope.rules import BY_ID
from pktscope.words import _, say

UNPROMISED = frozenset({"warning", "error"})
"""Severities that tell of something going otherwise than meant, where the promise was not kept."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a run kept its promise, and a sentence that says so."""

    missing: tuple[str, ...]
    """Promised rules that did not speak."""
    sentence: str

    @property
    def kept(self) -> bool:
        return not self.missing


def headline(rule: str) -> str:
    """A rule's headline as part of a sentence, or its id where there is no such rule."""
    known = BY_ID.get(rule)
    return f"{rule} ({_(known.headline).rstrip('.。')})" if known else rule


def outcome(shows: Sequence[str], notes: Iterable[Note], promise: str = "") -> Outcome:
    """Hold the notes of a finished run against the rules promised; `promise` says it in words."""
    told = list(notes)
    seen = {note.rule for note in told}
    promise = _(promise) if promise else "; ".join(map(headline, dict.fromkeys(shows)))
    missing = tuple(rule for rule in dict.fromkeys(shows) if rule not in seen)
    if not missing:
        return Outcome((), say("Promised: {promise}. Seen: all of it.", {"promise": promise}) if shows else "")
    instead = [say(note.message, note.values) for note in told if note.severity in UNPROMISED]
    values: dict[str, object] = {"promise": promise, "missing": list(map(headline, missing))}
    if instead:
        values["instead"] = " ".join(instead[:3])
        said = say("Promised: {promise}. Not seen: {missing:clauses}. What it did instead: {instead}", values)
    else:
        said = say("Promised: {promise}. Not seen: {missing:clauses}. Nothing else stood out; run it again.", values)
    return Outcome(missing, said)
