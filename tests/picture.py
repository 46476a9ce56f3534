"""The README's picture, made of a recording: python -m tests.picture captures/teardown.pcapng captures/teardown.svg.

The screen as it is at 120x40 (a third argument names another size, a fourth how many times 'next step' is pressed),
with the fonts of the reader's own machine instead of the downloaded ones Textual's picture names.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from pktscope import demos
from pktscope.capture.store import Store
from pktscope.tui.application import Application
from pktscope.tui.options import ScreenOptions
from pktscope.tui.session import Session

FONTS = "DejaVu Sans Mono, Menlo, Consolas, Liberation Mono, monospace"


def ready_made(svg: str) -> str:
    """The picture without anything to download."""
    svg = re.sub(r"@font-face\s*\{[^}]*\}", "", svg)
    svg = re.sub(r"\n\s*\n+", "\n", svg)
    return svg.replace("Fira Code, monospace", FONTS).replace("Fira Code", FONTS)


async def picture(recording: Path, size: tuple[int, int], steps: int) -> str:
    """The screen, so many steps into the recording."""
    demo = demos.load(recording.stem)
    store = Store.open(str(recording))
    store.wait(30)
    options = ScreenOptions(motion=False, recorded=True)
    session = Session(store, demo.title, None, demo.shows, (demo.file, demo.source), demo.story, options)
    application = Application(session, ascii_only=False)
    async with application.run_test(size=size) as pilot:
        while len(application.screen.query("*")) == 0 or not store.finished:
            await pilot.pause()
        await pilot.pause(0.5)
        for _ in range(steps):
            await pilot.press("n")
        await pilot.pause(0.2)
        return application.export_screenshot(title=f"pktscope demo {demo.name}")


def main() -> None:
    """Write the picture."""
    recording, target = Path(sys.argv[1]), Path(sys.argv[2])
    columns, lines = (sys.argv[3] if len(sys.argv) > 3 else "120x40").split("x")
    steps = int(sys.argv[4]) if len(sys.argv) > 4 else 32
    svg = asyncio.run(picture(recording, (int(columns), int(lines)), steps))
    target.write_text(ready_made(svg))


if __name__ == "__main__":
    main()
