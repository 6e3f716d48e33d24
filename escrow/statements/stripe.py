"""
Stripe's balance transactions: the JSON list of ``GET /v1/balance_transactions``, or all its pages in one list.

``amount`` is gross, ``fee`` is kept of it, ``net`` is what the balance changed by. Amounts are in Stripe's smallest
unit, which is not everywhere ours. https://docs.stripe.com/reports/reporting-categories, https://docs.stripe.com/currencies
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.utils.translation import gettext as _

from core.money import PROVIDER_EXPONENTS, Money, exponent
from escrow.gateways.base import Statement, StatementRow
from escrow.statements import reading
from escrow.statements.reading import Collected, Kind, Wrong

KINDS: Mapping[str, Kind] = {
    "charge": "payment",
    "refund": "refund",
    "payout": "payout",
    "payout_reversal": "payout",
    "transfer": "payout",
    "transfer_reversal": "payout",
    "dispute": "chargeback",
    "dispute_reversal": "chargeback",
    "fee": "fee",
    # Without a category, by ``type``
    "payment": "payment",
    "payment_refund": "refund",
    "payout_failure": "payout",
    "payout_cancel": "payout",
    "stripe_fee": "fee",
    "transfer_refund": "payout",
}


def decimals(currency: str) -> int:
    """Number of decimal digits of Stripe's smallest unit."""
    return PROVIDER_EXPONENTS["stripe"].get(currency, exponent(currency))


def read(raw: bytes, *, name: str, day: date) -> Statement:
    """
    Lines are counted as the list's elements.

    :raises BadStatement: if it is no list of balance transactions
    """
    found = Collected()
    for place, item in enumerate(_items(raw), start=1):
        try:
            found.add(place, _row(item))
        except Wrong as wrong:
            found.fault(place, str(wrong))
    return Statement(name, raw, found.done())


def _items(raw: bytes) -> list[Any]:
    try:
        body = json.loads(reading.text_of(raw), parse_float=str)  # an exchange rate is no amount
    except (ValueError, RecursionError) as fault:
        raise reading.whole(_("this is not JSON")) from fault
    items = body.get("data") if isinstance(body, dict) else body
    if not isinstance(items, list):
        raise reading.whole(_("there is no list of balance transactions"))
    if isinstance(body, dict) and body.get("has_more") is True:
        raise reading.whole(_("the list goes on: fetch all its pages"))
    return items


def _row(item: Any) -> StatementRow:
    if not isinstance(item, dict) or item.get("object", "balance_transaction") != "balance_transaction":
        raise Wrong(_("this is not a balance transaction"))
    currency = str(item.get("currency", "")).upper()
    gross, fee, net = (_minor(item.get(key), currency) for key in ("amount", "fee", "net"))
    if net != gross - fee:
        raise Wrong(_("what is left is not the amount less the fee"))
    kind = KINDS.get(str(item.get("reporting_category") or item.get("type")), "other")
    if kind == "fee":
        gross, fee = 0, -net
    reference = _reference(item.get("source"))
    at = _at(item.get("created"))
    return StatementRow(
        reading.number(str(item.get("id", ""))), kind, Money(gross, currency), Money(fee, currency), reference,
        at,
    )  # fmt: skip


def _reference(source: Any) -> str:
    """What it belongs to: the payment intent or charge of a payment, the refund, transfer or dispute itself."""
    if isinstance(source, dict):
        intent = source.get("payment_intent") if source.get("object") == "charge" else None
        source = intent.get("id") if isinstance(intent, dict) else intent or source.get("id")
    return reading.words(str(source or ""))


def _at(created: object) -> datetime:
    seconds = reading.whole_minor(created)
    try:
        return reading.within(datetime.fromtimestamp(seconds, tz=UTC), str(seconds))
    except (ValueError, OverflowError, OSError) as fault:
        raise Wrong(_("%(text)s is not a time") % {"text": str(seconds)[:40]}) from fault


def _minor(value: object, currency: str) -> int:
    """Stripe's smallest unit in ours."""
    given = reading.whole_minor(value)
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise Wrong(_("%(text)s is not a currency") % {"text": currency[:40]})
    shift = exponent(currency) - decimals(currency)
    if shift >= 0:
        return given * 10**shift
    quotient, rest = divmod(given, 10**-shift)
    if rest:
        raise Wrong(_("%(text)s is not an amount in %(currency)s") % {"text": str(given), "currency": currency})
    return quotient
