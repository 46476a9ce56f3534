"""Network namespaces of one process: made, entered for a moment, and gone with the last descriptor that names them."""

from __future__ import annotations

import os
import socket

from pktscope.lab import kernel


class Namespace:
    """A network namespace. `with namespace:` the calling thread is inside; sockets made there stay there."""

    def __init__(self) -> None:
        """A new one, with nothing in it but a loopback that is down. Needs CAP_SYS_ADMIN here."""
        with _Back():
            kernel.unshare(kernel.CLONE_NEWNET)
            self.descriptor = _here()
        self._back: list[_Back] = []

    def __enter__(self) -> Namespace:
        back = _Back()
        kernel.setns(self.descriptor, kernel.CLONE_NEWNET)
        self._back.append(back)
        return self

    def __exit__(self, *ignored: object) -> None:
        self._back.pop().__exit__()

    def move_in(self) -> None:
        """Enter for good."""
        kernel.setns(self.descriptor, kernel.CLONE_NEWNET)

    def socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """A socket that lives inside."""
        with self:
            return socket.socket(family, kind, protocol)


class _Back:
    """The way back to the namespace this was made in."""

    def __init__(self) -> None:
        self._descriptor = _here()

    def __enter__(self) -> None:
        return

    def __exit__(self, *ignored: object) -> None:
        kernel.setns(self._descriptor, kernel.CLONE_NEWNET)
        os.close(self._descriptor)


def _here() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
