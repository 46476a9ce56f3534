"""`pktscope run`: somebody's own programs, looked at before they run; then the run, and how each of them ended."""

from __future__ import annotations

import ast
import codecs
import io
import os
import shlex
import shutil
import stat
import tokenize
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pktscope.exits import USAGE, Stop, quoted, safe
from pktscope.lab.wishes import Wishes, seeded
from pktscope.words import N_, _, capital, phrase, retold, say

if TYPE_CHECKING:
    from pktscope.lab.own import Spec, Wanted
    from pktscope.model import Observation

MOST_TEXT = 1 << 20
"""Octets of a script; what is longer is none."""
MOST_MODULES = 20
"""Files beside the scripts whose text the recording keeps."""
PYTHON_2 = (
    "Missing parentheses in call to",
    "multiple exception types must be parenthesized",
    "leading zeros in decimal",
)
"""What Python says of programs written for Python 2."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asked for."""

    programs: tuple[str, ...]
    clients: tuple[str, ...] = ()
    """Commands that are clients."""
    server_arguments: str = ""
    client_arguments: tuple[str, ...] = ()
    """For the first client, the second, ...; the last one for all that follow."""
    wishes: Wishes = field(default_factory=Wishes)
    """What is between the programs, and lines for whoever asks."""
    input_server: tuple[str, ...] = ()
    input_client: tuple[str, ...] = ()
    together: bool = False
    limit: float = 60.0


def perform(asked: Asked, write_to: str | None, look: dict[str, Any]) -> int:
    """Run the programs and show what happens."""
    from pktscope.commands.opening import receiver, refused
    from pktscope.commands.present import end_with_signals, ended, on_screen, print_out, show_screen
    from pktscope.lab import runner
    from pktscope.lab.privileges import as_invoking_user

    screen = on_screen(look)
    with as_invoking_user():
        spec = specification(asked, interactive=screen)
    running: list[runner.Run] = []
    if not screen:
        end_with_signals(running)
    with runner.own(spec) as run:
        running.append(run)
        receive = receiver(run, write_to)
        if screen:
            return show_screen(receive, look, title=spec.title, run=run)
        store = receive()
        if refused(store, run):
            return ended(run)
        return print_out(store, look, title=spec.title, stream="", run=run, demo=None, endless=False)


def specification(asked: Asked, *, interactive: bool) -> Spec:
    """What to run. Stop where a program cannot be run, saying which and why."""
    from pktscope.lab.own import Spec

    server, clients = parted(asked)
    names = shown_names([server[0], *(client[0] for client in clients)])
    programs = [wanted(server[0], server[1], names), *(wanted(path, more, names) for path, more in clients)]
    files = {each.path: each.name for each in programs if each.traced}
    for path, name in list(files.items()):
        files.update(modules_beside(path, name, files))
    directories = {os.path.dirname(path) + "/": prefix(name) for path, name in files.items()}
    return Spec(
        title=say(N_("{server} and {clients:list}"), {
            "server": programs[0].name, "clients": list(dict.fromkeys(each.name for each in programs[1:])),
        }),
        programs=tuple(programs),
        names=(*files.items(), *directories.items()),
        sources=tuple(files),
        wishes=replace(seeded(asked.wishes), interactive=interactive),
        typed=tuple(
            (side, tuple(lines_of(given))) for side, given in
            (("server", asked.input_server), ("client", asked.input_client)) if given
        ),
        together=asked.together,
        limit=asked.limit,
    )  # fmt: skip


Words = tuple[str, tuple[str, ...]]
"""A script or a command, and its arguments."""


def parted(asked: Asked) -> tuple[Words, list[Words]]:
    """Who is the server, and who are the clients."""
    commands = [(words[0], tuple(words[1:])) for words in map(command, asked.clients)]
    if not asked.programs:
        raise Stop(USAGE, _("which program is the server? pktscope run SERVER.py CLIENT.py"))
    first, *others = asked.programs
    if not is_script(first):
        if not commands:
            raise Stop(USAGE, _("which program is the client? pktscope run --client './client 8000' -- ./server 8000"))
        return (first, tuple(others)), commands
    given = [split(each) for each in asked.client_arguments]
    scripts = [(path, given[min(at, len(given) - 1)] if given else ()) for at, path in enumerate(others)]
    if not scripts and not commands:
        raise Stop(USAGE, _("which program is the client? pktscope run SERVER.py CLIENT.py"))
    return (first, split(asked.server_arguments)), [*scripts, *commands]


def split(words: str) -> tuple[str, ...]:
    """Words as a shell takes them."""
    try:
        return tuple(shlex.split(words))
    except ValueError:
        values = {"words": quoted(words)}
        raise Stop(USAGE, say(N_("{words}: a quotation mark in it is not closed"), {**values})) from None


def command(text: str) -> tuple[str, ...]:
    """The words of a --client."""
    words = split(text)
    if not words:
        raise Stop(USAGE, say(N_("--client {command}: that is no command"), {"command": quoted(text)}))
    return words


def is_script(path: str) -> bool:
    """Whether that is a program of Python's."""
    return path.endswith((".py", ".pyw"))


def wanted(path: str, arguments: tuple[str, ...], names: dict[str, str]) -> Wanted:
    """One program, looked at. Stop where it cannot be run."""
    from pktscope.lab.own import Wanted

    if not is_script(path):
        if shutil.which(path) is None:
            raise Stop(USAGE, say(N_("cannot run {file}: there is no such program"), {"file": quoted(path)}))
        return Wanted(os.getcwd(), os.path.basename(path), (path, *arguments), traced=False)
    check(path)
    return Wanted(os.path.abspath(path), names[path], arguments)


