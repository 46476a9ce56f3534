"""The kernel's packet ring: AF_PACKET with TPACKET_V3, mapped into memory. Standard library only.

Capture begins when the constructor returns (at bind()), stamps are the kernel's own nanoseconds, nothing depends on
rmem_max, and the kernel counts what it could not store. Needs CAP_NET_RAW to open, no privilege afterwards.
"""

from __future__ import annotations

import ctypes
import mmap
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

Instruction: TypeAlias = tuple[int, int, int, int]
"""One instruction of classic BPF: code, jump if true, jump if false, operand."""

Seen: TypeAlias = tuple[int, bytes, int]
"""A frame: time in nanoseconds, captured octets, length on the wire."""

MARKER_TYPE = 0x88B5
"""The ethertype IEEE 802 keeps for local experiments: our end marker's."""

ETHERNET, RAW, COOKED = 1, 101, 113
"""Link types as pcapng numbers them."""

_SOL_PACKET = 263
_PACKET_RX_RING, _PACKET_STATISTICS, _PACKET_VERSION, _PACKET_IGNORE_OUTGOING = 5, 6, 10, 23
_TPACKET_V3 = 2
_SO_ATTACH_FILTER = 26
_ETH_P_ALL = 3
_OUTGOING = 4
_VLAN_VALID, _VLAN_TPID_VALID = 1 << 4, 1 << 6

_ARPHRD_ETHER, _ARPHRD_LOOPBACK = 1, 772
_ARPHRD_WITHOUT_HEADER = frozenset({519, 768, 769, 776, 778, 823, 0xFFFE})  # raw IP, tunnels, sit, GRE, tun

_BLOCK = struct.Struct("=III")  # status, packets, offset of the first, at octet 8 of a block
_PACKET = struct.Struct("=IIIIIIHHIIH")  # next, s, ns, captured, length, status, mac, net, rxhash, tci, tpid
_SOCKADDR_LL = struct.Struct("=H2siHBB8s")  # family, protocol in network order, index, ARPHRD, kind, size, address
_STATUS_AT, _ADDRESS_AT = 8, 48


@dataclass(frozen=True, slots=True)
class Link:
    """How an interface's frames look: the socket that shows them best, and the link type to record."""

    kind: int
    """socket.SOCK_RAW with the link header, socket.SOCK_DGRAM without."""
    link_type: int
    filter_type: int
    """What a BPF filter sees: a DLT_ number for libpcap's compiler."""


_DLT_ETHERNET, _DLT_RAW = 1, 12


def link_of(interface: str) -> Link:
    """How to capture on `interface`; 'any' is all of them, in Linux cooked form. OSError if there is none such."""
    if interface == "any":
        return Link(socket.SOCK_DGRAM, COOKED, _DLT_RAW)
    socket.if_nametoindex(interface)
    with open(f"/sys/class/net/{interface}/type", encoding="ascii") as file:
        hardware = int(file.read())
    return link_for(hardware)


def link_for(hardware: int) -> Link:
    """How to capture on an interface of this ARPHRD_ type."""
    if hardware in (_ARPHRD_ETHER, _ARPHRD_LOOPBACK):
        return Link(socket.SOCK_RAW, ETHERNET, _DLT_ETHERNET)
    if hardware in _ARPHRD_WITHOUT_HEADER:
        return Link(socket.SOCK_RAW, RAW, _DLT_RAW)
    return Link(socket.SOCK_DGRAM, COOKED, _DLT_RAW)


