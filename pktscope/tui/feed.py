"""From a reader to a timeline, a slice of time at once, so that the screen stays alive while a capture is read."""

from __future__ import annotations

import gc
from time import monotonic
from typing import Protocol

from pktscope.flow import Flow
from pktscope.flows import Flows
from pktscope.model import Conversation, End, Exchange, Note, Observation, Return, States, Step
from pktscope.rows import Arrow, Fold
from pktscope.timeline import Timeline

SLICE = 0.02
"""Seconds of every tick spent on reading and following; the rest of a tick belongs to keys and painting."""
BATCH = 50
SETTLED = 4000
"""Steps after which all that was made is taken to stay: looking through it for garbage, a second for a hundred
thousand steps, would stop the screen."""


class Reader(Protocol):
    """Whatever hands over the observations of one conversation (capture.store.Reader)."""

    def more(self, limit: int = 200) -> list[Observation]:
        """The next ones, possibly none yet."""
        ...

    @property
    def done(self) -> bool:
        """Nothing will ever come any more."""
        ...


class Feed:
    """One conversation being followed, or all of an exchange: the fold, the timeline, what the screen asks of both."""

    def __init__(
        self,
        reader: Reader,
        conversation: Conversation | None,
        *,
        exchange: Exchange | None = None,
        fold: bool = True,
    ) -> None:
        """Without a conversation: all of them; `exchange` is what their recording says of itself."""
        self.reader = reader
        self.conversation = conversation
        self.flow: Flow | Flows = Flows(exchange) if conversation is None else Flow(conversation)
        self.path = exchange.path if exchange is not None and conversation is None else ()
        self.timeline = Timeline(fold=fold, path=self.path)
        self.laid = 0
        """Steps that are on the timeline."""
        self.unsettled = 0
        self.returns: dict[int, int] = {}
        """A Call's step -> its Return's step."""
        self.end: End | None = None
        self.notes: dict[int, list[Note]] = {}
        """By the step they land on."""

    @property
    def done(self) -> bool:
        """Everything has been read and placed."""
        return self.laid == len(self.flow.steps) and self.reader.done

    def pump(self, seconds: float = SLICE) -> int:
        """Read and place for at most about `seconds`; how many observations that were."""
        until = monotonic() + seconds
        count = self._lay_again(until)
        while monotonic() < until:
            batch = self.reader.more(BATCH)
            for observation in batch:
                self.place(observation)
            count += len(batch)
            if not batch:
                break
        self.unsettled += count
        if self.unsettled > SETTLED:
            self.unsettled = 0
            gc.collect(1)
            gc.freeze()
        return count

    def _lay_again(self, until: float) -> int:
        """Lay out steps a new timeline lacks; how many."""
        steps, first = self.flow.steps, self.laid
        while self.laid < len(steps) and (self.laid % BATCH or monotonic() < until):
            step = steps[self.laid]
            self.timeline.add(step, self.notes.get(step.index, ()), self.flow.client, self.flow.server)
            self.laid += 1
        return self.laid - first

    def place(self, observation: Observation) -> None:
        """Follow one observation and lay it out."""
        step, notes = self.flow.feed(observation)
        self.timeline.add(step, notes, self.flow.client, self.flow.server)
        self.laid += 1
        self._remember(step, notes)

    def _remember(self, step: Step, notes: tuple[Note, ...]) -> None:
        if isinstance(step.observation, Return) and step.call is not None:
            self.returns[step.call] = step.index
        if isinstance(step.observation, End):
            self.end = step.observation
        for note in notes:
            self.notes.setdefault(note.step, []).append(note)

    def refold(self, fold: bool) -> None:
        """Begin to lay the same steps out anew, with or without folds; `pump` does it."""
        self.timeline = Timeline(fold=fold, path=self.path)
        self.laid = 0

    def states(self, step: int) -> States:
        """The states of both ends after a step; before the first one where there are none."""
        steps = self.flow.steps
        if not steps:
            return self.flow.states
        return steps[min(max(0, step), len(steps) - 1)].after

    def step(self, index: int) -> Step | None:
        """A step by its index."""
        return self.flow.steps[index] if 0 <= index < len(self.flow.steps) else None

    def numbers(self) -> tuple[int, int]:
        """The first and last frame number on this timeline; (0, 0) if none."""
        shown = [row for row in self.timeline.rows[:64] if isinstance(row, Arrow | Fold)]
        last = next((row for row in reversed(self.timeline.rows) if isinstance(row, Arrow | Fold)), None)
        if not shown or last is None:
            return 0, 0
        first = shown[0].number if isinstance(shown[0], Arrow) else shown[0].numbers[0]
        return first, last.number if isinstance(last, Arrow) else last.numbers[1]
