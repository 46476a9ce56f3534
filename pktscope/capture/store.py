"""A capture being read: indexed in the background, its frames decoded when somebody wants them.

Everything is read in pieces with ordinary reads, files and pipes alike: a file that shrinks while it is read is then a
short read, where a mapped one would kill the process. What cannot be read again (a pipe, a gzip) is spooled to a file
that has no name, and vanishes with the process.
"""

from __future__ import annotations

import io
import os
import stat
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from pktscope.capture.formats import BadCapture, why_not
from pktscope.capture.reader import Reader
from pktscope.capture.scan import Scan
from pktscope.capture.unpack import GZIP_MAGIC, unpacked
from pktscope.model import Conversation, End, Exchange
from pktscope.words import _, say

PIECE = 1 << 20
HEAD = 512


class Listed(Sequence[Conversation]):
    """The conversations that were known at one moment, each as it is when it is looked at."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        self.size = len(scan.conversations)

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, place: int) -> Conversation:  # type: ignore[override]
        if not 0 <= place < self.size:
            raise IndexError(place)
        return self.scan.conversations.conversation(place, self.scan.calls.is_client)


class Store:
    """A capture being read in a background thread; never holds frames. Made by `open` and `from_stream`."""

    def __init__(self, source: BinaryIO, name: str, copy_to: BinaryIO | None = None) -> None:
        self.name = name
        self.error = ""
        """One plain line where nothing could be read; else empty."""
        self.scan = Scan()
        self.copy_lost = ""
        """Why the copy is not whole, in one plain line; else empty."""
        self.source = source
        self.copy_to = copy_to
        self.file = -1
        """Descriptor by which the octets at the scan's offsets can be read again; -1 until known."""
        self.spooled = False
        self.octets_read = 0
        self.octets_total: int | None = None
        self.over = threading.Event()
        self.snapshot: tuple[object, tuple[Conversation, ...]] = (None, ())

    @classmethod
    def open(cls, path: str, before_reading: Callable[[], None] = lambda: None) -> Store:
        """Open a capture by its path, or '-' for standard input; reading starts at once. Raises BadCapture.

        `before_reading` is called between opening and reading: the moment to lay down rights that only opening needed.
        """
        if path == "-":
            before_reading()
            return cls.from_stream(standard_input(), name="standard input")
        shown = ascii(path)[1:-1]
        source, status, head = opened(path, shown)
        try:
            before_reading()
        except BaseException:
            source.close()
            raise
        store = cls(source, shown)
        if stat.S_ISREG(status.st_mode):
            store.octets_total = status.st_size
            if head[:2] != GZIP_MAGIC:
                if why := why_not(head):
                    source.close()
                    raise BadCapture(refusal(shown, why))
                store.keep(os.dup(source.fileno()))
        store.start(owned=True)
        return store

    @classmethod
    def from_stream(cls, source: BinaryIO, copy_to: BinaryIO | None = None, *, name: str = "the stream") -> Store:
        """Read a capture from a binary stream; its raw octets go to `copy_to` too, flushed as they come.

        What is no capture shows in `error`, as nothing is known of a stream before it speaks.
        """
        store = cls(source, name, copy_to)
        store.start(owned=False)
        return store

    def start(self, *, owned: bool) -> None:
        threading.Thread(target=self.run, args=(owned,), name="pktscope scan", daemon=True).start()

    def keep(self, descriptor: int) -> None:
        """Take over the descriptor that readers read by; closed with the store."""
        self.file = descriptor
        weakref.finalize(self, os.close, descriptor)

    # --- what is known so far --------------------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Whether everything there is has been indexed."""
        return self.over.is_set()

    @property
    def conversations(self) -> tuple[Conversation, ...]:
        """The conversations so far, in order of their first frame."""
        state = (len(self.scan), self.finished)
        if self.snapshot[0] != state:
            self.snapshot = state, tuple(self.listed)
        return self.snapshot[1]

    @property
    def listed(self) -> Listed:
        """The same, each of them made when it is looked at: for a list that shows a few of very many."""
        return Listed(self.scan)

    @property
    def complaints(self) -> tuple[str, ...]:
        """What is wrong with the capture, in plain words."""
        return tuple(self.scan.walk.complaints)

    @property
    def exchange(self) -> Exchange | None:
        """What a recording of ours says of itself."""
        return self.scan.exchange

    @property
    def frame_count(self) -> int:
        """Frames so far."""
        return self.scan.walk.packets

    @property
    def progress(self) -> tuple[int, int | None]:
        """Octets read, and how many there are where that is known."""
        return self.octets_read, self.octets_total

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until everything is indexed, at most `timeout` seconds; whether it is."""
        return self.over.wait(timeout)

    def reader(self, conversation: Conversation | None = None) -> Reader:
        """A reader of the observations of one conversation, or of everything."""
        return Reader(self, conversation)

    def end(self) -> End:
        """The last observation: the recording's own, or what the file allows to say."""
        scan = self.scan
        if scan.end is not None:
            return scan.end
        last = max(scan.times[-1], 0) if scan.times else 0
        dropped = sum(scan.walk.dropped.values()) if scan.walk.dropped else None
        complaint = self.error or scan.walk.ending
        if not complaint and scan.exchange is not None:
            complaint = _("the recording has no end: what wrote it was stopped")
        return End(last, "cut" if complaint else "finished", dropped, complaint)

    # --- the background thread -------------------------------------------------------------------------------------

    def run(self, owned: bool) -> None:
        """Read to the end; whatever happens, readers learn that it is over."""
        try:
            try:
                self.read()
            finally:
                self.scan.settle()
        except OSError as error:
            self.scan.walk.cease(say("reading stops here: {why}", {"why": error.strerror or error}))
        except MemoryError:
            self.scan.walk.cease(_("reading stops here: there is not enough memory for more of this capture"))
        except ValueError as error:  # what Python says of a stream that was closed under us
            self.scan.walk.cease(say("reading stops here: {why}", {"why": error}))
        finally:
            self.over.set()
            if owned:
                self.source.close()

    def read(self) -> None:
        """Everything there is, into the scan."""
        parts: list[bytes] = []
        size = base = 0
        for piece in self.pieces():
            parts.append(piece)
            size += len(piece)
            # Joined only when there is enough for the next record: a large one may come in very many small pieces.
            if size < self.scan.walk.needed:
                continue
            pending = b"".join(parts)
            if not base and (why := why_not(pending[:HEAD])):
                self.error = refusal(self.name, why)
            if self.error or self.scan.walk.broken:
                if self.copy_to is None:
                    return
                parts, size, base = [], 0, 1
                continue
            used = self.scan.feed(pending, len(pending), base)
            base += used
            parts = [pending[used:]]
            size = len(parts[0])
        if not base:
            head = b"".join(parts)[:HEAD]
            why = self.scan.walk.ending or why_not(head) or _("it stops in the middle of its header")
            self.error = self.error or refusal(self.name, why)
        elif not self.error:
            self.scan.walk.finish(size)

    def pieces(self) -> Iterator[bytes]:
        """The octets of the capture in order, unpacked, and spooled where they cannot be read again."""
        raw = self.raw()
        first = next(raw, b"")
        while len(first) < 2 and (more := next(raw, b"")):
            first += more
        packed = first[:2] == GZIP_MAGIC
        octets = unpacked(first, raw, self.scan.walk.cease) if packed else joined(first, raw)
        if self.file >= 0:
            yield from octets
            return
        with tempfile.TemporaryFile(buffering=0) as spool:
            self.keep(os.dup(spool.fileno()))
            for piece in octets:
                write_all(spool, piece)
                yield piece

    def raw(self) -> Iterator[bytes]:
        """The octets of the source as they come, copied to `copy_to`."""
        take = getattr(self.source, "read1", self.source.read)
        while piece := take(PIECE):
            self.octets_read += len(piece)
            if self.copy_to is not None:
                try:
                    write_all(self.copy_to, piece)
                except (OSError, ValueError) as error:
                    self.copy_lost = say(
                        "the copy stops here: {why}", {"why": getattr(error, "strerror", None) or error}
                    )
                    self.scan.walk.complain(self.copy_lost)
                    self.copy_to = None
            yield piece


