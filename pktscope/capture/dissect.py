"""Scapy's full dissection of the one frame being looked at, as safe text. Slow to import: call it in a thread."""

from __future__ import annotations

import importlib
import logging

from pktscope.model import Frame
from pktscope.text import safe_text
from pktscope.words import say

LINKS = {
    "Ethernet": ("scapy.layers.l2", "Ether"),
    "Linux cooked v1": ("scapy.layers.l2", "CookedLinux"),
    "Linux cooked v2": ("scapy.layers.l2", "CookedLinuxV2"),
    "NULL": ("scapy.layers.l2", "Loopback"),
    "LOOP": ("scapy.layers.l2", "Loopback"),
}
"""By the frame's link layer: where scapy keeps its class. Anything else begins with an IP header."""

LAYERS = ("scapy.layers.l2", "scapy.layers.inet", "scapy.layers.inet6", "scapy.layers.dns")
"""What is bound to each other by being imported: enough for what the fold knows."""

MOST_OCTETS = 4096
MOST_LINES = 400
MOST_WIDE = 400
"""A hostile packet may ask for more; nobody would read it."""


def dissection(frame: Frame) -> tuple[str, ...]:
    """The lines of scapy's `show()`; one plain line where scapy fails, whatever it raises."""
    logging.getLogger("scapy").setLevel(logging.CRITICAL)
    try:
        for name in LAYERS:
            importlib.import_module(name)
        shown = layer_class(frame)(frame.data[:MOST_OCTETS]).show(dump=True)
    except Exception as error:  # scapy raises anything at all on hostile octets
        return (
            safe_text(
                say("scapy cannot dissect this packet: {error}", {"error": f"{type(error).__name__}: {error}"}),
                MOST_WIDE,
            ),
        )
    lines = [safe_text(line.rstrip(), MOST_WIDE) for line in str(shown).split("\n")]
    kept = [line for line in lines if line][:MOST_LINES]
    if len(frame.data) > MOST_OCTETS:
        kept.append(say("(the first {most:,} of {count:,} octets)", {"most": MOST_OCTETS, "count": len(frame.data)}))
    return tuple(kept)


def layer_class(frame: Frame) -> type:
    """Scapy's class for a frame's outermost header."""
    found = LINKS.get(frame.link)
    if found is None:
        version = frame.data[0] >> 4 if frame.data else 4
        found = ("scapy.layers.inet6", "IPv6") if version == 6 else ("scapy.layers.inet", "IP")
    kind: type = getattr(importlib.import_module(found[0]), found[1])
    return kind
