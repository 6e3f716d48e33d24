"""
The state of the books: every rule that must hold between the ledger and the rows it stands for, counted anew.

Each check is one set-wise query that lists only what breaks its rule, so that it may run every night on full tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Sum

from escrow.models import Account, Transfer

SHOWN = 20


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account with what its transfers add up to."""

    key: str
    balance: int
    currency: str


@dataclass(frozen=True, slots=True)
class Books:
    """All accounts, the number of transfers, the sum per currency (zero), and what does not agree."""

    accounts: list[AccountLine]
    transfers: int
    sums: dict[str, int]
    discrepancies: list[str] = field(default_factory=list)

    @property
    def balanced(self) -> bool:
        return not self.discrepancies


def books() -> Books:
    """Count everything."""
    derived = _derived()
    lines: list[AccountLine] = []
    wrong: list[str] = []
    sums: dict[str, int] = {}
    for account in Account.objects.order_by("key"):
        amount = derived.pop(account.pk, 0)
        lines.append(AccountLine(account.key, amount, account.currency))
        sums[account.currency] = sums.get(account.currency, 0) + amount
        if account.floor is not None and account.balance != amount:
            wrong.append(f"{account.key}: balance {account.balance}, transfers add up to {amount}")
        if account.floor is not None and amount < account.floor:
            wrong.append(f"{account.key}: {amount} is below its floor {account.floor}")
    wrong += [f"account {pk}: has transfers but does not exist" for pk in derived]
    wrong += [f"{currency}: all accounts together are {total}, not 0" for currency, total in sums.items() if total]
    wrong += _against_rows({line.key: line.balance for line in lines})
    for rule, sql in RULES.items():
        wrong += _breaches(rule, sql)
    return Books(accounts=lines, transfers=Transfer.objects.count(), sums=sums, discrepancies=wrong)


def _derived() -> dict[int, int]:
    found: dict[int, int] = {}
    for side, sign in (("credit_id", 1), ("debit_id", -1)):
        for pk, amount in Transfer.objects.values_list(side).annotate(sum=Sum("amount")).order_by():
            found[pk] = found.get(pk, 0) + sign * int(amount)
    return found


# What a recorded account must be, counted from the business rows: account kind → (key expression, amount) per row.
EXPECTED = {
    "escrow": """
      SELECT 'escrow:' || currency, SUM(amount_minor - released_minor - refunded_minor) FROM escrow_hold GROUP BY 1""",
    "fees": "SELECT 'fees:' || currency, SUM(fee_taken_minor) FROM escrow_hold GROUP BY 1",
    "refund_in_flight": """
      SELECT 'refund_in_flight:' || gateway || ':' || currency, SUM(amount_minor) FROM escrow_refund
      WHERE status <> 'done' GROUP BY 1""",
    "payout_in_flight": """
      SELECT 'payout_in_flight:' || gateway || ':' || currency, SUM(amount_minor) FROM escrow_payout
      WHERE status IN ('prepared', 'sent') GROUP BY 1""",
    "suspense": """
      SELECT 'suspense:' || gateway || ':' || currency, SUM(amount_minor) FROM escrow_receipt
      WHERE outcome = 'parked' GROUP BY 1""",
    "provider": """
      SELECT 'provider:' || gateway || ':' || currency, SUM(minor) FROM (
        SELECT gateway, currency, -amount_minor AS minor FROM escrow_receipt
        UNION ALL SELECT gateway, currency, amount_minor FROM escrow_refund WHERE status = 'done'
        UNION ALL SELECT gateway, currency, amount_minor FROM escrow_payout WHERE status = 'paid'
        UNION ALL SELECT gateway, currency, fee_minor FROM escrow_statementline
                  WHERE kind = 'fee' OR status IN ('matched', 'differs', 'explained')) moved GROUP BY 1""",
    # What providers kept, as their statements say; services/provider_fees.py says which lines count.
    "provider_fees": """
      SELECT 'provider_fees:' || currency, -SUM(fee_minor) FROM escrow_statementline
      WHERE kind = 'fee' OR status IN ('matched', 'differs', 'explained') GROUP BY 1""",
    "merchant": """
      SELECT 'merchant:' || store || ':' || currency, SUM(minor) FROM (
        SELECT {uuid:h.store_id} AS store, h.currency, h.released_minor - h.fee_taken_minor AS minor FROM escrow_hold h
        UNION ALL SELECT {uuid:p.store_id}, p.currency, -p.amount_minor FROM escrow_payout p WHERE p.status <> 'failed'
      ) moved GROUP BY 1""",
}

