"""Which language is spoken, what is said in it, and that every catalogue is whole."""

from __future__ import annotations

import ast
import gettext
import subprocess
import sys
from collections.abc import Container, Iterator
from pathlib import Path

import pytest

from pktscope import languages, words
from pktscope.text import width
from tests import catalogue

CHINESE = {
    "{count} bytes": "{count} 个字节",
    "{items} and {last}": "{items}和{last}",
    ", ": "、",
    "sent {what:bytes} after {time:duration}": "过了 {time:duration} 才发送 {what:bytes}",
    "the {side}": "{side}端",
    "client": "客户",
    "no live run here: {why}": "此处无法实时运行：{why}",
    "the system refused {what} ({error})": "系统拒绝了 {what}（{error}）",
}


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """Every test begins and ends in English."""
    languages.speak("en")
    yield
    languages.speak("en")


@pytest.mark.parametrize(
    ("asked", "environment", "language"),
    [
        ("", {}, "en"),
        ("", {"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ("", {"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ("", {"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_SG"}, "zh_CN"),
        ("", {"LANG": "zh_CN.UTF-8", "LC_MESSAGES": ""}, "zh_CN"),
        ("", {"LANG": "de_DE.UTF-8@euro"}, "en"),
        ("en", {"LANG": "zh_CN.UTF-8"}, "en"),
        ("zh", {}, "zh_CN"),
        ("zh_CN", {"LC_ALL": "C"}, "zh_CN"),
        ("fr", {"LANG": "zh_CN"}, "zh_CN"),
    ],
)
def test_which_language(asked: str, environment: dict[str, str], language: str) -> None:
    """--lang decides, then LC_ALL, LC_MESSAGES, LANG; what is not spoken here is English."""
    assert languages.chosen(asked, environment) == language


def test_language_is_read_before_the_command_line() -> None:
    """Both spellings, the last one, none behind '--'."""
    assert languages.asked_for(["demo", "--lang", "en", "--lang=zh", "--", "--lang", "en"]) == "zh"
    assert languages.asked_for(["demo", "--lang"]) == ""


def test_english_reads_no_catalogue() -> None:
    """English start-up opens no file for it."""
    assert languages.catalogue("zh_CN").keys() & {""} == set()

    languages.speak("en")
    assert words.CATALOGUE == {}


def test_sentences_are_made_of_translated_templates() -> None:
    """Template, counted noun, duration and list in the language; values as they are."""
    words.use(CHINESE)

    assert words.say("sent {what:bytes} after {time:duration}", {"what": 5, "time": 41_300_000}) == (
        "过了 41.3 ms 才发送 5 个字节"
    )
    assert words.listed(["a", "b", "c"]) == "a、b 和 c"
    assert words.listed(["客户端", "服务器"]) == "客户端和服务器"
    assert words.say("sent {what:bytes}", {"what": 5}) == "sent 5 个字节"


def test_phrase_is_translated_when_it_is_said() -> None:
    """A phrase made in one language comes out in another."""
    who = words.phrase("the {side}", side=words.phrase("client"))
    assert str(who) == "the client"

    words.use(CHINESE)
    assert str(who) == "客户端"


def test_what_was_said_in_english_elsewhere_is_retold() -> None:
    """By the template it was made from, values too; what fits none stays."""
    assert words.retold("anything") == "anything"

    words.use(CHINESE)
    assert words.retold("no live run here: the system refused unshare (EPERM)") == (
        "此处无法实时运行：系统拒绝了 unshare（EPERM）"
    )
    assert words.retold("no live: \x1b{x}") == "no live: \x1b{x}"
    assert words.retold("no live run here: " * 5000) == "no live run here: " * 5000


def test_click_speaks_the_language_too() -> None:
    """Its own words come through gettext's domain."""
    languages.speak("zh_CN")
    assert gettext.gettext("Usage:") == "用法："

    languages.speak("en")
    assert gettext.gettext("Usage:") == "Usage:"


@pytest.mark.parametrize("path", catalogue.catalogues(), ids=lambda path: str(path.parts[-3]))
def test_every_catalogue_is_whole(path: Path) -> None:
    """Nothing missing, empty, fuzzy or stale, and every placeholder where it belongs."""
    assert catalogue.complaints(catalogue.read(path.read_text(encoding="utf-8")), catalogue.messages()) == []


@pytest.mark.parametrize("path", catalogue.catalogues(), ids=lambda path: str(path.parts[-3]))
def test_compiled_catalogue_is_that_of_its_source(path: Path) -> None:
    """The .mo is the compiled .po, and gettext's own reader reads it as we do."""
    assert path.with_suffix(".mo").read_bytes() == catalogue.compiled(path.read_text(encoding="utf-8"))
    with path.with_suffix(".mo").open("rb") as file:
        theirs = gettext.GNUTranslations(file)
    ours = languages.catalogue(path.parts[-3])
    assert ours
    assert all(theirs.gettext(text) == said for text, said in ours.items() if "\0" not in text)


def test_a_catalogue_is_written_as_it_is_read() -> None:
    """Quotes, line ends, plurals, remarks and doubts come back."""
    entries = [
        catalogue.Message('say "hi"\n\\', translation="说“嗨”\n\\", places=("a.py",), remarks=("why",)),
        catalogue.Message("one", "many", "一个", ("click",), fuzzy=True),
    ]
    text = catalogue.written({entry.text: entry for entry in entries}, "zh_CN")

    assert list(catalogue.read(text).values()) == entries


def test_a_broken_placeholder_is_found() -> None:
    """Another name, another spec, a brace too many."""
    for wrong in ("{y:bytes}", "{x}", "{x:bytes", "none"):
        assert catalogue.misplaced(catalogue.Message("say {x:bytes}", translation=wrong))
    assert not catalogue.misplaced(catalogue.Message("{a} of {x:bytes}", translation="{x:bytes} 中的 {a}"))


@pytest.mark.parametrize("command", [[], ["demo"], ["live"], ["replay"], ["record"], ["doctor"]])
def test_chinese_help_stays_straight(command: list[str]) -> None:
    """Every line fits 80 cells, and the second column begins in one place."""
    done = subprocess.run(
        [sys.executable, "-m", "pktscope", *command, "--lang", "zh", "--help"],
        capture_output=True, text=True, check=True, env={"COLUMNS": "80", "PYTHONUTF8": "1", "PATH": "/usr/bin"},
    ).stdout  # fmt: skip

    lines = done.splitlines()
    assert "用法" in lines[0]
    assert all(width(line) <= 80 for line in lines)


def test_what_is_said_by_a_name_is_marked_where_it_stands() -> None:
    """A text kept in a variable before it is said has to be marked there, or no catalogue would have it."""
    known = catalogue.messages()
    unmarked = []
    for path in sorted(Path(words.__file__).parent.rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                unmarked += [f"{path.name}:{line}" for line in said_unmarked(function, known)]

    assert unmarked == []


def said_unmarked(function: ast.FunctionDef | ast.AsyncFunctionDef, known: Container[str]) -> Iterator[int]:
    """Lines that say a variable in which a text was put that no catalogue knows."""
    nodes = list(ast.walk(function))
    bare = {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
        and any(" " in text and text not in known for text in catalogue.constants(node.value))
    }
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in catalogue.MARKERS:
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Name) and first.id in bare:
                yield node.lineno
