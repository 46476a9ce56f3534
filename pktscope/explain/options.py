"""The TCP options."""

from __future__ import annotations

from pktscope.explain.entry import Entry
from pktscope.words import N_

OPTIONS: tuple[Entry, ...] = (
    Entry(
        name="MSS",
        headline=N_("Maximum segment size: the most data bytes I want in one segment."),
        text=(
            N_(
                "In SYN and SYN,ACK only. Each end says what it takes, so the two may differ: it is no negotiation. On "
                "Ethernet 1460: an MTU of 1500 less 20 for IP and 20 for TCP (IPv6: 1440). Without it 536 is assumed "
                "(IPv6: 1220)."
            ),
            N_(
                "Timestamps take 12 bytes of each segment, so one that is full carries 1448. TCP cuts its stream so "
                "that IP need not cut packets."
            ),
        ),
        reference="RFC 9293 section 3.7.1, RFC 6691",
        aliases=("maximum segment size", "最大报文段长度"),
        demos=("handshake", "segmentation", "pmtu"),
        see=("MTU", "tcp.segmented"),
    ),
    Entry(
        name=N_("window scale"),
        headline=N_("The window fields I send count in units of 2 to this power."),
        text=(
            N_(
                "The field has 16 bits, so 65,535 would be the largest window. With a shift of 7 the field 512 means "
                "65,536 bytes. Used only if both SYN and SYN,ACK carry it; each direction has its own."
            ),
            N_("The window in SYN and SYN,ACK themselves is not scaled. A capture without the SYN cannot know it."),
        ),
        reference="RFC 7323 section 2",
        aliases=("wscale", "WSopt", "window scaling", "window_scale", "窗口缩放", "窗口扩大因子", "窗口扩大"),
        demos=("handshake", "flow-control"),
        see=("window", "sliding window"),
    ),
    Entry(
        name=N_("SACK permitted"),
        headline=N_("I understand selective acknowledgements."),
        text=(N_("In SYN and SYN,ACK only. If both say so, ACKs may carry SACK blocks."),),
        reference="RFC 2018 section 2",
        aliases=("sack_permitted", "SACK ok", "sackOK", "允许 SACK"),
        demos=("handshake", "fast-retransmit"),
        see=("SACK",),
    ),
    Entry(
        name="SACK",
        headline=N_("Which later bytes arrived, although earlier ones are missing."),
        text=(
            N_(
                "The acknowledgement number can only say where the first hole begins; SACK blocks, at most 4 (3 beside "
                "timestamps), name what lies behind it. So the sender repeats the holes and nothing else."
            ),
            N_("D-SACK, a first block of bytes already acknowledged, says that bytes came twice."),
        ),
        reference="RFC 2018, RFC 2883",
        aliases=("selective acknowledgement", "D-SACK", "选择确认", "选择性确认"),
        demos=("fast-retransmit", "duplicate", "delayed"),
        see=("SACK permitted", "tcp.sack", "tcp.d-sack", "fast retransmit"),
    ),
    Entry(
        name=N_("timestamps"),
        headline=N_("My clock, and the last one I got from you."),
        text=(
            N_(
                "TSval and TSecr. The echo gives the round-trip time of each ACK, of repeated segments too, and PAWS "
                "uses the clock to refuse segments so old that their numbers have wrapped round."
            ),
            N_(
                "The clock starts anywhere: it says nothing of the time of day. Used on every segment if SYN and "
                "SYN,ACK carry it; 12 bytes with padding."
            ),
        ),
        reference="RFC 7323 section 3",
        aliases=("timestamp", "TSopt", "TSval", "TSecr", "PAWS", "时间戳"),
        demos=("handshake",),
        see=("RTT", "RTO"),
    ),
    Entry(
        name=N_("fast open"),
        headline=N_("Data in the SYN, allowed by a cookie from an earlier connection."),
        text=(
            N_(
                "The first connection asks for a cookie and gets it; later ones send it with data in the SYN, and the "
                "server's program has that data before the handshake is over. Only for requests that may come twice."
            ),
        ),
        reference="RFC 7413",
        aliases=("fast_open", "TFO", "TCP fast open", "快速打开"),
        demos=("fast-open",),
        see=("TCP_FASTOPEN", "SYN"),
    ),
    Entry(
        name=N_("others"),
        headline=N_("NOP pads options, end of list ends them; rarer ones are named by their number."),
        text=(
            N_(
                "Options may take 40 bytes: data offset counts 60 bytes at most, and 20 are the fixed header. 19 is "
                "the MD5 signature of routers, 29 TCP-AO, 30 Multipath TCP."
            ),
        ),
        reference="RFC 9293 section 3.2",
        aliases=("NOP", "EOL", "TCP options", "选项", "其他选项"),
        see=("data offset", "MSS"),
    ),
)
