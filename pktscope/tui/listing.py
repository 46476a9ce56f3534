"""A conversation in one line, in full, and by a filter. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from pktscope.model import Conversation
from pktscope.text import fit, safe_text
from pktscope.text import width as cells_of
from pktscope.words import N_, _, duration, say

COLUMNS = ((N_("packets"), 9, 60), (N_("octets"), 13, 76), (N_("lasted"), 11, 90))
"""Title, cells, and the width of the screen from which there is room."""


def name_cells(width: int) -> int:
    """Cells of the name."""
    return 8 if width < 100 else 12


def shown_columns(width: int) -> tuple[tuple[str, int], ...]:
    """Which figures stand in a line."""
    return tuple((title, cells) for title, cells, needed in COLUMNS if width >= needed)


def titles(width: int) -> str:
    """The line above the list, exactly `width` cells."""
    figures = "".join(fit(_(title), cells, ">") for title, cells in shown_columns(width))
    name = name_cells(width)
    return f" {fit(_('name'), name)}{fit(_('client and server'), width - name - 2 - cells_of(figures))}{figures} "


def figures(conversation: Conversation) -> dict[str, str]:
    """The numbers of a conversation by column."""
    return {
        "packets": f"{sum(conversation.frames):,}",
        "octets": f"{sum(conversation.octets):,}",
        "lasted": duration(max(0, conversation.last - conversation.first)),
    }


def line(conversation: Conversation, width: int, *, ascii_only: bool = False) -> str:
    """One conversation in exactly `width` cells; what is too long for it is in `full`."""
    arrow = "->" if ascii_only else "→"
    numbers = figures(conversation)
    right = "".join(numbers[title].rjust(cells) for title, cells in shown_columns(width))
    ends = safe_text(f"{conversation.client} {arrow} {conversation.server}", 200)
    name = name_cells(width)
    label = safe_text(conversation.name, 40)
    if len(label) >= name:
        label, name = label + " ", len(label) + 1
    return f" {label:<{name}}{fit(ends, max(0, width - name - 2 - len(right)))}{right} "


def full(conversation: Conversation) -> str:
    """Everything about a conversation in words."""
    values = {
        "name": conversation.name,
        "client": conversation.client,
        "server": conversation.server,
        "sent": conversation.frames[0],
        "bytes_sent": conversation.octets[0],
        "back": conversation.frames[1],
        "bytes_back": conversation.octets[1],
        "lasted": max(0, conversation.last - conversation.first),
    }
    text = N_(
        "{name}: {client} to {server}; {sent:packets} and {bytes_sent:bytes} from the client, {back:packets} and"
        " {bytes_back:bytes} from the server, in {lasted:duration}"
    )
    return safe_text(say(text, values), 600)


def searched(conversation: Conversation) -> str:
    """What a filter looks at."""
    return f"{conversation.name} {conversation.client} {conversation.server}".lower()


class Picked(Sequence[Conversation]):
    """Some of the conversations, by their places."""

    def __init__(self, conversations: Sequence[Conversation], places: Sequence[int]) -> None:
        self.conversations = conversations
        self.places = places

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, place: int) -> Conversation:  # type: ignore[override]
        return self.conversations[self.places[place]]


class Filter:
    """Which conversations of a growing list have a text in their line. What is searched is made once, in slices."""

    def __init__(self) -> None:
        self.text = ""
        self.looked = 0
        self.places: list[int] = []
        self.lines: list[str] = []

    def set(self, text: str) -> None:
        """Another text."""
        if text != self.text:
            self.text, self.looked, self.places = text, 0, []

    def kept(self, conversations: Sequence[Conversation], seconds: float = 60.0) -> Sequence[Conversation]:
        """Those that have it, as far as could be looked at in so many seconds; all where there is no text."""
        if not self.text:
            return conversations
        until = monotonic() + seconds
        wanted = self.text.lower()
        while self.looked < len(conversations) and (self.looked % 64 or monotonic() < until):
            if self.looked == len(self.lines):
                self.lines.append(searched(conversations[self.looked]))
            if wanted in self.lines[self.looked]:
                self.places.append(self.looked)
            self.looked += 1
        return Picked(conversations, self.places)

    def behind(self, count: int) -> bool:
        """Whether some of so many conversations were not looked at yet."""
        return bool(self.text) and self.looked < count
