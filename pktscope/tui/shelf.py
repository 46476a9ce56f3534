"""What the gallery can start, as the screen sees it; whoever knows the lab provides it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from pktscope.tui.options import ScreenOptions

if TYPE_CHECKING:
    from textual.screen import Screen

    from pktscope.demos import Demo
    from pktscope.tui.session import Subject
    from pktscope.tui.styles import Styles


class Shelf(Protocol):
    """Demos to run and files to open; every one of its methods that starts something may raise exits.Stop."""

    title: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]

    def demos(self) -> tuple[Demo, ...]:
        """Every demo, in order, in its first variant."""
        ...

    def demo(self, name: str, variant: str = "") -> Subject:
        """Run a demo in one of its variants."""
        ...

    def comparison(self, name: str, variants: tuple[str, str] | None = None) -> Subject:
        """Run two variants of a demo, to stand beside each other; the first two where none are named."""
        ...

    def file(self, path: str) -> Subject:
        """Open a capture."""
        ...

    def put_back(self) -> None:
        """End whatever was started and still runs; waits for it."""
        ...


class Gallery:
    """The gallery as something the screen can be started about."""

    def __init__(self, shelf: Callable[[], Shelf], title: str, options: ScreenOptions) -> None:
        """`shelf` is called behind the first frame."""
        self.title = title
        self.options = options
        self.open = shelf
        self.shelf: Shelf | None = None

    def screen(self, styles: Styles, ended: Callable[[int], None]) -> Screen[Any]:
        """The list of demos. What a demo deserves there is shown there, and is not the program's exit code."""
        from pktscope.tui.gallery import GalleryScreen

        self.shelf = self.open()
        return GalleryScreen(self.shelf, styles, lambda code: None)

    def verdict(self) -> tuple[int, str]:
        """All is well; what still runs is ended."""
        if self.shelf is not None:
            self.shelf.put_back()
        return 0, ""
