"""
Proof of custody: what we hold for everybody, in one signed root, beside what lies at the providers to cover it.

A buyer finds his own hold in the tree and sees by the sums on the way that it was counted; nobody sees whose the others
are. The proof is as good as the source of the balance, which it names: ``sandbox`` pretends, ``books`` is our own word,
``provider`` is the provider's answer, ``statement`` its last closing balance with what our books say has moved since.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Max, Sum
from django.utils.crypto import salted_hmac

from core.errors import DomainError
from escrow.gateways import gateway
from escrow.gateways.base import TellsBalance
from escrow.ledger import derived_balance
from escrow.models import Account, CustodyLeaf, CustodyNode, CustodyProof, Hold, Payout, Receipt, Refund
from escrow.queries.reconciliation import newest_closing
from escrow.records import notes, sumtree
from escrow.records.sumtree import Peaks, SumTree
from escrow.states import OPEN_HOLD, PayoutStatus, ReceiptOutcome, RefundStatus

BATCH = 2_000
LOCK = 0x7A52
AGAIN_AFTER = timedelta(hours=1)  # when nothing has moved
FORMAT = "tashi-custody-v1"
REST = F("amount_minor") - F("released_minor") - F("refunded_minor")


def newest() -> list[CustodyProof]:
    """The newest proof of each currency."""
    ids = CustodyProof.objects.values("currency").annotate(newest=Max("pk")).values_list("newest", flat=True)
    return list(CustodyProof.objects.filter(pk__in=list(ids)).order_by("currency"))


def prove(*, now: datetime) -> int:
    """Sign where we stand in every currency; give how many proofs are new. Needs a key; asks the providers first."""
    if not notes.is_set_up():
        return 0
    currencies = Account.objects.filter(kind="escrow").order_by("currency").values_list("currency", flat=True)
    return sum(_prove(currency, _balances(currency, now), now) for currency in list(currencies))


def alone() -> None:
    """Until the end of this transaction nobody else writes a proof, or acts upon one. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def proof_of(order_id: UUID) -> dict[str, Any] | None:
    """One order's hold in the newest proof: its leaf, its path, and the signed note. None if it was not open then."""
    leaf = (
        CustodyLeaf.objects.select_related("proof").filter(hold_id__in=_hold_ids(order_id)).order_by("-proof").first()
    )
    if leaf is None:
        return None
    number = Hold.objects.values_list("order__number", flat=True).get(pk=leaf.hold_id)
    path = SumTree(leaf.proof_id).inclusion(leaf.place, leaf.proof.holds)
    return {
        "note": leaf.proof.note,
        "order": number,
        "nonce": nonce_of(leaf.hold_id),
        "currency": leaf.proof.currency,
        "minor": str(leaf.minor),
        "place": leaf.place,
        "path": [{"hash": _b64(part.hash), "minor": str(part.minor)} for part in path],
    }


def nonce_of(hold_id: int) -> str:
    """Known to us and, by their record, to the parties of the order."""
    return salted_hmac("escrow.custody", str(hold_id), algorithm="sha256").hexdigest()


def _hold_ids(order_id: UUID) -> list[int]:
    return list(Hold.objects.filter(order_id=order_id).values_list("pk", flat=True))


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _balances(currency: str, now: datetime) -> list[dict[str, Any]]:
    """What lies at each provider, by the best source there is. Asks over the network: never within a transaction."""
    found = []
    for account in Account.objects.filter(kind="provider", currency=currency).order_by("key"):
        name = account.key.split(":")[1]
        minor, source, at = (
            _told(name, currency) or _stated(name, currency) or (-derived_balance(account), "books", now)
        )
        found.append({"provider": name, "minor": minor, "source": source, "at": at.astimezone(UTC).isoformat()})
    return found


def _told(name: str, currency: str) -> tuple[int, str, datetime] | None:
    try:
        provider = gateway(name)
        if not isinstance(provider, TellsBalance):
            return None
        told = provider.balance(currency=currency)
    except DomainError:
        return None
    return told.amount.minor, told.source, told.at


def _stated(name: str, currency: str) -> tuple[int, str, datetime] | None:
    """For a provider that cannot be asked: its newest statement."""
    found = newest_closing(name, currency)
    return (found[0].minor, "statement", found[1]) if found else None


