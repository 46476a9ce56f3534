"""The fields of the TCP, UDP, IP and ICMP headers."""

from __future__ import annotations

from pktscope.explain.entry import Field
from pktscope.words import N_

TCP = "RFC 9293 section 3.1"
IP = "RFC 791 section 3.1"

FIELDS: tuple[Field, ...] = (
    Field(
        name=N_("ports"),
        headline=N_("Source port and destination port: which program of a host."),
        place=N_("TCP and UDP header, 16 bits each: octets 0 to 3."),
        text=(
            N_(
                "0 to 65535. TCP's port 8000 and UDP's port 8000 have nothing to do with each other. A listener has "
                "one port for all its connections; a connection is told apart by both addresses and both ports."
            ),
        ),
        reference=TCP + ", RFC 768, RFC 6335",
        aliases=("port", "source port", "destination port", "sport", "dport", "端口", "端口号"),
        demos=("handshake", "udp"),
        see=("ephemeral port", "bind"),
    ),
    Field(
        name="seq",
        headline=N_("Sequence number: the number of this segment's first byte."),
        place=N_("TCP header, 32 bits: octets 4 to 7."),
        text=(
            N_(
                "It counts bytes, not segments. It starts anywhere (the ISN, in the SYN) and wraps round after 4 GiB. "
                "SYN and FIN take a number each."
            ),
            N_("pktscope and Wireshark show it counted from the SYN, which has 0; the first byte is 1."),
        ),
        reference="RFC 9293 section 3.4",
        aliases=("sequence number", "ISN", "initial sequence number", "序号", "序列号", "初始序列号"),
        demos=("handshake", "segmentation"),
        see=("ack number", "SYN", "tcp.data"),
    ),
    Field(
        name=N_("ack number"),
        headline=N_("Acknowledgement number: the byte expected next; all below it are here."),
        place=N_("TCP header, 32 bits: octets 8 to 11. It counts only where the flag ACK is set."),
        text=(
            N_(
                "Cumulative: one number answers for everything before it, so a lost ACK does no harm when a later one "
                "arrives. It is the seq of the last byte received in order, plus one."
            ),
        ),
        reference="RFC 9293 section 3.4",
        aliases=("ack", "acknowledgement", "acknowledgment number", "acknowledgement number", "确认号"),
        demos=("echo", "segmentation"),
        see=("seq", "delayed ACK", "tcp.ack-cumulative"),
    ),
    Field(
        name=N_("data offset"),
        headline=N_("How long the TCP header is, in units of 4 bytes."),
        place=N_("TCP header, 4 bits: upper half of octet 12."),
        text=(
            N_(
                "5 without options (20 bytes), at most 15 (60 bytes). TCP has no field for the length of its data: "
                "that is IP's total length less both headers."
            ),
        ),
        reference=TCP,
        aliases=("header length", "首部长度", "数据偏移"),
        see=("total length", "others"),
    ),
    Field(
        name=N_("window"),
        headline=N_("How many bytes beyond the ack number I have room for."),
        place=N_("TCP header, 16 bits: octets 14 and 15; shifted by window scale except in SYN and SYN,ACK."),
        text=(
            N_(
                "It follows from the receive buffer and how much the program has read. 0 means stop: the sender then "
                "only probes. This is flow control; congestion control is the sender's own affair and in no header "
                "field."
            ),
        ),
        reference="RFC 9293 section 3.8.6, RFC 7323 section 2",
        aliases=("window size", "receive window", "rwnd", "窗口", "接收窗口", "窗口大小"),
        demos=("flow-control",),
        see=("window scale", "sliding window", "tcp.zero-window"),
    ),
    Field(
        name=N_("checksum"),
        headline=N_("A sum over header and data, to notice damage on the way."),
        place=N_("TCP: octets 16 and 17. UDP: 6 and 7. IPv4: 10 and 11, over its header only. ICMP: 2 and 3."),
        text=(
            N_(
                "TCP and UDP add the IP addresses too (the pseudo-header). A packet that does not fit is dropped "
                "without a word; TCP's sender repeats it, UDP's does not. IPv6 has none of its own; in UDP over IPv4 0 "
                "means not used."
            ),
            N_(
                "In captures of what this machine sends it is often not filled in yet: the network card does that, and "
                "on loopback nobody does. That is not a fault."
            ),
        ),
        reference=TCP + ", RFC 768, RFC 1071",
        aliases=("校验和",),
        demos=("corrupt",),
        see=("capture.unfilled-checksum",),
    ),
    Field(
        name=N_("urgent pointer"),
        headline=N_("Where urgent data ends, counted from seq."),
        place=N_("TCP header, 16 bits: octets 18 and 19. It counts only where the flag URG is set."),
        text=(N_("Systems disagree by one about what it points to, and middleboxes clear it: do not build on it."),),
        reference="RFC 9293 section 3.8.5, RFC 6093",
        aliases=("urgent", "紧急指针"),
        demos=("urgent",),
        see=("URG", "MSG_OOB"),
    ),
    Field(
        name=N_("UDP length"),
        headline=N_("Header and data of the datagram: 8 more than its data."),
        place=N_("UDP header, 16 bits: octets 4 and 5."),
        text=(
            N_(
                "65,535 would be possible, but IPv4's total length has to hold 20 bytes of IP as well: 65,507 bytes of "
                "data are the limit, over IPv6 65,527. This field is what keeps datagrams apart."
            ),
        ),
        reference="RFC 768",
        aliases=("length", "datagram length", "UDP长度"),
        demos=("udp", "fragmentation"),
        see=("datagram", "total length"),
    ),
    Field(
        name=N_("version"),
        headline=N_("4 or 6: how the rest of the IP header is to be read."),
        place=N_("IP header, 4 bits: upper half of octet 0."),
        reference=IP + ", RFC 8200 section 3",
        aliases=("IP version", "IHL", "版本"),
        text=(
            N_(
                "In IPv4 the lower half, IHL, is the header's length in units of 4 bytes: 5 without options. IPv6 has "
                "a fixed header of 40 bytes and puts extension headers behind it."
            ),
        ),
        see=("total length",),
    ),
    Field(
        name=N_("traffic class"),
        headline=N_("What treatment the packet asks for (DSCP), and the two bits of ECN."),
        place=N_("IPv4: octet 1, once type of service. IPv6: bits 4 to 11."),
        text=(
            N_(
                "ECN 01 or 10 says that the sender can slow down when marked, 11 is the mark a congested router sets "
                "instead of dropping."
            ),
        ),
        reference="RFC 2474, RFC 3168",
        aliases=("DSCP", "TOS", "type of service", "服务类型", "流量类别"),
        demos=("ecn",),
        see=("ECE", "CWR"),
    ),
    Field(
        name=N_("total length"),
        headline=N_("The IPv4 packet's bytes, header and all."),
        place=N_("IPv4 header, 16 bits: octets 2 and 3. IPv6 has payload length instead: what stands behind the 40."),
        text=(
            N_(
                "At most 65,535. Ethernet pads short frames to 60 bytes; this field says where the packet ends. With "
                "segmentation offload a capture can show more than the MTU here, or 0."
            ),
        ),
        reference=IP,
        aliases=("payload length", "总长度"),
        demos=("fragmentation",),
        see=("MTU", "fragment offset"),
    ),
    Field(
        name=N_("identification"),
        headline=N_("Which fragments belong together: the same in all fragments of one datagram."),
        place=N_("IPv4 header, 16 bits: octets 4 and 5. IPv6: 32 bits, in the fragment header only."),
        text=(
            N_(
                "Together with both addresses and the protocol. In packets that are not fragments it means nothing; "
                "Linux may send 0 there when DF is set."
            ),
        ),
        reference=IP + ", RFC 6864",
        aliases=("IP ID", "id", "标识"),
        demos=("fragmentation", "fragment-lost"),
        see=("fragment offset", "MF", "fragmentation"),
    ),
    Field(
        name="DF",
        headline=N_("Don't fragment: drop it rather than cut it."),
        place=N_("IPv4 header, octet 6, bit 1."),
        text=(
            N_(
                "A router before a narrower link then answers with ICMP fragmentation needed (3/4) and the link's MTU, "
                "and the sender sends smaller packets: path MTU discovery. Linux sets DF for TCP, and for UDP that "
                "fits. IPv6 has no such bit: no router ever cuts."
            ),
        ),
        reference=IP + ", RFC 1191",
        aliases=("don't fragment", "dont fragment", "不分片"),
        demos=("pmtu",),
        see=("path MTU discovery", "IP_MTU_DISCOVER", "icmp.fragmentation-needed"),
    ),
    Field(
        name="MF",
        headline=N_("More fragments: this is not the last one."),
        place=N_("IPv4 header, octet 6, bit 2. IPv6: in the fragment header."),
        text=(N_("Set in all fragments but the last. An offset of 0 without MF is a whole packet."),),
        reference=IP,
        aliases=("more fragments", "更多分片"),
        demos=("fragmentation",),
        see=("fragment offset", "identification", "fragmentation"),
    ),
    Field(
        name=N_("fragment offset"),
        headline=N_("Where in the datagram this fragment's bytes belong, in units of 8."),
        place=N_("IPv4 header, 13 bits of octets 6 and 7. IPv6: in the fragment header."),
        text=(
            N_(
                "So every fragment but the last carries a multiple of 8 bytes: with an MTU of 1500 it is 1480, and the "
                "offsets are 0, 185, 370 (pktscope shows bytes: 0, 1480, 2960). Only the first has the ports."
            ),
        ),
        reference=IP,
        aliases=("offset", "fragment_offset", "片偏移", "分片偏移"),
        demos=("fragmentation",),
        see=("MF", "identification", "fragmentation"),
    ),
    Field(
        name="TTL",
        headline=N_("Time to live: how many routers a packet may still pass."),
        place=N_("IPv4 header, octet 8. IPv6: hop limit, octet 7."),
        text=(
            N_(
                "Each router takes one off; the one that reaches 0 drops the packet and reports ICMP time exceeded "
                "(11/0). Packets cannot circle for ever, and traceroute makes use of it. Linux starts with 64."
            ),
        ),
        reference=IP + ", RFC 1812 section 5.3.1",
        aliases=("time to live", "hop limit", "生存时间"),
        demos=("ttl",),
        see=("IP_TTL", "icmp.time-exceeded"),
    ),
    Field(
        name=N_("protocol"),
        headline=N_("What is inside the IP packet: 1 ICMP, 6 TCP, 17 UDP, 58 ICMPv6."),
        place=N_("IPv4 header, octet 9. IPv6: next header, octet 6, or in the last extension header."),
        reference=IP + ", IANA protocol numbers",
        aliases=("next header", "协议"),
        demos=("ping",),
        see=("ports",),
    ),
    Field(
        name=N_("addresses"),
        headline=N_("Source and destination address: which host, or which of its interfaces."),
        place=N_("IPv4: 32 bits each, octets 12 to 19. IPv6: 128 bits each, octets 8 to 39."),
        text=(
            N_(
                "They stay the same all the way (unless a NAT changes them), while the Ethernet addresses change on "
                "each link. 127.0.0.1 and ::1 are this machine."
            ),
        ),
        reference=IP + ", RFC 4291",
        aliases=("address", "source address", "destination address", "IP address", "地址", "IP地址"),
        demos=("routing", "arp"),
        see=("bind", "ports"),
    ),
    Field(
        name=N_("ICMP type"),
        headline=N_("Type and code: what an ICMP message says."),
        place=N_("ICMP header, octets 0 and 1."),
        text=(
            N_(
                "8/0 and 0/0 are ping and its answer; 3/3 port unreachable, 3/4 fragmentation needed, 11/0 TTL over, "
                "11/1 fragments missing. ICMPv6 has numbers of its own: 128 and 129 are ping, 2 packet too big."
            ),
            N_("An error quotes the beginning of the packet it is about, so that the kernel finds the socket."),
        ),
        reference="RFC 792, RFC 4443",
        aliases=("ICMP", "ICMP code", "ICMP 类型"),
        demos=("ping", "refused", "ttl", "pmtu"),
        see=("icmp.port-unreachable", "icmp.echo"),
    ),
)
