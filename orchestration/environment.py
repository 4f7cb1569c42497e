"""What the machine refused, in the words of an office: no room, no right, a disk that is read-only.

Belongs here: recognising such refusals. Does not belong here: what to do about them (whoever reads the message).
"""

from __future__ import annotations

import re

# errno texts as Python, DuckDB, SQLite and dbt pass them on
_REFUSALS = (
    (
        r"No space left on device|Disk quota exceeded|disk is full|Errno 28\b|not enough (disk )?space",
        "磁盘空间不足；请腾出空间后重新执行",
    ),
    (
        r"Read-only file system|readonly database|Errno 30\b",
        "磁盘只读；请检查挂载方式后重新执行",
    ),
    (r"Permission denied|Errno 13\b|Operation not permitted", "没有权限；请检查文件和文件夹的权限后重新执行"),
    (r"Too many open files|Errno 24\b", "打开的文件太多；请关闭其他程序或提高系统的限制后重新执行"),
    (r"Input/output error|Errno 5\b", "磁盘读写出错；请检查磁盘，必要时用 taizhang restore 从备份恢复"),
)


def explained(text: str) -> str | None:
    """What the machine refused and what to do; None when the text tells of no such thing."""
    return next((words for pattern, words in _REFUSALS if re.search(pattern, text)), None)


def refusal(error: BaseException) -> str | None:
    """The same of an error of the system, of DuckDB or of SQLite; None for any other, which is our own fault."""
    module = type(error).__module__.partition(".")[0]
    if not isinstance(error, OSError) and module not in {"_duckdb", "duckdb", "sqlite3", "sqlalchemy"}:
        return None
    words = explained(str(error))
    place = getattr(error, "filename", None)
    return words and f"{place}：{words}" if place else words
