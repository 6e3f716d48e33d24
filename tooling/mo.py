"""Compile gettext catalogues, on machines without gettext too."""

from __future__ import annotations

import ast
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MAGIC = 0x950412DE


@dataclass
class Entry:
    """One message of a catalogue; `texts` holds the translation, or one per plural form."""

    context: str | None = None
    singular: str = ""
    plural: str | None = None
    texts: dict[int, str] = field(default_factory=dict)
    fuzzy: bool = False

    @property
    def key(self) -> str:
        start = "" if self.context is None else f"{self.context}\x04"
        return start + self.singular + ("" if self.plural is None else f"\x00{self.plural}")

    @property
    def is_complete(self) -> bool:
        return bool(self.texts) and all(self.texts.values())


def read(text: str) -> Iterator[Entry]:
    """Yield the messages of a .po file, its header first; obsolete ones are comments and stay away."""
    entry, part, seen = Entry(), "", False
    for line in [*text.splitlines(), ""]:
        line = line.strip()
        if line.startswith("#,") and "fuzzy" in line:
            if seen and part.startswith("msgstr"):
                yield entry
                entry, part, seen = Entry(), "", False
            entry.fuzzy = True
        elif not line or line.startswith("#"):
            if seen and part.startswith("msgstr"):
                yield entry
                entry, part, seen = Entry(), "", False
        elif line.startswith('"'):
            add(entry, part, ast.literal_eval(line))
        else:
            word, _, rest = line.partition(" ")
            if word in {"msgctxt", "msgid"} and part.startswith("msgstr"):
                yield entry
                entry = Entry()
            part, seen = word, True
            add(entry, part, ast.literal_eval(rest.strip()))
    if seen:
        yield entry


def add(entry: Entry, part: str, text: str) -> None:
    """Append a quoted piece to the part of the message being read."""
    if part == "msgctxt":
        entry.context = (entry.context or "") + text
    elif part == "msgid":
        entry.singular += text
    elif part == "msgid_plural":
        entry.plural = (entry.plural or "") + text
    else:
        number = int(part[7:-1]) if part.startswith("msgstr[") else 0
        entry.texts[number] = entry.texts.get(number, "") + text


def compiled(entries: list[Entry]) -> bytes:
    """Return the .mo form: sorted keys and texts behind two tables of lengths and offsets."""
    pairs = sorted(
        (entry.key.encode(), "\x00".join(entry.texts[n] for n in sorted(entry.texts)).encode())
        for entry in entries
        if entry.is_complete and (not entry.fuzzy or not entry.singular)
    )
    keys = b"".join(key + b"\0" for key, _ in pairs)
    texts = b"".join(text + b"\0" for _, text in pairs)
    start = 7 * 4
    offset, key_table = start + 16 * len(pairs), []
    for key, _ in pairs:
        key_table += [len(key), offset]
        offset += len(key) + 1
    text_table = []
    for _, text in pairs:
        text_table += [len(text), offset]
        offset += len(text) + 1
    head = [MAGIC, 0, len(pairs), start, start + 8 * len(pairs), 0, 0]
    numbers = [*head, *key_table, *text_table]
    return struct.pack(f"<{len(numbers)}I", *numbers) + keys + texts


def compile_stale(folder: Path) -> int:
    """Compile every catalogue under `folder` that is newer than its .mo; return how many were."""
    done = 0
    for source in sorted(folder.rglob("*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        fresh = target.with_suffix(".mo.new")
        fresh.write_bytes(compiled(list(read(source.read_text(encoding="utf-8")))))
        fresh.replace(target)
        done += 1
    return done