class Ring:
    """Frames of one interface, from the moment this is made until `close`."""

    def __init__(
        self, interface: str, link: Link, *, program: Sequence[Instruction] = (), size: int = 32 << 20
    ) -> None:
        """Start capturing, through the BPF `program` if given, into `size` octets of memory.

        Not promiscuous. On loopback every frame passes twice, out and in: only the second is kept.
        """
        self.interface = interface
        self.link = link
        self.socket = socket.socket(socket.AF_PACKET, link.kind, 0)  # protocol 0: nothing arrives before bind()
        self.failed = 0
        """errno of what ended the capture from outside (ENETDOWN: the interface went away); see `check`."""
        self.packets = 0
        self.dropped = 0
        self._block_size = 1 << 17
        self._blocks = size // self._block_size
        self._block = 0
        self._loopback = _loopback_index()
        try:
            self._open(interface, program)
        except OSError:
            self.socket.close()
            raise

    def _open(self, interface: str, program: Sequence[Instruction]) -> None:
        opened = self.socket
        opened.setsockopt(_SOL_PACKET, _PACKET_VERSION, _TPACKET_V3)
        frames = self._block_size // 2048 * self._blocks
        # A block is handed over when full, or after 4 ms: what keeps a quiet wire's picture live.
        ring = struct.pack("7I", self._block_size, self._blocks, 2048, frames, 4, 0, 0)
        opened.setsockopt(_SOL_PACKET, _PACKET_RX_RING, ring)
        self._memory = mmap.mmap(opened.fileno(), self._block_size * self._blocks)
        if interface == "lo":
            opened.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        if program:
            attach(opened, program)
        if interface == "any":
            _bind_everywhere(opened)
        else:
            opened.bind((interface, _ETH_P_ALL))

    def fileno(self) -> int:
        """For poll(): readable when a block of frames has been handed over."""
        return self.socket.fileno()

    def take(self, most: int = 16) -> list[Seen]:
        """The frames of up to `most` blocks that have been handed over; empty when there is none yet."""
        frames: list[Seen] = []
        memory = self._memory
        for _ in range(most):
            start = self._block * self._block_size
            status, count, offset = _BLOCK.unpack_from(memory, start + _STATUS_AT)
            if not status & 1:
                break
            (self._cooked if self.link.link_type == COOKED else self._whole)(start + offset, count, frames)
            struct.pack_into("=I", memory, start + _STATUS_AT + 4, 0)  # else `pending` sees the last lap's count
            struct.pack_into("=I", memory, start + _STATUS_AT, 0)
            self._block = (self._block + 1) % self._blocks
        return frames

    def _whole(self, at: int, count: int, frames: list[Seen]) -> None:
        """Read `count` frames with their link header, from offset `at`."""
        memory, unpack, append = self._memory, _PACKET.unpack_from, frames.append
        for _ in range(count):
            ahead, seconds, nanoseconds, captured, length, status, mac, _, _, tci, tpid = unpack(memory, at)
            start = at + mac
            data = memory[start : start + captured]
            if status & _VLAN_VALID:  # the kernel took the tag out of the frame
                tag = struct.pack("!HH", tpid if status & _VLAN_TPID_VALID else 0x8100, tci & 0xFFFF)
                data, length = data[:12] + tag + data[12:], length + 4
            append((seconds * 1_000_000_000 + nanoseconds, data, length))
            at += ahead

    def _cooked(self, at: int, count: int, frames: list[Seen]) -> None:
        """Read `count` packets without link header, and give them the one of Linux cooked captures."""
        memory = self._memory
        for _ in range(count):
            ahead, seconds, nanoseconds, captured, length, _, _, net, _, _, _ = _PACKET.unpack_from(memory, at)
            _, protocol, index, hardware, kind, size, octets = _SOCKADDR_LL.unpack_from(memory, at + _ADDRESS_AT)
            if kind != _OUTGOING or index != self._loopback:  # on loopback the same frame comes back in
                header = struct.pack("!HHH8s2s", kind, hardware, size, octets, protocol)
                data = header + memory[at + net : at + net + captured]
                frames.append((seconds * 1_000_000_000 + nanoseconds, data, length + len(header)))
            at += ahead

    def pending(self) -> bool:
        """Whether the block being filled already holds frames that were not handed over yet."""
        start = self._block * self._block_size
        status, count, _ = _BLOCK.unpack_from(self._memory, start + _STATUS_AT)
        return bool(status & 1 or count)

    def check(self) -> None:
        """Learn why poll() reports an error: kept in `failed`."""
        self.failed = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or self.failed

    def count(self) -> int:
        """Frames the kernel has seen for us so far, dropped ones included; adds to `packets` and `dropped`.

        Reading resets the kernel's counters, so one process does all the asking.
        """
        answer = self.socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 12)
        packets, dropped, _ = struct.unpack("3I", answer)
        self.packets += packets
        self.dropped += dropped
        return self.packets

    def close(self) -> None:
        """Stop capturing."""
        self._memory.close()
        self.socket.close()


