"""The translators' tool: which messages there are, the .po files that translate them, the .mo files made from those.

    python -m tests.catalogue update       new messages into every .po, those gone out of it, and the .mo
    python -m tests.catalogue merge FILE   the translations of a part of a .po into the .po, and the .mo
    python -m tests.catalogue todo         what has no translation yet, as a part of a .po, to be filled in
    python -m tests.catalogue check        what is missing, stale, fuzzy or has other placeholders; exit code 1 if any

Messages are found in the source by what marks them: the first argument of `_`, `N_`, `say`, `phrase` and `find`, the
docstrings of rules, demos and commands, the help of options, the tables of demos, the reasons in the TCP table.
"""

from __future__ import annotations

import ast
import difflib
import fcntl
import re
import string
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pktscope"
LOCALE = PACKAGE / "locale"

MARKERS = frozenset({"_", "N_", "say", "phrase", "find"})
"""Functions whose first argument is a message."""

ARGUMENTS = {
    "Part": (0,), "pair": (0,), "Cell": (0, 3), "Key": (3, 4), "Transition": (1,), "pause": (0,),
}  # fmt: skip
"""Calls whose arguments in these places are messages: whoever paints what they make translates it."""

TABLES = {
    "pktscope/labels.py": {"VERDICT_WORDS", "ICMP_NAMES", "IGMP_NAMES", "RECORD_NAMES"},
    "pktscope/tcp.py": {"Input"},
    "pktscope/model.py": {"Side"},
}
"""Dictionaries and enumerations whose values are messages."""

SPOKEN_KEYWORDS = frozenset({"help", "short_help", "epilog"})
"""Arguments of click's decorators that are messages."""

CLICK = (
    "Usage:", "Options", "Commands", "Positional arguments", "Show this message and exit.",
    "Show the version and exit.", "%(prog)s, version %(version)s", "default: {default}", "required", "env var: {var}",
    "Error: {message}", "Try '{command} {option}' for help.", "Invalid value: {message}",
    "Invalid value for {param_hint}: {message}", "Missing command.", "Missing argument", "Missing option",
    "Missing parameter", "Choose from:\n\t{choices}", "No such option {name!r}.", "No such option: {name}",
    "No such command {name!r}.", "Option {name!r} does not take a value.", "Argument {name!r} takes {nargs} values.",
    "{value!r} is not a valid {number_type}.", "{value} is not in the range {range}.",
    "{name} {filename!r} does not exist.", "{name} {filename!r} is a file.", "{name} {filename!r} is a directory.",
    "{name} {filename!r} is not readable.", "{name} {filename!r} is not writable.", "file", "directory", "path",
    "Aborted!",
)  # fmt: skip
"""What click says; it looks its words up in the same catalogue."""

