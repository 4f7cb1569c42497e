"""What a reader says of a file it cannot take, and the limits before parsing."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


class Rejected(Exception):
    """The whole file cannot be read: ``rule_id`` (F01, F02, F05, F13, F15) and a Chinese message that says how to fix it."""

    def __init__(self, rule_id: str, message: str):
        super().__init__(message)
        self.rule_id = rule_id
        self.message = message

    def __reduce__(self):
        """Exceptions cross the process border of the reader pool."""
        return (Rejected, (self.rule_id, self.message))


class Changed(Rejected):
    """The file is not the one its receipt stands for any more: it changed while the tree was read. Read again later."""

    def __init__(self):
        super().__init__(
            "F01", "文件在读取过程中被改动，本次未载入；下次运行会重新读取，请勿在运行时覆盖已报送的文件"
        )

    def __reduce__(self):
        return (Changed, ())


@dataclass(frozen=True)
class Limits:
    """Limits of one submission (rule F13); sizes in bytes, time in seconds."""

    file_bytes: int = 20 * MEGABYTE
    unpacked_bytes: int = 200 * MEGABYTE
    ratio: int = 100
    rows: int = 50_000
    columns: int = 200
    # characters of all cells: a workbook may say one text 50,000 times, a merged range fills a thousand cells
    characters: int = 50_000_000
    merged_cells: int = 1_000_000
    # of programme.toml; of every other file of the registry, receipts.csv and confirmations.csv
    programme_bytes: int = MEGABYTE
    register_bytes: int = 200 * MEGABYTE
    register_lines: int = 2_000_000
    receipts_lines: int = 500_000
    # rows a table may begin below the top of the sheet, so that exactly `rows` data rows still fit
    margin_rows: int = 100
    seconds: int = 120
    memory_bytes: int = 3072 * MEGABYTE
