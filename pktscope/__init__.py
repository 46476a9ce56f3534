"""pktscope: what really happens on the wire when two programs talk, as an annotated timeline.

The map. One stream of things seen, one pure fold over it, one timeline object, many painters:

    lab/       a live exchange in a private room --+
    capture/   pcap, pcapng, stdin, an interface --+-> Observation -> flow.follow -> Step + Note -> timeline -> Timeline
    notation/  a conversation written as text -----+   (model)        (rules/)                                   |
                                                        tui/ (the screen) . render/ (text, json) <---------------+

The fold: `flow` takes observations, `connection` moves both ends through the table of `tcp`, `programs` follows the
calls, `verdicts` says what each segment is, `ends` keeps what is known of an end, `rules/` point things out. The
layout: `timeline` makes `rows` of steps, with `labels`, `folding` and `rails`; `theme` turns roles into colours, `text`
is the one gate for hostile text, `words` makes sentences.

The nouns are in `model`. Everything named so far but lab/, capture/ and tui/ is pure: no sockets, clocks, threads,
files, scapy or Textual. Only `capture/` and `lab/` touch the machine, only `tui/` imports Textual. `flows` follows all
conversations of an exchange together, one `flow` each, wound of `strands`; `neighbours` is what ARP told, `dns` and
`dhcp` read those messages, `seq` compares sequence numbers, `alignment` says which row of one timeline belongs to which
of another.

demos/ are the sample exchanges, `promise` holds one to its word; explain/ is what `pktscope explain` knows. `cli` has
the commands and commands/ what they do, `show` puts a capture into text, `exits` are the ways out, `endings` says how
programs ended. `languages` finds the catalogue in locale/ that `words` translates from.
"""

__version__ = "0.1.0"
