"""The terms tutorials use of what lies below: links, addresses, packets that are too large."""

from __future__ import annotations

from pktscope.explain.entry import Entry
from pktscope.words import N_

TERMS: tuple[Entry, ...] = (
    Entry(
        name="MTU",
        headline=N_("Maximum transmission unit: the largest IP packet a link carries; 1500 on Ethernet."),
        text=(
            N_(
                "MTU counts the IP packet with its headers, MSS only TCP's data in it: 1500 - 20 - 20 = 1460. For UDP "
                "1500 - 20 - 8 = 1472 bytes fit in one packet (IPv6: 1452)."
            ),
            N_("A loopback interface has 65,536; pktscope's rooms set 1500, to show what a network would."),
        ),
        aliases=("MTU vs MSS", "MTU and MSS", "maximum transmission unit", "最大传输单元"),
        reference="RFC 894, RFC 9293 section 3.7.1",
        demos=("fragmentation", "segmentation", "pmtu"),
        see=("MSS", "fragmentation", "path MTU discovery"),
    ),
    Entry(
        name=N_("fragmentation"),
        headline=N_("IP cuts a packet that is too long for the link; the receiver puts it together again."),
        text=(
            N_(
                "Done by the sender's IP, or in IPv4 by a router; not by the link layer and not by UDP. One fragment "
                "lost means the whole datagram is lost: after 30 s on Linux the rest is thrown away."
            ),
            N_(
                "It is not segmentation: TCP cuts its stream before, into segments each with its own header and "
                "acknowledgement, so that IP need not cut."
            ),
        ),
        aliases=("fragment", "IP fragmentation", "reassembly", "分片", "IP分片", "重组"),
        reference="RFC 791 section 3.2, RFC 8200 section 4.5",
        demos=("fragmentation", "fragment-lost"),
        see=("MTU", "fragment offset", "MF", "segmentation"),
    ),
    Entry(
        name=N_("segmentation"),
        headline=N_("TCP cuts its stream into segments of at most the MSS."),
        text=(
            N_(
                "Each has a TCP header and numbers of its own and can be repeated alone. With offload the network card "
                "does the cutting, and a capture on the sender shows super-packets no wire carries."
            ),
        ),
        aliases=("TSO", "GSO", "offload", "segmentation offload", "segment", "分段", "报文段"),
        reference="RFC 9293 section 3.7",
        demos=("segmentation",),
        see=("MSS", "fragmentation", "capture.super-packet"),
    ),
    Entry(
        name=N_("path MTU discovery"),
        headline=N_("Finding the smallest MTU on the way: send with DF set, and believe the ICMP that comes back."),
        text=(
            N_(
                "Where a firewall drops that ICMP, small packets pass and large ones vanish: the connection stands and "
                "hangs at the first full segment."
            ),
        ),
        aliases=("PMTU", "PMTUD", "path MTU", "路径MTU", "路径MTU发现"),
        reference="RFC 1191, RFC 8201",
        demos=("pmtu",),
        see=("DF", "IP_MTU_DISCOVER", "icmp.fragmentation-needed"),
    ),
    Entry(
        name=N_("loopback"),
        headline=N_("127.0.0.1 and ::1: the machine talks to itself; packets pass the kernel, no card and no wire."),
        text=(
            N_(
                "TCP does everything as on a network, checksums apart. A server bound to it cannot be reached from "
                "elsewhere."
            ),
        ),
        aliases=("localhost", "127.0.0.1", "::1", "lo", "回环", "本地回环", "环回"),
        reference="RFC 1122 section 3.2.1.3",
        demos=("handshake",),
        see=("bind", "capture.loopback-mtu"),
    ),
    Entry(
        name="ARP",
        headline=N_("Who has this IP address? The question to all on the link that finds the Ethernet address."),
        text=(
            N_(
                "Asked by broadcast, answered directly, then remembered. For a host outside the subnet the gateway is "
                "asked for instead. IPv6 does it with ICMPv6 (neighbour discovery)."
            ),
        ),
        aliases=("neighbour discovery", "neighbor discovery", "NDP", "地址解析协议"),
        reference="RFC 826, RFC 4861",
        demos=("arp", "routing"),
        see=("EHOSTUNREACH", "addresses"),
    ),
    Entry(
        name="DNS",
        headline=N_("Names into addresses, by a question and an answer over UDP port 53."),
        aliases=("domain name system", "域名解析", "域名"),
        reference="RFC 1035",
        demos=("dns",),
        see=("getaddrinfo",),
    ),
    Entry(
        name="DHCP",
        headline=N_("How a host without an address gets one: discover, offer, request, acknowledge, over UDP."),
        aliases=("动态主机配置",),
        reference="RFC 2131",
        demos=("dhcp",),
        see=("broadcast",),
    ),
    Entry(
        name=N_("raw socket"),
        headline=N_("A socket below TCP and UDP: the program reads and writes the headers itself."),
        text=(
            N_(
                "It needs the right to it (CAP_NET_RAW). The kernel does not know of conversations made so: it answers "
                "a SYN,ACK that nobody asked for with RST."
            ),
        ),
        aliases=("SOCK_RAW", "原始套接字"),
        reference="raw(7)",
        demos=("ping", "by-hand"),
        see=("socket", "EPERM"),
    ),
    Entry(
        name=N_("multicast"),
        headline=N_("One datagram to a group address, for everybody who joined the group."),
        text=(
            N_(
                "Receivers join with IP_ADD_MEMBERSHIP, and their kernel tells the routers by IGMP (IPv6: MLD). A "
                "sender need not join. Addresses 224.0.0.0 to 239.255.255.255, in IPv6 ff00::/8; UDP only."
            ),
        ),
        aliases=("IGMP", "group address", "组播", "多播"),
        reference="RFC 1112, RFC 3376",
        demos=("multicast",),
        see=("IP_ADD_MEMBERSHIP", "broadcast"),
    ),
    Entry(
        name=N_("broadcast"),
        headline=N_("One datagram to everybody on the link: 255.255.255.255, or the subnet's last address."),
        text=(N_("Routers do not pass it on. IPv6 has none and uses multicast instead. TCP cannot broadcast."),),
        aliases=("broadcast address", "广播", "广播地址"),
        reference="RFC 919, RFC 922",
        demos=("broadcast", "dhcp"),
        see=("SO_BROADCAST", "multicast"),
    ),
    Entry(
        name=N_("subnet"),
        headline=N_("Address and mask together say which hosts are on the same link; all others need a router."),
        text=(
            N_(
                "10.0.1.2/24 reaches 10.0.1.0 to 10.0.1.255 directly: it asks by ARP for the host itself. For any "
                "other address it asks for the gateway and sends the packet there, with the far host's IP address in "
                "it."
            ),
        ),
        aliases=(
            "mask",
            "netmask",
            "subnet mask",
            "gateway",
            "routing",
            "default route",
            "子网",
            "子网掩码",
            "网关",
            "路由",
        ),
        reference="RFC 950, RFC 4632, RFC 1122 section 3.3.1",
        demos=("routing", "arp"),
        see=("ARP", "addresses", "ENETUNREACH"),
    ),
    Entry(
        name="ping",
        headline=N_("ICMP echo request and reply: the kernel of the other host answers, no program does."),
        text=(
            N_(
                "It proves that packets reach the host and come back, not that a server runs there. No answer proves "
                "little: many firewalls drop it."
            ),
        ),
        aliases=("ICMP echo", "echo request"),
        reference="RFC 792, RFC 1122 section 3.2.2.6",
        demos=("ping",),
        see=("ICMP type", "raw socket", "icmp.echo"),
    ),
    Entry(
        name="traceroute",
        headline=N_("Packets with TTL 1, 2, 3 ...: each router on the way reports the one that ends at it."),
        reference="RFC 1812 section 5.3.1",
        text=(N_("The last host answers otherwise: with port unreachable to a UDP datagram, for instance."),),
        aliases=("tracert", "路由跟踪"),
        demos=("ttl",),
        see=("TTL", "IP_TTL", "icmp.time-exceeded"),
    ),
    Entry(
        name=N_("unix socket"),
        headline=N_("A socket between two programs of one machine: the same calls and not one packet."),
        text=(
            N_(
                "Its address is a path in the file system. Bytes go from one program's buffer to the other's; TCP and "
                "IP have no part in it, so a capture sees nothing."
            ),
        ),
        aliases=("AF_UNIX", "unix domain socket", "local socket", "UNIX域套接字"),
        reference="unix(7)",
        demos=("unix",),
        see=("socket", "loopback"),
    ),
)