def shown_names(paths: Iterable[str]) -> dict[str, str]:
    """How each file is called: by its name alone, with its directory where two would have the same."""
    scripts = {path: os.path.abspath(path) for path in paths if is_script(path)}
    plain = {path: os.path.basename(whole) for path, whole in scripts.items()}
    whose: dict[str, set[str]] = {}
    for path, whole in scripts.items():
        whose.setdefault(plain[path], set()).add(whole)
    return {
        path: name if len(whose[name]) == 1 else "/".join(scripts[path].rsplit("/", 2)[-2:])
        for path, name in plain.items()
    }


def prefix(name: str) -> str:
    """What stands before the names of files beside a script."""
    return name.rpartition("/")[0] + "/" if "/" in name else ""


def check(path: str) -> None:
    """Look at a script before anything runs: Stop with one line that names the file, and the line within."""
    source = read(path)
    values: dict[str, object] = {"file": safe(os.path.basename(path))}
    try:
        if source[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            raise Stop(
                USAGE, say(N_("{file}: it is saved as UTF-16, which Python does not read; save it as UTF-8"), values)
            )
        source.decode(tokenize.detect_encoding(io.BytesIO(source).readline)[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, path, "exec", dont_inherit=True)
    except UnicodeDecodeError:
        raise Stop(USAGE, say(NOT_UTF8, values)) from None
    except SyntaxError as error:
        raise Stop(USAGE, say(*syntax(error, values))) from None
    except (ValueError, RecursionError, MemoryError, OverflowError):
        raise Stop(USAGE, say(N_("{file}: this is no Python program that can be read"), values)) from None


def read(path: str) -> bytes:
    """A script's octets."""
    try:
        if stat.S_ISFIFO(os.stat(path).st_mode):
            raise Stop(USAGE, say(N_("cannot read {file}: it is a pipe, not a file"), {"file": quoted(path)}))
        with open(path, "rb") as file:
            source = file.read(MOST_TEXT + 1)
    except OSError as error:
        values: dict[str, object] = {"file": quoted(path), "why": _(error.strerror or "")}
        raise Stop(USAGE, say(N_("cannot read {file}: {why}"), values)) from None
    if len(source) > MOST_TEXT:
        raise Stop(USAGE, say(N_("{file}: this is longer than any program (1 MB)"), {"file": quoted(path)}))
    return source


NOT_UTF8 = N_(
    "{file}: it is not UTF-8 and its first lines do not say what it is; save it as UTF-8, or write '# coding: gbk' (or"
    " what it is) into its first line"
)


def syntax(error: SyntaxError, values: dict[str, object]) -> tuple[str, dict[str, object]]:
    """What is wrong with a script that Python does not understand."""
    said = error.msg or ""
    values = {**values, "line": error.lineno or 1, "said": safe(said)}
    if "codec can't decode" in said or "Non-UTF-8" in said or "unknown encoding" in said:
        return NOT_UTF8, values
    if any(words in said for words in PYTHON_2):
        return N_(
            "{file}, line {line}: this is written for Python 2 ({said}); pktscope runs Python 3 programs: convert it"
            " first (python3 -m lib2to3 -w {file})"
        ), values  # fmt: skip
    return N_("{file}, line {line}: Python does not understand this: {said}"), values


def modules_beside(path: str, name: str, known: dict[str, str]) -> dict[str, str]:
    """The files beside a script that it imports, as far as its text says so."""
    found: dict[str, str] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(read(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError, Stop):
        return found
    for module in imported(tree):
        file = os.path.join(os.path.dirname(path), module.split(".", 1)[0] + ".py")
        if file not in known and os.path.isfile(file) and len(known) + len(found) < MOST_MODULES:
            found[file] = prefix(name) + os.path.basename(file)
    return found


def imported(tree: ast.AST) -> Iterator[str]:
    """The modules a program names in its imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def lines_of(given: Sequence[str]) -> list[str]:
    """The lines meant by --input-client: those of a file where one argument names it, else each argument is a line."""
    if len(given) != 1 or not os.path.isfile(given[0]):
        return list(given)
    return read(given[0]).decode("utf-8", "replace").splitlines()


# --- how it ended ----------------------------------------------------------------------------------------------------

NORMALLY = N_("{who} ended normally (exit code 0)")
OTHERWISE = N_("{who}: {how}")
FORKED = N_("another process of {who}: {how}")
UNTOLD = N_("calls are told of Python programs only; of the others, the packets and what they print")


def endings(observations: Iterable[Observation]) -> str:
    """How each program ended, in one line; '' where none was seen to."""
    from pktscope.model import Call

    calls = [seen for seen in observations if isinstance(seen, Call)]
    exits = [seen for seen in calls if seen.name == "exit"]
    first = {(seen.side, seen.program): seen.pid for seen in reversed(calls)}
    several = {seen.side for seen in exits if seen.program > 1}
    told, ended = [], set()
    for seen in exits:
        one = seen.side, seen.program
        who = phrase(N_("{side} {number}"), side=seen.side, number=seen.program) if seen.side in several else seen.side
        values: dict[str, object] = {"who": phrase(N_("the {who}"), who=who) if seen.side not in several else who}
        own = one not in ended and (seen.pid == first[one] or not seen.serial)
        if own:
            ended.add(one)
            how = OTHERWISE if seen.arguments else NORMALLY
        elif seen.arguments:
            how = FORKED
        else:
            continue
        told.append(capital(say(how, {**values, "how": retold(seen.arguments)})))
    if any(seen.name == "exec" for seen in calls):
        told.append(capital(_(UNTOLD)))
    return ". ".join(dict.fromkeys(told)) + "." if told else ""