def standard_input() -> BinaryIO:
    """Standard input, if there is something to expect of it. Raises BadCapture."""
    if sys.stdin is None or sys.stdin.closed:
        raise BadCapture(_("standard input is closed; pipe a capture into it: tcpdump -w - | pktscope replay -"))
    if sys.stdin.isatty():
        raise BadCapture(_("standard input is the terminal; pipe a capture into it: tcpdump -w - | pktscope replay -"))
    return sys.stdin.buffer


def opened(path: str, shown: str) -> tuple[io.FileIO, os.stat_result, bytes]:
    """The file, its status and, of a regular file, its first octets. Raises BadCapture."""
    try:
        source = open(path, "rb", buffering=0)  # noqa: SIM115 - the store's thread closes it
        status = os.fstat(source.fileno())
        head = os.pread(source.fileno(), HEAD, 0) if stat.S_ISREG(status.st_mode) else b""
    except IsADirectoryError:
        raise BadCapture(say("{shown} is a directory; name a capture file in it", {"shown": shown})) from None
    except FileNotFoundError:
        raise BadCapture(say("{shown}: there is no such file; check the name", {"shown": shown})) from None
    except PermissionError:
        raise BadCapture(
            say("{shown}: you may not read this file; ask its owner, or copy it with sudo", {"shown": shown})
        ) from None
    except (OSError, ValueError) as error:
        raise BadCapture(
            say("{shown} cannot be read: {why}", {"shown": shown, "why": getattr(error, "strerror", None) or error})
        ) from None
    return source, status, head


def refusal(name: str, why: str) -> str:
    return say("{name} is not a capture: {why}", {"name": name, "why": why.replace("FILE", name)})


def joined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def write_all(target: BinaryIO, octets: bytes) -> None:
    """Write and flush all of it: raw files may take less than they are given."""
    rest = memoryview(octets)
    while rest:
        rest = rest[target.write(rest) or 0 :]
    target.flush()
