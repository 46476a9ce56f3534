"""How many packets a second are captured without losing one: 200-byte datagrams on loopback, paced, five runs a rate.

    sudo python tests/benchmarks/capture_rate.py [--rates 100000 200000 300000] [--seconds 2]

Needs the right to sniff on the host's loopback. Sender, sniffer and reader share the machine's cores.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import threading
import time

from pktscope.lab import runner

PORT = 40997
SIZE = 200 - 28


def send(rate: int, seconds: float) -> int:
    """Send paced datagrams to a socket nobody reads; how many."""
    kind = (socket.AF_INET, socket.SOCK_DGRAM)
    with socket.socket(*kind) as sink, socket.socket(*kind) as source:
        sink.bind(("127.0.0.1", PORT))
        source.connect(("127.0.0.1", PORT))
        data, sent, total, start = bytes(SIZE), 0, int(rate * seconds), time.perf_counter()
        while sent < total:
            due = min(total, int((time.perf_counter() - start) * rate) + 1)
            for _ in range(due - sent):
                source.send(data)
            sent = due
        print(f"   sent {total:,} at {total / (time.perf_counter() - start):,.0f} a second", end="", flush=True)
    return total


def once(rate: int, seconds: float) -> None:
    """One run: what the sniffer got, what the kernel dropped."""
    with runner.live("lo", expression=f"udp dst port {PORT}") as run:
        size, tail = run.stream.read(40), bytearray()

        def drain() -> None:
            while octets := os.read(run.stream.fileno(), 1 << 20):
                tail.extend(octets)
                del tail[:-4096]

        reader = threading.Thread(target=drain)
        reader.start()
        child = os.fork()
        if child == 0:
            send(rate, seconds)
            os._exit(0)
        os.waitpid(child, 0)
        run.stop()
        reader.join()
    assert size
    told = re.search(rb"PKTSCOPE_DATA=(\{.*\})", bytes(tail))
    dropped = json.loads(told[1])["dropped"] if told else "?"
    print(f", {dropped} dropped")


def main() -> None:
    """Run, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rates", type=int, nargs="*", default=[100_000, 200_000, 300_000])
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--runs", type=int, default=5)
    wanted = parser.parse_args()
    for rate in wanted.rates:
        print(f"{rate:,} packets a second")
        for _ in range(wanted.runs):
            once(rate, wanted.seconds)


if __name__ == "__main__":
    main()
