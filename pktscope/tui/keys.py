"""Every key of the screen, once. Bindings, the footer and the help are made from these tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pktscope.text import width as cells_of
from pktscope.words import _

Place = Literal["everywhere", "gallery", "timeline", "comparison", "conversations", "text", "prompt", "typing"]
"""What has the focus: the gallery's list, the ladder, the list of conversations, a long text (inspector, story, help),
a line to type, a line to type for a program."""


@dataclass(frozen=True, slots=True)
class Key:
    """One action and the keys that start it."""

    keys: tuple[str, ...]
    """As Textual names them."""
    action: str
    """As Textual writes it: a method `action_...` of the screen or the app, with its arguments."""
    shown: str
    """The keys as people read them."""
    label: str
    """One or two words for the footer."""
    help: str
    """One line for the help."""
    rank: int = 0
    """Place in the footer, from 1; 0: help only. Low numbers stay longest where the line is short."""


GALLERY = (
    Key(("enter",), "run", "Enter", "Run", "run the selected exchange live, or open a file", 1),
    Key(("slash",), "search", "/", "Search", "show only exchanges with these words in title, story or lessons", 2),
    Key(("down", "j"), "move(1)", "↓ j", "Down", "select the next one", 5),
    Key(("up", "k"), "move(-1)", "↑ k", "Up", "select the one before", 6),
    Key(("pagedown", "n", "space"), "page(1)", "PgDn n", "Page down", "a screen down"),
    Key(("pageup", "p"), "page(-1)", "PgUp p", "Page up", "a screen up"),
    Key(("home", "g"), "edge(-1)", "Home g", "First", "select the first one"),
    Key(("end", "G"), "edge(1)", "End G", "Last", "select the last one"),
    Key(("right", "v"), "way(1)", "v →", "Variant", "which of its ways Enter runs, where it can go several ways", 4),
    Key(("left", "V"), "way(-1)", "V ←", "Variant back", "the way before"),
    Key(("c",), "compare", "c", "Compare", "two of its ways side by side, stepping together", 3),
    Key(("shift+down",), "scroll_text(1)", "Shift ↓", "Text down", "scroll the text of the selected one"),
    Key(("shift+up",), "scroll_text(-1)", "Shift ↑", "Text up", "scroll the text back"),
    Key(("f",), "open_file", "f", "File", "open a capture that was saved before", 7),
    Key(("escape",), "back", "Esc", "All", "end the search: show every exchange again"),
)

TIMELINE = (
    Key(("space",), "play", "space", "Play", "play from here, or pause", 1),
    Key(("right", "pagedown"), "step(1)", "→ PgDn", "Next", "the next step; what comes later stays hidden"),
    Key(("n",), "next", "n", "Next", "the next step, or the next match while a search is active", 2),
    Key(("left", "pageup", "p"), "step(-1)", "p ← PgUp", "Prev", "one step back", 3),
    Key(("right_square_bracket",), "speed(1)", "]", "Faster", "play faster"),
    Key(("left_square_bracket",), "speed(-1)", "[", "Slower", "play slower"),
    Key(("r",), "pace", "r", "True time", "play in true time (long gaps cut short), or at an even pace"),
    Key(("full_stop",), "note(1)", ".", "Note", "go to the next note", 5),
    Key(("comma",), "note(-1)", ",", "Note back", "go to the note before"),
    Key(("down", "j"), "move(1)", "↓ j", "Down", "select the row below, with everything shown"),
    Key(("up", "k"), "move(-1)", "↑ k", "Up", "select the row above, with everything shown"),
    Key(("home", "g"), "edge(-1)", "Home g", "First", "go to the first row"),
    Key(("end", "G"), "edge(1)", "End G", "Last", "go to the last row and show everything; a live run is followed"),
    Key(("enter",), "inspect", "Enter", "Inspect", "look into the selected packet or call", 4),
    Key(("o",), "story", "o", "Source", "the story, and the program's line behind the selected packet", 7),
    Key(("x",), "explain", "x", "Explain", "what the selected call, flags and notes mean, as pktscope explain says"),
    Key(("slash",), "find", "/", "Find", "find text in labels, calls and notes", 8),
    Key(("colon",), "go", ":", "Go to", "go to a packet number (12) or a time (1.5s, 250ms)"),
    Key(("f",), "switch('focus')", "f", "Focus", "leave only the current row bright"),
    Key(("d",), "switch('dense')", "d", "Dense", "one row a packet, or the label above its arrow"),
    Key(("l",), "switch('sloped')", "l", "Sloped", "sloped arrows: time passes while a packet travels"),
    Key(("z",), "switch('fold')", "z", "Folds", "runs of like packets as one row, or each on its own"),
    Key(("t",), "time", "t", "Time", "time since the start, of the day, or since the row before"),
    Key(("s",), "switch('raw')", "s", "Numbers", "sequence numbers from 0, or as on the wire"),
    Key(("1",), "hide('time')", "1", "Time column", "hide or show the column of times"),
    Key(("2",), "hide('left')", "2", "Client column", "hide or show the client's calls and states"),
    Key(("3",), "hide('right')", "3", "Server column", "hide or show the server's calls and states"),
    Key(("4",), "hide('notes')", "4", "Notes", "hide or show the notes"),
    Key(("shift+down",), "note_scroll(1)", "Shift ↓", "Note down", "scroll the note below the ladder"),
    Key(("shift+up",), "note_scroll(-1)", "Shift ↑", "Note up", "scroll the note below the ladder back"),
    Key(("c",), "conversations", "c", "List", "the list of conversations", 9),
    Key(("e",), "export", "e", "Export", "write this timeline as text and as JSON"),
    Key(("P",), "output", "P", "Output", "what the programs printed up to here; Enter: the inspector again"),
    Key(("i",), "type", "i", "Type", "type a line for a program that waits in input()"),
    Key(("R",), "recorded", "R", "Recorded run", "the recorded run, where a live one did not show what it promises"),
    Key(("escape",), "leave", "Esc", "Back", "back to the gallery, if you came from there"),
)

COMPARISON = (
    Key(("space",), "play", "space", "Play", "play both from here, or pause", 1),
    Key(("n", "right", "pagedown"), "step(1)", "n → PgDn", "Next", "the next step of both; later ones stay hidden", 2),
    Key(("p", "left", "pageup"), "step(-1)", "p ← PgUp", "Prev", "one step back", 3),
    Key(("right_square_bracket",), "speed(1)", "]", "Faster", "play faster"),
    Key(("left_square_bracket",), "speed(-1)", "[", "Slower", "play slower"),
    Key(("r",), "pace", "r", "True time", "play in true time (long gaps cut short), or at an even pace"),
    Key(("full_stop",), "note(1)", ".", "Note", "go to the next note on either side", 6),
    Key(("comma",), "note(-1)", ",", "Note back", "go to the note before"),
    Key(("down", "j"), "move(1)", "↓ j", "Down", "select the row below, with everything shown"),
    Key(("up", "k"), "move(-1)", "↑ k", "Up", "select the row above, with everything shown"),
    Key(("home", "g"), "edge(-1)", "Home g", "First", "go to the first row"),
    Key(("end", "G"), "edge(1)", "End G", "Last", "go to the last row and show everything"),
    Key(("tab",), "view", "Tab", "View", "both side by side, the left one alone, the right one alone", 4),
    Key(("v",), "way(1, 1)", "v", "Other", "another way on the right, where there are more than two", 5),
    Key(("V",), "way(0, 1)", "V", "Other left", "another way on the left"),
    Key(("x",), "exchange", "x", "Swap", "left to the right, right to the left"),
    Key(("enter",), "inspect", "Enter", "Inspect", "look into both packets or calls", 7),
    Key(("o",), "story", "o", "Source", "the story and the programs", 8),
    Key(("f",), "switch('focus')", "f", "Focus", "leave only the current row bright"),
    Key(("l",), "switch('sloped')", "l", "Sloped", "sloped arrows: time passes while a packet travels"),
    Key(("t",), "time", "t", "Time", "time since the start, of the day, or since the row before"),
    Key(("s",), "switch('raw')", "s", "Numbers", "sequence numbers from 0, or as on the wire"),
    Key(("1",), "hide('time')", "1", "Time column", "hide or show the columns of times"),
    Key(("4",), "hide('notes')", "4", "Notes", "hide or show what is said below"),
    Key(("shift+down",), "note_scroll(1)", "Shift ↓", "Note down", "scroll what is said below"),
    Key(("shift+up",), "note_scroll(-1)", "Shift ↑", "Note up", "scroll it back"),
    Key(("escape",), "leave", "Esc", "Back", "back to the gallery, if you came from there"),
)

CONVERSATIONS = (
    Key(("enter",), "open", "Enter", "Open", "open the selected conversation", 1),
    Key(("down", "j"), "move(1)", "↓ j", "Down", "select the next one", 2),
    Key(("up", "k"), "move(-1)", "↑ k", "Up", "select the one before", 3),
    Key(("pagedown", "n"), "page(1)", "PgDn n", "Page down", "a screen down"),
    Key(("pageup", "p"), "page(-1)", "PgUp p", "Page up", "a screen up"),
    Key(("home", "g"), "edge(-1)", "Home g", "First", "select the first one"),
    Key(("end", "G"), "edge(1)", "End G", "Last", "select the last one"),
    Key(("slash",), "filter", "/", "Filter", "show only those with this text in their line", 4),
    Key(("escape",), "back", "Esc", "Back", "drop the filter, or go back to the timeline"),
)

TEXT = (
    Key(("down", "j"), "line(1)", "↓ j", "Down", "a line down", 2),
    Key(("up", "k"), "line(-1)", "↑ k", "Up", "a line up", 3),
    Key(("pagedown", "space"), "page(1)", "PgDn", "Page down", "a screen down", 4),
    Key(("pageup",), "page(-1)", "PgUp", "Page up", "a screen up", 5),
    Key(("home", "g"), "edge(-1)", "Home g", "Top", "to the top"),
    Key(("end", "G"), "edge(1)", "End G", "Bottom", "to the bottom"),
    Key(("tab",), "section(1)", "Tab", "Next part", "to the next part", 6),
    Key(("shift+tab",), "section(-1)", "Shift Tab", "Part before", "to the part before"),
    Key(("right", "n"), "step(1)", "→ n", "Next step", "the next step's packet or call", 7),
    Key(("left", "p"), "step(-1)", "← p", "Step back", "the packet or call before", 8),
    Key(("escape", "enter"), "back", "Esc", "Back", "back to where you came from", 1),
)

PROMPT = (Key(("escape",), "give_up", "Esc", "Back", "back without an answer"),)

TYPING = (
    Key(("enter",), "typed('send')", "Enter", "Send", "send the line to the program that waits for it", 1),
    Key(("tab",), "typed('other')", "Tab", "Other", "type for another program that waits, too", 2),
    Key(("ctrl+d",), "typed('end')", "Ctrl-D", "End", "on an empty line: the end of its input", 3),
    Key(("escape",), "typed('leave')", "Esc", "Leave", "back to the timeline and its keys; i comes back here", 4),
)

EVERYWHERE = (
    Key(("T",), "next_theme", "T", "Theme", "dark, white for a projector, high contrast"),
    Key(("a",), "ascii", "a", "ASCII", "draw with ASCII characters only"),
    Key(("question_mark",), "help", "?", "Help", "what the keys do here", 10),
    Key(("q",), "quit", "q", "Quit", "back to the gallery, if you came from there; else leave", 11),
    Key(("ctrl+c",), "end", "Ctrl-C", "End", "leave at once, from wherever you are"),
    Key(("ctrl+p",), "command_palette", "Ctrl-P", "Palette", "every command and theme by name"),
    Key(("ctrl+z",), "suspend_process", "Ctrl-Z", "Suspend", "back to the shell for a while; fg returns"),
)

PLACES: dict[Place, tuple[Key, ...]] = {
    "everywhere": EVERYWHERE,
    "gallery": GALLERY,
    "timeline": TIMELINE,
    "comparison": COMPARISON,
    "conversations": CONVERSATIONS,
    "text": TEXT,
    "prompt": PROMPT,
    "typing": TYPING,
}


def footer(place: Place, *, everywhere: bool = True) -> tuple[Key, ...]:
    """The keys worth a place in the footer, by rank; `everywhere`: with those that hold everywhere."""
    ranked = [key for key in (*PLACES[place], *(EVERYWHERE if everywhere else ())) if key.rank]
    return tuple(sorted(ranked, key=lambda key: key.rank))


def bindings(place: Place) -> list[Any]:
    """Textual's form of a table: keys with commas between, action, description."""
    return [(",".join(key.keys), key.action, key.help) for key in PLACES[place]]


def prompt_bindings() -> list[Any]:
    """The keys of a line being typed: all others are text."""
    return bindings("prompt")


def fitting(keys: tuple[Key, ...], width: int) -> tuple[tuple[Key, int, int], ...]:
    """Which of the ranked keys fit a footer of `width` cells, whole: the key, its first cell, the cell behind."""
    placed: list[tuple[Key, int, int]] = []
    always = [key for key in keys if key.action in ("help", "quit")]
    room = width - sum(len(first_key(key)) + cells_of(_(key.label)) + 3 for key in always)
    chosen = []
    for key in keys:
        size = len(first_key(key)) + cells_of(_(key.label)) + 3
        if key in always:
            chosen.append(key)
        elif size <= room:
            chosen.append(key)
            room -= size
    at = 1
    for key in chosen:
        end = at + len(first_key(key)) + 1 + cells_of(_(key.label))
        if end <= width:
            placed.append((key, at, end))
        at = end + 2
    return tuple(placed)


def first_key(key: Key) -> str:
    """The one key of several that the footer prints: one that every terminal can show."""
    if key.shown.startswith("Shift"):
        return key.shown
    return next((name for name in key.shown.split() if name.isascii()), key.shown)