@transaction.atomic
def _prove(currency: str, balances: list[dict[str, Any]], now: datetime) -> bool:
    alone()
    packed = _open_holds(currency)
    owed = {"holds": sum(int.from_bytes(row[16:], "big") for row in packed), **_owed_else(currency)}
    if _says_the_same(currency, packed, owed, balances, now):
        return False
    peaks = Peaks()
    for leaf, _ in _leaves(packed, currency):
        peaks.append(leaf)
    root = peaks.root()
    proof = CustodyProof.objects.create(
        at=now, currency=currency, holds=len(packed), held_minor=root.minor, root=root.hash, owed=owed,
        balances=balances, note=notes.sign(_text(now, currency, len(packed), root, owed, balances)),
    )  # fmt: skip
    CustodyLeaf.objects.filter(proof__currency=currency).delete()
    CustodyNode.objects.filter(proof__currency=currency).delete()
    _write(proof, packed)
    return True


def _open_holds(currency: str) -> list[bytes]:
    """Key, id and rest of every open hold, in an order that says nothing about when or whose they are."""
    rows = Hold.objects.filter(status__in=OPEN_HOLD, currency=currency).values_list("pk", REST)
    return sorted(
        bytes.fromhex(nonce_of(pk))[:8] + pk.to_bytes(8, "big") + rest.to_bytes(8, "big")
        for pk, rest in rows.iterator(chunk_size=BATCH)
    )


def _owed_else(currency: str) -> dict[str, int]:
    """What else is others' money; ``refunds`` and ``payouts`` are on their way and may have left already."""
    rows: dict[str, Any] = {
        "merchants": Account.objects.filter(kind="merchant", currency=currency).aggregate(n=Sum("balance")),
        "parked": Receipt.objects.filter(outcome=ReceiptOutcome.PARKED, currency=currency).aggregate(
            n=Sum("amount_minor")
        ),
        "refunds": Refund.objects.exclude(status=RefundStatus.DONE)
        .filter(currency=currency)
        .aggregate(n=Sum("amount_minor")),
        "payouts": Payout.objects.filter(
            status__in=(PayoutStatus.APPROVAL, PayoutStatus.PREPARED, PayoutStatus.SENT), currency=currency
        ).aggregate(n=Sum("amount_minor")),
    }
    return {kind: int(row["n"] or 0) for kind, row in rows.items()}


def _says_the_same(
    currency: str, packed: list[bytes], owed: dict[str, int], balances: list[dict[str, Any]], now: datetime
) -> bool:
    """Whether nothing has moved since a proof that is still young."""
    last = CustodyProof.objects.filter(currency=currency).order_by("-pk").first()
    if last is None or now - last.at > AGAIN_AFTER or (last.holds, last.owed) != (len(packed), owed):
        return False
    before, after = (
        [(row["provider"], row["minor"], row["source"]) for row in rows] for rows in (last.balances, balances)
    )
    ids = {int.from_bytes(row[8:16], "big") for row in packed}
    return before == after and max(ids, default=None) == last.leaves.aggregate(n=Max("hold_id"))["n"]


def _leaves(packed: list[bytes], currency: str) -> Iterator[tuple[sumtree.Sum, int]]:
    """Each hold's leaf with its id, in the order of the tree."""
    for first in range(0, len(packed), BATCH):
        part = [
            (int.from_bytes(row[8:16], "big"), int.from_bytes(row[16:], "big")) for row in packed[first : first + BATCH]
        ]
        numbers = dict(Hold.objects.filter(pk__in=[pk for pk, _ in part]).values_list("pk", "order__number"))
        for pk, minor in part:
            yield sumtree.leaf_of(order=numbers[pk], nonce=nonce_of(pk), currency=currency, minor=minor), pk


def _write(proof: CustodyProof, packed: list[bytes]) -> None:
    peaks, leaves, nodes = Peaks(), [], []
    for place, (leaf, pk) in enumerate(_leaves(packed, proof.currency)):
        leaves.append(CustodyLeaf(proof=proof, place=place, hold_id=pk, minor=leaf.minor, hash=leaf.hash))
        for level, at, whole in peaks.append(leaf):
            nodes.append(CustodyNode(proof=proof, level=level, place=at, minor=whole.minor, hash=whole.hash))
        if len(leaves) == BATCH:
            CustodyLeaf.objects.bulk_create(leaves)
            leaves = []
    CustodyLeaf.objects.bulk_create(leaves)
    CustodyNode.objects.bulk_create(nodes, batch_size=BATCH)


def _text(
    now: datetime, currency: str, holds: int, root: sumtree.Sum, owed: dict[str, int], balances: list[dict[str, Any]]
) -> str:
    lines = [
        FORMAT,
        notes.key_name(),
        now.astimezone(UTC).isoformat(),
        currency,
        str(holds),
        str(root.minor),
        _b64(root.hash),
    ]
    lines += [f"owed {kind} {minor}" for kind, minor in owed.items()]
    lines += [f"balance {row['provider']} {row['minor']} {row['source']} {row['at']}" for row in balances]
    return "".join(f"{line}\n" for line in lines)
