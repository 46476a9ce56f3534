"""Law 7: every rule fires in its own example and is silent on every other line of it."""

from __future__ import annotations

import pytest

from pktscope import notation
from pktscope.flow import Flow
from pktscope.rules import RULES, MalformedRule, Rule, rule
from pktscope.words import say


def spoken(each: Rule) -> list[tuple[int, bool, bool]]:
    """(line of the example, marked, fired) for each observation."""
    script = notation.read(each.example)
    flow = Flow(wire=script.wire, links=script.links)
    found = []
    for place, (seen, marks) in enumerate(zip(script.observations, script.marks, strict=True)):
        _, notes = flow.feed(seen)
        for note in notes:
            say(note.message, note.values)
        found.append((place, each.id in marks, any(note.rule == each.id for note in notes)))
    return found


@pytest.mark.parametrize("each", RULES, ids=lambda each: each.id)
def test_rule_speaks_where_its_example_says(each: Rule) -> None:
    """Marked lines have the note, unmarked lines have not, and at least one line is marked."""
    lines = spoken(each)

    assert any(marked for _, marked, _ in lines)
    assert [line for line in lines if line[1] != line[2]] == []


def test_malformed_rule_fails_with_its_place() -> None:
    """A rule without a lesson fails where it is made, naming file and line."""
    with pytest.raises(MalformedRule, match=r"test_rules\.py:\d+"):

        @rule("tcp.nothing", "", on="segment", example="# tcp.nothing")
        def nothing(step, flow):  # type: ignore[no-untyped-def]
            """Only a headline."""
            yield from ()
