"""Money on its way from the platform's balance to merchants' connected accounts, of one payment or of the balance."""

from __future__ import annotations

from typing import Any

from core.money import Money, to_provider
from escrow.gateways.base import PayoutState, RefundState, Refused
from escrow.gateways.stripe.wire import Wire

PROVIDER = "stripe"


class Transfers:
    """The part of the gateway that lets go of money. A merchant's account is his ``acct_…`` number."""

    wire: Wire

    def release(self, *, key: str, reference: str, amount: Money, destination: str) -> PayoutState:
        """
        Let go of a part of one payment.

        ``source_transaction`` ties it to the charge: it may leave before the charge's money is available, and no more
        than the charge can leave.
        """
        intent = self._intent(reference)
        if not intent["latest_charge"]:
            raise Refused("not_paid")
        fields = {
            **_fields(amount, destination, key),
            "source_transaction": intent["latest_charge"],
            "transfer_group": intent["transfer_group"],
        }
        return _state(self.wire.post("/v1/transfers", fields, key=key))

    def query_release(self, *, key: str, reference: str) -> PayoutState:
        """How a release stands: found in its payment's transfer group, for Stripe forgets keys after a day."""
        row = self._find(self._intent(reference)["transfer_group"] or "", key)
        return PayoutState("", "unknown") if row is None else _state(row)

    def reverse_release(
        self, *, key: str, release_key: str, reference: str, amount: Money, payer_gets: Money | None = None
    ) -> RefundState:
        """
        Take a part of a release back; Stripe refuses more than the merchant's account there can bear.

        Whoever asks again later asks ``query_reversal`` first.
        """
        row = self._find(self._intent(reference)["transfer_group"] or "", release_key)
        if row is None:
            raise Refused("no_such_release")
        fields = {"amount": to_provider(amount, provider=PROVIDER), "metadata": {"key": key}}
        made = self.wire.post(f"/v1/transfers/{row['id']}/reversals", fields, key=key)
        return RefundState(made["id"], "done")

    def query_reversal(self, *, key: str, release_key: str, reference: str) -> RefundState:
        row = self._find(self._intent(reference)["transfer_group"] or "", release_key)
        rows = self.wire.all(f"/v1/transfers/{row['id']}/reversals", {}) if row else iter(())
        made = next((each for each in rows if each["metadata"].get("key") == key), None)
        return RefundState("", "unknown") if made is None else RefundState(made["id"], "done")

    def payout(self, *, key: str, amount: Money, bank: str, holder: str, number: str) -> PayoutState:
        """
        Send a merchant his balance; his own payout schedule takes it from there to his bank.

        The transfer is alone in a group named by its key, which is how ``query_payout`` finds it after Stripe has
        forgotten the key itself.
        """
        return _state(self.wire.post("/v1/transfers", {**_fields(amount, number, key), "transfer_group": key}, key=key))

    def query_payout(self, *, key: str) -> PayoutState:
        row = self._find(key, key)
        return PayoutState("", "unknown") if row is None else _state(row)

    def _find(self, group: str, key: str) -> dict[str, Any] | None:
        rows = self.wire.all("/v1/transfers", {"transfer_group": group}) if group else iter(())
        return next((row for row in rows if row["metadata"].get("key") == key), None)

    def _intent(self, reference: str) -> dict[str, Any]:
        session = self.wire.get(f"/v1/checkout/sessions/{reference}", {"expand": ["payment_intent"]})
        if not session["payment_intent"]:
            raise Refused("not_paid")
        intent: dict[str, Any] = session["payment_intent"]
        return intent


def _fields(amount: Money, destination: str, key: str) -> dict[str, Any]:
    return {
        "amount": to_provider(amount, provider=PROVIDER),
        "currency": amount.currency.lower(),
        "destination": destination,
        "metadata": {"key": key},
    }


def _state(row: dict[str, Any]) -> PayoutState:
    """A transfer is done when it is made; one that was wholly taken back has failed."""
    return PayoutState(row["id"], "failed" if row["reversed"] else "done", "reversed" if row["reversed"] else "")
