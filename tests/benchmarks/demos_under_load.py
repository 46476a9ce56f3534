"""Run every demo many times, idle and with burners on every core, and print how often the wire looked the same.

    python tests/benchmarks/demos_under_load.py [-n 20] [--burners 6] [DEMO ...]

One line for each distinct picture: how many runs showed it, then each packet as side:flags and length, equal ones in a
row counted.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pktscope import demos
from pktscope.lab import runner

SERVER_PORT = 8000
FLAGS = (("S", 2), ("F", 1), ("R", 4), ("P", 8), ("A", 16))


def frames(recording: bytes) -> Iterator[tuple[int, bytes]]:
    """Time and octets of every packet of a little-endian pcapng."""
    at = 0
    while at + 12 <= len(recording):
        kind, size = struct.unpack_from("<II", recording, at)
        if kind == 6:
            _, high, low, captured = struct.unpack_from("<IIII", recording, at + 8)
            yield high << 32 | low, recording[at + 28 : at + 28 + captured]
        at += size


def word(frame: bytes) -> str:
    """One packet of a demo: 'C:SA', 'S:PA13', 'C:frag'."""
    ip = frame[14:]
    total, fragment = struct.unpack_from("!2xH2xH", ip)
    if fragment & 0x1FFF:
        return "frag"
    if ip[9] == 1:
        return f"ICMP{ip[20]}/{ip[21]}"
    source, _ = struct.unpack_from("!HH", ip, 20)
    side = "S" if source == SERVER_PORT else "C"
    if ip[9] == 17:
        return f"{side}:U{total - 28}"
    offset, flags = struct.unpack_from("!BB", ip, 32)
    names = "".join(name for name, bit in FLAGS if flags & bit)
    length = total - 20 - (offset >> 4) * 4
    return f"{side}:{names}{length or ''}"


def picture_of(seen: Iterable[tuple[int, bytes]]) -> str:
    """The whole exchange as words."""
    words = [word(frame) for _, frame in seen]
    return " ".join(
        name if (count := len(list(group))) == 1 else f"{count}x{name}" for name, group in itertools.groupby(words)
    )


def once(name: str) -> str:
    """Run a demo; its picture, or what went wrong."""
    with runner.start(name) as run:
        recording = run.stream.read()
        return picture_of(frames(recording)) + (f"  !! {run.refusal}" if run.refusal else "")


def burn() -> None:
    """Keep a core busy."""
    while True:
        sum(range(10000))


@contextmanager
def load(burners: int) -> Iterator[None]:
    """Processes that do nothing but use the processors."""
    workers = [multiprocessing.Process(target=burn, daemon=True) for _ in range(burners)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def main() -> None:
    """Run, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=20, help="runs of each demo, idle and loaded")
    parser.add_argument("--burners", type=int, default=6)
    parser.add_argument("demo", nargs="*", default=demos.ORDER)
    wanted = parser.parse_args()
    for burners in (0, wanted.burners):
        with load(burners):
            for name in wanted.demo:
                started = time.monotonic()
                seen = Counter(once(name) for _ in range(wanted.n))
                each = (time.monotonic() - started) / wanted.n
                print(f"{name}, {burners} burners: {len(seen)} picture(s) in {wanted.n} runs, {each:.2f} s each")
                for shown, count in seen.most_common():
                    print(f"   x{count} {shown}")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
