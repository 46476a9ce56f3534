"""What there is to explain of one row of a timeline: its call and error, the rules of its notes, its flags. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from pktscope.explain import lookup
from pktscope.explain.errors import ERRORS
from pktscope.explain.lookup import Thing
from pktscope.model import Arp, Call, Frame, Icmp, Igmp, Note, Observation, Return, Tcp, Udp, flag_names
from pktscope.rules import BY_ID


def about(seen: Observation, notes: Iterable[Note]) -> tuple[Thing, ...]:
    """Everything worth a page, what stands nearest first, nothing twice."""
    found: list[Thing] = []
    for name in names_of(seen):
        found += entries(name)
    lessons = [BY_ID[note.rule] for note in notes if note.rule in BY_ID]
    both = [*found, *lessons] if isinstance(seen, Call | Return) else [*lessons, *found]
    return tuple(dict.fromkeys(both))


def names_of(seen: Observation) -> tuple[str, ...]:
    """The names of what a step is: a call and its error, a segment's flags, the kind of a packet."""
    match seen:
        case Return():
            return (seen.name, seen.error) if seen.error else (seen.name,)
        case Call():
            return (seen.name,)
        case Frame():
            cut = ("fragmentation",) if seen.ip is not None and seen.ip.is_fragment else ()
            return (*cut, *carried(seen))
        case _:
            return ()


CARRIED: tuple[tuple[type, str], ...] = (
    (Udp, "datagram"),
    (Icmp, "ICMP type"),
    (Arp, "ARP"),
    (Igmp, "multicast"),
)
"""What explains a packet of a kind that has no flags."""


def carried(frame: Frame) -> tuple[str, ...]:
    """The names of what a frame carries."""
    if isinstance(frame.transport, Tcp):
        return flag_names(frame.transport.flags)
    return tuple(name for kind, name in CARRIED if isinstance(frame.transport, kind))


def entries(name: str) -> tuple[Thing, ...]:
    """The entry that has just this name, or the error also called so (EWOULDBLOCK); none where there is none."""
    found = lookup.index().get(lookup.plain(name), ())
    return tuple(thing for thing in found if lookup.name_of(thing) == name or thing in ERRORS)
