"""How each of somebody's programs ended, in one line."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from pktscope.model import Call, Observation
from pktscope.words import N_, _, capital, phrase, retold, say

NORMALLY = N_("{who} ended normally (exit code 0)")
OTHERWISE = N_("{who}: {how}")
FORKED = N_("another process of {who}: {how}")
UNTOLD = N_("calls are told of Python programs only; of the others, the packets and what they print")


def endings(observations: Iterable[Observation]) -> str:
    """How each program ended, in one line; '' where none was seen to."""
    calls = [seen for seen in observations if isinstance(seen, Call)]
    exits = [seen for seen in calls if seen.name == "exit"]
    first = {(seen.side, seen.program): seen.pid for seen in reversed(calls)}
    several = {seen.side for seen in exits if seen.program > 1}
    told, ended = [], set()
    for seen in exits:
        one = seen.side, seen.program
        who = phrase(N_("{side} {number}"), side=seen.side, number=seen.program) if seen.side in several else seen.side
        values: dict[str, object] = {"who": phrase(N_("the {who}"), who=who) if seen.side not in several else who}
        own = one not in ended and (seen.pid == first[one] or not seen.serial)
        if own:
            ended.add(one)
            how = OTHERWISE if seen.arguments else NORMALLY
        elif seen.arguments:
            how = FORKED
        else:
            continue
        told.append(capital(say(how, {**values, "how": retold(seen.arguments)})))
    if any(seen.name == "exec" for seen in calls):
        told.append(capital(_(UNTOLD)))
    sentences = [say("{clause}.", {"clause": each}) for each in dict.fromkeys(told)]
    return reduce(lambda first, second: say("{first} {second}", {"first": first, "second": second}), sentences or [""])
