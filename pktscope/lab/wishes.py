"""What somebody asked of a run beyond the demo's name: one value, from the command line to the worker."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from pktscope.demos import Demo, Needs
from pktscope.words import say

SLOWEST = 10.0
"""Seconds a frame may be asked to take over the wire, one way."""

_FAMILY = re.compile(r"\bAF_INET\b")


class Impossible(ValueError):
    """Wishes that exclude each other, or that this demo cannot fulfil; the text is one plain line."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a demo is to be run; as it comes where nothing is asked."""

    variant: str = ""
    host: bool = False
    """On the host's own loopback."""
    six: bool = False
    """Over IPv6."""
    wire: float | None = None
    """Over the wire, with this delay in seconds each way."""
    drops: tuple[int, ...] = ()
    """Numbers of frames to drop, as the timeline counts them."""
    impair: tuple[str, ...] = ()
    """Rules for the wire, before the demo's own; see `impair`."""
    loss: float = 0.0
    """Share of the frames to lose, from 0 to 1."""
    seed: int | None = None
    """What chance begins with; None for any."""
    says: tuple[str, ...] = ()
    """Lines for input()."""
    interactive: bool = False
    """Somebody sits there and types."""

    def named(self) -> dict[str, Any]:
        """Those that are not as they come, by name: what runner.start() takes."""
        plain = Wishes()
        wished = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in wished.items() if value != getattr(plain, name)}

    @property
    def bent(self) -> bool:
        """Whether frames are lost, late or damaged on purpose."""
        return bool(self.drops or self.impair or self.loss)

    @property
    def changed(self) -> bool:
        """Whether the room, or what is said in it, is another than the demo has by itself and promises something of."""
        return bool(self.wired or self.host or self.six or self.says)

    @property
    def wired(self) -> bool:
        """Whether only a wire can fulfil them."""
        return self.wire is not None or self.bent


def to_text(wishes: Wishes) -> str:
    """For a command line."""
    return json.dumps(asdict(wishes))


def from_text(text: str) -> Wishes:
    """What to_text() made."""
    return from_values(json.loads(text))


def from_values(values: dict[str, Any]) -> Wishes:
    """Wishes from what asdict() and JSON made of them."""
    plain: dict[str, Any] = {name: tuple(it) if isinstance(it, list) else it for name, it in values.items()}
    return Wishes(**plain)


def understood(
    *, variant: str = "", host: bool = False, six: bool = False, wire: str | None = None, drop: Sequence[int] = (),
    rules: Sequence[str] = (), loss: str | None = None, seed: int | None = None, says: Sequence[str] = (),
    interactive: bool = False,
) -> Wishes:  # fmt: skip
    """Wishes from the options' texts. Raises impair.BadRule for one that cannot be read."""
    if wire is None and loss is None and not rules:
        return Wishes(variant, host, six, None, tuple(drop), (), 0.0, seed, tuple(says), interactive)
    from pktscope.lab import impair

    for rule in rules:
        impair.parse(rule)
    delay = impair.duration(wire) if wire is not None else None
    if delay is not None and delay > SLOWEST:
        raise impair.BadRule(say("--wire {text}: at most {most:g} s", {"text": wire or "", "most": SLOWEST}))
    lost = impair.share(loss) if loss is not None else 0.0
    return Wishes(variant, host, six, delay, tuple(drop), tuple(rules), lost, seed, tuple(says), interactive)


def needs_of(demo: Demo, wishes: Wishes) -> Needs:
    """The room the demo gets. Raises Impossible."""
    needs, name = demo.needs, {"name": demo.name}
    if wishes.host and wishes.wired:
        raise Impossible(say("--host is the host's own loopback: it has no wire to delay or lose frames on", {}))
    if wishes.host and not needs.shared:
        raise Impossible(
            say("the demo {name} needs a private room: on the host's loopback MTU and timers differ", name)
        )
    if wishes.wired and needs.topology == "routers":
        raise Impossible(say("the demo {name} has routers between its hosts, and no wire of ours", name))
    if wishes.wired and needs.offload:
        values = {"name": demo.name, "variant": demo.variant}
        raise Impossible(
            say("{name} --variant {variant} is about offload, which the wire has not; name another variant", values)
        )
    if wishes.wired and not needs.wired:
        raise Impossible(say("the demo {name} is about one host's own loopback, and cannot be run over a wire", name))
    if wishes.six and needs.topology == "routers":
        raise Impossible(say("the demo {name} has routers between its hosts; they speak IPv4 only", name))
    if wishes.six and not needs.six:
        raise Impossible(say("the demo {name} is about IPv4, and cannot be run over IPv6", name))
    if wishes.seed is not None and not wishes.loss and "random" not in demo.source:
        raise Impossible(say("--seed: nothing is random here; --loss 10% for instance would be", {}))
    if not wishes.wired:
        return needs
    delay = needs.delay if wishes.wire is None else wishes.wire
    return replace(needs, topology="wire", delay=delay, impair=(*wishes.impair, *needs.impair))


def seeded(wishes: Wishes) -> Wishes:
    """With a seed of its own where chance has a part and none was asked for."""
    if wishes.loss and wishes.seed is None:
        return replace(wishes, seed=random.randrange(1 << 16))
    return wishes


def source_of(demo: Demo, wishes: Wishes) -> str:
    """The program's text as it runs: over IPv6 with AF_INET6 for AF_INET."""
    return _FAMILY.sub("AF_INET6", demo.source) if wishes.six else demo.source
