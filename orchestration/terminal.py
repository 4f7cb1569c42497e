"""What reaches the terminal: text only. A file name or a registry may hold characters a terminal obeys.

Texts of counties are clean once they are stored (``raw.text.storable``); names of files and options are not.
"""

from __future__ import annotations

from typing import TextIO

from raw.text import storable


class PlainStream:
    """A text stream whose control characters, lone surrogates and changes of direction are written as U+FFFD."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write ``text``; number of characters, as given. Raises TypeError for bytes: click tells by that what a stream takes."""
        if not isinstance(text, str):
            raise TypeError(f"text, not {type(text).__name__}")
        # a letter at each end: storable drops padding, and what stands at the ends of a piece is none
        self._stream.write(storable(f"x{text}x")[1:-1])
        return len(text)

    def writelines(self, lines) -> None:
        """Write every line."""
        for line in lines:
            self.write(line)
