"""What a capture holds, handed out page by page: one conversation or everything, decoded as it is asked for."""

from __future__ import annotations

import os
from bisect import bisect_left
from typing import Protocol

from pktscope.capture import decode, recording
from pktscope.capture.formats import Interface, comment_of
from pktscope.capture.reassembly import Reassembler
from pktscope.capture.records import JOURNAL, Record
from pktscope.capture.scan import Scan
from pktscope.model import Conversation, End, Exchange, Fate, Observation
from pktscope.words import _

WINDOW = 1 << 14
"""Octets read at once, so that neighbours cost no further read."""


class Source(Protocol):
    """What a reader needs of the store."""

    scan: Scan
    file: int

    @property
    def finished(self) -> bool:
        """Whether everything there is has been indexed."""

    def end(self) -> End:
        """The last observation."""


class Reader:
    """Hands out the observations of one conversation, or of everything, in the order of the capture."""

    def __init__(self, store: Source, conversation: Conversation | None) -> None:
        self.store = store
        self.scan = store.scan
        self.conversation = conversation
        self.index = -1 if conversation is None else self.scan.conversations.index(conversation)
        self.position = 0
        """The first record not looked at yet."""
        self.done = False
        """Whether everything was delivered, the End with it."""
        self.overtaken = 0
        self.fragments = Reassembler()
        self.window: tuple[int, bytes] = (0, b"")

    def more(self, limit: int = 200) -> list[Observation]:
        """The next observations, at most `limit`; empty when there are none yet, or (see `done`) no more."""
        found: list[Observation] = []
        over = self.store.finished  # asked first: what was indexed before the answer is then delivered before the End
        while len(found) < limit and not self.done:
            item = self.next_item()
            if item is None:
                if over:
                    self.done = True
                    found.append(self.store.end())
                break
            observation = self.observation(item)
            if observation is not None:
                found.append(observation)
        return found

    def next_item(self) -> int | None:
        """The next record for this reader, and step behind it."""
        count = len(self.scan)
        if self.conversation is None:
            item = self.position if self.position < count else None
        else:
            late = self.scan.late.get(self.index, [])
            while self.overtaken < len(late):
                self.overtaken += 1
                if late[self.overtaken - 1] < self.position:
                    return late[self.overtaken - 1]
            item = self.own_item(count)
        if item is None:
            self.position = count
        else:
            self.position = item + 1
        return item

    def own_item(self, count: int) -> int | None:
        """The next record of the conversation, or the next journal block: either may be its part."""
        scan = self.scan
        stop = min(count, scan.conversations.last_item[self.index] + 1)
        best: int | None = None
        at = bisect_left(scan.journals, self.position)
        if at < len(scan.journals) and scan.journals[at] < count:
            best = scan.journals[at]
        if self.position < stop:
            try:
                own = scan.owners.index(self.index, self.position, stop if best is None else min(stop, best))
            except ValueError:
                return best
            return own
        return best

    def observation(self, item: int) -> Observation | None:
        if self.scan.interfaces[item] == JOURNAL:
            return self.told(item)
        return decode.decode(self.record(item), self.fragments)

    def told(self, item: int) -> Observation | None:
        """What a journal block of ours tells; the exchange and the end are told otherwise."""
        try:
            told = recording.read_entry(self.octets(self.scan.offsets[item], self.scan.captured[item]))
        except recording.BadEntry:
            return None
        if told is None or isinstance(told, Exchange | End):
            return None
        if self.conversation is not None and not self.belongs(told):
            return None
        return told

    def belongs(self, told: recording.Told) -> bool:
        assert self.conversation is not None
        if isinstance(told, Fate):
            item = self.scan.item(told.frame)
            return 0 <= item < len(self.scan) and self.scan.owners[item] == self.index
        if isinstance(told, Exchange | End) or len(self.scan.conversations) == 1:
            return True
        return self.scan.calls.belongs(told, self.conversation)

    def record(self, item: int) -> Record:
        """A packet as the file has it."""
        scan = self.scan
        interface = scan.walk.interfaces[scan.interfaces[item]]
        captured, offset = scan.captured[item], scan.offsets[item]
        data = self.octets(offset, captured)
        oddity = "" if len(data) == captured else _("the file changed while it was being read")
        comment = ""
        if interface.form == "simple":
            oddity = oddity or _("the capture gives this packet no time")
        elif interface.form == "pcapng":
            comment = self.comment(offset, captured, interface)
        return Record(
            scan.number(item), scan.times[item], interface.link, data, scan.wires[item], interface.name, comment, oddity
        )

    def comment(self, offset: int, captured: int, interface: Interface) -> str:
        """The comments of the packet block whose data is at `offset`."""
        order = "little" if interface.order == "<" else "big"
        length = int.from_bytes(self.octets(offset - 24, 4), order)  # type: ignore[arg-type]
        if length <= 32 + ((captured + 3) & ~3):
            return ""
        return comment_of(self.octets(offset - 28, length), captured, interface)

    def octets(self, offset: int, length: int) -> bytes:
        """Octets of the capture; fewer than asked for where the file has become shorter."""
        start, window = self.window
        if not start <= offset <= offset + length <= start + len(window):
            # A little before, too: the head of a packet block is asked for after its data.
            start = max(0, offset - 64)
            window = os.pread(self.store.file, max(WINDOW, length + 256), start)
            self.window = start, window
        return window[offset - start : offset - start + length]
