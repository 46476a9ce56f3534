"""`pktscope demo` and `record`: the run, its promise, and the recording where nothing can run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pktscope.commands.opening import receiver, recording, refused
from pktscope.commands.present import ended, on_screen, present, print_out
from pktscope.exits import FAILED, NOT_SHOWN, OK, Stop, complain, safe
from pktscope.words import N_, _, retold, say

if TYPE_CHECKING:
    from pktscope.capture.store import Store
    from pktscope.demos import Demo
    from pktscope.lab.runner import Run
    from pktscope.lab.starter import Launch
    from pktscope.lab.wishes import Wishes


def perform(demo: Demo, write_to: str | None, wishes: Wishes, look: dict[str, Any] | None) -> int:
    """Run a demo as wished; show it unless `look` is None; hold it to its promise."""
    if look is not None and on_screen(look):
        from pktscope.commands.gallery import show_demo

        return show_demo(demo, write_to, wishes.named(), look)
    from pktscope.lab.starter import starter

    own, demo = demo, promised(demo, wishes)
    wishes = replace(wishes, variant=demo.variant)
    with starter() as launch:
        attempt = begin(demo, launch, wishes, write_to)
        if look is not None and refused(*attempt):
            if write_to:
                complain(say("{file} was not written: nothing was run", {"file": safe(write_to)}))
            return play_recording(own, attempt[1].refusal, look, changed=wishes.changed)
        missing = missed(demo, *attempt)
        if missing:
            attempt[1].close()
            complain(say("the first run did not show {missing:clauses}; this is a second", {"missing": missing}))
            attempt = begin(demo, launch, wishes, write_to)
        store, run = attempt
        with run:
            said = elsewhere(own, store, run) if wishes.changed and not wishes.bent else ""
            if look is None:
                return recorded(store, run, demo, write_to or "", said)
            code = print_out(store, look, title=_(demo.title), stream="", run=run, demo=demo, endless=False)
            if said and code == OK and not look["as_json"]:
                print(said)
        if missing and code == NOT_SHOWN:
            complain(say("'pktscope demo {name} --recorded' plays a run that did", {"name": demo.name}))
        return code


def promised(demo: Demo, wishes: Wishes) -> Demo:
    """The demo as it can be held to its word: in a room that somebody changed on purpose it promises nothing."""
    return replace(demo, shows=(), promise="") if wishes.changed else demo


def elsewhere(demo: Demo, store: Store, run: Run) -> str:
    """What a run in another room than the demo's own shows of what it promises; '' where the run failed."""
    from pktscope.promise import headline, outcome
    from pktscope.show import folded

    flow = folded(store, None)[0]
    if run.wait() != OK or store.error:
        return ""
    kept = outcome(demo.shows, flow.notes, demo.promise)
    values = {"promise": _(demo.promise), "missing": [headline(rule) for rule in kept.missing]}
    said = N_("Promised of the demo's own room: {promise}. This one is another, and does not show {missing:clauses}.")
    return kept.sentence if kept.kept else say(said, values)


def begin(demo: Demo, launch: Launch, wishes: Wishes, write_to: str | None) -> tuple[Store, Run]:
    """A run of a demo and the store of its recording, kept in a file too if asked."""
    run = launch(demo.name, **wishes.named())
    return receiver(run, write_to)(), run


def missed(demo: Demo, store: Store, run: Run) -> list[str]:
    """What a run that went well did not show, of what the demo promises; waits for its end."""
    from pktscope.promise import headline, outcome
    from pktscope.show import folded

    flow = folded(store, None)[0]
    if run.wait() != OK or store.error:
        return []
    return [headline(rule) for rule in outcome(demo.shows, flow.notes, demo.promise).missing]


def play_recording(demo: Demo, why: str, look: dict[str, Any], *, changed: bool = False) -> int:
    """What was recorded elsewhere, labelled so, where nothing can run here; `changed`: somebody wished for another."""
    if why and changed:
        words = N_("{why}; playing the recorded exchange instead, which ran without these options")
        complain(say(words, {"why": retold(why)}))
    elif why:
        complain(say("{why}; playing the recorded exchange instead", {"why": retold(why)}))
    return present(recording(demo), look, title=say("{title} (recorded)", {"title": _(demo.title)}), demo=demo)


def recorded(store: Store, run: Run, demo: Demo, write_to: str, said: str = "") -> int:
    """Wait for a run to be recorded and say how it went; `said`: of a room that is not the demo's own."""
    from pktscope.promise import outcome
    from pktscope.show import folded

    flow = folded(store, None)[0]
    code = ended(run)
    if code != OK:
        return code
    if store.copy_lost:
        raise Stop(FAILED, f"{safe(write_to)}: {retold(store.copy_lost)}")
    kept = outcome(demo.shows, flow.notes, demo.promise)
    values = {"file": safe(write_to), "count": store.frame_count, "kept": kept.sentence or said}
    print(say("{file}: {count:frames}. {kept}", values))
    return OK if kept.kept else NOT_SHOWN
