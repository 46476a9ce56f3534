"""What the lab's wire does to frames, by rule: 'drop data 3 from client', 'delay data 1 from client by 400 ms'.

ACTION WHAT [NUMBERS] from SIDE [by TIME]. ACTION is drop, delay, swap (deliver after the next frame of that direction),
double or damage. WHAT is frame, syn, syn-ack, ack (nothing but an acknowledgement), data, fin, datagram (a whole UDP
one), fragment, arp (in IPv6 neighbour discovery) or icmp. NUMBERS count from 1 among those: '3', '1-4', '2,5', 'all';
without them it is the first. TIME is as of `duration`. Nothing here touches the machine.
"""

from __future__ import annotations

import random
import re
import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args

from pktscope.model import ACK, FIN, RST, SYN, Side
from pktscope.words import say

Action: TypeAlias = Literal["drop", "delay", "swap", "double", "damage"]
ACTIONS: tuple[str, ...] = get_args(Action)
WHATS = ("frame", "syn", "syn-ack", "ack", "data", "fin", "datagram", "fragment", "arp", "icmp")

LONGEST_DELAY = 60.0
"""Seconds: more than that is a typing error."""

_UNITS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0}
_TIME = re.compile(r"(\d+(?:\.\d+)?) ?(us|µs|ms|s)")
_RULE = re.compile(r"(\S+) (\S+)(?: (all|\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*))? from (\S+)(?: by (.+))?")
_MOST = 1_000_000

_ETHERTYPE_AT, _ETHERNET = 12, 14
_IPV4, _IPV6, _ARP = 0x0800, 0x86DD, 0x0806
_ICMP, _TCP, _UDP, _FRAGMENT_6, _ICMP_6 = 1, 6, 17, 44, 58
_DISCOVERY = range(133, 138)
"""ICMPv6 types of neighbour discovery, RFC 4861."""


class BadRule(ValueError):
    """A rule, a time or a share that cannot be read; the text is one plain line that shows how."""


@dataclass(frozen=True, slots=True)
class Impairment:
    """One rule, understood."""

    action: Action
    what: str
    numbers: tuple[tuple[int, int], ...]
    """First and last of each range, counted from 1; empty for all."""
    side: Side
    """Who sends the frames it is about."""
    by: float = 0.0
    """Seconds, where it delays."""

    def hits(self, number: int) -> bool:
        """Whether it is about the frame of this number."""
        return not self.numbers or any(first <= number <= last for first, last in self.numbers)


def parse(text: str) -> Impairment:
    """A rule from its text. Raises BadRule."""
    shown = ascii(" ".join(text.split())[:80])[1:-1]
    found = _RULE.fullmatch(" ".join(text.split()))
    if found is None:
        raise BadRule(say("'{rule}' is no impairment; write ACTION WHAT [NUMBERS] from SIDE [by TIME], for instance "
                          "'drop data 3 from client'", {"rule": shown}))  # fmt: skip
    action, what, numbers, side, by = found.groups()
    for word, known in ((action, ACTIONS), (what, WHATS), (side, ("client", "server"))):
        if word not in known:
            raise BadRule(say("'{rule}': '{word}' should be one of {known}",
                              {"rule": shown, "word": ascii(word)[1:-1], "known": ", ".join(known)}))  # fmt: skip
    if (by is not None) != (action == "delay"):
        raise BadRule(say("'{rule}': 'by TIME' belongs to 'delay', and to nothing else", {"rule": shown}))
    return Impairment(cast("Action", action), what, _numbers(numbers or "1", shown), Side(side), duration(by or "0 s"))


def _numbers(text: str, shown: str) -> tuple[tuple[int, int], ...]:
    if text == "all":
        return ()
    ranges = []
    for each in text.split(","):
        first, _, last = each.partition("-")
        low, high = int(first[:9]), int((last or first)[:9])
        if not 1 <= low <= high <= _MOST:
            raise BadRule(say("'{rule}': '{range}' is no range of numbers from 1", {"rule": shown, "range": each}))
        ranges.append((low, high))
    return tuple(ranges)


def duration(text: str) -> float:
    """Seconds, from '20ms', '1.5 s' or '300us'. Raises BadRule."""
    found = _TIME.fullmatch(text.strip())
    seconds = float(found[1]) * _UNITS[found[2]] if found else -1.0
    if not 0 <= seconds <= LONGEST_DELAY:
        raise BadRule(say("'{text}' is no time of at most a minute; write for instance 20ms or 1.5s",
                          {"text": ascii(text[:40])[1:-1]}))  # fmt: skip
    return seconds


