"""The keys that play and move, for whatever screen has rows to be played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pktscope.rows import Role, Row
from pktscope.tui import player as playing
from pktscope.words import _

if TYPE_CHECKING:
    from textual.screen import Screen

    from pktscope.tui.player import Player, Stops

    class Steered(Screen[None]):
        """What a screen that is played has."""

        player: Player
        stops: Stops
        touched: bool
        following: bool

        @property
        def rows(self) -> Sequence[Row]: ...
        @property
        def growing(self) -> bool: ...
        def noted(self) -> Sequence[int]: ...
        def set_player(self, player: Player) -> None: ...
        def tell(self, text: str, role: Role = Role.NOTICE) -> None: ...
        def action_inspect(self) -> None: ...
else:
    Steered = object


class Steering(Steered):
    """Playing and moving."""

    def action_play(self) -> None:
        """Play or pause."""
        self.set_player(playing.toggled(self.player, self.stops))

    def action_step(self, by: int) -> None:
        """A step on or back."""
        self.set_player(playing.stepped(self.player, self.stops, by))

    def action_speed(self, by: int) -> None:
        """Faster or slower."""
        self.set_player(playing.hurried(self.player, by))

    def action_pace(self) -> None:
        """True time or an even pace."""
        self.set_player(replace(self.player, true_time=not self.player.true_time))

    def action_note(self, by: int) -> None:
        """The next row with a note, or the one before."""
        here = self.player.row
        ahead = [row for row in self.noted() if (row > here if by > 0 else row < here)]
        if ahead:
            row = ahead[0] if by > 0 else ahead[-1]
            self.set_player(replace(playing.selected(self.player, row), curtain=self.player.curtain))
        else:
            self.tell(_("there is no further note") if by > 0 else _("there is no note before this one"))

    def action_move(self, by: int) -> None:
        """Select another row."""
        self.set_player(playing.selected(self.player, self.stops.moved(self.player.row, by)))

    def action_edge(self, which: int) -> None:
        """The first or the last row; the last one follows a live run."""
        if which < 0:
            player = playing.selected(self.player, self.stops.moved(0, 0))
            self.set_player(replace(player, curtain=self.player.curtain))
            return
        self.set_player(playing.selected(self.player, self.stops.moved(len(self.rows), 0)))
        self.following = self.growing

    def pick(self, row: int, twice: bool) -> None:
        """A row was clicked."""
        owner = playing.owner(self.rows, self.stops, row)
        self.set_player(replace(playing.selected(self.player, owner), curtain=self.player.curtain))
        if twice:
            self.action_inspect()
