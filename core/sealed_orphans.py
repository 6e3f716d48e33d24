"""
Sealed files that no row names, and rows whose file is missing: neither may go unseen.

Every ``FileKeyField`` has its path in a column beside it: ``key`` → ``path``, ``copy_key`` → ``copy_path``. A file that
came within the last hours may belong to a transaction that has not ended; it is left alone. While a note of the
quarantine cannot be read nobody knows which file is its own, so none is taken away.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from core.resealing import columns
from core.sealed import FileKeyField

YOUNG_SECONDS = 6 * 3600


@dataclass(frozen=True, slots=True)
class Orphans:
    """
    ``strays``: files without a row, by path. ``missing``: place of the row, path of the file that is not there.
    ``unread``: names of notes of the quarantine that say nothing.
    """

    strays: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]
    unread: tuple[str, ...] = ()

    @property
    def are_any(self) -> bool:
        return bool(self.strays or self.missing or self.unread)


class UnreadNote(Exception):
    """A note of the quarantine cannot be read, so a file that seems to be nobody's may be its own."""


def find() -> Orphans:
    """
    Compare the disk with every row that has a sealed file.

    The disk is read first: what is sealed while we look is named by a row that we then find, or is young.
    """
    files = dict(_files())
    kept, unread = _notes()
    named = kept | dict(_named())
    strays = sorted(path for path, age in files.items() if path not in named and age > YOUNG_SECONDS)
    root = Path(settings.SEALED_ROOT)
    missing = sorted((place, path) for path, place in named.items() if path not in files and not (root / path).exists())
    return Orphans(tuple(strays), tuple(missing), tuple(unread))


def drop(strays: tuple[str, ...]) -> int:
    """
    Take away files that no row names, looking once more before; how many went.

    :raises UnreadNote: if a note of the quarantine cannot be read; nothing is taken away then
    """
    kept, unread = _notes()
    if unread:
        raise UnreadNote(", ".join(unread))
    named, count = kept | dict(_named()), 0
    for path in strays:
        if path not in named:
            (Path(settings.SEALED_ROOT) / path).unlink(missing_ok=True)
            count += 1
    return count


def _files() -> Iterator[tuple[str, float]]:
    """Paths under the sealed root and their age; half-written ones too."""
    root, now = Path(settings.SEALED_ROOT), time.time()
    for folder in sorted(root.glob("[0-9a-f][0-9a-f]")) if root.is_dir() else ():
        for file in folder.iterdir():
            try:
                yield f"{folder.name}/{file.name}", now - file.stat().st_mtime
            except FileNotFoundError:
                continue


def _named() -> Iterator[tuple[str, str]]:
    """Path → place, of every row with a file."""
    for column in columns():
        if not isinstance(column.field, FileKeyField):
            continue
        path = column.field.attname.removesuffix("key") + "path"
        rows = column.model._base_manager.exclude(**{path: ""}).filter(**{f"{column.field.attname}__isnull": False})
        for pk, where in rows.values_list("pk", path).iterator(chunk_size=2000):
            yield where, f"{column}.{pk}"


def _notes() -> tuple[dict[str, str], list[str]]:
    """Path → place, of every note of the quarantine, and the names of those that say none."""
    folder = Path(settings.QUARANTINE_ROOT)
    named, unread = {}, []
    for note in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            named[str(json.loads(note.read_text(encoding="utf-8"))["path"])] = f"quarantine.{note.stem}"
        except (OSError, ValueError, LookupError, TypeError):
            unread.append(note.name)
    return named, unread
