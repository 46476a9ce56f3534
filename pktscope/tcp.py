"""The TCP state machine of RFC 9293 section 3.3.2 for either end, as a bystander on the wire sees it.

One table. An input says what an end did or what reached it; what the table does not list is an oddity, never an
exception. Where the RFC moves on an event no bystander can see, the row moves on the packet that proves it: a listener
is in SYN_RECEIVED when it has *sent* its SYN,ACK, for a SYN alone may be dropped by a full queue.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pktscope.model import State


class Input(StrEnum):
    """What happens to one end."""

    OPENED = "socket()"
    LISTENED = "listen()"
    GAVE_UP = "gives up"
    """The program closes a socket that has no connection yet, or the kernel reports that it stopped trying."""
    SENT_SYN = "sends SYN"
    GOT_SYN = "gets SYN"
    SENT_SYN_ACK = "sends SYN,ACK"
    GOT_SYN_ACK = "gets SYN,ACK"
    GOT_ACK_OF_SYN = "gets the ACK of its SYN"
    SENT_SEGMENT = "sends data or ACK"
    SENT_FIN = "sends FIN"
    GOT_FIN = "gets FIN"
    GOT_ACK_OF_FIN = "gets the ACK of its FIN"
    SENT_RST = "sends RST"
    GOT_RST = "gets RST"


@dataclass(frozen=True, slots=True)
class Transition:
    """A row of the table: where the end is afterwards, and why, in words."""

    to: State
    why: str
    reference: str


S, I = State, Input  # noqa: E741 (short names keep each row of the table on one line)

OPENING = "RFC 9293 section 3.5"
CLOSING = "RFC 9293 section 3.6"
ARRIVES = "RFC 9293 section 3.10.7"

TABLE: dict[tuple[State, Input], Transition] = {
    # Opening
    (S.UNKNOWN, I.OPENED): Transition(S.CLOSED, "a new socket has no connection", "RFC 9293 section 3.3.2"),
    (S.UNKNOWN, I.LISTENED): Transition(S.LISTEN, "a passive open: it waits for any peer", OPENING),
    (S.CLOSED, I.LISTENED): Transition(S.LISTEN, "a passive open: it waits for any peer", OPENING),
    (S.LISTEN, I.GAVE_UP): Transition(S.CLOSED, "the listening socket is closed", "RFC 9293 section 3.10.4"),
    (S.UNKNOWN, I.SENT_SYN): Transition(S.SYN_SENT, "an active open: it has asked for a connection", OPENING),
    (S.CLOSED, I.SENT_SYN): Transition(S.SYN_SENT, "an active open: it has asked for a connection", OPENING),
    (S.SYN_SENT, I.SENT_SYN): Transition(S.SYN_SENT, "it asks again: nobody has answered", OPENING),
    (S.SYN_SENT, I.GAVE_UP): Transition(S.CLOSED, "it stopped asking", "RFC 9293 section 3.10.4"),
    (S.UNKNOWN, I.GOT_SYN): Transition(S.UNKNOWN, "a SYN proves nothing about its receiver", ARRIVES),
    (S.CLOSED, I.GOT_SYN): Transition(S.CLOSED, "nobody listens there", ARRIVES),
    (S.LISTEN, I.GOT_SYN): Transition(S.LISTEN, "its answer will show whether it takes the SYN", ARRIVES),
    (S.SYN_SENT, I.GOT_SYN): Transition(S.SYN_SENT, "the SYNs crossed: a simultaneous open", OPENING),
    (S.SYN_RECEIVED, I.GOT_SYN): Transition(S.SYN_RECEIVED, "the same SYN again", ARRIVES),
    (S.ESTABLISHED, I.GOT_SYN): Transition(S.ESTABLISHED, "a SYN in a connection that stands changes nothing", ARRIVES),
    (S.UNKNOWN, I.SENT_SYN_ACK): Transition(S.SYN_RECEIVED, "it has taken a SYN and asks back", OPENING),
    (S.CLOSED, I.SENT_SYN_ACK): Transition(S.SYN_RECEIVED, "it has taken a SYN and asks back", OPENING),
    (S.LISTEN, I.SENT_SYN_ACK): Transition(S.SYN_RECEIVED, "it has taken a SYN and asks back", OPENING),
    (S.SYN_SENT, I.SENT_SYN_ACK): Transition(S.SYN_RECEIVED, "both asked at once; it answers the other SYN", OPENING),
    (S.SYN_RECEIVED, I.SENT_SYN_ACK): Transition(S.SYN_RECEIVED, "its SYN,ACK again: no ACK came", OPENING),
    (S.ESTABLISHED, I.SENT_SYN_ACK): Transition(S.ESTABLISHED, "its SYN,ACK again", OPENING),
    (S.UNKNOWN, I.GOT_SYN_ACK): Transition(S.ESTABLISHED, "its SYN, not in the capture, is answered", OPENING),
    (S.SYN_SENT, I.GOT_SYN_ACK): Transition(S.ESTABLISHED, "its SYN is acknowledged and the other's is here", OPENING),
    (S.SYN_SENT, I.SENT_SEGMENT): Transition(S.ESTABLISHED, "it goes on: the SYN,ACK is not in the capture", OPENING),
    (S.SYN_RECEIVED, I.GOT_SYN_ACK): Transition(S.ESTABLISHED, "the crossing SYN,ACK acknowledges its SYN", OPENING),
    (S.ESTABLISHED, I.GOT_SYN_ACK): Transition(S.ESTABLISHED, "the SYN,ACK again: its ACK was late or lost", ARRIVES),
    (S.SYN_RECEIVED, I.GOT_ACK_OF_SYN): Transition(S.ESTABLISHED, "its SYN is acknowledged", OPENING),
    (S.UNKNOWN, I.SENT_SEGMENT): Transition(S.ESTABLISHED, "it talks; the opening is not in the capture", ARRIVES),
    # Closing
    (S.SYN_RECEIVED, I.SENT_FIN): Transition(S.FIN_WAIT_1, "it has no more to send", CLOSING),
    (S.ESTABLISHED, I.SENT_FIN): Transition(S.FIN_WAIT_1, "it has no more to send", CLOSING),
    (S.FIN_WAIT_1, I.SENT_FIN): Transition(S.FIN_WAIT_1, "its FIN again: no ACK of it came", CLOSING),
    (S.FIN_WAIT_2, I.SENT_FIN): Transition(S.FIN_WAIT_2, "its FIN again, needlessly", CLOSING),
    (S.CLOSE_WAIT, I.SENT_FIN): Transition(S.LAST_ACK, "it has no more to send either", CLOSING),
    (S.LAST_ACK, I.SENT_FIN): Transition(S.LAST_ACK, "its FIN again: no ACK of it came", CLOSING),
    (S.CLOSING, I.SENT_FIN): Transition(S.CLOSING, "its FIN again: no ACK of it came", CLOSING),
    (S.TIME_WAIT, I.SENT_FIN): Transition(S.TIME_WAIT, "its FIN again, needlessly", CLOSING),
    (S.UNKNOWN, I.GOT_FIN): Transition(S.CLOSE_WAIT, "the other end has no more to send", CLOSING),
    (S.SYN_RECEIVED, I.GOT_FIN): Transition(S.CLOSE_WAIT, "the other end has no more to send", ARRIVES),
    (S.ESTABLISHED, I.GOT_FIN): Transition(S.CLOSE_WAIT, "the other end has no more to send", CLOSING),
    (S.CLOSE_WAIT, I.GOT_FIN): Transition(S.CLOSE_WAIT, "the same FIN again", ARRIVES),
    (S.FIN_WAIT_1, I.GOT_ACK_OF_FIN): Transition(S.FIN_WAIT_2, "its FIN is acknowledged; the other may go on", CLOSING),
    (S.FIN_WAIT_1, I.GOT_FIN): Transition(S.CLOSING, "the FINs crossed: a simultaneous close", CLOSING),
    (S.FIN_WAIT_2, I.GOT_FIN): Transition(S.TIME_WAIT, "both ends are done; it waits 2 MSL", CLOSING),
    (S.CLOSING, I.GOT_FIN): Transition(S.CLOSING, "the same FIN again", ARRIVES),
    (S.CLOSING, I.GOT_ACK_OF_FIN): Transition(S.TIME_WAIT, "its FIN is acknowledged; it waits 2 MSL", CLOSING),
    (S.LAST_ACK, I.GOT_FIN): Transition(S.LAST_ACK, "the same FIN again", ARRIVES),
    (S.LAST_ACK, I.GOT_ACK_OF_FIN): Transition(S.CLOSED, "its FIN is acknowledged: nothing is left", CLOSING),
    (S.TIME_WAIT, I.GOT_FIN): Transition(S.TIME_WAIT, "the same FIN again: its ACK was lost; it answers", CLOSING),
    # Reset
    (S.UNKNOWN, I.SENT_RST): Transition(S.CLOSED, "it has no such connection, or ends it", "RFC 9293 section 3.5.2"),
    (S.CLOSED, I.SENT_RST): Transition(S.CLOSED, "it has no such connection", "RFC 9293 section 3.5.2"),
    (S.LISTEN, I.SENT_RST): Transition(
        S.LISTEN, "the segment belonged to no connection of its", "RFC 9293 section 3.5.2"
    ),
    (S.UNKNOWN, I.GOT_RST): Transition(S.CLOSED, "the other end has no such connection", "RFC 9293 section 3.5.3"),
    (S.CLOSED, I.GOT_RST): Transition(S.CLOSED, "there was nothing left to end", "RFC 9293 section 3.5.3"),
    (S.LISTEN, I.GOT_RST): Transition(S.LISTEN, "a listener ignores RST", "RFC 9293 section 3.10.7.2"),
}

CONNECTED = (
    S.SYN_SENT, S.SYN_RECEIVED, S.ESTABLISHED, S.FIN_WAIT_1, S.FIN_WAIT_2, S.CLOSE_WAIT, S.CLOSING, S.LAST_ACK,
    S.TIME_WAIT,
)  # fmt: skip
"""The states in which a connection block exists."""

for _state in CONNECTED:
    TABLE[_state, I.SENT_RST] = Transition(S.CLOSED, "it ends the connection at once", "RFC 9293 section 3.10.7.4")
    TABLE[_state, I.GOT_RST] = Transition(S.CLOSED, "the other end ended the connection", "RFC 9293 section 3.5.3")
for _state in (S.ESTABLISHED, S.FIN_WAIT_1, S.FIN_WAIT_2, S.CLOSE_WAIT, S.CLOSING, S.LAST_ACK):
    TABLE[_state, I.GAVE_UP] = Transition(S.CLOSED, "no answer came; the kernel gave up", "RFC 9293 section 3.8.3")

SILENT = frozenset({I.OPENED, I.GAVE_UP, I.GOT_ACK_OF_SYN, I.GOT_ACK_OF_FIN, I.SENT_SEGMENT})
"""Inputs that say nothing new in most states, and are no oddity there."""


def move(state: State, event: Input) -> tuple[State, Transition | None, bool]:
    """The state after `event`, the table's row (None where it lists none) and whether that is an oddity."""
    row = TABLE.get((state, event))
    if row is not None:
        return row.to, row, False
    return state, None, event not in SILENT or (event is I.SENT_SEGMENT and state in TALKS_NOT)


TALKS_NOT = frozenset({S.CLOSED, S.LISTEN})
"""States in which an end has no business sending data or a plain ACK."""


def diagram() -> str:
    """The table's changes of state as a Mermaid diagram: what the README shows.

    Rows that end any connection at once (RST, giving up) lead to CLOSED from everywhere; one line stands for them.
    """
    arrows: dict[tuple[State, State], list[str]] = {}
    for (state, event), row in TABLE.items():
        if row.to is not state and state is not S.UNKNOWN and event not in ENDINGS and (state, event) != MISSED_LISTEN:
            arrows.setdefault((state, row.to), []).append(event)
    lines = ["stateDiagram-v2", "    [*] --> CLOSED"]
    lines += [f"    {start} --> {end}: {' / '.join(events)}" for (start, end), events in arrows.items()]
    lines.append("    TIME_WAIT --> [*]: 2 MSL later")
    return "\n".join(lines)


MISSED_LISTEN = (S.CLOSED, I.SENT_SYN_ACK)
"""Only a bystander who did not see listen() takes this row."""

ENDINGS = frozenset({I.SENT_RST, I.GOT_RST, I.GAVE_UP})
"""Inputs that lead to CLOSED from every state with a connection."""
