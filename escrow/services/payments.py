"""Payments and the money that arrives for them: applied, parked or sent back, never lost (E10, E16)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from core import audit, deadlines
from core.actor import SYSTEM, Actor
from core.errors import IllegalTransition, NotFound
from core.money import Money
from core.prepared import Blank, Change, Prepared
from core.transitions import advance
from escrow import ledger
from escrow.errors import (
    AlreadyPosted,
    CannotBeHeld,
    NobodyTakesMoney,
    NoSuchCurrency,
    NotParked,
    NotThisAmount,
    PaymentNotOpen,
)
from escrow.gateways import gateway as provider_of
from escrow.gateways.base import Created, Movement, Notice, PaymentState
from escrow.ledger import Entry
from escrow.models import Inbox, OtherWay, Payment, Receipt, Refund, TransferKind
from escrow.queries import ways
from escrow.services.refunds import open_refund
from escrow.states import PAYMENT, PaymentStatus, ReceiptOutcome

KEPT_HEADERS = (
    "content-type", "user-agent", "sandbox-bank-signature", "stripe-signature", "wechatpay-signature",
    "wechatpay-timestamp", "wechatpay-nonce", "wechatpay-serial",
)  # fmt: skip


_BY_ID = Prepared(lambda: Payment.objects.filter(pk=Blank("pk")))
_LOCKED = Prepared(lambda: Payment.objects.select_for_update(no_key=True).filter(pk=Blank("pk")))
_KNOWN = Prepared(
    lambda: Receipt.objects.filter(gateway=Blank("gateway"), gateway_ref=Blank("ref")).values_list("pk")[:1]
)


_PROCESSED = Change(
    lambda: (Inbox.objects.filter(pk=Blank("pk")), {"processed_at": Blank("now"), "error": Blank("error")})
)


def promise_to_hold(*, amount: Money, at_most: timedelta) -> str:
    """
    Give the first provider that can do what the buyer is promised; asked before anything is written. No network.

    :raises NobodyTakesMoney: if none is set up
    :raises CannotBeHeld: if all let go of money sooner than the longest protection period
    :raises NoSuchCurrency: if none of the others takes the currency
    """
    fitting = ways.ways_for(amount=amount, at_most=at_most)
    if fitting:
        return fitting[0]
    if not ways.set_up():
        raise NobodyTakesMoney
    if not any(ways.can_hold(name, at_most=at_most) for name in ways.set_up()):
        raise CannotBeHeld
    raise NoSuchCurrency


def open_payment(*, buyer_id: UUID, amount: Money, gateway: str, expires_at: datetime, now: datetime) -> Payment:
    """Write a payment that awaits its money. ``gateway``: by whom it is paid unless its buyer chooses another."""
    payment = Payment.objects.create(
        buyer_id=buyer_id, gateway=gateway, amount_minor=amount.minor, currency=amount.currency, created_at=now,
        expires_at=expires_at,
    )  # fmt: skip
    audit.record(
        actor=Actor(user_id=buyer_id), act="payment.open", subject_type="payment", subject=str(payment.pk),
        facts={"amount_minor": amount.minor, "currency": amount.currency},
    )  # fmt: skip
    return payment


def start_payment(*, payment_id: UUID) -> Created:
    """
    Give the way in which the buyer pays: the provider's page, a code to scan, or where to transfer to.

    Network; asks the provider under one key and in the same words, whoever looks, so it may be called at every visit.

    :raises PaymentNotOpen: if it is paid or closed
    :raises Unavailable: if the provider does not answer
    :raises Refused: if it says no, perhaps because the money has just come
    """
    payment = _payment(payment_id)
    if payment.status != PaymentStatus.OPEN:
        raise PaymentNotOpen
    created = provider_of(payment.gateway).create_payment(
        key=f"payment:{payment.pk}",
        amount=payment.amount,
        description=_description(),
        return_url=settings.SITE_URL + reverse("shop:payment-return", args=[payment.pk]),
        notify_url=settings.SITE_URL + reverse("payment-notice", args=[payment.gateway]),
        expires_at=payment.expires_at,
    )
    if payment.reference != created.reference:
        _note_begun(payment, created.reference)
    return created


def _note_begun(payment: Payment, reference: str) -> None:
    """Write its number down, in the payment or, if its buyer has chosen another provider meanwhile, beside it."""
    named = Payment.objects.filter(pk=payment.pk, gateway=payment.gateway)
    if not named.update(reference=reference):
        OtherWay.objects.get_or_create(
            payment_id=payment.pk, gateway=payment.gateway, defaults={"reference": reference}
        )


def _description() -> str:
    """What the provider's page calls it: in one language at every visit, for a key goes with one wording only."""
    with override(settings.LANGUAGE_CODE):
        return _("Order at %(site)s") % {"site": settings.SITE_NAME}


