"""
Corrections of the books by hand: one person proposes, another signs, and only then it is posted.

They move money between recorded accounts alone. A merchant's balance is authorised and an escrow account is what its
holds say: both are corrected by the acts that move them (a release, a refund, a chargeback), never from here.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core import audit
from core.actor import Actor
from core.errors import NotFound
from core.money import Money
from escrow import ledger
from escrow.errors import AlreadyDecided, BadAdjustment, NeedsAnother
from escrow.ledger import Entry
from escrow.models import Adjustment, TransferKind
from escrow.queries.corrections import may_correct

LONGEST_REASON = 300


@transaction.atomic
def propose(*, debit: str, credit: str, amount: Money, reason: str, actor: Actor, now: datetime) -> Adjustment:
    """
    Write down a correction that somebody else has to sign: ``amount`` would leave ``debit`` for ``credit``.

    :raises BadAdjustment: if an account may not be touched, the two are one or in other currencies, or no reason is
        given
    """
    author = _person(actor)
    faults = {name: words for name, key in (("debit", debit), ("credit", credit)) if (words := _fault(key, amount))}
    if debit == credit:
        faults["credit"] = _("Two different accounts are needed.")
    if amount.minor < 1:
        faults["amount"] = _("More than nothing.")
    if not reason.strip() or len(reason) > LONGEST_REASON:
        faults["reason"] = _("Say why, in at most 300 characters.")
    if faults:
        raise BadAdjustment(fields=faults)
    row = Adjustment.objects.create(
        debit=debit, credit=credit, amount_minor=amount.minor, currency=amount.currency, reason=reason.strip(),
        proposed_by=author, proposed_at=now,
    )  # fmt: skip
    _audit(row, "proposed", actor)
    return row


@transaction.atomic
def sign(*, adjustment_id: int, actor: Actor, now: datetime) -> Adjustment:
    """
    Sign somebody else's proposal, and post it.

    :raises NeedsAnother: if it is the actor's own; the database refuses that, too
    :raises AlreadyDecided: if it was signed or refused before
    """
    row, signer = _row(adjustment_id, actor), _person(actor)
    if row.proposed_by == signer:
        raise NeedsAnother
    rows = Adjustment.objects.filter(pk=row.pk, signed_at__isnull=True, refused_at__isnull=True)
    if not rows.exclude(proposed_by=signer).update(signed_by=signer, signed_at=now):
        raise AlreadyDecided
    row.signed_by, row.signed_at = signer, now
    debit, credit = ledger.accounts(row.debit, row.credit)
    ledger.post([Entry(TransferKind.ADJUST, row.pk, debit, credit, row.amount_minor)], now=now)
    _audit(row, "signed", actor)
    return row


@transaction.atomic
def refuse(*, adjustment_id: int, actor: Actor, now: datetime) -> Adjustment:
    """
    Turn a proposal down; its author may take it back so.

    :raises AlreadyDecided: if it was signed or refused before
    """
    row = _row(adjustment_id, actor)
    rows = Adjustment.objects.filter(pk=row.pk, signed_at__isnull=True, refused_at__isnull=True)
    if not rows.update(refused_at=now):
        raise AlreadyDecided
    row.refused_at = now
    _audit(row, "refused", actor)
    return row


def _person(actor: Actor) -> UUID:
    if not actor.is_mediator or actor.user_id is None:
        raise NotFound
    return actor.user_id


def _row(adjustment_id: int, actor: Actor) -> Adjustment:
    _person(actor)
    row = Adjustment.objects.filter(pk=adjustment_id).first()
    if row is None:
        raise NotFound
    return row


def _fault(key: str, amount: Money) -> str | Promise | None:
    if not may_correct(key):
        return _("This account may not be corrected by hand, or it does not exist.")
    if not key.endswith(f":{amount.currency}"):
        return _("It is in another currency.")
    return None


def _audit(row: Adjustment, act: str, actor: Actor) -> None:
    audit.record(
        actor=actor, act=f"adjustment.{act}", subject_type="adjustment", subject=str(row.pk), reason=row.reason,
        facts={"debit": row.debit, "credit": row.credit, "amount_minor": row.amount_minor, "currency": row.currency},
    )  # fmt: skip
