"""The sandbox bank's statement: JSON, amounts in minor units."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any, get_args

from django.utils.translation import gettext as _

from escrow.gateways.base import Statement, StatementRow
from escrow.statements import reading
from escrow.statements.reading import Collected, Kind, Wrong

KINDS = get_args(Kind)


def read(raw: bytes, *, name: str, day: date) -> Statement:
    """
    Lines are counted as the list's elements.

    :raises BadStatement: if it is none
    """
    try:
        body = json.loads(reading.text_of(raw))
    except (ValueError, RecursionError) as fault:
        raise reading.whole(_("this is not JSON")) from fault
    if not isinstance(body, dict) or not isinstance(body.get("rows"), list):
        raise reading.whole(_("there is no list of movements"))
    found = Collected()
    for place, item in enumerate(body["rows"], start=1):
        try:
            found.add(place, _row(item))
        except Wrong as wrong:
            found.fault(place, str(wrong))
    try:
        closing = reading.money(body["closing"]) if isinstance(body.get("closing"), dict) else None
    except Wrong as wrong:
        raise reading.whole(str(wrong)) from wrong
    return Statement(name, raw, found.done(), closing)


def _row(item: Any) -> StatementRow:
    if not isinstance(item, dict) or item.get("kind") not in KINDS:
        raise Wrong(_("this is not a movement"))
    gross = reading.money({"minor": item.get("gross"), "currency": item.get("currency")})
    fee = reading.money({"minor": item.get("fee"), "currency": item.get("currency")})
    try:
        at = datetime.fromisoformat(str(item.get("at")))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Wrong(_("%(text)s is not a time") % {"text": str(item.get("at"))[:40]})
    at, reference = reading.within(at, str(at)), reading.words(str(item.get("reference", "")))
    return StatementRow(reading.number(str(item.get("id", ""))), item["kind"], gross, fee, reference, at)
