"""The kernel's ring under scapy's sniff(): complete from bind() on, one copy of each frame, the kernel's own stamps.

scapy as it comes loses packets above 3,000 a second, sees every loopback frame twice, starts late and drops the tail.
So the socket is ours and the loop is scapy's. scapy is imported by the functions here, after the ring is open: its
quarter of a second of import then delays no packet.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from pktscope.capture.ring import MARKER_TYPE, Instruction, Ring, Seen
from pktscope.words import _, say

HEARTBEAT = 10
"""Milliseconds between two looks at a quiet ring."""

MARGIN = 200_000
"""Nanoseconds: a frame may have been stamped this long before the ring shows a trace of it."""


class NoFilter(Exception):
    """A capture filter that cannot be used; the text is one plain line with the way out."""


def load() -> None:
    """Import what sniffing needs of scapy; ImportError if it is not installed.

    Under sudo the invoking user may not be able to read where it is installed: so root is laid down afterwards.
    """
    import scapy.arch.common
    import scapy.sendrecv
    import scapy.sessions
    import scapy.supersocket  # noqa: F401


def sniff_ring(
    ring: Ring,
    sink: Callable[[list[Seen]], object],
    *,
    marker: bytes = b"",
    stop: int = -1,
    promise: Callable[[int], object] = lambda now: None,
    ready: Callable[[], object] = lambda: None,
) -> None:
    """Have scapy sniff `ring` until the frame `marker` passes, or the descriptor `stop` is readable.

    `sink` takes the frames in batches; `promise` is told up to which time everything has been given to `sink`.
    What the kernel had handed over before `stop` became readable is delivered. While scapy is being imported the ring
    is read by hand; `ready` is called when scapy is there, before its loop begins. ImportError if it is not installed.
    """
    if _until_scapy(lambda: _look(ring, sink, marker, promise, stop)):
        return
    ready()
    from scapy.sendrecv import sniff
    from scapy.sessions import DefaultSession
    from scapy.supersocket import SuperSocket

    class RingSocket(SuperSocket):  # type: ignore[misc]  # scapy is not typed for a strict checker
        """The ring as scapy knows sockets: select() waits for frames, for the end, or for a heartbeat."""

        nonblocking_socket = True  # no control pipe: `stop` does that

        def __init__(self) -> None:
            self.ins = self.outs = ring.socket

        def close(self) -> None:
            """Nothing: scapy closes a socket that ends, and the ring is still to be asked what it dropped."""

        @staticmethod
        def select(sockets: list[Any], remain: float | None = None) -> list[Any]:
            wait_for(ring, stop)
            return sockets

    class Batches(DefaultSession):  # type: ignore[misc]
        """Takes whole blocks from the ring; nothing is dissected here."""

        def recv(self, sock: Any) -> Sequence[Any]:
            if _look(ring, sink, marker, promise, stop):
                raise EOFError
            return ()

    sniff(opened_socket=RingSocket(), session=Batches(), store=False, quiet=True)


def _until_scapy(look: Callable[[], bool]) -> bool:
    """Import scapy in a thread while this one looks at the ring every few milliseconds; whether that was the end."""
    failed: list[ImportError] = []

    def importing() -> None:
        # Nobody waits for it, and the screen wants the processor more: on Linux a thread has a priority of its own.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        try:
            load()
        except ImportError as error:
            failed.append(error)

    thread = threading.Thread(target=importing, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(HEARTBEAT / 1000)
        if look():
            return True
    if failed:
        raise failed[0]
    return False


def _look(ring: Ring, sink: Callable[[list[Seen]], object], marker: bytes, promise: Callable[[int], object],
          stop: int) -> bool:  # fmt: skip
    """Deliver what there is; whether that was the last."""
    return not deliver(ring, sink, marker, promise) or bool(ring.failed) or (stop >= 0 and readable(stop))


def wait_for(ring: Ring, stop: int) -> None:
    """Until a block of frames is handed over, `stop` is readable, or the next heartbeat."""
    waiting = select.poll()
    waiting.register(ring.fileno(), select.POLLIN)
    if stop >= 0:
        waiting.register(stop, select.POLLIN)
    for descriptor, events in waiting.poll(HEARTBEAT):
        if descriptor == ring.fileno() and events & select.POLLERR:
            ring.check()


def readable(descriptor: int) -> bool:
    """Whether there is something to read, an end of file included."""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(0))


def deliver(ring: Ring, sink: Callable[[list[Seen]], object], marker: bytes, promise: Callable[[int], object]) -> bool:
    """Give `sink` what has been handed over, and promise what follows from it; False once the marker has passed."""
    while True:
        looked = time.time_ns()
        pending = ring.pending()
        frames = ring.take()
        if not frames:
            break
        more = True
        if marker:
            place = next((at for at, (_, data, _) in enumerate(frames) if data == marker), None)
            more, frames = place is None, frames[:place]
        if frames:
            sink(frames)
            promise(frames[-1][0] - MARGIN)
        if not more:
            return False
    if not pending:
        promise(looked - MARGIN)
    return True


def marker_frame(token: bytes) -> bytes:
    """An Ethernet frame nobody else sends: where it passes, everything sent before has passed."""
    return bytes(12) + MARKER_TYPE.to_bytes(2, "big") + token.ljust(46, b"\0")


def compile_filter(expression: str, filter_type: int) -> tuple[Instruction, ...]:
    """A capture filter in tcpdump's language as classic BPF. NoFilter if it is wrong, or if libpcap is missing."""
    from scapy.arch.common import compile_filter as compiled
    from scapy.error import Scapy_Exception

    if "\0" in expression:
        raise NoFilter(_("capture filter: a filter holds no NUL characters"))
    try:
        program = compiled(expression, linktype=filter_type)
    except (ImportError, OSError):
        raise NoFilter(
            _(
                "capture filter: libpcap compiles filters and is not installed; "
                "install it (Debian, Ubuntu: apt install libpcap0.8) or leave the filter out"
            )
        ) from None
    except Scapy_Exception as error:
        raise NoFilter(
            say(
                "capture filter {expression!r}: {reason}; see man pcap-filter",
                {"expression": expression[:80], "reason": _reason(str(error))},
            )
        ) from None
    return tuple(
        (code.code, code.jt, code.jf, code.k) for code in (program.bf_insns[at] for at in range(program.bf_len))
    )


def _reason(text: str) -> str:
    """libpcap's own words, out of scapy's."""
    start = text.rfind("(") + 1
    return text[start:].rstrip(")") if start else text
