"""`pktscope run`: somebody's own programs, which of them is what, and the run."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pktscope.commands.scripts import check, modules_beside, prefix, read
from pktscope.exits import USAGE, Stop, quoted
from pktscope.lab.wishes import Wishes, seeded
from pktscope.words import N_, _, say

if TYPE_CHECKING:
    from pktscope.lab.own import Spec, Wanted


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


def lines_of(given: Sequence[str]) -> list[str]:
    """The lines meant by --input-client: those of a file where one argument names it, else each argument is a line."""
    if len(given) != 1 or not os.path.isfile(given[0]):
        return list(given)
    return read(given[0]).decode("utf-8", "replace").splitlines()


# --- how it ended ----------------------------------------------------------------------------------------------------
