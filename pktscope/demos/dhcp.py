"""A host without an address gets one: discover, offer, request, acknowledge.

A host that has just come up knows nobody and is nobody. So it sends from 0.0.0.0 to 255.255.255.255, from port 68 to
port 67, and puts its hardware address inside: who can give me an address? A server offers one, with mask and
name server. The host asks for just that one, again to everybody, so that other servers know theirs are not wanted. The
server acknowledges: the address is the host's for an hour. A number the client makes up, the transaction, tells its
talk from that of others.

Only the messages are shown: the client's host here has an address already, and keeps it. An ordinary socket would send
from that one, not from 0.0.0.0, so the client writes the whole frame with scapy and sends it through a packet socket;
it hears the answers, which come to everybody, with an ordinary one.

To try next: two servers, and see what the second makes of the request; a request for an address of another network, to
be answered with "nak".
"""

from socket import AF_INET, AF_PACKET, SO_BINDTODEVICE, SO_BROADCAST, SOCK_DGRAM, SOCK_RAW, SOL_SOCKET, socket

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

PROMISE = "four messages, discover, offer, request, acknowledge, and an address is given to a host"
SHOWS = ("dhcp.discover", "dhcp.offer", "dhcp.request", "dhcp.acknowledge")
NEEDS = {"topology": "wire", "raw": True, "arp": True, "six": False}
SECONDS = 2.0

EVERYBODY = "255.255.255.255"


def server(address, pause):
    me = address[0]
    offered = me.rpartition(".")[0] + ".100"
    terms = [("server_id", me), ("lease_time", 3600), ("subnet_mask", "255.255.255.0"), ("name_server", me)]
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.setsockopt(SOL_SOCKET, SO_BROADCAST, 1)
    sock.setsockopt(SOL_SOCKET, SO_BINDTODEVICE, b"eth0")  # everybody is there
    sock.bind(("", 67))
    for kind in ("offer", "ack"):
        asked = BOOTP(sock.recv(1024))
        answer = BOOTP(op=2, xid=asked.xid, chaddr=asked.chaddr, yiaddr=offered, siaddr=me)
        options = DHCP(options=[("message-type", kind), *terms, "end"])
        sock.sendto(bytes(answer / options), (EVERYBODY, 68))
    sock.close()


def client(address, pause):
    hears = socket(AF_INET, SOCK_DGRAM)
    hears.bind(("", 68))
    sends = socket(AF_PACKET, SOCK_RAW)
    sends.bind(("eth0", 0))
    mac = sends.getsockname()[4]

    def ask(kind, *options):
        frame = Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / IP(src="0.0.0.0", dst=EVERYBODY) / UDP(sport=68, dport=67)
        message = BOOTP(xid=0x12345678, chaddr=mac) / DHCP(options=[("message-type", kind), *options, "end"])
        sends.send(bytes(frame / message))
        return BOOTP(hears.recv(1024))

    offer = ask("discover")
    pause()
    told = dict(offer[DHCP].options[:-1])  # the last is "end"
    ask("request", ("requested_addr", offer.yiaddr), ("server_id", told["server_id"]))
    hears.close()
    sends.close()
