"""The flags of send() and recv()."""

from __future__ import annotations

from pktscope.explain.entry import Setting
from pktscope.words import N_

SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="MSG_PEEK",
        headline=N_("recv() that leaves the bytes where they are: the next recv() returns them again."),
        python="head = s.recv(4, socket.MSG_PEEK)",
        reference="recv(2)",
        see=("recv", "MSG_WAITALL"),
    ),
    Setting(
        name="MSG_WAITALL",
        headline=N_("recv() that waits for all bytes asked for, unless the stream ends or fails before."),
        python="header = s.recv(4, socket.MSG_WAITALL)",
        text=(N_("Handy for a length prefix. It may still return fewer: at the FIN, after a signal, with a timeout."),),
        reference="recv(2)",
        demos=("framing",),
        see=("recv", "framing"),
    ),
    Setting(
        name="MSG_DONTWAIT",
        headline=N_("This one call does not wait: EAGAIN instead."),
        python="data = s.recv(1024, socket.MSG_DONTWAIT)",
        reference="recv(2), send(2)",
        see=("EAGAIN", "setblocking"),
    ),
    Setting(
        name="MSG_TRUNC",
        headline=N_("In the answer of recvmsg(): the datagram was longer than the buffer, and its rest is gone."),
        python="data, _, flags, address = s.recvmsg(4)\ncut = bool(flags & socket.MSG_TRUNC)",
        text=(
            N_(
                "Given to recvfrom() on Linux it makes the call return the datagram's true length (visible in C and "
                "with recvfrom_into())."
            ),
        ),
        reference="recvmsg(2)",
        demos=("udp-boundaries",),
        see=("recvfrom", "udp.truncated"),
    ),
    Setting(
        name="MSG_MORE",
        headline=N_("More will follow: hold a partial segment back, as with TCP_CORK, for this call."),
        python=N_("s.send(header, socket.MSG_MORE)\ns.send(body)                    # both leave together"),
        text=(N_("On UDP several such calls make one datagram. Linux only."),),
        reference="send(2)",
        demos=("nagle", "write-write-read"),
        see=("TCP_CORK", "tcp.held-by-option"),
    ),
    Setting(
        name="MSG_NOSIGNAL",
        headline=N_("EPIPE without the signal SIGPIPE."),
        python="s.send(data, socket.MSG_NOSIGNAL)",
        text=(N_("C programs need it, or ignore the signal; Python ignores SIGPIPE from its start."),),
        aliases=("SIGPIPE",),
        reference="send(2)",
        demos=("reset",),
        see=("EPIPE",),
    ),
    Setting(
        name="MSG_OOB",
        headline=N_("Send one byte as urgent data, or receive it."),
        python='s.send(b"!", socket.MSG_OOB)\nurgent = s.recv(1, socket.MSG_OOB)',
        text=(N_("The last byte given becomes the urgent one. It travels in the stream, in order."),),
        aliases=("out of band", "OOB", "带外数据"),
        reference="send(2), RFC 6093",
        demos=("urgent",),
        see=("URG", "SO_OOBINLINE"),
    ),
)
