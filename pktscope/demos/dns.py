"""A name, a question, an answer: DNS, by hand.

What getaddrinfo() has done before a connect() to a name, unless a file or a cache knows it: one datagram to port 53
with the question, one back with the answer. scapy builds and reads the messages, two ordinary UDP sockets carry them.
The identifier, 16 bits the client makes up, tells which answer belongs to which question. The answer says for how long
it may be kept; a client that has it need not ask again so soon. A name that does not exist is answered as well:
NXDOMAIN, which is an answer and not a failure. No answer at all would be silence, and the client would have to ask
again: UDP repeats nothing.

To try next: ask for type AAAA; answer with another identifier, and see that a careful client goes on waiting; two
questions at once, answered in the other order.
"""

from socket import AF_INET, SOCK_DGRAM, socket

from scapy.layers.dns import DNS, DNSQR, DNSRR

PROMISE = "one datagram asks for a name, one answers it; and a name that does not exist is answered too"
SHOWS = ("dns.query", "dns.answer", "dns.no-such-name", "udp.delivered")
NEEDS = {"topology": "wire"}
SECONDS = 2.0

ADDRESSES = {b"www.example.org.": "192.0.2.80"}


def server(address, pause):
    host, _ = address
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.bind((host, 53))
    for _ in range(2):
        message, sender = sock.recvfrom(512)
        query = DNS(message)
        name = query.qd[0].qname
        answer = DNS(id=query.id, qr=1, aa=1, rd=1, qd=query.qd)
        if name in ADDRESSES:
            answer.an = [DNSRR(rrname=name, ttl=300, rdata=ADDRESSES[name])]
        else:
            answer.rcode = "name-error"
        sock.sendto(bytes(answer), sender)
    sock.close()


def client(address, pause):
    host, _ = address
    sock = socket(AF_INET, SOCK_DGRAM)
    for number, name in (0x1111, "www.example.org"), (0x2222, "nowhere.example.org"):
        pause(name)  # until the server waits
        query = DNS(id=number, rd=1, qd=[DNSQR(qname=name, qtype="A")])
        sock.sendto(bytes(query), (host, 53))
        answer = DNS(sock.recvfrom(512)[0])
        print(name, "is", answer.an[0].rdata if answer.ancount else "not known")
    sock.close()
