"""Rules about what a segment does where it arrives, and about several connections of one listener."""

from __future__ import annotations

from pktscope import notation
from pktscope.flow import Flow
from pktscope.words import say

LAST_ACK_LOST = """
   C > S  SYN
~ delivered
   S > C  SYN ACK
~ delivered
   C > S  ACK
~ delivered
   C > S  FIN ACK
~ delivered
   S > C  FIN ACK 2
~ delivered
   C > S  ACK 2
~ dropped
+200ms
   S > C  FIN ACK 2 seq 1
~ delivered
   C > S  ACK 2
~ delivered
"""


def told(script: str) -> list[tuple[int, str, str]]:
    """(observation, rule, sentence) of each note."""
    read = notation.read(script)
    flow = Flow(wire=read.wire)
    return [
        (place, note.rule, say(note.message, note.values))
        for place, seen in enumerate(read.observations)
        for note in flow.feed(seen)[1]
    ]


def test_a_handshake_is_done_when_its_last_segment_arrives() -> None:
    """On a wire the third segment completes the handshake at its Fate, not as it leaves."""
    assert [place for place, rule, _ in told(LAST_ACK_LOST) if rule == "tcp.handshake-done"] == [5]


def test_a_connection_is_closed_by_the_ack_that_arrives() -> None:
    """A last ACK that is dropped closes nothing; the one that answers the FIN sent again does."""
    notes = told(LAST_ACK_LOST)

    assert [place for place, rule, _ in notes if rule == "tcp.closed"] == [15]
    assert [place for place, rule, _ in notes if rule == "tcp.time-wait"] == [10]
    assert [place for place, rule, _ in notes if rule == "tcp.time-wait-answers"] == [14]


def test_a_retransmission_is_not_needless_where_the_ack_was_lost() -> None:
    """Its sender had not been told: Wireshark's 'spurious' knows only that an ACK left."""
    again = [text for _, rule, text in told(LAST_ACK_LOST) if rule == "tcp.fin-again"]

    assert len(again) == 1
    assert again[0].endswith("no ACK of it has arrived.")
    assert "tcp.spurious-retransmission" not in {rule for _, rule, _ in told(LAST_ACK_LOST)}
