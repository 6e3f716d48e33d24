"""The sandbox bank's adapter: real HTTP, real signatures, no ORM. What it talks to is ``escrow.fakepay.sandbox``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

import httpx

from core.errors import DomainError
from core.money import Money
from escrow.gateways.base import (
    BadSignature,
    Balance,
    Capabilities,
    Created,
    Dispute,
    Malformed,
    Movement,
    Notice,
    PaymentState,
    PayoutState,
    RefundState,
    Refused,
    Statement,
    Unavailable,
)
from escrow.gateways.signing import HEADER, sign, verify
from escrow.statements import read

PAYEE = "tashi-sandbox"


class SandboxGateway:
    """A payment provider that only pretends, and says so."""

    name = "sandbox"
    payee = PAYEE
    capabilities = Capabilities(
        hold_days=365, partial_refund=True, currencies=frozenset({"CNY", "USD", "EUR", "HKD", "JPY"})
    )

    def __init__(self, *, client: httpx.Client, secret: str) -> None:
        self.client = client
        self.secret = secret

    def create_payment(
        self, *, key: str, amount: Money, description: str, return_url: str, notify_url: str, expires_at: datetime
    ) -> Created:
        answer = self._ask(
            "create-payment",
            key=key,
            amount=amount.as_json(),
            description=description,
            return_url=return_url,
            notify_url=notify_url,
            expires_at=expires_at.isoformat(),
        )
        return Created(reference=answer["reference"], url=answer["url"])

    def query_payment(self, *, reference: str) -> PaymentState:
        answer = self._ask("query-payment", reference=reference)
        movements = tuple(
            Movement(ref=row["ref"], amount=_money(row["amount"]), at=datetime.fromisoformat(row["at"]))
            for row in answer["movements"]
        )
        return PaymentState(answer["status"], movements, payee=answer["payee"], reason=answer["reason"])

    def close_payment(self, *, reference: str) -> Literal["closed", "already_paid"]:
        result: Literal["closed", "already_paid"] = self._ask("close-payment", reference=reference)["result"]
        return result

    def refund(self, *, key: str, reference: str, movement_ref: str, amount: Money) -> RefundState:
        answer = self._ask("refund", key=key, reference=reference, movement_ref=movement_ref, amount=amount.as_json())
        return RefundState(answer["ref"], answer["status"], answer["reason"])

    def query_refund(self, *, key: str, reference: str) -> RefundState:
        answer = self._ask("query-refund", key=key)
        return RefundState(answer["ref"], answer["status"], answer["reason"])

    def payout(self, *, key: str, amount: Money, bank: str, holder: str, number: str) -> PayoutState:
        answer = self._ask("payout", key=key, amount=amount.as_json(), bank=bank, holder=holder, number=number)
        return PayoutState(answer["ref"], answer["status"], answer["reason"])

    def query_payout(self, *, key: str) -> PayoutState:
        answer = self._ask("query-payout", key=key)
        return PayoutState(answer["ref"], answer["status"], answer["reason"])

    def query_dispute(self, *, ref: str) -> Dispute:
        answer = self._ask("query-dispute", ref=ref)
        return Dispute(
            ref=ref, payment_reference=answer["payment"], amount=_money(answer["amount"]), status=answer["status"],
            reason=answer["reason"], at=datetime.fromisoformat(answer["at"]),
            answer_by=datetime.fromisoformat(answer["answer_by"]),
        )  # fmt: skip

    def balance(self, *, currency: str) -> Balance:
        answer = self._ask("balance", currency=currency)
        return Balance(_money(answer["amount"]), datetime.fromisoformat(answer["at"]), "sandbox")

    def statement(self, *, day: date) -> Statement:
        """:raises Unavailable: if the bank does not answer, or with something that is no statement"""
        answer = self._answer("statement", day=day.isoformat())
        try:
            return read("sandbox", answer.content, name=f"sandbox-{day}.json", day=day)
        except DomainError as bad:
            raise Unavailable from bad

    def parse_notice(self, *, raw_body: bytes, headers: Mapping[str, str]) -> Notice:
        """
        :raises BadSignature: if the bank has not signed exactly these bytes lately
        :raises Malformed: if it did, but they are no notice
        """
        given = {name.lower(): value for name, value in headers.items()}
        verify(raw_body, header=given.get(HEADER.lower(), ""), secret=self.secret)
        try:
            body = json.loads(raw_body)
            words = [body["id"], body["payment"], body["key"]]
            dispute = body.get("dispute", "")
        except (ValueError, TypeError, KeyError, RecursionError) as fault:
            raise Malformed from fault
        if not all(isinstance(word, str) and 0 < len(word) <= 120 for word in words):
            raise Malformed
        if not isinstance(dispute, str) or len(dispute) > 120:
            raise Malformed
        kind: Literal["payment", "dispute"] = "dispute" if dispute else "payment"
        return Notice(
            event_id=words[0], payment_reference=words[1], key=words[2], kind=kind, dispute_ref=dispute
        )  # fmt: skip

    def _ask(self, act: str, **fields: Any) -> dict[str, Any]:
        """
        One signed question to the bank.

        :raises Unavailable: if no usable answer came: what happened is then unknown
        :raises Refused: if the bank says no
        """
        try:
            result: dict[str, Any] = self._answer(act, **fields).json()
        except ValueError as fault:
            raise Unavailable from fault
        return result

    def _answer(self, act: str, **fields: Any) -> httpx.Response:
        body = json.dumps({"act": act, **fields}).encode()
        headers = {HEADER: sign(body, secret=self.secret), "Content-Type": "application/json"}
        try:
            answer = self.client.post(f"/{act}", content=body, headers=headers)
        except httpx.TransportError as fault:
            raise Unavailable from fault
        if answer.status_code in (400, 404, 409, 422):
            raise Refused(_why(answer))
        if answer.status_code == 401:
            raise Unavailable from BadSignature()
        if answer.is_error:
            raise Unavailable
        return answer


def build(values: Mapping[str, str], *, client: httpx.Client) -> SandboxGateway:
    """The gateway of ``settings.PROVIDERS["sandbox"]``."""
    return SandboxGateway(client=client, secret=values["secret"])


def _why(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("reason", ""))[:200]
    except (ValueError, AttributeError):
        return str(answer.status_code)


def _money(pair: Mapping[str, Any]) -> Money:
    return Money(int(pair["minor"]), str(pair["currency"]))
