"""What buyers pay by Stripe and get back: Checkout Sessions, the charges behind them, refunds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from core import clock
from core.money import Money, from_provider, to_provider
from escrow.gateways.base import Created, Movement, PaymentState, RefundState, Refused
from escrow.gateways.stripe.wire import Wire

PROVIDER = "stripe"
# A session lives for half an hour at least and a day at most; the minute is for clocks that disagree.
SHORTEST = timedelta(minutes=31)
LONGEST = timedelta(hours=24)
# docs.stripe.com/payments/alipay and /wechat-pay: a session that names a method its currency lacks is refused.
_ONLY: dict[str, frozenset[str]] = {
    "alipay": frozenset(["AUD", "CAD", "CNY", "EUR", "GBP", "HKD", "JPY", "MYR", "NZD", "SGD", "USD"]),
    "wechat_pay": frozenset(
        ("AUD", "CAD", "CHF", "CNY", "DKK", "EUR", "GBP", "HKD", "JPY", "NOK", "SEK", "SGD", "USD")
    ),
}
_EXPAND = ["payment_intent", "payment_intent.latest_charge"]
_REFUND: dict[str, Literal["pending", "done", "failed"]] = {
    "pending": "pending", "requires_action": "pending", "succeeded": "done", "failed": "failed", "canceled": "failed",
}  # fmt: skip


class Payments:
    """The part of the gateway that takes money and gives it back."""

    wire: Wire
    payee: str
    methods: tuple[str, ...]

    def create_payment(
        self, *, key: str, amount: Money, description: str, return_url: str, notify_url: str, expires_at: datetime
    ) -> Created:
        """
        Open a page where the buyer pays. Stripe knows our address for notices already, of its dashboard.

        A session cannot end within half an hour, so it is given that much longer than ours and is closed by us. A
        longer one than a day gets Stripe's own end. Which of the two a first call chose a later one may no longer
        choose, and the same key with other fields is refused: then the other form is the one that was sent.
        """
        body = self._session(key=key, amount=amount, description=description, return_url=return_url)
        ends = int((expires_at + SHORTEST).timestamp())
        is_soon = ends - clock.now().timestamp() < LONGEST.total_seconds()
        forms: list[dict[str, Any]] = [{**body, "expires_at": ends}, body]
        first, second = forms if is_soon else reversed(forms)
        try:
            session = self.wire.post("/v1/checkout/sessions", first, key=key)
        except Refused as refusal:
            if refusal.why != "idempotency_error":
                raise
            session = self.wire.post("/v1/checkout/sessions", second, key=key)
        return Created(reference=session["id"], url=session["url"] or "")

    def query_payment(self, *, reference: str) -> PaymentState:
        session = self._read(reference)
        intent = session["payment_intent"] or {}
        charges = self._charges(intent)
        movements = tuple(
            Movement(row["id"], _money(row["amount_captured"], row["currency"]), _at(row["created"])) for row in charges
        )
        return PaymentState(
            "paid" if movements else _waiting(session, intent), movements, self._payee(session, charges),
            reason=_reason(intent),
        )  # fmt: skip

    def close_payment(self, *, reference: str) -> Literal["closed", "already_paid"]:
        try:
            session = self.wire.post(f"/v1/checkout/sessions/{reference}/expire")
        except Refused:
            session = self._read(reference)  # only an open one can be closed: it is over one way or the other
        if session["status"] == "open":
            raise Refused("session_still_open")
        return "closed" if session["status"] == "expired" else "already_paid"

    def refund(self, *, key: str, reference: str, movement_ref: str, amount: Money) -> RefundState:
        """
        Send money of one charge back from the platform's balance.

        Stripe forgets keys after a day: whoever asks again later asks ``query_refund`` first.
        """
        units = to_provider(amount, provider=PROVIDER)
        fields = {"charge": movement_ref, "amount": units, "metadata": {"key": key, "payment": reference}}
        return _refund_state(self.wire.post("/v1/refunds", fields, key=key))

    def query_refund(self, *, key: str, reference: str) -> RefundState:
        intent = self._read(reference)["payment_intent"] if reference else None
        if intent:
            for row in self.wire.all("/v1/refunds", {"payment_intent": intent["id"]}):
                if row["metadata"].get("key") == key:
                    return _refund_state(row)
        return RefundState("", "unknown")

    def _session(self, *, key: str, amount: Money, description: str, return_url: str) -> dict[str, Any]:
        methods = [word for word in self.methods if amount.currency in _ONLY.get(word, {amount.currency})]
        price = {
            "currency": amount.currency.lower(),
            "unit_amount": to_provider(amount, provider=PROVIDER),
            "product_data": {"name": description},
        }
        return {
            "mode": "payment",
            "client_reference_id": key,
            "line_items": [{"quantity": 1, "price_data": price}],
            "payment_method_types": methods,
            "payment_method_options": {"wechat_pay": {"client": "web"}} if "wechat_pay" in methods else None,
            "payment_intent_data": {"transfer_group": key, "metadata": {"key": key}},
            "metadata": {"key": key},
            "success_url": return_url,
            "cancel_url": return_url,
        }

    def _read(self, reference: str) -> dict[str, Any]:
        return self.wire.get(f"/v1/checkout/sessions/{reference}", {"expand": _EXPAND})

    def _charges(self, intent: dict[str, Any]) -> list[dict[str, Any]]:
        """All charges that have brought money: as a rule the newest one alone, and then no second call is needed."""
        if not intent or not intent["amount_received"]:
            return []
        newest = intent["latest_charge"]
        if newest and newest["captured"] and newest["amount_captured"] == intent["amount_received"]:
            return [newest]
        rows = self.wire.all("/v1/charges", {"payment_intent": intent["id"]})
        return [row for row in rows if row["status"] == "succeeded" and row["captured"]][::-1]

    def _payee(self, session: dict[str, Any], charges: list[dict[str, Any]]) -> str:
        """Whose the money is: ours, unless it is settled elsewhere or is only test money."""
        if session["livemode"] is not self.wire.is_live:
            return "test" if self.wire.is_live else "live"
        for row in charges:
            elsewhere = row.get("on_behalf_of") or (row.get("transfer_data") or {}).get("destination")
            if elsewhere:
                return str(elsewhere)
        return self.payee


def _waiting(session: dict[str, Any], intent: dict[str, Any]) -> Literal["open", "declined", "closed"]:
    if session["status"] == "expired":
        return "closed"
    return "declined" if intent.get("last_payment_error") else "open"


def _reason(intent: dict[str, Any]) -> str:
    error = intent.get("last_payment_error") or {}
    return str(error.get("message") or error.get("code") or "")[:200]


def _refund_state(row: dict[str, Any]) -> RefundState:
    return RefundState(row["id"], _REFUND.get(row["status"], "pending"), row.get("failure_reason") or "")


def _money(units: int, currency: str) -> Money:
    return from_provider(units, currency=currency, provider=PROVIDER)


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
