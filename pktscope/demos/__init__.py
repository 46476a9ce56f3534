"""The demos: one file per exchange, each ordinary socket code that reads like the tutorial it illustrates.

A demo has `server(address, pause)` and `client(address, pause)`, which run in two processes with traced sockets; a
docstring (a title line, the story, what to change and try next); `PROMISE`, what it promises, in words, and `SHOWS`,
the notes that prove it; `NEEDS`, its room; `SECONDS`, how long it takes. `pause()` is the one thing a tutorial has not:
it returns when the wire is quiet; `pause("...")` begins a scene of that title, too, and after
`pause(together=True)` all programs that wait in one go on together.

`VARIANTS` gives one exchange in several ways, a name and a title each, to be compared: then both functions take the
variant's name as a third argument, and PROMISE, SHOWS and NEEDS may each be one for all or a dict by variant.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pktscope.text import safe_text
from pktscope.words import N_, say

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("A connection's life", (
        "handshake",
        "teardown",
        "teardown-three",
        "half-close",
        "simultaneous-close",
        "simultaneous-open",
        "last-ack-lost",
        "refused",
        "reset",
        "time-wait",
        "backlog",
        "keepalive",
        "syn-lost",
    )),
    ("Bytes in a stream", (
        "echo",
        "chat",
        "timeout",
        "nagle",
        "write-write-read",
        "sticky",
        "framing",
        "segmentation",
        "flow-control",
        "retransmission",
        "fast-retransmit",
        "reorder",
        "duplicate",
        "corrupt",
        "delayed",
        "slow-start",
        "urgent",
        "fast-open",
        "ecn",
    )),
    ("Datagrams, IP, link", (
        "udp",
        "udp-echo",
        "udp-boundaries",
        "udp-loss",
        "fragmentation",
        "fragment-lost",
        "pmtu",
        "ttl",
        "ping",
        "arp",
        "routing",
        "broadcast",
        "multicast",
        "dns",
        "dhcp",
        "unix",
        "by-hand",
    )),
)  # fmt: skip
"""Every demo, in the order the list shows them: from the first connection to the last datagram."""

ORDER = tuple(name for _, names in GROUPS for name in names)


@dataclass(frozen=True, slots=True)
class Needs:
    """The room a demo needs."""

    topology: str = "lo"
    """'lo': both programs on one loopback; 'wire': two hosts and our relay between them; 'routers': two hosts with two
    routers between them."""
    mtu: int = 1500
    """Octets; what a loopback of its own or the wire is set to; with routers, the link between the two."""
    offload: bool = False
    """Whether TCP may hand super-packets to the device instead of cutting segments itself."""
    shared: bool = False
    """Whether the demo tells the truth on the host's loopback too, whose MTU and sysctls are not ours to set."""
    delay: float = 0.005
    """Seconds a frame takes over the wire, one way."""
    spacing: float = 0.001
    """Seconds between two frames that arrive from the same side, at least: what one of them causes comes before the
    next."""
    impair: tuple[str, ...] = ()
    """What the wire does to frames: 'drop data 3 from client', 'delay data 1 from client by 400 ms', ..."""
    sysctls: Mapping[str, str] = field(default_factory=dict)
    """Beyond those every room has."""
    raw: bool = False
    """Whether its programs need raw sockets (they keep that one right, in their room)."""
    arp: bool = False
    """Whether the hosts on a wire have to find each other by ARP, instead of knowing."""
    wired: bool = True
    """Whether it runs over a wire, too; what is about a host talking to itself does not."""
    six: bool = True
    """Whether it runs over IPv6, too; what is about a thing of IPv4 does not."""
    says: tuple[str, ...] = ()
    """Lines typed at its input() where nobody sits there: 'client: hello', or for whoever asks first."""


@dataclass(frozen=True, slots=True)
class Demo:
    """One demo in one of its variants, as the list and the runner know it."""

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
    variant: str = ""
    """Which of `variants` this is; '' where there are none."""
    variants: tuple[tuple[str, str], ...] = ()
    """Name and title of each, in order."""

    @property
    def recording(self) -> str:
        """The stem of its recorded run: 'handshake', 'nagle.nodelay'."""
        return f"{self.name}.{self.variant}" if self.variant else self.name


class NoSuchDemo(LookupError):
    """The text is one plain line that names those there are."""


def unknown(name: str) -> str:
    """That there is no demo of this name, and which the reader may have meant."""
    from difflib import get_close_matches

    shown, near = safe_text(name, 40), get_close_matches(name[:40], ORDER, 3)
    if near:
        return say("there is no demo '{name}'; did you mean {near:list}?", {"name": shown, "near": near})
    return say("there is no demo '{name}'; there are {known:list}", {"name": shown, "known": ORDER})


@cache
def load(name: str, variant: str = "") -> Demo:
    """The demo of this name, in this variant (the first if none is named). Raises NoSuchDemo."""
    if name not in ORDER:
        raise NoSuchDemo(unknown(name))
    file = name.replace("-", "_") + ".py"
    source = (Path(__file__).parent / file).read_text(encoding="utf-8")
    story, facts = told(source)
    variants: Mapping[str, str] = facts.get("VARIANTS", {})
    if variant and variant not in variants:
        said = N_("the demo {name} has no variant '{variant}'; it has none")
        if variants:
            said = N_("the demo {name} has no variant '{variant}'; there are {known:list}")
        raise NoSuchDemo(say(said, {"name": name, "variant": safe_text(variant, 40), "known": tuple(variants)}))
    variant = variant or next(iter(variants), "")
    title, _, story = story.partition("\n")

    def mine(value: Any) -> Any:
        return value[variant] if variant and isinstance(value, Mapping) and variant in value else value

    return Demo(
        name, title.rstrip("."), story.strip(), mine(facts["PROMISE"]), tuple(mine(facts["SHOWS"])),
        Needs(**mine(facts["NEEDS"])), mine(facts["SECONDS"]), file, source, variant, tuple(variants.items()),
    )  # fmt: skip


FACTS = frozenset({"PROMISE", "SHOWS", "NEEDS", "SECONDS", "VARIANTS"})


def told(source: str) -> tuple[str, dict[str, Any]]:
    """What a demo says of itself: its docstring, and its FACTS by name, which are literals.

    Read, not run: some demos import scapy, which takes longer than everything else together.
    """
    tree = ast.parse(source)
    facts = {
        target.id: ast.literal_eval(each.value)
        for each in tree.body
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name) and target.id in FACTS
    }
    return (ast.get_docstring(tree, clean=False) or "").strip(), facts


def every() -> tuple[Demo, ...]:
    """All demos, in order, each in its first variant."""
    return tuple(load(name) for name in ORDER)
