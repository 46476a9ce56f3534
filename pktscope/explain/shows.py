"""Which demos show a rule: read from their sources, for some import what only they need."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pktscope import demos


@cache
def sources() -> dict[str, str]:
    """Every demo's source, by its name."""
    folder = Path(demos.__file__).parent
    return {name: (folder / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8") for name in demos.ORDER}


def showing(rule: str) -> tuple[str, ...]:
    """The demos that promise a note of this rule: its id stands in quotes nowhere but in a demo's SHOWS."""
    return tuple(name for name, source in sources().items() if f'"{rule}"' in source)


def there(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of some demos that this version has."""
    return tuple(name for name in names if name in demos.ORDER)
