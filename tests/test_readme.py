"""The README: its commands are ones the program takes, its diagram is the table, its test command is what CI runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from pktscope import demos, tcp
from pktscope.cli import commands

HERE = Path(__file__).parents[1]
README = (HERE / "README.md").read_text()


def command_lines() -> list[str]:
    """Every `pktscope ...` the README's code blocks show, without comments and redirections."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.S)
    found = []
    for line in "\n".join(blocks).splitlines():
        for part in line.split("#")[0].split("|"):
            words = part.strip().removeprefix("sudo ").removeprefix(".venv/bin/")
            if f"{words} ".startswith("pktscope "):
                found.append(words)
    return found


@pytest.mark.parametrize("line", command_lines())
def test_readme_commands_are_real(line: str) -> None:
    """Each parses: the command is there, and so is every option and argument it shows."""
    words = shlex.split(line)[1:]
    if not words or words[0].startswith("-"):
        return
    command = commands.commands[words[0]]
    context = command.make_context(words[0], words[1:], resilient_parsing=False)

    assert isinstance(context, click.Context)


def test_readme_diagram_is_the_table() -> None:
    """The state diagram is printed from the TCP table, never drawn by hand."""
    assert f"```mermaid\n{tcp.diagram()}\n```" in README


def test_readme_lists_every_demo() -> None:
    """The table of demos names each of them."""
    listed = re.findall(r"^\| `([a-z0-9-]+)` \|", README, re.M)

    assert listed == list(demos.ORDER)


def test_ci_runs_the_readme_test_command() -> None:
    """CI takes the command from the README; it makes its own environment and runs pytest."""
    found = re.search(r"<!-- tests -->\n```sh\n(python3 .*)\n```", README)

    assert found is not None
    assert found[1].endswith("pytest")
    assert "<!-- tests -->" in (HERE / ".ci" / "run").read_text()


def test_every_demo_has_a_recording() -> None:
    """captures/ holds one recording of each variant of each demo, and the picture the README shows."""
    each = [demos.load(name) for name in demos.ORDER]
    recordings = {
        demos.load(demo.name, variant).recording for demo in each for variant, _ in (*demo.variants, ("", ""))
    }
    assert {path.stem for path in (HERE / "captures").glob("*.pcapng")} == recordings
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (HERE / picture).is_file()
