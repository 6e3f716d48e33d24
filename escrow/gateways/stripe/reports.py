"""What Stripe tells about the account: its balance, payers' disputes, a day's movements."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from core.money import Money, from_provider
from escrow.gateways.base import Balance, Dispute
from escrow.gateways.stripe.wire import Wire

PROVIDER = "stripe"
# A warning is a question of the payer's bank: the money is still here. It becomes a dispute of its own if it goes on.
_DISPUTE: dict[str, Literal["open", "won", "lost"]] = {
    "needs_response": "open", "under_review": "open", "won": "won", "lost": "lost", "warning_needs_response": "won",
    "warning_under_review": "won", "warning_closed": "won", "prevented": "won",
}  # fmt: skip


class Reports:
    """The part of the gateway that only reads."""

    wire: Wire

    def balance(self, *, currency: str) -> Balance:
        """What lies on the platform's account, with what is on its way to being available."""
        answer = self.wire.get("/v1/balance")
        rows = [row for pot in ("available", "pending") for row in answer.get(pot, [])]
        units = sum(row["amount"] for row in rows if row["currency"].upper() == currency)
        return Balance(_money(units, currency), datetime.now(UTC), "provider")

    def query_dispute(self, *, ref: str) -> Dispute:
        row = self.wire.get(f"/v1/disputes/{ref}")
        due = (row.get("evidence_details") or {}).get("due_by")
        return Dispute(
            ref=row["id"],
            payment_reference=self._session_of(row),
            amount=_money(row["amount"], row["currency"]),
            status=_DISPUTE.get(row["status"], "open"),
            reason=str(row.get("reason") or ""),
            at=datetime.fromtimestamp(row["created"], tz=UTC),
            answer_by=datetime.fromtimestamp(due, tz=UTC) if due else None,
        )

    def raw_statement(self, *, day: date) -> bytes:
        """All balance transactions of a day (UTC) as one list object of Stripe's, newest first."""
        begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
        ends = begins + timedelta(days=1)
        bounds = {"created": {"gte": int(begins.timestamp()), "lt": int(ends.timestamp())}}
        path = "/v1/balance_transactions"
        rows = list(self.wire.all(path, bounds))
        return json.dumps({"object": "list", "url": path, "has_more": False, "data": rows}).encode()

    def _session_of(self, dispute: dict[str, Any]) -> str:
        intent = dispute.get("payment_intent")
        rows = self.wire.get("/v1/checkout/sessions", {"payment_intent": intent, "limit": 1})["data"] if intent else []
        return str(rows[0]["id"]) if rows else ""


def _money(units: int, currency: str) -> Money:
    return from_provider(units, currency=currency, provider=PROVIDER)