def share(text: str) -> float:
    """A share from 0 to 1, from '10%' or '2.5'. Raises BadRule."""
    found = re.fullmatch(r"(\d{1,3}(?:\.\d+)?) ?%?", text.strip())
    if found is None or float(found[1]) > 100:
        raise BadRule(say("'{text}' is no share of frames; write for instance 10%", {"text": ascii(text[:40])[1:-1]}))
    return float(found[1]) / 100


# --- frames -------------------------------------------------------------------------------------------------------


def kinds(frame: bytes) -> frozenset[str]:
    """Everything an Ethernet frame is, of WHATS; always 'frame'."""
    found = {"frame"}
    kind = int.from_bytes(frame[_ETHERTYPE_AT:_ETHERNET], "big")
    if kind == _ARP:
        found.add("arp")
    elif kind == _IPV4 and len(frame) >= _ETHERNET + 20:
        found |= _of_ipv4(frame)
    elif kind == _IPV6 and len(frame) >= _ETHERNET + 40:
        found |= _of_ipv6(frame)
    return frozenset(found)


def _of_ipv4(frame: bytes) -> set[str]:
    length, place = struct.unpack_from("!H2xH", frame, _ETHERNET + 2)
    if place & 0x3FFF:  # more fragments, or an offset
        return {"fragment"}
    at = _ETHERNET + (frame[_ETHERNET] & 0x0F) * 4
    return _of_transport(frame, frame[_ETHERNET + 9], at, _ETHERNET + length)


def _of_ipv6(frame: bytes) -> set[str]:
    length, protocol = struct.unpack_from("!HB", frame, _ETHERNET + 4)
    at, end = _ETHERNET + 40, _ETHERNET + 40 + length
    if protocol == _FRAGMENT_6:
        return {"fragment"}
    if protocol == _ICMP_6 and len(frame) > at:
        return {"arp"} if frame[at] in _DISCOVERY else {"icmp"}
    return _of_transport(frame, protocol, at, end)


def _of_transport(frame: bytes, protocol: int, at: int, end: int) -> set[str]:
    if protocol == _UDP:
        return {"datagram"}
    if protocol == _ICMP:
        return {"icmp"}
    if protocol != _TCP or len(frame) < at + 20:
        return set()
    flags, length = frame[at + 13], end - at - (frame[at + 12] >> 4) * 4
    found = {name for bit, name in ((FIN, "fin"),) if flags & bit}
    if flags & SYN:
        found.add("syn-ack" if flags & ACK else "syn")
    if length > 0:
        found.add("data")
    if flags & ACK and length <= 0 and not flags & (SYN | FIN | RST):
        found.add("ack")
    return found


def damaged(frame: bytes) -> bytes:
    """The frame with one bit of its packet's last octet turned over: the checksum at the far end will tell."""
    kind = int.from_bytes(frame[_ETHERTYPE_AT:_ETHERNET], "big")
    end = len(frame)
    if kind == _IPV4 and len(frame) >= _ETHERNET + 20:
        end = min(end, _ETHERNET + int.from_bytes(frame[_ETHERNET + 2 : _ETHERNET + 4], "big"))
    return frame[: end - 1] + bytes((frame[end - 1] ^ 0x01,)) + frame[end:]


# --- deciding -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Impairments:
    """Everything a wire does to frames: plain data, for a Judge."""

    rules: tuple[Impairment, ...] = ()
    drops: frozenset[int] = frozenset()
    """Numbers of frames in the recording, from 1."""
    loss: float = 0.0
    """Share of the frames that get lost, by chance."""
    seed: int = 0


PASS = Impairment("delay", "frame", (), Side.CLIENT)
"""What happens to a frame nobody has a rule for: nothing."""

_DROP = Impairment("drop", "frame", (), Side.CLIENT)


class Judge:
    """Says for each frame, in the order of the recording, what is to be done with it."""

    def __init__(self, impairments: Impairments) -> None:
        self._all = impairments
        self._chance = random.Random(impairments.seed)
        self._frames = 0
        self._counts: Counter[tuple[Side, str]] = Counter()

    def judge(self, side: Side, frame: bytes) -> Impairment:
        """The first rule that is about this frame of `side`'s; PASS if there is none."""
        self._frames += 1
        named = kinds(frame)
        self._counts.update((side, kind) for kind in named)
        lost = self._all.loss > 0 and self._chance.random() < self._all.loss
        if self._frames in self._all.drops:
            return _DROP
        for rule in self._all.rules:
            if rule.side is side and rule.what in named and rule.hits(self._counts[side, rule.what]):
                return rule
        return _DROP if lost else PASS


def understood(rules: Iterable[str], drops: Sequence[int] = (), loss: float = 0.0, seed: int = 0) -> Impairments:
    """Rules and options together. Raises BadRule."""
    return Impairments(tuple(parse(rule) for rule in rules), frozenset(drops), loss, seed)
