"""Waiting until frames go through new cables: the kernel attaches their queues, and opens a switch's ports, later."""

from __future__ import annotations

import errno
import select
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress

from pktscope.capture.ring import MARKER_TYPE
from pktscope.lab import links
from pktscope.lab.links import Card
from pktscope.lab.room import step

LIMIT = 3.0
"""Seconds it may take."""

AGAIN = 0.002
"""Seconds between two probes."""

AFTERWARDS = 0.005
"""Seconds for what is still on its way then, and for what cards tell of their groups: it is not part of the run."""

_SENDER = slice(6, 12)
"""Where a frame says who sent it."""


def await_ready(*link_cards: Sequence[Card]) -> None:
    """Until each card has heard a probe from every other on its link. Raises Refused after a while."""
    with ExitStack() as opened:
        ends: dict[str, socket.socket] = {}
        missing: dict[str, set[str]] = {}
        for cards in link_cards:
            for card in cards:
                ends[card.hardware] = opened.enter_context(links.within(card, _prober))
                missing[card.hardware] = {other.hardware for other in cards if other is not card}
        until = time.monotonic() + LIMIT
        while any(missing.values()):
            _probe(ends)
            select.select(list(ends.values()), [], [], AGAIN)
            for hardware, end in ends.items():
                missing[hardware] -= set(_heard(end))
            with step("cables"):
                if time.monotonic() > until:
                    raise TimeoutError(errno.ETIMEDOUT, "no frame goes through")
        time.sleep(AFTERWARDS)


def _prober(card: Card) -> socket.socket:
    with step("AF_PACKET"):
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        opened.bind((card.name, MARKER_TYPE))
    opened.setblocking(False)
    return opened


def _probe(ends: dict[str, socket.socket]) -> None:
    for hardware, end in ends.items():
        sender = bytes.fromhex(hardware.replace(":", ""))
        with suppress(OSError):  # the card is not up yet
            end.send(b"\xff" * 6 + sender + MARKER_TYPE.to_bytes(2, "big") + bytes(46))


def _heard(end: socket.socket) -> Iterator[str]:
    """Who has been heard since."""
    with suppress(BlockingIOError):
        while True:
            yield end.recv(256)[_SENDER].hex(":")
