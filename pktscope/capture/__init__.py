"""Bytes to observations and back: the only place that knows capture files, link headers and captured octets.

records        where each packet of a pcap or pcapng file lies
link, network, transport, decode    the octets of one packet -> model.Frame; never an exception
reassembly     IP fragments -> datagrams, bounded in memory and time
recording      our own recordings: pcapng with socket calls and kernel samples between the packets
scan           the one loop over every packet of a capture: packed columns
conversations  who talks to whom: every frame in exactly one conversation
store          a capture being read in the background, from a file, a pipe or a live run
sniff          the kernel's ring, driven by scapy
"""

from pktscope.capture.records import BadCapture

__all__ = ["BadCapture"]
