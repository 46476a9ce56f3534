"""Which socket calls of a recording belong to which conversation."""

from __future__ import annotations

from pktscope.model import Call, Conversation, Endpoint, Fate, Return, Sample, Side

Told = Call | Return | Sample | Fate


class Calls:
    """What the calls of a recording tell of its sockets; grows as the recording is read."""

    def __init__(self) -> None:
        self.clients: set[Endpoint] = set()
        """Local ends of the traced client's sockets."""

    def hear(self, told: Told) -> None:
        """Learn from one call, return or sample."""
        if isinstance(told, Fate):
            return
        if told.side is Side.CLIENT and told.local is not None:
            self.clients.add(told.local)

    def belongs(self, told: Told, conversation: Conversation) -> bool:
        """Whether this is part of the conversation, as far as is known by now."""
        return True
