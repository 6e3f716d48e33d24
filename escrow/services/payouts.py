"""Payouts: a merchant's whole balance on its way to his bank, within a day of its release (E4)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import audit, deadlines, outbox
from core.actor import SYSTEM, Actor
from core.errors import IllegalTransition
from core.sealed import Sealed
from core.transitions import advance
from escrow import ledger
from escrow.errors import BadPayoutAccount
from escrow.gateways import gateway
from escrow.gateways.base import PayoutState, Refused, Unavailable
from escrow.ledger import Entry
from escrow.models import Account, Payout, PayoutAccount, TransferKind
from escrow.services.refunds import backoff
from escrow.states import PAYOUT, PayoutStatus

COOL_OFF = timedelta(hours=72)
_NUMBER = re.compile(r"\A[0-9A-Z]{8,34}\Z", re.ASCII)


@transaction.atomic
def prepare_payout(*, store_id: UUID, actor: Actor, now: datetime) -> Payout | None:
    """
    Take a store's whole balance off its account and write the intent to pay it out; None if there is nothing to pay
    or nowhere to pay it to.

    The account's row is locked before it is read: a second payout at the same moment finds nothing left, and the floor
    under the balance is the second lock.
    """
    merchant = (
        Account.objects.select_for_update(no_key=True)
        .filter(kind="merchant", owner_id=store_id, balance__gt=0)
        .order_by("pk")
        .first()
    )
    destination = PayoutAccount.objects.filter(store_id=store_id, is_active=True).first()
    if merchant is None or destination is None:
        return None
    usable_from = _usable_from(destination)
    if now < usable_from:
        deadlines.schedule("payout.due", subject=store_id, due_at=usable_from)
        return None
    payout = Payout.objects.create(
        store_id=store_id, merchant=merchant, destination=destination, gateway=settings.PAYMENT_GATEWAY,
        amount_minor=merchant.balance, currency=merchant.currency, created_at=now,
    )  # fmt: skip
    flight = ledger.account(_flight(payout))
    ledger.post([Entry(TransferKind.PAYOUT_SENT, payout.pk, merchant, flight, payout.amount_minor)], now=now)
    audit.record(
        actor=actor, act="payout.prepared", subject_type="payout", subject=str(payout.pk),
        facts={"amount_minor": payout.amount_minor, "currency": payout.currency, "to": destination.last4},
    )  # fmt: skip
    deadlines.schedule("payout.send", subject=payout.pk, due_at=now)
    outbox.publish("escrow.payout_sent", payout_id=payout.pk)
    return payout


def send_payout(*, payout_id: int, now: datetime) -> Payout:
    """Ask the bank to pay, and write down what came of it. Network; safe to repeat at any time."""
    payout = Payout.objects.select_related("destination", "merchant").get(pk=payout_id)
    if payout.status in (PayoutStatus.PAID, PayoutStatus.FAILED):
        _finish(payout)
        return payout
    asked_before = payout.status == PayoutStatus.SENT
    if not asked_before:
        _mark_sent(payout)
    try:
        state = _call(payout, asked_before=asked_before)
    except Unavailable:
        _again_later(payout, now=now)
        return payout
    except Refused as refusal:
        state = PayoutState(ref="", status="failed", reason=refusal.why or str(refusal.message))
    _apply(payout, state, now=now)
    return payout


@transaction.atomic
def set_payout_account(
    *, store_id: UUID, bank: str, holder: str, number: str, actor: Actor, now: datetime
) -> PayoutAccount:
    """
    Choose where a store's money goes from now on. The old account stays on its payouts, the number lies sealed.

    :raises BadPayoutAccount: if something is missing or the number is no account number
    """
    plain = re.sub(r"[\s-]", "", number).upper()
    bank, holder = bank.strip(), holder.strip()
    faults = {name: _("This is needed.") for name, value in (("bank", bank), ("holder", holder)) if not value}
    if len(bank) > 60 or len(holder) > 60:
        faults["bank" if len(bank) > 60 else "holder"] = _("At most 60 characters.")
    if not _NUMBER.match(plain):
        faults["number"] = _("8 to 34 digits, as printed on the card or account.")
    if faults:
        raise BadPayoutAccount(fields=faults)
    PayoutAccount.objects.filter(store_id=store_id, is_active=True).update(is_active=False)
    row = PayoutAccount.objects.create(
        store_id=store_id, bank=bank, holder=holder, number=plain, last4=plain[-4:], created_at=now
    )
    audit.record(
        actor=actor, act="payout_account.set", subject_type="store", subject=str(store_id),
        facts={"bank": bank, "last4": row.last4},
    )  # fmt: skip
    if Account.objects.filter(kind="merchant", owner_id=store_id, balance__gt=0).exists():
        deadlines.schedule("payout.due", subject=store_id, due_at=max(now, _usable_from(row)))
    outbox.publish("escrow.payout_account_set", store_id=str(store_id), account_id=str(row.pk))
    return row


def _usable_from(account: PayoutAccount) -> datetime:
    """A changed account waits three days, in which its owner has been told and can speak up (A10); a first one not."""
    is_change = PayoutAccount.objects.filter(store_id=account.store_id, created_at__lt=account.created_at).exists()
    return account.created_at + COOL_OFF if is_change else account.created_at


def _flight(payout: Payout) -> str:
    return f"payout_in_flight:{payout.gateway}:{payout.currency}"


def _call(payout: Payout, *, asked_before: bool) -> PayoutState:
    bank = gateway(payout.gateway)
    key = f"payout:{payout.pk}"
    if asked_before:
        state = bank.query_payout(key=key)
        if state.status != "unknown":
            return state
    to = payout.destination
    return bank.payout(
        key=key, amount=payout.amount, bank=to.bank, holder=to.holder, number=cast(Sealed, to.number).open()
    )


def _mark_sent(payout: Payout) -> None:
    try:
        with transaction.atomic():
            advance(payout, PayoutStatus.SENT, machine=PAYOUT, actor=SYSTEM, reason="asked the bank")
    except IllegalTransition:
        payout.refresh_from_db()  # somebody else is sending it: the key makes both calls one


def _apply(payout: Payout, state: PayoutState, *, now: datetime) -> None:
    if state.status in ("pending", "unknown"):
        _again_later(payout, now=now)
        return
    try:
        with transaction.atomic():
            _write_down(payout, state, now=now)
            _finish(payout)
    except IllegalTransition:
        payout.refresh_from_db()  # the other caller has written the same answer down


def _write_down(payout: Payout, state: PayoutState, *, now: datetime) -> None:
    flight, provider = ledger.accounts(_flight(payout), f"provider:{payout.gateway}:{payout.currency}")
    if state.status == "done":
        advance(
            payout, PayoutStatus.PAID, machine=PAYOUT, actor=SYSTEM, reason="confirmed by the bank",
            facts={"ref": state.ref}, gateway_ref=state.ref, paid_at=now,
        )  # fmt: skip
        kind, to, event = TransferKind.PAYOUT_DONE, provider, "escrow.payout_done"
    else:
        advance(
            payout, PayoutStatus.FAILED, machine=PAYOUT, actor=SYSTEM, reason=state.reason,
            failure=state.reason[:200], gateway_ref=state.ref,
        )  # fmt: skip
        kind, to, event = TransferKind.PAYOUT_FAILED, payout.merchant, "escrow.payout_failed"
    ledger.post([Entry(kind, payout.pk, flight, to, payout.amount_minor)], now=now)
    outbox.publish(event, payout_id=payout.pk)


def _finish(payout: Payout) -> None:
    deadlines.finish("payout.send", subjects=[payout.pk])


def _again_later(payout: Payout, *, now: datetime) -> None:
    deadlines.schedule("payout.send", subject=payout.pk, due_at=now + backoff("payout.send", payout.pk))
