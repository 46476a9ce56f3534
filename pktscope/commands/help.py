"""Click's help in the reader's language: the words of every command and option, laid out by how wide they are.

Only where the language is not English: click's own formatter counts characters, and Chinese ones are two cells wide.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import click

from pktscope import text, words
from pktscope.words import _

AnyCommand = TypeVar("AnyCommand", bound=click.Command)

INDENT = 2
AS_IT_IS = "\b"
"""Click's mark of a paragraph whose lines stay."""


class Formatter(click.HelpFormatter):
    """Click's formatter with widths in cells."""

    def write_text(self, said: str) -> None:
        """Paragraphs, a blank line between."""
        blocks = []
        for paragraph in said.split("\n\n"):
            first, *rest = paragraph.split("\n")
            whole = rest if first.strip() == AS_IT_IS else text.wrap(" ".join(paragraph.split()), self.room())
            blocks.append("\n".join(" " * self.current_indent + line.strip() for line in whole))
        self.write("\n\n".join(blocks) + "\n")

    def room(self) -> int:
        """Cells of a line behind its indent."""
        return max(self.width - self.current_indent, 20)

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Terms and what they mean, in two columns."""
        rows = list(rows)
        size = min(max((text.width(term) for term, _ in rows), default=0), col_max) + col_spacing
        for term, meaning in rows:
            indent = " " * self.current_indent
            lines = text.wrap(meaning, max(self.room() - size, 20))
            if text.width(term) > size - col_spacing:
                self.write(f"{indent}{term}\n")
            else:
                self.write((indent + text.fit(term, size) + lines.pop(0)).rstrip() + "\n")
            for line in lines:
                self.write(indent + " " * size + line + "\n")

    @contextmanager
    def section(self, name: str) -> Iterator[None]:
        """A heading, and what is indented under it."""
        self.write_paragraph()
        self.write(" " * self.current_indent + words.say("{heading}:", {"heading": name}) + "\n")
        with self.indentation():
            yield


class Context(click.Context):
    """A context whose help is laid out by cells."""

    formatter_class = Formatter


def localized(command: AnyCommand) -> AnyCommand:
    """A copy of a command, and of all below it, that speaks the language in use."""
    said = copy.copy(command)
    said.context_class = Context
    said.help = "\n\n".join(words.paragraphs(command.help)) if command.help else command.help
    said.short_help = _(command.short_help) if command.short_help else command.short_help
    said.params = [copy.copy(each) for each in command.params]
    for each in said.params:
        if isinstance(each, click.Option) and each.help:
            each.help = _(each.help)
    if isinstance(said, click.Group) and isinstance(command, click.Group):
        said.commands = {name: localized(below) for name, below in command.commands.items()}
    return said