# Rule → query for the ids that break it.
RULES = {
    "transfer between accounts of another currency": """
      SELECT t.id FROM escrow_transfer t JOIN escrow_account d ON d.id = t.debit_id
      JOIN escrow_account c ON c.id = t.credit_id WHERE t.currency <> d.currency OR t.currency <> c.currency""",
    "hold without exactly its transfers": """
      SELECT h.id FROM escrow_hold h LEFT JOIN (
        SELECT ref, SUM(CASE WHEN kind = 1 THEN amount ELSE 0 END) AS k1,
               SUM(CASE WHEN kind = 2 THEN amount ELSE 0 END) AS k2,
               SUM(CASE WHEN kind = 3 THEN amount ELSE 0 END) AS k3
        FROM escrow_transfer WHERE kind IN (1, 2, 3) GROUP BY ref) s ON s.ref = h.id
      WHERE COALESCE(s.k1, 0) <> h.amount_minor OR COALESCE(s.k2, 0) <> h.released_minor - h.fee_taken_minor
         OR COALESCE(s.k3, 0) <> h.fee_taken_minor""",
    "hold whose refunds are not what it gave back": """
      SELECT h.id FROM escrow_hold h
      LEFT JOIN (
        SELECT hold_id, SUM(amount_minor) AS back FROM escrow_refund
        WHERE hold_id IS NOT NULL GROUP BY hold_id) r ON r.hold_id = h.id
      WHERE COALESCE(r.back, 0) <> h.refunded_minor""",
    "hold whose state and numbers disagree": """
      SELECT h.id FROM escrow_hold h WHERE
         (h.status IN ('held', 'frozen') AND h.released_minor + h.refunded_minor >= h.amount_minor)
         OR (h.status IN ('released', 'refunded', 'split') AND h.released_minor + h.refunded_minor <> h.amount_minor)
         OR (h.status = 'released' AND h.refunded_minor <> 0) OR (h.status = 'refunded' AND h.released_minor <> 0)""",
    "refund without exactly its transfers": """
      SELECT r.id FROM escrow_refund r
      LEFT JOIN escrow_transfer a ON a.ref = r.id AND a.kind = CASE WHEN r.hold_id IS NULL THEN 10 ELSE 4 END
      LEFT JOIN escrow_transfer b ON b.ref = r.id AND b.kind = 5
      WHERE COALESCE(a.amount, 0) <> r.amount_minor
         OR COALESCE(b.amount, 0) <> CASE WHEN r.status = 'done' THEN r.amount_minor ELSE 0 END""",
    "payout without exactly its transfers": """
      SELECT p.id FROM escrow_payout p
      LEFT JOIN escrow_transfer a ON a.ref = p.id AND a.kind = 6
      LEFT JOIN escrow_transfer b ON b.ref = p.id AND b.kind = 7
      LEFT JOIN escrow_transfer c ON c.ref = p.id AND c.kind = 8
      WHERE COALESCE(a.amount, 0) <> p.amount_minor
         OR COALESCE(b.amount, 0) <> CASE WHEN p.status = 'paid' THEN p.amount_minor ELSE 0 END
         OR COALESCE(c.amount, 0) <> CASE WHEN p.status = 'failed' THEN p.amount_minor ELSE 0 END""",
    "parked receipt without its transfer": """
      SELECT r.id FROM escrow_receipt r LEFT JOIN escrow_transfer t ON t.ref = r.id AND t.kind = 9
      WHERE COALESCE(t.amount, 0) <> CASE WHEN r.outcome = 'applied' THEN 0 ELSE r.amount_minor END""",
    "paid payment whose holds or receipt are not its amount": """
      SELECT p.id FROM escrow_payment p
      LEFT JOIN (SELECT payment_id, SUM(amount_minor) AS held FROM escrow_hold GROUP BY payment_id) h
        ON h.payment_id = p.id
      LEFT JOIN (SELECT payment_id, SUM(amount_minor) AS got FROM escrow_receipt WHERE outcome = 'applied'
                 GROUP BY payment_id) r ON r.payment_id = p.id
      WHERE COALESCE(h.held, 0) <> CASE WHEN p.status = 'paid' THEN p.amount_minor ELSE 0 END
         OR COALESCE(r.got, 0) <> CASE WHEN p.status = 'paid' THEN p.amount_minor ELSE 0 END""",
}


def _against_rows(found: dict[str, int]) -> list[str]:
    """Compare every account with what the business rows say it must be."""
    wrong: list[str] = []
    for kind, sql in EXPECTED.items():
        with connection.cursor() as cursor:
            cursor.execute(_uuids_as_text(sql))
            expected = {str(key): int(amount) for key, amount in cursor.fetchall()}
        keys = {key for key in found if key.partition(":")[0] == kind} | set(expected)
        for key in sorted(keys):
            is_, must = found.get(key, 0), expected.get(key, 0)
            if is_ != must:
                wrong.append(f"{key}: transfers add up to {is_}, its rows to {must}")
    return wrong


def _uuids_as_text(sql: str) -> str:
    """A UUID column as the hyphened text that account keys carry; SQLite keeps 32 hex digits."""
    out = sql
    groups = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    for column in ("h.store_id", "p.store_id"):
        parts = " || '-' || ".join(f"substr({column}, {at}, {length})" for at, length in groups)
        text = f"{column}::text" if connection.vendor == "postgresql" else parts
        out = out.replace(f"{{uuid:{column}}}", text)
    return out


def _breaches(rule: str, sql: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LIMIT {SHOWN + 1}")  # the texts above, no input
        ids = [str(row[0]) for row in cursor.fetchall()]
    more = " and more" if len(ids) > SHOWN else ""
    return [f"{rule}: {', '.join(ids[:SHOWN])}{more}"] if ids else []
