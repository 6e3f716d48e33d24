"""Choosing by which provider a payment is paid. It may be begun at several; the first money that fits is taken."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from escrow.errors import PaymentNotOpen
from escrow.models import OtherWay, Payment
from escrow.services.payments import lock_payment
from escrow.states import PaymentStatus


@transaction.atomic
def choose_way(*, payment_id: UUID, gateway: str) -> Payment:
    """
    Let a payment be paid by another provider. Where it was begun before stays known until it is closed there.

    :raises PaymentNotOpen: if it is paid or closed
    """
    payment = lock_payment(payment_id)
    if payment.status != PaymentStatus.OPEN:
        raise PaymentNotOpen
    go_by(payment=payment, gateway=gateway)
    return payment


def go_by(*, payment: Payment, gateway: str) -> None:
    """Make a provider the one that a locked payment names."""
    if payment.gateway == gateway:
        return
    row = OtherWay.objects.filter(payment=payment, gateway=gateway).first()
    if payment.reference:
        note_begun(payment_id=payment.pk, gateway=payment.gateway, reference=payment.reference)
    payment.gateway, payment.reference = gateway, row.reference if row else ""
    payment.declined_reason = ""
    payment.save(update_fields=["gateway", "reference", "declined_reason"])
    if row:
        row.delete()


def note_begun(*, payment_id: UUID, gateway: str, reference: str) -> None:
    """Remember that a payment was begun at a provider that it does not name any more."""
    OtherWay.objects.get_or_create(payment_id=payment_id, gateway=gateway, defaults={"reference": reference})
