"""What a machine allows, and how a refusal is explained."""

from __future__ import annotations

import errno
import os

import pytest

from pktscope.lab import ladder
from pktscope.lab.room import Refused
from pktscope.lab.threshold import HOST, ROOM, SUDO, USER_ROOM
from tests.labtools import descendants


def test_root_tries_its_own_right_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """As root: a room, a room by user namespace, the host. As anybody else: the namespace, sudo, the host."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert ladder.rungs() == (ROOM, USER_ROOM, HOST)
    assert ladder.rungs(host=True) == (HOST,)

    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert ladder.rungs() == (USER_ROOM, SUDO, HOST)
    assert ladder.rungs(host=True) == (HOST, SUDO)


@pytest.mark.live
@pytest.mark.usefixtures("private_room")
def test_the_ladder_is_climbed_in_throw_away_children() -> None:
    """The best way in is found, every rung is reported, and no process is left over."""
    found = ladder.findings()

    assert ladder.best() in (ROOM, USER_ROOM)
    assert len(found) == 3
    assert all(one.ok or one.way_out for one in found)
    assert descendants(os.getpid()) == set()


@pytest.mark.parametrize(
    ("sysctl", "value", "number", "way_out"),
    [
        ("kernel.apparmor_restrict_unprivileged_userns", "1", errno.EPERM, "sysctl -w {}=0"),
        ("kernel.unprivileged_userns_clone", "0", errno.EPERM, "sysctl -w {}=1"),
        ("user.max_user_namespaces", "0", errno.ENOSPC, "sysctl -w {}=10000"),
    ],
)
def test_the_sysctl_that_forbids_is_named(
    monkeypatch: pytest.MonkeyPatch, sysctl: str, value: str, number: int, way_out: str
) -> None:
    """Step, errno and the sysctl's value; the way out is one command."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(ladder, "_read", lambda name: value if name == sysctl else "")
    refused = Refused("unshare", number)

    assert ladder.explain(refused) == f"refused (unshare: {errno.errorcode[number]}, {sysctl} = {value})"
    assert ladder.way_out(USER_ROOM, refused).endswith(way_out.format(sysctl))


def test_without_a_sysctl_the_way_out_is_sudo_or_the_container(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seccomp filter that denies unshare() has no switch of its own."""
    monkeypatch.setattr(ladder, "_read", lambda name: "")
    refused = Refused("unshare", errno.EPERM)

    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert ladder.way_out(USER_ROOM, refused) == "run it with sudo"
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert "SYS_ADMIN" in ladder.way_out(ROOM, refused)


def test_the_apparmor_profile_names_this_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where AppArmor is what forbids."""
    monkeypatch.setattr(ladder, "_read", lambda name: "1" if "apparmor" in name else "")
    assert "userns," in ladder.apparmor_profile()

    monkeypatch.setattr(ladder, "_read", lambda name: "")
    assert ladder.apparmor_profile() == ""


@pytest.mark.live
@pytest.mark.usefixtures("private_room")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_every_way_in_can_be_gone_under_sudo(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Behind a user namespace nobody can become the caller of sudo, so it is entered as that user."""
    monkeypatch.setenv("SUDO_UID", "12345")
    monkeypatch.setenv("SUDO_GID", "12346")

    assert all(ladder.finding(rung).ok for rung in (ROOM, USER_ROOM))
    assert capfd.readouterr().err == ""


def test_what_breaks_off_is_not_said_to_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """A way in that was not refused and yet failed is no way in."""
    monkeypatch.setattr(ladder, "_try", lambda rung, settled: 1)

    assert not ladder.finding(HOST).ok
