"""The TCP states: what each means to a program. How one gets in and out is in the table of `tcp`."""

from __future__ import annotations

from pktscope.explain.entry import StateEntry
from pktscope.words import N_

STATES: tuple[StateEntry, ...] = (
    StateEntry(
        name="CLOSED",
        headline=N_("No connection: before the first packet, and after the last."),
        text=(
            N_(
                "It is the name of nothing being there: no port, no buffers, no numbers. A segment that comes for it "
                "is answered with RST."
            ),
        ),
        calls=N_("Between socket() and connect() or listen(), and after the end."),
        lasts=N_("Until a call opens it."),
        shown=N_("Not listed; a socket that is bound only is UNCONN with ss -a."),
        aliases=("CLOSE", "UNCONN"),
        demos=("handshake", "refused"),
        see=("socket", "refused"),
    ),
    StateEntry(
        name="LISTEN",
        headline=N_("A server's listener: the kernel answers SYNs to its port."),
        text=(
            N_(
                "The listener never carries data and never leaves this state until it is closed. Each connection gets "
                "a socket, and a state, of its own."
            ),
        ),
        calls=N_("accept() waits here for the next connection that stands."),
        lasts=N_("As long as the server runs."),
        shown=N_("LISTEN, with ss -l: Recv-Q is how many wait for accept(), Send-Q what listen() allowed."),
        demos=("handshake", "backlog"),
        see=("listen", "accept", "backlog"),
    ),
    StateEntry(
        name="SYN_SENT",
        headline=N_("It has sent SYN and waits for the answer."),
        text=(
            N_(
                "If this is seen for long, nobody answers: a firewall, a host that is off, a full queue. A closed port "
                "would have answered with RST at once."
            ),
        ),
        calls=N_("connect() waits here."),
        lasts=N_("One round trip; without an answer until the SYN's repetitions (Linux: tcp_syn_retries = 6) run out."),
        shown="SYN-SENT",
        demos=("handshake", "syn-lost"),
        see=("connect", "SYN", "three-way handshake"),
    ),
    StateEntry(
        name="SYN_RECEIVED",
        headline=N_("It has taken a SYN, answered SYN,ACK, and waits for the third segment."),
        text=(
            N_(
                "Half open. On Linux this is no full socket yet but a small note, in what tutorials call the half-open "
                "queue; SYN cookies can do without even that."
            ),
            N_("Linux calls it SYN_RECV."),
        ),
        calls=N_(
            "None: the program learns of it only when accept() returns, and then it is over. After a simultaneous open "
            "connect() waits here."
        ),
        lasts=N_(
            "One round trip; without the ACK until the SYN,ACK's repetitions (Linux: tcp_synack_retries = 5) run out."
        ),
        shown="SYN-RECV",
        aliases=("SYN_RECV", "SYN_RCVD"),
        demos=("handshake", "syn-lost", "simultaneous-open"),
        see=("half-open queue", "accept"),
    ),
    StateEntry(
        name="ESTABLISHED",
        headline=N_("The connection stands: both may send."),
        text=(
            N_(
                "Nothing needs to be sent to keep it so. An idle connection whose other end has vanished stays "
                "ESTABLISHED until somebody sends."
            ),
        ),
        calls=N_("send() and recv(); recv() waits here for bytes."),
        lasts=N_("As long as the programs wish."),
        shown="ESTAB",
        aliases=("ESTAB",),
        demos=("handshake", "echo", "keepalive"),
        see=("send", "recv", "SO_KEEPALIVE"),
    ),
    StateEntry(
        name="FIN_WAIT_1",
        headline=N_("It closed first: its FIN is sent and not acknowledged yet."),
        text=(N_("The FIN has a number as a byte has, so it is sent again until it is acknowledged."),),
        calls=N_("close() has returned; the kernel does the rest. After shutdown(SHUT_WR) recv() still works."),
        lasts=N_("One round trip, or the receiver's delayed ACK; with data still to be sent, until that is through."),
        shown="FIN-WAIT-1",
        demos=("teardown", "simultaneous-close"),
        see=("FIN", "close", "four-way teardown"),
    ),
    StateEntry(
        name="FIN_WAIT_2",
        headline=N_("Its FIN is acknowledged; the other end has not finished yet."),
        text=(
            N_(
                'Half of the connection is closed. Seen for long, the other program read b"" (or never reads) and '
                "forgot close()."
            ),
        ),
        calls=N_("After shutdown(SHUT_WR): recv() of what still comes. After close(): none."),
        lasts=N_(
            "Until the other end's FIN. After close() Linux waits 60 s (net.ipv4.tcp_fin_timeout), then forgets it; "
            "after shutdown() without a limit."
        ),
        shown="FIN-WAIT-2",
        demos=("teardown", "half-close"),
        see=("half-close", "CLOSE_WAIT"),
    ),
    StateEntry(
        name="CLOSE_WAIT",
        headline=N_("The other end has no more to send; this program has not closed yet."),
        text=(
            N_(
                "The kernel waits for the program, not for a packet. Many of them mean a program that does not close "
                'its sockets after recv() returned b"".'
            ),
        ),
        calls=N_('recv() returns b"" once what came before the FIN is read; send() still works.'),
        lasts=N_("Until this program calls close() or shutdown(), or ends: without any limit."),
        shown="CLOSE-WAIT",
        demos=("teardown", "half-close"),
        see=("recv", "close", "FIN"),
    ),
    StateEntry(
        name="CLOSING",
        headline=N_("Both closed before either had the other's FIN."),
        text=(N_("The FINs crossed. Each end has sent its FIN, got the other's, and waits for the ACK of its own."),),
        calls=N_("close() has returned at both ends."),
        lasts=N_("Until the ACK is here: less than one round trip."),
        shown="CLOSING",
        demos=("simultaneous-close",),
        see=("simultaneous close", "FIN_WAIT_1"),
    ),
    StateEntry(
        name="LAST_ACK",
        headline=N_("It closed second: its own FIN is sent, and only the ACK of it is missing."),
        text=(N_("When that ACK is lost, the FIN is sent again; the other end, in TIME_WAIT, answers again."),),
        calls=N_("close() has returned."),
        lasts=N_("One round trip; without an answer until the FIN's repetitions run out."),
        shown="LAST-ACK",
        demos=("teardown", "last-ack-lost"),
        see=("TIME_WAIT", "four-way teardown"),
    ),
    StateEntry(
        name="TIME_WAIT",
        headline=N_(
            "It closed first and everything is done; it stays a while, to answer and to keep the numbers apart."
        ),
        text=(
            N_(
                "Two reasons: if its last ACK is lost, the other end's FIN comes again and somebody must answer; and "
                "old segments, still on their way, must not land in a new connection of the same four numbers."
            ),
            N_(
                "It holds the four numbers of this connection, not the server's port for others. bind() refuses the "
                "port all the same unless SO_REUSEADDR is set. Let the client close first and the server has none."
            ),
        ),
        calls=N_("None: no process has it; the kernel waits alone. bind() of another socket may fail with EADDRINUSE."),
        lasts=N_("2 MSL: by the RFC 4 minutes. Linux waits 60 s, and tcp_fin_timeout does not change that."),
        shown=N_("TIME-WAIT; ss -o shows how much of it is left."),
        reference="RFC 9293 section 3.6.1, RFC 6191",
        demos=("time-wait", "teardown", "last-ack-lost"),
        see=("MSL", "SO_REUSEADDR", "EADDRINUSE"),
    ),
    StateEntry(
        name="UNKNOWN",
        headline=N_("Not a TCP state: pktscope has seen nothing of this end yet."),
        text=(
            N_(
                "A capture that begins in the middle shows no opening. The first packet an end sends says where it "
                "must be."
            ),
        ),
        calls=N_("Any."),
        lasts=N_("Until a packet or a call of that end proves more."),
        shown=N_("Never: only a bystander does not know."),
        see=("capture.no-syn",),
    ),
)
