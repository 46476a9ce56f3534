"""The demos: one file per exchange, each ordinary socket code that reads like the tutorial it illustrates.

A demo has `server(address, pause)` and `client(address, pause)`, which run in two processes with traced sockets; a
docstring (a title line, the story, what to change and try next); `PROMISE`, what it promises, in words, and `SHOWS`,
the notes that prove it; `NEEDS`, its room; `SECONDS`, how long it takes. `pause()` is the one thing a tutorial has not:
it returns when the wire is quiet.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ORDER = ("handshake", "teardown", "nagle", "udp-echo", "fragmentation")
"""Every demo, in the order the list shows them: from the first connection to the last datagram."""


@dataclass(frozen=True, slots=True)
class Needs:
    """The room a demo needs."""

    topology: str = "lo"
    """'lo': both programs on one loopback."""
    mtu: int = 1500
    """Octets; what a loopback of its own is set to."""
    offload: bool = False
    """Whether TCP may hand super-packets to the device instead of cutting segments itself."""
    shared: bool = False
    """Whether the demo tells the truth on the host's loopback too, whose MTU and sysctls are not ours to set."""


@dataclass(frozen=True, slots=True)
class Demo:
    """One demo, as the list and the runner know it."""

    name: str
    title: str
    """One line."""
    story: str
    """The rest of its docstring: what happens, what to change and try next."""
    promise: str
    """What a run of it will have shown, to follow 'Promised:'."""
    shows: tuple[str, ...]
    """Ids of the rules that must speak, each at least once."""
    needs: Needs
    seconds: float
    file: str
    """'handshake.py': how its calls name it."""
    source: str


class NoSuchDemo(LookupError):
    """The text is one plain line that names those there are."""


@cache
def load(name: str) -> Demo:
    """The demo of this name. Raises NoSuchDemo."""
    if name not in ORDER:
        raise NoSuchDemo(f"there is no demo {name[:40]!r}; there are {', '.join(ORDER[:-1])} and {ORDER[-1]}")
    module = importlib.import_module("pktscope.demos." + name.replace("-", "_"))
    title, _, story = (module.__doc__ or "").strip().partition("\n")
    return Demo(
        name, title.rstrip("."), story.strip(), module.PROMISE, tuple(module.SHOWS), Needs(**module.NEEDS),
        module.SECONDS, name.replace("-", "_") + ".py", Path(module.__file__ or "").read_text(encoding="utf-8"),
    )  # fmt: skip


def every() -> tuple[Demo, ...]:
    """All demos, in order."""
    return tuple(load(name) for name in ORDER)