def ask_gateway(*, payment_id: UUID, gateway: str = "") -> PaymentState:
    """
    What a provider knows about a payment: the one that it names unless another is asked for. Network; an answer for a
    payment that was never started is "open".

    :raises Unavailable: if the provider does not answer
    """
    payment = _payment(payment_id)
    name = gateway or payment.gateway
    provider = provider_of(name)
    reference = ways.reference_at(payment=payment, gateway=name)
    if not reference:
        return PaymentState("open", payee=provider.payee)
    return provider.query_payment(reference=reference)


def close_at_gateway(*, payment_id: UUID) -> str:
    """
    Tell every provider at which a payment was begun to take no more money for it: "closed", or "already_paid" if one
    has it. Network.

    :raises Unavailable: if a provider does not answer
    """
    payment = _payment(payment_id)
    begun = [(payment.gateway, payment.reference)] if payment.reference else []
    begun += [(row.gateway, row.reference) for row in ways.other_ways(payment_id)]
    said = {provider_of(gateway).close_payment(reference=reference) for gateway, reference in begun}
    return "already_paid" if "already_paid" in said else "closed"


def _payment(payment_id: UUID) -> Payment:
    payment = _BY_ID.first(pk=payment_id)
    if payment is None:
        raise NotFound
    return payment


def lock_payment(payment_id: UUID) -> Payment:
    payment = _LOCKED.first(pk=payment_id)
    if payment is None:
        raise NotFound
    return payment


def is_payee(*, gateway: str, payee: str) -> bool:
    """Whether the money went to us and not to another customer of the provider."""
    return payee == provider_of(gateway).payee


def is_known(*, gateway: str, movement: Movement) -> bool:
    """Whether this arrival of money is already in the books."""
    return _KNOWN.first(gateway=gateway, ref=movement.ref) is not None


@transaction.atomic
def mark_paid(*, payment: Payment, movement: Movement, now: datetime, actor: Actor) -> Receipt:
    """
    Take an arrival of money as this payment.

    :raises NotThisAmount: if it is not exactly what was asked for
    :raises AlreadyPosted: if this arrival is already in the books
    :raises IllegalTransition: if the payment is no longer open
    """
    if movement.amount != payment.amount:
        raise NotThisAmount
    receipt = _receipt(payment, payment.gateway, movement, ReceiptOutcome.APPLIED, "", now)
    if receipt is None:
        raise AlreadyPosted
    advance(
        payment, PaymentStatus.PAID, machine=PAYMENT, actor=actor, reason="confirmed by the provider",
        facts={"ref": movement.ref}, paid_at=now, declined_reason="",
    )  # fmt: skip
    return receipt


@transaction.atomic
def park(*, payment: Payment | None, gateway: str, movement: Movement, reason: str, now: datetime) -> Receipt | None:
    """Keep money apart that cannot be applied, for staff or for its way back; None if it is already in the books."""
    receipt = _receipt(payment, gateway, movement, ReceiptOutcome.PARKED, reason, now)
    if receipt is None:
        return None
    currency = movement.amount.currency
    provider, suspense = ledger.accounts(f"provider:{gateway}:{currency}", f"suspense:{gateway}:{currency}")
    ledger.post([Entry(TransferKind.SUSPENSE_IN, receipt.pk, provider, suspense, receipt.amount_minor)], now=now)
    _audit(receipt, act="receipt.parked", actor=SYSTEM, reason=reason)
    return receipt


