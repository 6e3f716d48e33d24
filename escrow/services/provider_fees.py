"""
The provider's fees, booked as its statement says them, never guessed.

The fee of a line counts while the line is matched, differs or is explained, and that of a line that is nothing but a
fee always. When a corrected statement changes a fee that is booked, the difference is a transfer of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from escrow import ledger
from escrow.ledger import Entry
from escrow.models import StatementLine, Transfer, TransferKind
from escrow.states import LineKind, MatchStatus

COUNTING = (MatchStatus.MATCHED, MatchStatus.DIFFERS, MatchStatus.EXPLAINED)


def counts(line: StatementLine) -> bool:
    """Whether the fee of a line belongs into the books as the line stands now."""
    return line.kind == LineKind.FEE or line.status in COUNTING


def book(lines: Sequence[StatementLine], *, now: datetime) -> int:
    """Bring what is booked for these lines in line with them; give how many transfers that took. In a transaction."""
    booked: dict[tuple[int, str], int] = defaultdict(int)
    legs: dict[int, int] = defaultdict(int)
    rows = Transfer.objects.filter(kind=TransferKind.PROVIDER_FEE, ref__in=[line.pk for line in lines])
    for ref, leg, currency, amount, source in rows.values_list("ref", "leg", "currency", "amount", "debit__kind"):
        booked[ref, currency] += amount if source == "provider_fees" else -amount
        legs[ref] = max(legs[ref], leg + 1)
    entries = []
    for line in lines:
        wanted = {(line.pk, line.currency): line.fee_minor if counts(line) else 0}
        known = {key: 0 for key in booked if key[0] == line.pk}
        for (pk, currency), minor in {**known, **wanted}.items():
            change = minor - booked[pk, currency]
            if change:
                entries.append(_entry(line, currency, change, leg=legs[pk]))
                legs[pk] += 1
    return ledger.post(entries, now=now)


def _entry(line: StatementLine, currency: str, change: int, *, leg: int) -> Entry:
    fees, provider = ledger.accounts(f"provider_fees:{currency}", f"provider:{line.gateway}:{currency}")
    debit, credit = (fees, provider) if change > 0 else (provider, fees)
    return Entry(TransferKind.PROVIDER_FEE, line.pk, debit, credit, abs(change), leg=leg)
