"""The languages the program speaks: which one is asked for, and its catalogue, read from its file.

English needs no file. A catalogue is `locale/CODE/LC_MESSAGES/pktscope.mo`, compiled from the .po beside it.
"""

from __future__ import annotations

import gettext
import os
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from pktscope import words
from pktscope.words import N_

ENGLISH = "en"
NAMES = {"en": ENGLISH, "zh": "zh_CN", "zh_CN": "zh_CN"}
"""What --lang takes, and the catalogue it means."""

LOCALE = Path(__file__).with_name("locale")
DOMAIN = "pktscope"
VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
"""Where a system says which language its messages have; the first that is set decides (locale(7))."""

SYSTEM = (
    N_("No such file or directory"), N_("Permission denied"), N_("Operation not permitted"), N_("Is a directory"),
    N_("Not a directory"), N_("File exists"), N_("No space left on device"), N_("Read-only file system"),
    N_("Input/output error"), N_("Too many open files"), N_("Broken pipe"), N_("No such device"),
    N_("Address already in use"), N_("Cannot assign requested address"), N_("Connection refused"),
    N_("File name too long"), N_("Disk quota exceeded"), N_("Invalid argument"), N_("Cannot allocate memory"),
    N_("Exec format error"), N_("Text file busy"), N_("No such process"), N_("Resource temporarily unavailable"),
    N_("Network is down"), N_("Device or resource busy"), N_("Bad file descriptor"), N_("Illegal seek"),
)  # fmt: skip
"""What the C library says of errors: it always says it in English here, as nobody sets its locale."""

MAGIC = 0x950412DE
"""First word of a .mo file, in its byte order."""


def asked_for(arguments: Sequence[str]) -> str:
    """The last --lang on a command line, read before the command line is: its help needs to know."""
    asked = ""
    for index, word in enumerate(arguments):
        if word == "--":
            break
        if word == "--lang" and index + 1 < len(arguments):
            asked = arguments[index + 1]
        elif word.startswith("--lang="):
            asked = word.removeprefix("--lang=")
    return asked


def chosen(asked: str, environment: Mapping[str, str]) -> str:
    """The language to speak: as asked, else as the environment has it; English for all that is not spoken here."""
    if asked in NAMES:
        return NAMES[asked]
    named = next((environment[name] for name in VARIABLES if environment.get(name)), "")
    return NAMES.get(named.partition(".")[0].partition("@")[0].partition("_")[0], ENGLISH)


def speak(language: str) -> None:
    """Say everything in this language from now on, click's own words too."""
    if language == ENGLISH:
        words.use({})
        if gettext.textdomain() == DOMAIN:
            gettext.textdomain("messages")
        return
    words.use(catalogue(language))
    gettext.bindtextdomain(DOMAIN, str(LOCALE))
    gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = language  # which is where gettext looks


def catalogue(language: str) -> dict[str, str]:
    """English to that language, from its .mo file."""
    octets = (LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.mo").read_bytes()
    magic, _revision, count, originals, translations = struct.unpack_from("<5I", octets)
    if magic != MAGIC:
        raise ValueError("not a catalogue of little-endian words")

    def text(table: int, index: int) -> str:
        size, start = struct.unpack_from("<2I", octets, table + 8 * index)
        return octets[start : start + size].decode()

    return {text(originals, index): text(translations, index) for index in range(1, count)}
