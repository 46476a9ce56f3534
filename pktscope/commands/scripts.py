"""Scripts looked at before they run: what Python would not understand is said in one line; what they import beside."""

from __future__ import annotations

import ast
import codecs
import io
import os
import stat
import tokenize
import warnings
from collections.abc import Iterator

from pktscope.exits import USAGE, Stop, quoted, safe
from pktscope.words import N_, _, say

MOST_TEXT = 1 << 20
"""Octets of a script; what is longer is none."""
MOST_MODULES = 20
"""Files beside the scripts whose text the recording keeps."""
ENCODINGS = ("codec can't decode", "Non-UTF-8", "unknown encoding", "encoding declaration")
"""What Python says of programs whose letters it cannot read."""
PYTHON_2 = (
    "Missing parentheses in call to",
    "multiple exception types must be parenthesized",
    "leading zeros in decimal",
)
"""What Python says of programs written for Python 2."""


def check(path: str) -> None:
    """Look at a script before anything runs: Stop with one line that names the file, and the line within."""
    source = read(path)
    values: dict[str, object] = {"file": safe(os.path.basename(path))}
    try:
        if source[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            raise Stop(
                USAGE, say(N_("{file}: it is saved as UTF-16, which Python does not read; save it as UTF-8"), values)
            )
        source.decode(tokenize.detect_encoding(io.BytesIO(source).readline)[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, path, "exec", dont_inherit=True)
    except UnicodeDecodeError:
        raise Stop(USAGE, say(NOT_UTF8, values)) from None
    except SyntaxError as error:
        raise Stop(USAGE, say(*syntax(error, values))) from None
    except (ValueError, RecursionError, MemoryError, OverflowError):
        raise Stop(USAGE, say(N_("{file}: this is no Python program that can be read"), values)) from None


def read(path: str) -> bytes:
    """A script's octets."""
    try:
        if stat.S_ISFIFO(os.stat(path).st_mode):
            raise Stop(USAGE, say(N_("cannot read {file}: it is a pipe, not a file"), {"file": quoted(path)}))
        with open(path, "rb") as file:
            source = file.read(MOST_TEXT + 1)
    except OSError as error:
        values: dict[str, object] = {"file": quoted(path), "why": _(error.strerror or "")}
        raise Stop(USAGE, say(N_("cannot read {file}: {why}"), values)) from None
    if len(source) > MOST_TEXT:
        raise Stop(USAGE, say(N_("{file}: this is longer than any program (1 MB)"), {"file": quoted(path)}))
    return source


NOT_UTF8 = N_(
    "{file}: it is not UTF-8 and its first lines do not say what it is; save it as UTF-8, or write '# coding: gbk' (or"
    " what it is) into its first line"
)


def syntax(error: SyntaxError, values: dict[str, object]) -> tuple[str, dict[str, object]]:
    """What is wrong with a script that Python does not understand."""
    said = error.msg or ""
    values = {**values, "line": error.lineno or 1, "said": safe(said)}
    if any(words in said for words in ENCODINGS):
        return NOT_UTF8, values
    if any(words in said for words in PYTHON_2):
        return N_(
            "{file}, line {line}: this is written for Python 2 ({said}); pktscope runs Python 3 programs: convert it"
            " first (python3 -m lib2to3 -w {file})"
        ), values  # fmt: skip
    return N_("{file}, line {line}: Python does not understand this: {said}"), values


def modules_beside(path: str, name: str, known: dict[str, str]) -> dict[str, str]:
    """The files beside a script that it imports, as far as its text says so."""
    found: dict[str, str] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(read(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError, Stop):
        return found
    for module in imported(tree):
        file = os.path.join(os.path.dirname(path), module.split(".", 1)[0] + ".py")
        if file not in known and os.path.isfile(file) and len(known) + len(found) < MOST_MODULES:
            found[file] = prefix(name) + os.path.basename(file)
    return found


def imported(tree: ast.AST) -> Iterator[str]:
    """The modules a program names in its imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def prefix(name: str) -> str:
    """What stands before the names of files beside a script."""
    return name.rpartition("/")[0] + "/" if "/" in name else ""
