"""Run demos many times on a loaded machine, and print how often each was what it has to be.

    python -m tests.benchmarks.demos_under_load [-n 20] [-j 3] [--burners 2] [--user NAME] [--keep DIR] [DEMO ...]

One line for each demo in each of its variants: how many runs showed the same packets (as most of them did), kept the
promise, showed at every call the state the kernel reported (law 11), lost no frame and met nothing odd, and said the
same; seconds each. Then what differs between the pictures, and everything that went wrong. "Late" are runs with an ACK
right ahead of the answer that was to carry it: the program answered later than the 40 ms its kernel waits. No program
can help that on a loaded machine, what is taught stays the same, and so those ACKs are left out of the pictures.

`-j` runs so many at once, besides processes that do nothing but use the processors; `--keep` keeps the recordings of
runs unlike the others.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import pwd
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise, takewhile
from pathlib import Path

from pktscope import demos
from pktscope.model import End, Frame
from pktscope.promise import outcome
from tests.played import Played, disagreements, play


@dataclass(frozen=True)
class Verdict:
    """One run, judged."""

    picture: str
    whole: str
    """The picture with the acknowledgements that came ahead of an answer."""
    notes: tuple[str, ...]
    """Rules that spoke."""
    wrongs: tuple[str, ...]
    """Each begins with its kind."""
    seconds: float
    recording: bytes = b""


def judged(name: str, variant: str = "") -> Verdict:
    """Run a demo and hold it against everything."""
    begun = time.monotonic()
    try:
        played = play(name, variant)
        taken = time.monotonic() - begun
        picture = played.without(overtaking(played))
        return Verdict(picture, played.picture, rules(played), tuple(wrongs(played)), taken, played.recording)
    except Exception as error:  # a defect of ours, which is what this looks for
        return Verdict("", "", (), (f"crash: {type(error).__name__}: {error}",), time.monotonic() - begun)


def rules(played: Played) -> tuple[str, ...]:
    """Which rules spoke, and how often."""
    return tuple(f"{rule} x{times}" for rule, times in sorted(Counter(note.rule for note in played.flow.notes).items()))


def wrongs(played: Played) -> Iterator[str]:
    """Everything that is not as it has to be."""
    flow, demo = played.flow, played.demo
    end = played.seen[-1] if played.seen else None
    missing = outcome(demo.shows, flow.notes, demo.promise).missing
    if played.status:
        yield f"failed: exit code {played.status}, {played.refusal}"
    if missing:
        yield f"promise: {', '.join(missing)}"
    if not isinstance(end, End) or (end.reason, end.dropped) != ("finished", 0):
        yield f"end: {end}"
    yield from (f"odd: {note.message}" for note in flow.notes if note.rule in ("tcp.oddity", "capture.oddity"))
    yield from (f"state: {line}" for line in disagreements(flow))


def overtaking(played: Played) -> set[int]:
    """Numbers of frames that are a delayed ACK right before an answer that would have carried it."""
    delayed = {note.step for note in played.flow.notes if note.rule == "tcp.delayed-ack"}
    sent = [(step, step.observation) for step in played.flow.steps if isinstance(step.observation, Frame)]
    return {
        frame.number
        for (step, frame), (after, answer) in pairwise(sent)
        if step.index in delayed and after.side is step.side and after.segment and answer.length
    }


def unlike(pictures: Counter[str]) -> Counter[str]:
    """Pictures without what is alike at both ends of all of them."""
    words = [shown.split() for shown in pictures]
    begun = begun_alike(words)
    ended = begun_alike([each[begun:][::-1] for each in words])
    short: Counter[str] = Counter()
    for each, count in zip(words, pictures.values(), strict=True):
        middle = each[max(0, begun - 3) : len(each) - ended + 3]
        short[f"({begun} words) {' '.join(middle)}"[:600]] += count
    return short


def begun_alike(lists: list[list[str]]) -> int:
    """How many words all of them begin with."""
    return sum(1 for _ in takewhile(lambda met: len(set(met)) == 1, zip(*lists, strict=False)))


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


def become(name: str) -> None:
    """Go on as an ordinary user."""
    user = pwd.getpwnam(name)
    os.initgroups(name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ.update(HOME=user.pw_dir, USER=name, LOGNAME=name)
    for left in [each for each in os.environ if each.startswith("SUDO_")]:
        del os.environ[left]


def report(name: str, verdicts: list[Verdict], keep: Path | None) -> None:
    """The line of a demo, and what was not as it has to be."""
    pictures = Counter(each.picture for each in verdicts)
    stories = Counter(each.notes for each in verdicts)
    usual, alike = pictures.most_common(1)[0]
    told, same = stories.most_common(1)[0]
    total = len(verdicts)

    def without(*kinds: str) -> str:
        return f"{sum(not any(wrong.startswith(kinds) for wrong in each.wrongs) for each in verdicts)}/{total}"

    seconds = [each.seconds for each in verdicts]
    fine = alike == total and not any(each.wrongs for each in verdicts)
    late = alike - Counter(each.whole for each in verdicts if each.picture == usual).most_common(1)[0][1]
    print(
        f"{'ok ' if fine else 'BAD'} {name:<24} packets {alike}/{total}{f' ({late} late)' if late else ''},"
        f" promise {without('promise', 'failed', 'crash')}, states {without('state', 'crash')},"
        f" whole {without('end', 'odd', 'failed', 'crash')}, notes {same}/{total},"
        f" {sum(seconds) / total:.1f} s (at most {max(seconds):.1f})",
        flush=True,
    )
    if len(pictures) > 1:
        for shown, count in unlike(pictures).most_common():
            print(f"      x{count} {shown}")
    for story, count in stories.items():
        if story != told:
            print(f"      x{count} notes: +{sorted(set(story) - set(told))} -{sorted(set(told) - set(story))}")
    for wrong, count in Counter(wrong for each in verdicts for wrong in each.wrongs).most_common():
        print(f"      x{count} {wrong}", flush=True)
    if keep is not None:
        others = [each for each in verdicts if each.wrongs or each.picture != usual or each.notes != told]
        for place, each in enumerate(others):
            (keep / f"{name}.{place}.pcapng").write_bytes(each.recording)


def every() -> list[str]:
    """Every demo in each of its variants, as their recordings are called."""
    return [
        f"{name}.{variant}" if variant else name
        for name in demos.ORDER
        for variant in [each for each, _ in demos.load(name).variants] or [""]
    ]


def main() -> None:
    """Run, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-n", type=int, default=20, help="runs of each")
    parser.add_argument("-j", type=int, default=3, help="runs at once")
    parser.add_argument("--burners", type=int, default=2)
    parser.add_argument("--user", help="as whom, when called by root")
    parser.add_argument("--keep", type=Path, help="where to keep recordings of runs unlike the others")
    parser.add_argument("demo", nargs="*", default=every())
    wanted = parser.parse_args()
    if wanted.user:
        become(wanted.user)
    if wanted.keep:
        wanted.keep.mkdir(parents=True, exist_ok=True)
    with load(wanted.burners), ProcessPoolExecutor(wanted.j) as pool:
        runs: list[tuple[str, list[Future[Verdict]]]] = [
            (name, [pool.submit(judged, *name.split(".")) for _ in range(wanted.n)]) for name in wanted.demo
        ]
        for name, under_way in runs:
            report(name, [each.result() for each in under_way], wanted.keep)


if __name__ == "__main__":
    main()
