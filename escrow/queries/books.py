"""
The state of the books: every rule that must hold between the ledger and the rows it stands for, counted anew.

Each check is one set-wise query that lists only what breaks its rule, so that it may run every night on full tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Sum

from escrow.models import Account, Transfer
from escrow.queries.rules import ADJUSTED, EXPECTED, RULES, uuids_as_text

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


def _against_rows(found: dict[str, int]) -> list[str]:
    """Compare every account with what the business rows say it must be."""
    wrong: list[str] = []
    adjusted = _sums(ADJUSTED)
    for kind, sql in EXPECTED.items():
        expected = _sums(sql) if sql else {}
        keys = {key for key in (*found, *adjusted) if key.partition(":")[0] == kind} | set(expected)
        for key in sorted(keys):
            is_, must = found.get(key, 0), expected.get(key, 0) + adjusted.get(key, 0)
            if is_ != must:
                wrong.append(f"{key}: transfers add up to {is_}, its rows to {must}")
    return wrong


def _sums(sql: str) -> dict[str, int]:
    """Account key → amount; a key that comes twice is summed."""
    with connection.cursor() as cursor:
        cursor.execute(uuids_as_text(sql))
        sums: dict[str, int] = {}
        for key, amount in cursor.fetchall():
            sums[str(key)] = sums.get(str(key), 0) + int(amount)
    return sums


def _breaches(rule: str, sql: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LIMIT {SHOWN + 1}")  # the texts above, no input
        ids = [str(row[0]) for row in cursor.fetchall()]
    more = " and more" if len(ids) > SHOWN else ""
    return [f"{rule}: {', '.join(ids[:SHOWN])}{more}"] if ids else []
