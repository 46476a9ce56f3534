"""Bytes to observations and back: the only place that knows capture files, link headers and captured octets.

The parts, from the file to the fold:

    formats, records    where each packet of a pcap or pcapng file lies; unpack: the same out of a gzip
    recording      our own recordings: pcapng with socket calls and kernel samples between the packets
    link, wireless, linktypes, network, transport    headers, one layer each
    decode         the octets of one packet -> model.Frame; never an exception
    reassembly     IP fragments -> datagrams, bounded in memory and time
    scan           the one loop over every packet of a capture: packed columns
    conversations  who talks to whom: every frame in exactly one conversation; calls: and every socket call
    store          a capture being read in the background, from a file, a pipe or a live run; reader: page by page
    sniff, ring    the kernel's ring, driven by scapy; dissect: scapy's view of one packet
"""

from pktscope.capture.formats import BadCapture

__all__ = ["BadCapture"]
