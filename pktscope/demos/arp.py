"""The first packet to a neighbour, and where it must go: ARP.

The client's program knows an IP address. Its kernel sees that the address is on the same link, but a frame on an
Ethernet needs a hardware address (MAC). So before the first packet leaves, it asks everybody by ARP: who has 10.0.0.2?
The one who has it answers, to the asker alone, and only then does the waiting packet go. The second packet goes at
once: the answer is in the neighbour cache now, and the server, who was asked, has learnt the client's address too. Then
the client tries an address that nobody has. send() succeeds, as it always does; the kernel asks three times, a second
apart, and gives up. The waiting packet is thrown away, and the next call fails with EHOSTUNREACH, "no route to host".

To try next: `ip neigh` on your own machine, before and after a ping; over IPv6, where neighbours are found
by ICMPv6; give two hosts the same address.
"""

from errno import EHOSTUNREACH
from socket import AF_INET, IPPROTO_IP, SOCK_DGRAM, socket

PROMISE = "ARP before the first packet, none before the second, and EHOSTUNREACH where nobody answers"
SHOWS = ("arp.request", "arp.reply", "arp.resolved", "arp.cached", "arp.again", "arp.nobody")
NEEDS = {"topology": "wire", "arp": True, "six": False}
SECONDS = 4.0

IP_RECVERR = 11  # from <linux/in.h>


def server(address, pause):
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.bind(address)
    for _ in range(2):
        message, sender = sock.recvfrom(1024)
        sock.sendto(message.upper(), sender)
    sock.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_DGRAM)
    for scene, message in ("The first packet", b"first"), ("The second packet", b"second"):
        pause(scene)
        sock.sendto(message, address)
        sock.recvfrom(1024)
    sock.close()

    pause("Nobody there")
    host, port = address
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.setsockopt(IPPROTO_IP, IP_RECVERR, 1)  # or the kernel keeps it to itself that nobody was found
    sock.connect((host.rpartition(".")[0] + ".99", port))  # sends nothing
    sock.send(b"hello?")
    try:
        sock.recv(1024)
    except OSError as error:
        if error.errno != EHOSTUNREACH:  # "No route to host" is what we came for
            raise
    sock.close()
