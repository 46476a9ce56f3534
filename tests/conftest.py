"""What every test may lean on: whether this machine has a private room, and that CI never skips a live test."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"


def cannot(why: str) -> NoReturn:
    """Leave a live test that this machine cannot run: a skip, but in CI a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"CI must run the live tests: {why}")
    pytest.skip(why)


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The shared captures; skips where they are not beside the checkout."""
    if not (CORPUS / "captures").is_dir():
        pytest.skip("the shared captures are not beside this checkout")
    return CORPUS


@pytest.fixture(scope="session")
def private_room() -> None:
    """A private room is possible here; else the test is skipped saying why, and in CI it fails."""
    from pktscope.lab import ladder
    from pktscope.lab.threshold import ROOM, USER_ROOM

    tried = [ladder.finding(rung) for rung in (ROOM, USER_ROOM)]
    if not any(found.ok for found in tried):
        why = "; ".join(f"{found.step}: {found.detail}" for found in tried)
        cannot(f"no private room here: {why}")


@pytest.fixture
def may_sniff() -> None:
    """The right to sniff on the host; else the test is skipped saying so, and in CI it fails."""
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except OSError:
        cannot("sniffing on the host needs CAP_NET_RAW")


@pytest.fixture
def rights_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried in this process lays down no rights: the tests behind it need them."""
    monkeypatch.setattr("pktscope.commands.opening.lay_down_privileges", lambda: None)


@pytest.fixture
def chinese() -> Iterator[None]:
    """Everything is said in Chinese."""
    from pktscope import words
    from pktscope.languages import catalogue

    words.use(catalogue("zh_CN"))
    yield
    words.use({})