CLICK_COUNTED = (
    ("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    ("Takes {nargs} values but 1 was given.", "Takes {nargs} values but {len} were given."),
    ("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    ("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    ("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
)
"""... and in a form for one and a form for several; Chinese has one form for both."""


@dataclass(frozen=True, slots=True)
class Message:
    """An entry of a catalogue."""

    text: str
    plural: str = ""
    translation: str = ""
    places: tuple[str, ...] = ()
    """Files that say it."""
    remarks: tuple[str, ...] = field(default=(), compare=False)
    """The translators' own comments."""
    fuzzy: bool = False


# --- finding them -----------------------------------------------------------------------------------------------------


def messages() -> dict[str, Message]:
    """Every message of the program, in the order of files and lines."""
    found: dict[str, Message] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        where = str(path.relative_to(ROOT))
        for text in spoken(ast.parse(path.read_text(encoding="utf-8")), where):
            before = found.get(text, Message(text))
            found[text] = before if where in before.places else replace(before, places=(*before.places, where))
    for text, plural in (*((text, "") for text in CLICK), *CLICK_COUNTED):
        before = found.get(text, Message(text))
        found[text] = replace(before, plural=plural, places=(*before.places, "click"))
    return found


def spoken(tree: ast.Module, where: str) -> Iterator[str]:
    """The messages of one module."""
    for node in ast.walk(tree):
        match node:
            case ast.Call():
                yield from said(node)
            case ast.FunctionDef() if decorated(node, "rule"):
                yield from docstring(ast.get_docstring(node) or "", headline=True)
            case ast.FunctionDef() if decorated(node, "command", "group"):
                yield from docstring(ast.get_docstring(node) or "", headline=False)
    if where.startswith("pktscope/demos/"):
        yield from demo(tree, where.endswith("__init__.py"))
    for node in tree.body:
        yield from table(node, TABLES.get(where, set()))


def said(call: ast.Call) -> Iterator[str]:
    """What one call says: a marker's first argument, a click decorator's help, a scene's title."""
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    for place in (0,) if name in MARKERS else ARGUMENTS.get(name, ()):
        yield from constants(call.args[place]) if place < len(call.args) else ()
    if name in {"option", "argument", "command", "group", "version_option", "help_option"}:
        for keyword in call.keywords:
            if keyword.arg in SPOKEN_KEYWORDS:
                yield from constants(keyword.value)


def constants(node: ast.AST | None) -> Iterator[str]:
    """The texts an expression may be: a constant, or one of two."""
    match node:
        case ast.Constant(value=str(text)) if text.strip():
            yield text
        case ast.JoinedStr(values=[ast.Constant(value=str(words)), ast.FormattedValue(value=ast.Name(id=name))]):
            yield f"{words}{{{name}}}"
        case ast.IfExp():
            yield from constants(node.body)
            yield from constants(node.orelse)


def decorated(function: ast.FunctionDef, *names: str) -> bool:
    """Whether a function has a decorator of such a name."""
    calls = [each.func for each in function.decorator_list if isinstance(each, ast.Call)]
    return any((each.id if isinstance(each, ast.Name) else getattr(each, "attr", "")) in names for each in calls)


def docstring(text: str, *, headline: bool) -> Iterator[str]:
    """The paragraphs of a docstring, its first line by itself where it is a headline."""
    first, _, rest = text.partition("\n") if headline else ("", "", text)
    for part in (first, *rest.split("\n\n")):
        if part.strip():
            yield " ".join(part.split())


def demo(tree: ast.Module, is_index: bool) -> Iterator[str]:
    """What the file of a demo says of itself: title, story, promise, variants; or the titles of the groups."""
    if not is_index:
        title, _, story = (ast.get_docstring(tree) or "").partition("\n")
        yield title.rstrip(".")
        yield from docstring(story, headline=False)
    for node in ast.walk(tree):
        if isinstance(node, ast.For):
            yield from scenes(node)
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        name, value = getattr(target, "id", ""), getattr(node, "value", None)
        if name == "PROMISE" or (name == "VARIANTS" and isinstance(value, ast.Dict)):
            for each in value.values if isinstance(value, ast.Dict) else (value,):
                yield from constants(each)
        if name == "GROUPS" and isinstance(value, ast.Tuple):
            for group in value.elts:
                yield from constants(group.elts[0]) if isinstance(group, ast.Tuple) else ()


def scenes(loop: ast.For) -> Iterator[str]:
    """The titles in a loop `for scene in "Title", ...` or `for scene, ... in ("Title", ...), ...`."""
    first = loop.target.elts[0] if isinstance(loop.target, ast.Tuple) else loop.target
    if getattr(first, "id", "") == "scene" and isinstance(loop.iter, ast.Tuple):
        for row in loop.iter.elts:
            yield from constants(row.elts[0] if isinstance(row, ast.Tuple) else row)


def table(node: ast.stmt, names: set[str]) -> Iterator[str]:
    """The values of a dictionary or an enumeration with one of these names."""
    if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in names:
        for each in ast.walk(node.value):
            if isinstance(each, ast.Dict):
                for value in each.values:
                    yield from constants(value)
    if isinstance(node, ast.ClassDef) and node.name in names:
        for line in node.body:
            yield from constants(line.value) if isinstance(line, ast.Assign) else ()


# --- .po files --------------------------------------------------------------------------------------------------------

ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\b": "\\b"}
UNESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n", "\\t": "\t", "\\b": "\b"}

HEADER = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Language: {language}\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"""


def quoted(text: str) -> str:
    """A text as .po writes it, on one line."""
    return '"' + "".join(ESCAPES.get(character, character) for character in text) + '"'


def unquoted(text: str) -> str:
    """... and back."""
    return re.sub(r"\\.", lambda found: UNESCAPED[found[0]], text.strip()[1:-1])


def written(entries: dict[str, Message], language: str) -> str:
    """A whole .po file."""
    return HEADER.format(language=language) + "".join("\n" + entry_text(entry) for entry in entries.values())


def entry_text(entry: Message) -> str:
    """One entry of a .po file."""
    lines = [f"# {remark}" for remark in entry.remarks]
    lines += [f"#: {place}" for place in entry.places]
    lines += ["#, fuzzy"] if entry.fuzzy else []
    lines += [f"msgid {quoted(entry.text)}"]
    lines += [f"msgid_plural {quoted(entry.plural)}"] if entry.plural else []
    lines += [f"msgstr{'[0]' if entry.plural else ''} {quoted(entry.translation)}"]
    return "\n".join(lines) + "\n"


def read(text: str) -> dict[str, Message]:
    """The entries of a .po file by their English; its header is left out. Raises ValueError for what is no .po."""
    entries: dict[str, Message] = {}
    for block in re.split(r"\n(?:[ \t]*\n)+", text.strip()):
        entry = read_entry(block)
        if entry is not None and entry.text:
            entries[entry.text] = entry
    return entries


def read_entry(block: str) -> Message | None:
    """One entry; None for a block of comments."""
    values: dict[str, str] = {}
    remarks: list[str] = []
    places: list[str] = []
    key, fuzzy = "", False
    for line in block.splitlines():
        if line.startswith("#: "):
            places.append(line[3:])
        elif line.startswith("#,"):
            fuzzy = "fuzzy" in line
        elif line.startswith("#"):
            remarks.append(line[1:].strip())
        elif line.startswith("msg"):
            key, _, value = line.partition(" ")
            values[key] = unquoted(value)
        elif line.strip():
            values[key] += unquoted(line)
    if "msgid" not in values:
        return None
    translation = values.get("msgstr", values.get("msgstr[0]", ""))
    plural = values.get("msgid_plural", "")
    return Message(values["msgid"], plural, translation, tuple(places), tuple(remarks), fuzzy)


def compiled(text: str) -> bytes:
    """The .mo file of a .po file: every translation that is there and not in doubt."""
    done = {
        (entry.text + "\0" + entry.plural if entry.plural else entry.text): entry.translation
        for entry in read(text).values()
        if entry.translation and not entry.fuzzy
    }
    pairs = [("", header_of(text)), *sorted(done.items(), key=lambda pair: pair[0].encode())]
    columns = [[value.encode() for value in column] for column in zip(*pairs, strict=True)]
    tables, blob, start = b"", b"", 28 + 16 * len(pairs)
    for column in columns:
        for value in column:
            tables += struct.pack("<2I", len(value), start + len(blob))
            blob += value + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 28 + 16 * len(pairs))
    return head + tables + blob


def header_of(text: str) -> str:
    """The header of a .po file: the translation of nothing."""
    for block in text.split("\n\n"):
        entry = read_entry(block)
        if entry is not None and not entry.text:
            return entry.translation
    return ""


# --- the work ---------------------------------------------------------------------------------------------------------


def placeholders(text: str) -> list[str]:
    """What a template wants filled in, with its specs, sorted; %(name)s too."""
    if "%(" in text:
        return sorted(re.findall(r"%\(\w+\)s", text))
    return sorted(
        f"{name}!{conversion or ''}:{spec or ''}"
        for _, name, spec, conversion in string.Formatter().parse(text)
        if name is not None
    )


def complaints(entries: dict[str, Message], wanted: dict[str, Message]) -> list[str]:
    """What keeps a catalogue from being whole, a line each."""
    lines = [f"missing: {text!r} ({', '.join(wanted[text].places)})" for text in wanted if text not in entries]
    lines += [f"stale: {text!r}" for text in entries if text not in wanted]
    for entry in entries.values():
        if not entry.translation:
            lines.append(f"empty: {entry.text!r} ({', '.join(entry.places)})")
        elif entry.fuzzy:
            lines.append(f"fuzzy: {entry.text!r}")
        elif not entry.plural and (difference := misplaced(entry)):
            lines.append(f"placeholders: {entry.text!r}: {difference}")
    return lines


def misplaced(entry: Message) -> str:
    """Where the placeholders of a translation differ from those of its original."""
    try:
        ours, theirs = placeholders(entry.text), placeholders(entry.translation)
    except ValueError as error:
        return str(error)
    return "" if set(ours) == set(theirs) else f"{ours} became {theirs}"


def updated(entries: dict[str, Message], wanted: dict[str, Message]) -> dict[str, Message]:
    """The wanted messages with what is translated; a new one close to one that went takes its translation, in doubt."""
    gone = [text for text in entries if text not in wanted and entries[text].translation]
    result = {}
    for text, message in wanted.items():
        known = entries.get(text)
        if known is not None:
            result[text] = replace(known, plural=message.plural, places=message.places)
            continue
        near = difflib.get_close_matches(text, gone, 1, 0.75)
        result[text] = replace(message, translation=entries[near[0]].translation, fuzzy=True) if near else message
    return result


def merged(entries: dict[str, Message], part: dict[str, Message]) -> tuple[dict[str, Message], list[str]]:
    """The catalogue with the translations of a part, and what of the part does not belong in it."""
    result, lines = dict(entries), []
    for text, entry in part.items():
        if not entry.translation:
            continue
        if text not in result:
            lines.append(f"no such message: {text!r}")
            continue
        new = replace(result[text], translation=entry.translation, fuzzy=entry.fuzzy)
        if not new.plural and (difference := misplaced(new)):
            lines.append(f"placeholders: {text!r}: {difference}")
            continue
        result[text] = new
    return result, lines


def catalogues() -> list[Path]:
    """Every .po there is."""
    return sorted(LOCALE.glob("*/LC_MESSAGES/*.po"))


def store(path: Path, entries: dict[str, Message]) -> None:
    """Write a .po and the .mo beside it."""
    text = written(entries, path.parts[-3])
    path.write_text(text, encoding="utf-8")
    path.with_suffix(".mo").write_bytes(compiled(text))


def main(arguments: list[str]) -> int:
    """Do what the command says; its exit code."""
    command, *rest = arguments or [""]
    if command not in {"update", "merge", "check", "todo"}:
        print(__doc__)
        return 2
    wanted, failed = messages(), False
    for path in catalogues():
        with path.with_suffix(".po").open("r+", encoding="utf-8") as held:
            fcntl.flock(held, fcntl.LOCK_EX)  # translators may work side by side
            entries = read(held.read())
            lines: list[str] = []
            if command in {"update", "merge"}:
                entries = updated(entries, wanted)
            for part in rest if command == "merge" else ():
                entries, more = merged(entries, read(Path(part).read_text(encoding="utf-8")))
                lines += more
            if command in {"update", "merge"}:
                store(path, entries)
                done = sum(bool(entry.translation and not entry.fuzzy) for entry in entries.values())
                print(f"{path.parts[-3]}: {done} of {len(entries)} translated")
            elif command == "todo":
                left = updated(entries, wanted).values()
                print("\n".join(entry_text(entry) for entry in left if not entry.translation or entry.fuzzy))
            else:
                lines = complaints(entries, wanted)
        for line in lines:
            print(f"{path.parts[-3]}: {line}")
        failed = failed or bool(lines)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
