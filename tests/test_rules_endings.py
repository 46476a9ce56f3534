"""What the rules of failed calls and resets name as the reason, case by case."""

from __future__ import annotations

import pytest

from pktscope import notation
from pktscope.flow import Flow
from pktscope.words import say

OPENED = """
C: connect(8000)
   C > S  SYN mss 1460
   S > C  SYN ACK mss 1460
   C > S  ACK
C: = 0
"""

CASES = {
    "bytes nobody read": (
        OPENED + "   S > C  PSH ACK 1:101\n   C > S  ACK 101\nC: recv(10) = 10\nC: close()\n   C > S  RST ACK\n",
        "The reason is the 90 bytes that close() found unread",
    ),
    "reset": (
        OPENED + "   S > C  RST ACK\nC: recv(10) = ECONNRESET\n",
        "recv() failed with ECONNRESET: this is the RST of frame 4.",
    ),
    "writing behind a reset": (
        OPENED + "   S > C  RST ACK\nC: send(10) = EPIPE\n",
        "send() failed with EPIPE: the RST of frame 4 had ended the connection, so nobody can read this.",
    ),
    "writing behind the own FIN": (
        OPENED + "C: shutdown(SHUT_WR)\n   C > S  FIN ACK\nC: = 0\nC: send(10) = EPIPE\n",
        "send() failed with EPIPE: its own side had sent FIN (frame 4), so it may not send any more.",
    ),
    "nobody answers the SYN": (
        "C: connect(8000)\n   C > S  SYN\n+1s\n   C > S  SYN\n+3s\nC: = ETIMEDOUT\n",
        "connect() failed with ETIMEDOUT: the SYN (frame 1) went out 2 times without an answer.",
    ),
    "nobody answers data": (
        OPENED + "C: send(5) = 5\n   C > S  PSH ACK 1:6\n+1s\n   C > S  PSH ACK 1:6\nC: recv(10) = ETIMEDOUT\n",
        "recv() failed with ETIMEDOUT: bytes 1 to 5 (frame 4) went out 2 times without an answer.",
    ),
    "nobody answers keep-alives": (
        OPENED + "+9s\n   C > S  ACK seq 0\n+9s\n   C > S  ACK seq 0\n+9s\n   C > S  RST ACK\n",
        "RST,ACK from the client after 2 keep-alives without an answer",
    ),
    "a reset seen twice is told once": (
        OPENED + "   S > C  RST ACK id 7\n   S > C  RST ACK id 7\n",
        "The packet of frame 4 once more",
    ),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_last_note_names_the_reason(case: str) -> None:
    """The last note of each conversation is the sentence expected."""
    script, expected = CASES[case]
    flow = Flow()
    for seen in notation.read(script).observations:
        flow.feed(seen)
    said = [say(note.message, note.values) for note in flow.notes]

    assert expected in said[-1]
