"""Packet scripts: a conversation as a few lines of text, read and written.

    tcp 127.0.0.1:40000 > 127.0.0.1:8000        who talks (this is the default)
    C: connect(8000)                            the client enters connect()
       C > S  SYN mss 1460 wscale 7 sack        a segment; numbers count from the ISN, and what follows from the
       S > C  SYN ACK mss 1460                  lines before need not be written
       C > S  ACK                # tcp.syn      a mark: which rules speak here
    C: = 0                                      connect() returns
       C > S  ARP 1 10.0.0.1 02:00:00:00:00:01 10.0.0.2 00:00:00:00:00:00
       S > C  IGMP 34 10.0.0.2 4 239.1.2.3      a report of version 3: type, sender, each record's kind and group
    S: 3 recvfrom(1024)                         another socket of that side
    C: raw sendto(40)                           a call on a socket that speaks something else
    +41ms                                       the next line happens 41 ms after the last (else 100 us)
       C > S  PSH ACK 1:6 "hello"               octets 1 to 5; without the text, letters by their number
       S > C  ACK 6 win 500 sack 21:31
       C > S  SYN 0:5 tfo -                     a Fast Open option, its cookie in hex or none; here with data, too
       C > S  URG ACK urg 1 tos 2               the urgent pointer; the IP header's traffic class
       C > S  UDP 10
       C > S  FRAGMENT 0:1480 id 7              the last one says  FRAGMENT 1480:1488 id 7 last UDP 1480
       S > C  ACK odd "a bad option"            what the decoder found odd; last on its line
       S > C  ICMP 3/3                          quotes the other end's newest frame
       S > C  ICMP 11/0 from 10.0.0.1           a router between them says it
    C? ESTABLISHED snd_cwnd 10                  what the kernel says of the socket (TCP_INFO)
    end                                         or: end cut, end interrupted

`read` gives observations, `write` their text; reading what was written gives the same observations again.
"""

from pktscope.notation.cursor import Cursor
from pktscope.notation.reading import BadNotation, Script, read, read_line, unmark
from pktscope.notation.writing import write

__all__ = ["BadNotation", "Cursor", "Script", "read", "read_line", "unmark", "write"]
