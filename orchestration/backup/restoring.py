"""Restoring a backup into an empty home and an empty raw tree.

Everything is unpacked beside its place, compared with the manifest, and only then put there; the registry comes last, without
which nothing is computed. Does not belong here: whether the editions can be computed again (``editions.verify``).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from orchestration.backup import contents
from orchestration.backup.contents import HISTORY, HOME, RAW, BackupDamaged, BackupFailed, place
from orchestration.backup.reading import Entry, Read, megabytes, read_backup
from orchestration.progress import Step
from orchestration.settings import Settings
from raw.files import shown_name

_STAGING = ".restoring"
_NOTHING = frozenset({"lost+found"})  # what a fresh disk has


class WrongPlace(ValueError):
    """The home or the raw tree to restore into is not empty, or one lies in the other."""


def restore(backup: Path, settings: Settings, progress: Step) -> Read:
    """Unpack ``backup`` into ``settings.home`` and ``settings.raw_root``; both or neither.

    Raises:
        WrongPlace: see there; nothing was touched.
        BackupDamaged: the backup is not what its manifest says; nothing is left of it.
        BackupFailed: no room.
    """
    places = {HOME: settings.home, RAW: settings.raw_root}
    for folder in places.values():
        _must_be_empty(folder)
    if any(one.is_relative_to(other) for one in places.values() for other in places.values() if one != other):
        raise WrongPlace(f"{settings.home} 和 {settings.raw_root} 不能一个在另一个之内；请分别指定")
    if settings.home == settings.raw_root:
        raise WrongPlace(f"--home 和 --raw 不能是同一个目录：{settings.home}")
    made = [folder for folder in places.values() if not folder.exists()]
    store = _Staging(places)
    try:
        read = read_backup(backup, progress, store)
        store.settle(read.entries)
        _history(store, settings, read)
        # on the disk before it is in its place: a power cut must not leave what looks restored
        os.sync()
        store.move_in()
    except BaseException:
        store.drop()
        for folder in made:
            with suppress(OSError):  # not empty: somebody else's by now
                folder.rmdir()
        raise
    return read


def _must_be_empty(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise WrongPlace(f"{folder} 不是目录")
    present = {path.name for path in folder.iterdir()} - _NOTHING
    if present == {_STAGING}:
        raise WrongPlace(f"{folder} 里有一次没有完成的恢复；请删除 {folder / _STAGING} 后重新恢复")
    if present:
        raise WrongPlace(
            f"{folder} 不是空目录（{'、'.join(sorted(map(shown_name, present))[:5])}……），恢复不覆盖已有的数据；"
            "请用 --home、--raw 指定空目录，核对后再改名替换"
        )


def _history(store: _Staging, settings: Settings, read: Read) -> None:
    if HISTORY in read.entries:
        file = store.path(HISTORY)
        contents.put_history(store.path(HOME) / settings.warehouse.name, file.read_bytes())
        file.unlink()


class _Staging:
    """Folders inside the places to restore to, on the same disks."""

    def __init__(self, places: dict[str, Path]):
        self._places = places

    def path(self, name: str) -> Path:
        """Where a name of the backup, or ``home`` and ``raw``, is unpacked."""
        part, _, below = name.partition("/")
        return self._places[part] / _STAGING / below

    def begin(self, header: dict[str, Any]) -> None:
        """Make the folders. Raises BackupFailed when the files do not fit."""
        needed: dict[int, int] = {}
        for part, folder in self._places.items():
            (folder / _STAGING).mkdir(parents=True, mode=0o750)
            disk = folder.stat().st_dev
            needed[disk] = needed.get(disk, 0) + header["bytes"][part]
            free = shutil.disk_usage(folder).free
            if free < needed[disk]:
                raise BackupFailed(
                    f"{folder} 所在的磁盘只剩 {megabytes(free)}，恢复约需 {megabytes(needed[disk])}；请清理或换一个位置"
                )

    def write(self, name: str, body: Iterator[bytes]) -> None:
        """A file with these bytes. Raises BackupDamaged where a file stands in the way of a folder."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with open(os.open(self._room_for(name), flags, 0o600), "wb") as file:
            for chunk in body:
                file.write(chunk)

    def copy(self, name: str, first: str) -> None:
        """A file of its own with the bytes of an earlier one."""
        with self.path(first).open("rb") as earlier:
            self.write(name, iter(lambda: earlier.read(1 << 20), b""))

    def _room_for(self, name: str) -> Path:
        part, below = place(name)
        path = self._places[part] / _STAGING / below
        try:
            for folder in reversed(path.parents[: len(below.parts) - 1]):
                folder.mkdir(exist_ok=True, mode=0o750)
        except (FileExistsError, NotADirectoryError) as error:
            raise BackupDamaged(
                f"备份中 {shown_name(name)} 的上级目录是一个文件；不恢复，请换用另一份备份"
            ) from error
        if path.exists():
            raise BackupDamaged(f"备份中 {shown_name(name)} 既是文件又是目录；不恢复，请换用另一份备份")
        return path

    def settle(self, entries: dict[str, Entry]) -> None:
        """Times (a submission without a receipt was received at its own) and permissions, nothing for strangers."""
        for name, entry in entries.items():
            path = self.path(name)
            path.chmod((entry.mode & 0o660) | 0o400)
            os.utime(path, ns=(entry.mtime_ns, entry.mtime_ns))

    def move_in(self) -> None:
        """Put everything in its place; until the last rename there is no registry, and a run computes nothing."""
        for part in (HOME, RAW):
            folder = self._places[part]
            for path in sorted((folder / _STAGING).iterdir(), key=lambda path: path.name == "registry"):
                path.rename(folder / path.name)
            (folder / _STAGING).rmdir()

    def drop(self) -> None:
        """Remove what was unpacked."""
        for folder in self._places.values():
            shutil.rmtree(folder / _STAGING, ignore_errors=True)
