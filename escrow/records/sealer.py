"""
The sealer: appends transfers to the log and signs its root, apart from the transactions that wrote them.

PostgreSQL gives transfers their transaction's number. Only those below the snapshot's horizon are taken: no
transaction below it can still commit, so none is skipped (MONEY.md §4). SQLite has one writer, and the order of ids is
that of commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction

from core.prepared import Prepared
from escrow.models import Checkpoint, SealedNode, Transfer
from escrow.records import notes
from escrow.records.leaves import fields_of, leaf_of
from escrow.records.tree import CHUNK, LEVELS, LogTree, fold, node_hash

BATCH = 5_000
LOCK = 0x7A51  # the one advisory lock of the sealer
LATE = timedelta(minutes=15)
_NEWEST = Prepared(
    lambda: Checkpoint.objects.order_by("-size").values_list("size", "epoch", "last_txid", "system")[:1]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Position:
    """How far the log has come. ``system`` is the server whose transactions ``txid`` counts."""

    size: int
    epoch: int
    txid: int
    system: str


class _Row(NamedTuple):
    """A transfer that is to be sealed; ``reached`` is where the next search starts from once it is."""

    pk: int
    kind: int
    ref: int
    leg: int
    debit_id: int
    credit_id: int
    currency: str
    amount: int
    at: datetime
    reached: int


def seal(*, now: datetime, limit: int = BATCH) -> int:
    """
    Seal what has been committed since the last time, at most ``limit`` transfers, and sign the new root; give how many.

    Nothing happens without a key, or while another process is at it. Safe to repeat.
    """
    if not notes.is_set_up() or _oldest_waiting() is None:
        return 0
    with transaction.atomic():
        if not _is_alone():
            return 0
        before = _position()
        rows = _unsealed(before, limit)
        if not rows:
            return 0
        _append(before.size, rows)
        size = before.size + len(rows)
        tree = LogTree()
        _complete_nodes(tree, before.size, size)
        root = tree.root(size)
        reached = max(before.txid, *(row.reached for row in rows))
        Checkpoint.objects.create(
            size=size, root=root, note=notes.checkpoint(size=size, root=root), at=now,
            epoch=before.epoch, system=before.system, last_txid=reached,
        )  # fmt: skip
    return len(rows)


def waiting_since() -> datetime | None:
    """When the oldest transfer that is not sealed yet was made; None if all are."""
    oldest = _oldest_waiting()
    return Transfer.objects.values_list("at", flat=True).get(pk=oldest) if oldest is not None else None


def _oldest_waiting() -> int | None:
    sql = WAITING_POSTGRES if connection.vendor == "postgresql" else WAITING_SQLITE
    with connection.cursor() as cursor:
        cursor.execute(sql, [_position().txid])
        found = cursor.fetchone()
    return found[0] if found else None


def is_late(now: datetime) -> bool:
    """Whether sealing lags so far behind that somebody should look."""
    since = waiting_since() if notes.is_set_up() else None
    return since is not None and now - since > LATE


UNSEALED = "NOT EXISTS (SELECT 1 FROM escrow_sealed s WHERE s.transfer_id = t.id)"
WAITING_POSTGRES = f"""
SELECT t.id FROM escrow_transfer t WHERE t.txid >= %s::text::xid8 AND {UNSEALED} ORDER BY t.txid, t.id LIMIT 1
"""  # noqa: S608  constants of this file
WAITING_SQLITE = f"SELECT t.id FROM escrow_transfer t WHERE t.id >= %s AND {UNSEALED} ORDER BY t.id LIMIT 1"  # noqa: S608
# ``reached`` is what the next search starts from. Numbers never given out come from a restored database: they count for
# nothing there. What this very transaction has posted is sealed with it or not at all.
POSTGRES = f"""
SELECT t.id, t.kind, t.ref, t.leg, t.debit_id, t.credit_id, t.currency, t.amount, t.at,
       CASE WHEN t.txid < h.low THEN t.txid::text::bigint ELSE 0 END AS reached
FROM escrow_transfer t, (SELECT pg_snapshot_xmin(s) AS low, pg_snapshot_xmax(s) AS high
                         FROM pg_current_snapshot() AS s) h
WHERE t.txid >= %s::text::xid8
  AND (t.txid < h.low OR t.txid >= h.high OR t.txid = pg_current_xact_id_if_assigned()) AND {UNSEALED}
ORDER BY t.txid, t.id LIMIT %s
"""  # noqa: S608
SQLITE = f"""
SELECT t.*, t.id AS reached FROM escrow_transfer t WHERE t.id >= %s AND {UNSEALED} ORDER BY t.id LIMIT %s
"""  # noqa: S608

APPEND = """
INSERT INTO escrow_sealed (seq, transfer_id, leaf)
SELECT %s + n - 1, transfer_id, substring(%s::bytea FROM (32 * (n - 1) + 1)::integer FOR 32)
FROM unnest(%s::bigint[]) WITH ORDINALITY AS v (transfer_id, n)
"""
APPEND_ONE = "INSERT INTO escrow_sealed (seq, transfer_id, leaf) VALUES (%s, %s, %s)"


def _is_alone() -> bool:
    """SQLite has one writing transaction at a time anyway."""
    return connection.vendor != "postgresql" or bool(_ask("SELECT pg_try_advisory_xact_lock(%s)", LOCK))


def _position() -> _Position:
    """Where to go on. A database on another server counts its transactions anew: a new epoch begins with none."""
    last = _NEWEST.first()
    system = _system()
    if last is None:
        return _Position(0, 0, 0, system)
    size, epoch, txid, name = last
    return _Position(size, epoch, txid, system) if name == system else _Position(size, epoch + 1, 0, system)


def _system() -> str:
    """The server, which is another one after a restore; copies of its files and standbys keep name and numbers."""
    if connection.vendor != "postgresql":
        return ""
    return str(_ask("SELECT system_identifier FROM pg_control_system()"))


def _unsealed(before: _Position, limit: int) -> list[_Row]:
    """Rows instead of instances: of some thousand, making them costs more than sealing them."""
    if connection.vendor != "postgresql":
        found = Transfer.objects.raw(SQLITE, [before.txid, limit])
        return [_Row(*(getattr(one, name) for name in _Row._fields)) for one in found]
    with connection.cursor() as cursor:
        cursor.execute(POSTGRES, [before.txid, limit])
        return [_Row(*row) for row in cursor.fetchall()]


def _append(size: int, rows: list[_Row]) -> None:
    """Write each transfer's place and leaf, with one statement where the database takes lists."""
    leaves = [leaf_of(fields) for fields in fields_of(rows)]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(APPEND, [size, b"".join(leaves), [row.pk for row in rows]])
        else:
            numbered = enumerate(zip(rows, leaves, strict=True), start=size)
            cursor.executemany(APPEND_ONE, [(seq, row.pk, leaf) for seq, (row, leaf) in numbered])


def _ask(sql: str, *values: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row = cursor.fetchone()
    return row[0]


def _complete_nodes(tree: LogTree, before: int, size: int) -> None:
    """Write the hash of every chunk that is whole now, level by level."""
    for level in LEVELS:
        step = CHUNK**level
        made = [
            SealedNode(level=level, place=place, hash=fold(_below(tree, level - 1, place), node_hash))
            for place in range(before // step, size // step)
        ]
        if not made:
            return
        SealedNode.objects.bulk_create(made)


def _below(tree: LogTree, level: int, place: int) -> list[bytes]:
    return tree.load(level, place * CHUNK, (place + 1) * CHUNK)
