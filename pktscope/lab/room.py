"""The private room: a network namespace with nothing in it but a loopback that behaves like a wire of MTU 1500.

Entered by a fresh, single-threaded process (a user namespace is refused to one with threads). Everything is done by
ioctl and by writing to /proc, inside the namespace: the host's own loopback and sysctls are never touched.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pktscope.lab import kernel
from pktscope.words import N_, say

ADDRESS = ("127.0.0.1", 8000)
"""Where servers listen in a private room: nothing else is there, so the port is never in use."""

SYSCTLS = (
    ("net.ipv4.tcp_congestion_control", "reno"),  # inherited from the host otherwise; reno is always allowed
    ("net.ipv4.tcp_early_retrans", "0"),  # no tail loss probe: on loopback it fires before a 40 ms delayed ACK
    ("net.ipv4.tcp_no_metrics_save", "1"),
    ("net.ipv4.tcp_invalid_ratelimit", "0"),  # answer every window probe and keep-alive
    ("net.ipv4.tcp_syn_linear_timeouts", "0"),  # SYN again after 1, 2, 4 s, as RFC 6298 says
    ("net.ipv4.tcp_rmem", "4096 131072 6291456"),
    ("net.ipv4.tcp_wmem", "4096 16384 4194304"),
    ("net.ipv4.conf.all.rp_filter", "0"),
    ("net.ipv4.conf.default.rp_filter", "0"),
    ("net.ipv4.conf.lo.route_localnet", "1"),
    ("net.ipv4.conf.lo.accept_local", "1"),
    ("net.ipv4.icmp_ratelimit", "0"),
    ("net.ipv4.ip_unprivileged_port_start", "0"),  # tutorials listen on port 80
)
"""Pinned in every room: each of these changes what a reader sees, and the host's value is inherited or unknown."""

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _SIOCSIFMTU, _SIOCETHTOOL = 0x8913, 0x8914, 0x8922, 0x8946
_ETHTOOL_STSO = 0x1F
_IFF_UP = 1


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """The system does not allow a room: the first step that failed, and why."""

    step: str
    """'unshare', 'uid_map', 'lo up', 'AF_PACKET', ..."""
    number: int
    """errno."""

    def __str__(self) -> str:
        return f"{self.step}: {errno.errorcode.get(self.number, self.number)}"


@contextmanager
def step(name: str) -> Iterator[None]:
    """Turn an OSError of the block into Refused(`name`)."""
    try:
        yield
    except OSError as error:
        raise Refused(name, error.errno or 0) from None


def leave_host(user_namespace: bool) -> None:
    """Enter new network and PID namespaces (children only, for the latter), by way of a user namespace if asked.

    The identity map keeps the programs' own user and group; the first process holds every capability inside. Refused
    names the step that failed.
    """
    user, group = os.geteuid(), os.getegid()
    flags = kernel.CLONE_NEWNET | kernel.CLONE_NEWPID
    with step("unshare"):
        kernel.unshare(flags | kernel.CLONE_NEWUSER if user_namespace else flags)
    if user_namespace:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with step(name), open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)


def furnish(mtu: int = 1500, offload: bool = False) -> tuple[tuple[str, str], ...]:
    """Bring the namespace's loopback up as asked and pin its sysctls; what was applied, by name.

    A sysctl this kernel does not have, or whose /proc/sys is read-only in a container, is left out of the answer.
    """
    with step("lo up"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFMTU, struct.pack("16si20x", b"lo", mtu))
        ethtool(control, "lo", _ETHTOOL_STSO, int(offload))
        flags = struct.unpack_from("16xH", fcntl.ioctl(control, _SIOCGIFFLAGS, struct.pack("16s24x", b"lo")))[0]
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", flags | _IFF_UP))
    applied = [("lo mtu", str(mtu)), ("lo tso", "on" if offload else "off")]
    applied += pinned(dict(SYSCTLS))
    return tuple(applied)


def ethtool(control: socket.socket, name: str, command: int, value: int) -> None:
    """Set something of a network card (ethtool(8)); `control` is any socket."""
    request = ctypes.create_string_buffer(struct.pack("II", command, value))
    fcntl.ioctl(control, _SIOCETHTOOL, struct.pack("16sP16x", name.encode(), ctypes.addressof(request)))


def pin(name: str, value: str) -> bool:
    """Set a sysctl of this namespace; whether that was possible."""
    try:
        with open("/proc/sys/" + name.replace(".", "/"), "w", encoding="ascii") as file:
            file.write(value)
    except OSError:
        return False
    return True


def describe(mtu: int, offload: bool) -> str:
    """The room in one line: 'private loopback, MTU 1500, TSO off, Linux 6.18'."""
    said = (
        N_("private loopback, MTU {mtu}, TSO on, {system}")
        if offload
        else N_("private loopback, MTU {mtu}, TSO off, {system}")
    )
    return say(said, {"mtu": mtu, "system": system()})


def address(six: bool = False) -> tuple[str, int]:
    """Where a server listens on loopback."""
    return ("::1" if six else ADDRESS[0], ADDRESS[1])


def pinned(wanted: Mapping[str, str]) -> list[tuple[str, str]]:
    """Set sysctls of this namespace by name; those that could be set."""
    return [(name, value) for name, value in wanted.items() if pin(name, value)]


def system() -> str:
    """'Linux 6.18': what the kernel calls itself, shortly."""
    return f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}"
