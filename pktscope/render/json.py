"""Steps and notes for programs: one JSON document, written piece by piece so that its size does not matter.

Schema `pktscope.timeline/1`: times are integer nanoseconds since the Unix epoch, lengths octets, octets themselves hex
with a readable text beside them; a field that does not apply is left out. A step's "conversation" is its place among
those of an exchange, from 0, which is left out, and -1 for a step that is no conversation's own. Fields may be added,
never changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, assert_never

from pktscope.model import (
    Arp,
    Call,
    Conversation,
    End,
    Endpoint,
    Exchange,
    Fate,
    Frame,
    Icmp,
    Igmp,
    Ip,
    Note,
    Observation,
    Other,
    Return,
    Sample,
    Segment,
    Step,
    Tcp,
    Udp,
    flag_names,
)  # fmt: skip
from pktscope.text import safe_text
from pktscope.verdicts import NAMES
from pktscope.words import say

SCHEMA = "pktscope.timeline/1"

PAYLOAD = 65_536
"""Octets of one payload written out; more is the capture's business."""


def document(
    steps: Iterable[tuple[Step, Sequence[Note]]],
    *,
    conversation: Conversation | None = None,
    exchange: Exchange | None = None,
    client: Endpoint | None = None,
    server: Endpoint | None = None,
) -> Iterator[str]:
    """The document in pieces: joined, they are JSON. One line a step; notes stand with the step they land on."""
    head = {
        "schema": SCHEMA,
        "conversation": described(conversation, client, server),
        "exchange": exchange_fields(exchange) if exchange else None,
    }
    yield json.dumps(kept(head), ensure_ascii=True)[:-1] + ', "steps": ['
    numbers: dict[int, int] = {}
    separator = "\n"
    for step, notes in steps:
        if isinstance(step.observation, Frame):
            numbers[step.index] = step.observation.number
        yield separator + json.dumps(step_fields(step, notes, numbers), ensure_ascii=True)
        separator = ",\n"
    yield "\n]}\n"