def _bind_everywhere(opened: socket.socket) -> None:
    """bind() without an interface, which Python's own cannot say."""
    address = struct.pack("=HHiHBB8x", socket.AF_PACKET, socket.htons(_ETH_P_ALL), 0, 0, 0, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.bind(opened.fileno(), address, len(address)) < 0:
        raise OSError(ctypes.get_errno(), "bind")


def attach(opened: socket.socket, program: Sequence[Instruction]) -> None:
    """Have the kernel pass only what the classic BPF `program` accepts."""
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *instruction) for instruction in program))
    argument = struct.pack("HP", len(program), ctypes.addressof(code))
    opened.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, argument)


def port_filter(port: int, six: bool = False) -> tuple[Instruction, ...]:
    """BPF for Ethernet: TCP and UDP over IPv4 (IPv6 if `six`) from or to `port`, news by ICMP that something sent to it
    could not be delivered, and our end marker."""
    load_half, load_byte, jump_equal, jump_set = 0x28, 0x30, 0x15, 0x45
    header_length, load_half_behind, give = 0xB1, 0x48, 0x06
    if six:
        return (
            (load_half, 0, 0, 12),
            (jump_equal, 13, 0, MARKER_TYPE),
            (jump_equal, 0, 13, 0x86DD),
            (load_byte, 0, 0, 20),
            (jump_equal, 2, 0, socket.IPPROTO_TCP),
            (jump_equal, 1, 0, socket.IPPROTO_UDP),
            (jump_equal, 4, 9, socket.IPPROTO_ICMPV6),
            (load_half, 0, 0, 54),
            (jump_equal, 6, 0, port),
            (load_half, 0, 0, 56),
            (jump_equal, 4, 5, port),
            (load_byte, 0, 0, 54),
            (jump_equal, 0, 3, 1),  # destination unreachable
            (load_half, 0, 0, 104),  # behind ICMP's header and the quoted one of IPv6
            (jump_equal, 0, 1, port),
            (give, 0, 0, 0x40000),
            (give, 0, 0, 0),
        )
    return (
        (load_half, 0, 0, 12),
        (jump_equal, 16, 0, MARKER_TYPE),
        (jump_equal, 0, 16, 0x0800),
        (load_byte, 0, 0, 23),
        (jump_equal, 2, 0, socket.IPPROTO_TCP),
        (jump_equal, 1, 0, socket.IPPROTO_UDP),
        (jump_equal, 7, 12, socket.IPPROTO_ICMP),
        (load_half, 0, 0, 20),
        (jump_set, 10, 0, 0x1FFF),
        (header_length, 0, 0, 14),
        (load_half_behind, 0, 0, 14),
        (jump_equal, 6, 0, port),
        (load_half_behind, 0, 0, 16),
        (jump_equal, 4, 5, port),
        (load_byte, 0, 0, 34),  # nobody on loopback sends IP options
        (jump_equal, 0, 3, 3),  # destination unreachable
        (load_half, 0, 0, 64),  # behind ICMP's header and the quoted one of IP
        (jump_equal, 0, 1, port),
        (give, 0, 0, 0x40000),
        (give, 0, 0, 0),
    )


def _loopback_index() -> int:
    try:
        return socket.if_nametoindex("lo")
    except OSError:
        return 0
