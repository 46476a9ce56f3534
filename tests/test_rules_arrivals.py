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


FIN_LOST = """
   C > S  SYN
~ delivered
   S > C  SYN ACK
~ delivered
   C > S  ACK
~ delivered
   C > S  FIN ACK
~ dropped
+300ms
   C > S  FIN ACK seq 1
~ delivered
   S > C  FIN ACK 2
~ delivered
"""


def test_the_fin_that_arrived_is_the_one_acknowledged() -> None:
    """Frame 4 was lost: what the server acknowledges is its copy, frame 5."""
    notes = [text for _, rule, text in told(FIN_LOST) if rule == "tcp.fin-and-ack"]

    assert len(notes) == 1
    assert "FIN (frame 5)" in notes[0]
    assert "300 ms" not in notes[0]


ACK_LOST = """
   C > S  SYN sack
~ delivered
   S > C  SYN ACK sack
~ delivered
   C > S  ACK
~ delivered
   C > S  PSH ACK 1:11
~ delivered
   S > C  ACK 11
~ {fate}
+300ms
   C > S  PSH ACK 1:11
~ delivered
   S > C  ACK 11 sack 1:11
~ delivered
"""


def test_a_lost_ack_is_named_where_both_copies_arrived() -> None:
    """'Nothing was lost' would be wrong: the ACK was. Where nothing is known of it, it may have been late."""
    lost, late = (
        [text for _, rule, text in told(ACK_LOST.format(fate=fate)) if rule == "tcp.needless"]
        for fate in ("dropped", "delivered")
    )

    assert lost == [
        "What was lost is the ACK (frame 5), not bytes 1 to 10: both copies have arrived. Without an ACK the sender"
        " cannot tell the one from the other, so it had to send again (frame 6)."
    ]
    assert all("nothing was lost" not in text for text in late)


CLOSED_BEHIND_RECV = """
C: connect(8000)
   C > S  SYN
   S > C  SYN ACK
   C > S  ACK
C: = 0
C: recv(1024)
C: close() = 0
C: exit()
   C > S  FIN ACK
"""


def test_a_socket_closed_behind_a_recv_was_not_forgotten() -> None:
    """The program did call close(): its other thread's recv() kept the socket open."""
    rules = [rule for _, rule, _ in told(CLOSED_BEHIND_RECV)]

    assert "program.close-held" in rules
    assert "program.never-closed" not in rules
