"""Two runs compared, from the command's side: variants of a demo run live, or any two recordings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pktscope.exits import USAGE, Stop, safe
from pktscope.present import on_screen, screen_options
from pktscope.words import _, say

if TYPE_CHECKING:
    from pktscope.capture.store import Store
    from pktscope.tui.comparison import Comparison
    from pktscope.tui.session import Session


def compare_variants(name: str, variants: Sequence[str], look: dict[str, Any], options: dict[str, Any]) -> int:
    """Run two variants of a demo (the first two where none are named) and show them beside each other."""
    from pktscope import demos
    from pktscope.browse import Demos
    from pktscope.exchange import lay_down_privileges
    from pktscope.lab.starter import starter

    first = demos.load(name)
    chosen = list(variants) or [variant for variant, _title in first.variants[:2]]
    if len(chosen) < 2:
        raise Stop(USAGE, say("the demo {name} has no variants to compare", {"name": safe(name)}))
    with starter() as launch:
        shelf = Demos(launch, look, options)
        try:
            comparison = shelf.comparison(name, (chosen[0], chosen[1]))
            lay_down_privileges()
            if on_screen(look):
                from pktscope.tui.app import start

                return start(comparison)
            from pktscope.both import print_both

            return print_both(comparison, look)
        finally:
            shelf.put_back()


def compare_files(paths: tuple[str, str], look: dict[str, Any], stream: str) -> int:
    """Show any two recordings beside each other."""
    names = names_of(paths)
    comparison = recordings(dict(zip(names, opened_both(paths), strict=True)), names, look, stream)
    if on_screen(look):
        from pktscope.tui.app import start

        return start(comparison)
    from pktscope.both import print_both

    return print_both(comparison, look)


def opened_both(paths: tuple[str, str]) -> tuple[Store, Store]:
    """Both captures, or one clear line. Rights that only opening needed are laid down before either is read."""
    from pktscope.capture.store import Store
    from pktscope.exchange import lay_down_privileges, opened

    if "-" in paths:
        raise Stop(USAGE, _("--compare takes two files: standard input can be read only once"))
    second: list[Store] = []

    def open_second() -> None:
        second.append(opened(lambda: Store.open(paths[1], lay_down_privileges), paths[1]))

    return opened(lambda: Store.open(paths[0], open_second), paths[0]), second[0]


def names_of(paths: Sequence[str]) -> tuple[str, str]:
    """What two files are called beside each other: no more of their paths than tells them apart."""
    parts = [os.path.abspath(path).split(os.sep) for path in paths]
    for size in range(1, max(map(len, parts)) + 1):
        short = [os.sep.join(each[-size:]) for each in parts]
        if short[0] != short[1]:
            return safe(short[0]), safe(short[1])
    return safe(short[0]), safe(f"{short[1]} (2)")


def recordings(stores: dict[str, Store], names: tuple[str, str], look: dict[str, Any], stream: str) -> Comparison:
    """Two opened captures as something to compare."""
    from pktscope.tui.comparison import Comparison
    from pktscope.tui.session import Session

    options = screen_options(look, recorded=True, stream=stream)

    def start(name: str) -> Session:
        return Session(stores[name], name, None, (), None, "", options)

    title = say("{left} and {right}", {"left": names[0], "right": names[1]})
    return Comparison(title, options, tuple((name, name) for name in names), start)
