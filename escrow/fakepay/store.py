"""
Where the pretended provider's books lie: in memory, and in one SQLite file if it is given one.

A book's rows are objects that its acts change. Whoever acts holds the store; on the way in it reads what other
processes have written since, on the way out it writes what was marked by ``keep``. So several processes may share one
file, and a new one goes on where the last one stopped, also after it was killed.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

PATIENCE_SECONDS = 20
_TABLES = """CREATE TABLE IF NOT EXISTS entry (place INTEGER PRIMARY KEY AUTOINCREMENT, version INTEGER NOT NULL,
             book TEXT NOT NULL, kind TEXT NOT NULL, ref TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (book, kind, ref));
             CREATE INDEX IF NOT EXISTS entry_version ON entry (version);"""
_NEW = "SELECT version, book, kind, ref, body FROM entry WHERE version > ? ORDER BY place"
_WRITE = """INSERT INTO entry (version, book, kind, ref, body) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (book, kind, ref) DO UPDATE SET version = excluded.version, body = excluded.body"""
Reader = Callable[[str, str, Mapping[str, Any]], None]


class Store:
    """``with store:`` is one act. Without a path nothing outlives the process."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._depth = 0
        self._seen = 0
        self._readers: dict[str, Reader] = {}
        self._waiting: dict[str, list[tuple[str, str, Any]]] = {}
        self._changed: dict[tuple[str, str, str], Any] = {}
        self._db: sqlite3.Connection | None = None
        self._owner = 0

    def attach(self, book: str, read: Reader) -> None:
        """Let a book have its rows: those that are there now, and later what other processes write."""
        with self:
            self._readers[book] = read
            for row in self._waiting.pop(book, []):
                read(*row)

    def keep(self, book: str, kind: str, ref: str, row: Any) -> None:
        """Have a row, a dataclass or plain JSON, written as it stands when the act is over."""
        if self._path is not None:
            with self:
                self._changed[book, kind, ref] = row

    def __enter__(self) -> None:
        self._lock.acquire()
        self._depth += 1
        if self._depth == 1 and self._path is not None:
            try:
                self._begin()
            except BaseException:
                self._depth -= 1
                self._lock.release()
                raise

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._depth == 1 and self._path is not None:
                self._finish()
        finally:
            self._depth -= 1
            self._lock.release()

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _begin(self) -> None:
        """Keep other processes out, and read what they have written."""
        db = self._connection()
        db.execute("BEGIN IMMEDIATE")
        with closing(db.execute(_NEW, [self._seen])) as rows:
            for version, book, kind, ref, body in rows:
                self._seen = max(self._seen, version)
                self._read(book, kind, ref, json.loads(body))

    def _read(self, book: str, kind: str, ref: str, body: Any) -> None:
        if book in self._readers:
            self._readers[book](kind, ref, body)
        else:
            self._waiting.setdefault(book, []).append((kind, ref, body))

    def _finish(self) -> None:
        db = self._connection()
        self._seen += bool(self._changed)
        for (book, kind, ref), row in self._changed.items():
            body = json.dumps(asdict(row) if hasattr(row, "__dataclass_fields__") else row, ensure_ascii=False)
            db.execute(_WRITE, [self._seen, book, kind, ref, body])
        self._changed.clear()
        db.execute("COMMIT")

    def _connection(self) -> sqlite3.Connection:
        """This process's own: a connection must not cross a fork."""
        if self._db is None or self._owner != os.getpid():
            assert self._path is not None
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                self._path, timeout=PATIENCE_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_TABLES)
            self._owner = os.getpid()
        return self._db
