"""pktscope: what really happens on the wire when two programs talk, as an annotated timeline.

The map. One stream of things seen, one pure fold over it, one timeline object, many painters:

    lab/       a live exchange in a private room --+
    capture/   pcap, pcapng, stdin, an interface --+-> Observation -> flow.follow -> Step + Note -> timeline -> Timeline
    notation   a conversation written as text -----+   (model)        (tcp, verdicts, rules)                     |
                                                        tui/ (the screen) . render/ (text, json) <---------------+

The nouns are in `model`. `model text words seq tcp verdicts flow rules notation timeline theme render` are pure: no
sockets, clocks, threads, files, scapy or Textual. Only `capture/` and `lab/` touch the machine, only `tui/` imports
Textual, only `cli` knows all of them, and it imports each of them when a command needs it.
"""

__version__ = "0.1.0"