@transaction.atomic
def return_receipt(*, receipt_id: int, actor: Actor, reason: str, now: datetime) -> Refund:
    """
    Send parked money back the way it came.

    :raises NotParked: if it was settled meanwhile
    """
    rows = Receipt.objects.filter(pk=receipt_id, outcome=ReceiptOutcome.PARKED)
    if not rows.update(outcome=ReceiptOutcome.RETURNED, settled_at=now):
        raise NotParked
    receipt = Receipt.objects.select_related("payment").get(pk=receipt_id)
    _audit(receipt, act="receipt.returned", actor=actor, reason=reason)
    deadlines.finish("receipt.return", subjects=[receipt_id])
    return open_refund(
        receipt=receipt, amount_minor=receipt.amount_minor, actor=actor, reason=reason or receipt.reason, now=now
    )


def close_payment(*, payment: Payment, actor: Actor, reason: str, now: datetime) -> None:
    """
    Close a payment on our side; the provider was asked first.

    :raises IllegalTransition: if it is paid or closed
    """
    advance(payment, PaymentStatus.CLOSED, machine=PAYMENT, actor=actor, reason=reason)


def note_declined(*, payment: Payment, reason: str) -> None:
    """Keep why the last try failed, for the buyer to read."""
    if payment.status != PaymentStatus.OPEN:
        raise IllegalTransition
    payment.declined_reason = reason[:200]
    Payment.objects.filter(pk=payment.pk, status=PaymentStatus.OPEN).update(declined_reason=reason[:200])


def store_notice(
    *, gateway: str, raw_body: bytes, headers: Mapping[str, str], now: datetime
) -> tuple[Notice, Inbox | None]:
    """
    Verify a notice on its raw bytes and keep it; None instead of a row if the same was worked off before.

    A row that is there but was never worked off is given again: the first try may have died half-way.

    :raises BadSignature: if it is not the provider's; nothing is stored
    :raises Malformed: if it is no notice; nothing is stored
    """
    notice = provider_of(gateway).parse_notice(raw_body=raw_body, headers=headers)
    kept = {name.lower(): value[:300] for name, value in headers.items() if name.lower() in KEPT_HEADERS}
    try:
        with transaction.atomic():
            row = Inbox.objects.create(
                provider=gateway, event_id=notice.event_id, raw_body=raw_body, headers=kept, received_at=now
            )
    except IntegrityError:
        row = Inbox.objects.get(provider=gateway, event_id=notice.event_id)
    return notice, None if row.processed_at else row


def note_processed(*, inbox_id: int, now: datetime, error: str = "") -> None:
    _PROCESSED.apply(pk=inbox_id, now=now, error=error[:500])


def _receipt(
    payment: Payment | None, gateway: str, movement: Movement, outcome: ReceiptOutcome, reason: str, now: datetime
) -> Receipt | None:
    try:
        with transaction.atomic():
            return Receipt.objects.create(
                payment=payment, gateway=gateway, gateway_ref=movement.ref, amount_minor=movement.amount.minor,
                currency=movement.amount.currency, outcome=outcome, reason=reason, received_at=now,
                settled_at=now if outcome == ReceiptOutcome.APPLIED else None,
            )  # fmt: skip
    except IntegrityError:
        if is_known(gateway=gateway, movement=movement):
            return None
        raise


def _audit(receipt: Receipt, *, act: str, actor: Actor, reason: str) -> None:
    audit.record(
        actor=actor, act=act, subject_type="receipt", subject=str(receipt.pk), reason=reason,
        facts={
            "amount_minor": receipt.amount_minor, "currency": receipt.currency,
            "payment": str(receipt.payment_id or ""), "ref": receipt.gateway_ref,
        },
    )  # fmt: skip
