"""Hostile text, and how wide text is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pktscope.text import GATE, fit, is_safe, safe_text, width, wrap

ATTACKS = [
    ("\x1b[31m", "\\e[31m"),
    ("\x1b]52;c;aGk=\x07", "\\e]52;c;aGk=\\a"),
    ("\x9b31m", "\\x9b31m"),
    ("a\x00b", "a\\0b"),
    ("one\r\ntwo\tthree", "one\\r\\ntwo\\tthree"),
    ("back\x08space", "back\\bspace"),
    ("\u202eevil", "\\u202eevil"),
    ("e\u0301", "e\\u0301"),
    ("zero\u200bwidth", "zero\\u200bwidth"),
    ("\U0001f600", "\\U01f600"),
    ("\ud800", "\\ud800"),
    ("שלום", "\\u05e9\\u05dc\\u05d5\\u05dd"),
    ("[bold]x[/nope]", "[bold]x[/nope]"),
    ("三次握手", "三次握手"),
]
hostile = st.one_of(st.text(st.characters(exclude_categories=())), st.binary())


@pytest.mark.parametrize(("attack", "shown"), ATTACKS)
def test_attacks_are_seen_and_do_nothing(attack: str, shown: str) -> None:
    """What would move, colour, ring, reorder or combine stands there as an escape; everything else as itself."""
    assert safe_text(attack) == shown


@given(hostile, st.integers(1, 200))
def test_safe_text_only_occupies_cells(value: str | bytes, limit: int) -> None:
    """No control, format or combining character, never more than the limit, and harmless to repeat."""
    shown = safe_text(value, limit)

    assert len(shown) <= limit
    assert shown.isprintable()
    assert not any(unicodedata.combining(character) for character in shown)
    assert safe_text(shown, limit) == shown


@given(hostile)
def test_width_is_what_the_screen_library_measures(value: str | bytes) -> None:
    """A strip as wide as we say is as wide as Rich and Textual say."""
    shown = safe_text(value)

    assert width(shown) == cell_len(shown)


def test_every_safe_character_has_the_same_width_everywhere() -> None:
    """All 87 thousand of them, not a sample."""
    safe = [chr(code) for code in range(0x110000) if is_safe(code)]

    assert len(safe) > 80_000
    assert [hex(ord(one)) for one in safe if width(one) != cell_len(one)] == []


def test_octets_are_read_as_text_where_they_are_text() -> None:
    """UTF-8 where it is; every octet on its own where it is not; a multi-byte character at the limit is no reason."""
    assert safe_text("握手".encode()) == "握手"
    assert safe_text(b"\xff\xfe ok") == "\\xff\\xfe ok"
    assert safe_text("握手".encode() * 1000, 5) == "握手握手…"
    assert safe_text(b"\x00" * 100, 5) == "\\0\\0…"


def test_the_limit_never_cuts_an_escape() -> None:
    """Half an escape would be read as something else."""
    assert safe_text("\u202e" * 3, 10) == "\\u202e…"
    assert safe_text("abc\ndef", 100, keep_newlines=True) == "abc\ndef"


def test_the_gate_remembers_only_code_points() -> None:
    """Its table is bounded by Unicode, whatever passes."""
    safe_text("".join(map(chr, range(0x3000, 0x3100))))

    assert all(0 <= code < 0x110000 for code in GATE)


@given(hostile, st.integers(0, 60), st.sampled_from("<>^"))
def test_fit_is_exact(value: str | bytes, cells: int, align: str) -> None:
    """Exactly the cells asked for, wide characters or not."""
    assert width(fit(safe_text(value), cells, align)) == cells  # type: ignore[arg-type]


@given(st.text(st.sampled_from("ab 三，。次(握)手!（“…、"), max_size=80), st.integers(4, 30))
def test_wrap_loses_nothing_but_spaces(text: str, cells: int) -> None:
    """Every line fits, and no letter is lost."""
    lines = wrap(text, cells)

    assert all(width(line) <= cells for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_wrap_keeps_closing_punctuation_with_its_word() -> None:
    """A line of Chinese never begins with a comma or a full stop."""
    assert wrap("三次握手完成，双方可以发送。", 12) == ["三次握手完", "成，双方可以", "发送。"]
    assert wrap("to be, or not to be", 8) == ["to be,", "or not", "to be"]


def test_wrap_breaks_behind_chinese_commas_and_before_what_opens() -> None:
    """Names parted by Chinese commas are words; no line ends with an opening bracket or quote."""
    assert wrap("SYN、connect、accept、tcp.handshake-done", 20) == ["SYN、connect、", "accept、", "tcp.handshake-done"]
    assert wrap("他说“你好（再见）”走了", 8) == ["他说“你", "好（再", "见）”走", "了"]