def kept(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that say something: None and empty ones left out, False and 0 kept."""
    return {name: value for name, value in fields.items() if value is not None and value not in ("", (), [], {})}


def described(conversation: Conversation | None, client: Endpoint | None, server: Endpoint | None) -> dict[str, Any]:
    """Who talks to whom."""
    if conversation is None:
        return kept({"client": end(client), "server": end(server)})
    return kept(
        {
            "name": conversation.name,
            "protocol": conversation.protocol,
            "client": end(conversation.client),
            "server": end(conversation.server),
            "frames": conversation.frames if any(conversation.frames) else None,
            "octets": conversation.octets if any(conversation.frames) else None,
        }
    )


def exchange_fields(exchange: Exchange) -> dict[str, Any]:
    """What a recording says of itself, without the programs' text."""
    return kept(
        {
            "title": exchange.title,
            "demo": exchange.demo,
            "variant": exchange.variant,
            "topology": exchange.topology if exchange.topology != "lo" else "",
            "path": list(exchange.path),
            "room": exchange.room,
            "settings": dict(exchange.settings),
            "sources": [name for name, _ in exchange.sources],
        }
    )


def step_fields(step: Step, notes: Sequence[Note], numbers: Mapping[int, int]) -> dict[str, Any]:
    """A step with what was seen, where it stands in its conversation, and what is said of it."""
    return kept(
        {
            "step": step.index,
            "time": step.time,
            "side": step.side.value,
            "conversation": step.conversation or None,
            "link": step.link or None,
            **seen_fields(step.observation),
            "states": [state.value for state in step.after],
            "states_before": [state.value for state in step.before] if step.before != step.after else None,
            "segment": segment_fields(step.segment) if step.segment else None,
            "octets": step.octets,
            "call_step": step.call,
            "notes": [note_fields(note, numbers) for note in notes],
        }
    )


def seen_fields(seen: Observation) -> dict[str, Any]:
    """The observation: its kind and its own fields."""
    match seen:
        case Frame():
            return {"kind": "frame", "frame": frame_fields(seen)}
        case Call():
            return {"kind": "call", "call": call_fields(seen)}
        case Return():
            return {"kind": "return", "return": return_fields(seen)}
        case Sample():
            return {"kind": "sample", "sample": sample_fields(seen)}
        case Fate():
            return {"kind": "fate", "fate": {"frame": seen.frame, "what": seen.what, "delivered": list(seen.delivered)}}
        case End():
            return {"kind": "end", "end": kept({"reason": seen.reason, "dropped": seen.dropped, "detail": seen.detail})}
    assert_never(seen)


def end(endpoint: Endpoint | None) -> dict[str, Any] | None:
    """An endpoint as address and port."""
    return kept({"address": safe_text(endpoint.address), "port": endpoint.port}) if endpoint else None


def octets_fields(octets: bytes) -> dict[str, Any] | None:
    """Octets as hex and as text a person can read."""
    if not octets:
        return None
    shown = octets[:PAYLOAD]
    return {"hex": shown.hex(), "text": safe_text(shown, PAYLOAD * 4)}


def frame_fields(frame: Frame) -> dict[str, Any]:
    """A frame: its headers by name, its payload."""
    return kept(
        {
            "number": frame.number,
            "wire_length": frame.wire_length,
            "captured_length": frame.captured_length,
            "link": frame.link,
            "vlans": list(frame.vlans),
            "source": end(frame.source),
            "target": end(frame.target),
            "ip": ip_fields(frame.ip) if frame.ip else None,
            **transport_fields(frame),
            "length": frame.length,
            "payload": octets_fields(frame.payload),
            "reassembled": kept({"frames": list(frame.whole.frames), "length": frame.whole.length,
                                 "overlap": frame.whole.overlap, "conflict": frame.whole.conflict})
            if frame.whole else None,
            "unfilled_checksum": frame.unfilled_checksum or None,
            "oddities": [safe_text(oddity) for oddity in frame.oddities],
            "interface": safe_text(frame.interface),
            "comment": safe_text(frame.comment),
        }
    )  # fmt: skip


def ip_fields(ip: Ip) -> dict[str, Any]:
    """The IP header."""
    return kept(
        {
            "version": ip.version,
            "header_length": ip.header_length,
            "total_length": ip.total_length,
            "ttl": ip.ttl,
            "protocol": ip.protocol,
            "traffic_class": ip.traffic_class,
            "identification": ip.identification,
            "dont_fragment": ip.dont_fragment,
            "more_fragments": ip.more_fragments,
            "fragment_offset": ip.fragment_offset,
            "options": list(ip.options),
        }
    )


def transport_fields(frame: Frame) -> dict[str, Any]:
    """The transport header under its protocol's name."""
    header = frame.transport
    match header:
        case None:
            return {}
        case Tcp():
            return {"tcp": tcp_fields(header)}
        case Udp():
            return {"udp": {"length": header.length, "checksum": header.checksum}}
        case Icmp():
            return {"icmp": icmp_fields(header)}
        case Arp():
            return {
                "arp": {
                    "operation": header.operation,
                    "sender": header.sender,
                    "sender_mac": header.sender_mac,
                    "target": header.target,
                    "target_mac": header.target_mac,
                }
            }
        case Igmp():
            return {
                "igmp": kept(
                    {
                        "type": header.type,
                        "group": header.group,
                        "checksum": header.checksum,
                        "records": [{"type": kind, "group": group} for kind, group in header.records],
                    }
                )
            }
        case Other():
            return {"other": kept({"name": safe_text(header.name), "summary": safe_text(header.summary)})}
    assert_never(header)


def tcp_fields(tcp: Tcp) -> dict[str, Any]:
    """The TCP header as on the wire; the segment's own numbers stand beside it."""
    options = tcp.options
    return {
        "seq": tcp.seq,
        "ack": tcp.ack,
        "flags": list(flag_names(tcp.flags)),
        "window": tcp.window,
        "header_length": tcp.header_length,
        "checksum": tcp.checksum,
        "urgent": tcp.urgent,
        "options": kept(
            {
                "mss": options.mss,
                "window_scale": options.window_scale,
                "sack_permitted": options.sack_permitted or None,
                "sack": [list(block) for block in options.sack],
                "timestamp": options.timestamp,
                "fast_open": options.fast_open.hex() if options.fast_open is not None else None,
                "others": list(options.others),
            }
        ),
    }


def icmp_fields(icmp: Icmp) -> dict[str, Any]:
    """An ICMP message and the packet it quotes."""
    quoted = icmp.quoted
    return kept(
        {
            "version": icmp.version,
            "type": icmp.type,
            "code": icmp.code,
            "identifier": icmp.identifier,
            "sequence": icmp.sequence,
            "mtu": icmp.mtu,
            "quoted": kept(
                {
                    "source": end(quoted.source),
                    "target": end(quoted.target),
                    "protocol": quoted.protocol,
                    "identification": quoted.identification,
                    "seq": quoted.seq,
                    "length": quoted.length,
                }
            )
            if quoted
            else None,
        }
    )


def segment_fields(segment: Segment) -> dict[str, Any]:
    """A TCP segment in its conversation's own numbers, and its sender's variables after it."""
    return kept(
        {
            "seq": segment.seq,
            "end": segment.end,
            "ack": segment.ack,
            "window": segment.window,
            "window_known": segment.window_known,
            "verdicts": verdict_names(segment.verdict),
            "acked": segment.acked,
            "answers": segment.answers,
            "rtt": segment.rtt,
            "una": segment.una,
            "nxt": segment.nxt,
            "in_flight": segment.in_flight,
            "limit": segment.limit,
            "sack": [list(block) for block in segment.sack],
        }
    )


def verdict_names(verdict: int) -> list[str]:
    """The set bits in plain words."""
    return [name for bit, name in NAMES.items() if verdict & bit]


def call_fields(call: Call) -> dict[str, Any]:
    """A socket call entered."""
    return kept(
        {
            "serial": call.serial,
            "pid": call.pid,
            "name": safe_text(call.name),
            "arguments": safe_text(call.arguments),
            "socket": call.socket,
            "descriptor": call.descriptor,
            "protocol": call.protocol,
            "local": end(call.local),
            "peer": end(call.peer),
            "length": call.length,
            "data": octets_fields(call.data),
            "file": safe_text(call.file),
            "line": call.line or None,
            "program": call.program if call.program > 1 else None,
        }
    )


def return_fields(back: Return) -> dict[str, Any]:
    """A socket call coming back."""
    return kept(
        {
            "serial": back.serial,
            "pid": back.pid,
            "name": safe_text(back.name),
            "socket": back.socket,
            "result": safe_text(back.result),
            "error": safe_text(back.error),
            "length": back.length,
            "data": octets_fields(back.data),
            "local": end(back.local),
            "peer": end(back.peer),
            "new_socket": back.new_socket,
        }
    )


def sample_fields(sample: Sample) -> dict[str, Any]:
    """The kernel's own view of a socket."""
    return kept(
        {
            "since": sample.since,
            "state": sample.state.value,
            "socket": sample.socket,
            "local": end(sample.local),
            "peer": end(sample.peer),
            "timer": safe_text(sample.timer),
            "timer_left": sample.timer_left,
            "unread": sample.unread,
            "unacknowledged": sample.unacknowledged,
            "info": dict(sample.info),
        }
    )


def note_fields(note: Note, numbers: Mapping[int, int]) -> dict[str, Any]:
    """A note, with the frames that prove it by number."""
    return kept(
        {
            "rule": note.rule,
            "severity": note.severity.value,
            "sentence": safe_text(say(note.message, note.values)),
            "step": note.step,
            "since": note.since,
            "evidence": list(note.evidence),
            "frames": [numbers[step] for step in note.evidence if step in numbers],
            "reference": note.reference,
            "wireshark": note.wireshark,
        }
    )
