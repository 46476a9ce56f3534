"""A demo's promise: kept, it says so; missed, it says what was not seen and what was there instead."""

from __future__ import annotations

from pktscope import demos, notation
from pktscope.flow import Flow
from pktscope.promise import outcome
from pktscope.rules import BY_ID


def flow_of(script: str) -> Flow:
    flow = Flow()
    for seen in notation.read(script).observations:
        flow.feed(seen)
    return flow


def test_kept() -> None:
    """All promised rules spoke."""
    kept = outcome(("tcp.syn",), flow_of("   C > S  SYN\n").notes, "a SYN")

    assert kept.kept
    assert kept.sentence == "Promised: a SYN. Seen: all of it."


def test_missed() -> None:
    """What did not speak is named by its headline, and warnings tell what happened instead."""
    flow = flow_of("   C > S  SYN\n+1s\n   C > S  SYN seq 0\n")
    missed = outcome(("tcp.syn", "tcp.handshake-done"), flow.notes, "a handshake")

    assert missed.missing == ("tcp.handshake-done",)
    assert BY_ID["tcp.handshake-done"].headline.rstrip(".") in missed.sentence
    assert "SYN again" in missed.sentence


def test_demos_promise_rules_that_exist() -> None:
    """Every id in every SHOWS is a rule's."""
    for demo in demos.every():
        assert set(demo.shows) <= set(BY_ID), demo.name
        assert demo.promise
