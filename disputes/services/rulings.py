"""Rulings."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.errors import Invalid
from disputes.models import Case, Ruling
from disputes.rulebook import NUMBERS
from disputes.services.cases import add_entry
from disputes.states import Party

MIN_REASONS = 20


class ReasonsNeeded(Invalid):
    code = "reasons_needed"
    default_message = _(
        "A ruling needs the party at fault, an article of the rules, and reasons both sides can follow."
    )


def sign(
    *,
    case: Case,
    refund_minor: int,
    held_minor: int,
    fault: str,
    article: str,
    reasons: str,
    actor: Actor,
    now: datetime,
) -> Ruling:
    """
    Write and sign a decision whose parts sum to what is held; the database checks the sum again.

    :raises ReasonsNeeded: without fault, article or reasons
    """
    if fault not in Party.values or article not in NUMBERS or len(reasons.strip()) < MIN_REASONS:
        raise ReasonsNeeded
    assert actor.user_id is not None
    ruling = Ruling.objects.create(
        case=case, mediator_id=actor.user_id, refund_minor=refund_minor, release_minor=held_minor - refund_minor,
        held_minor=held_minor, currency=case.currency, fault=fault, article=article, reasons=reasons.strip()[:4000],
        signed_at=now,
    )  # fmt: skip
    add_entry(
        case=case, party=Party.PLATFORM, act="ruled", text=ruling.reasons, actor=actor, now=now,
        facts={"refund_minor": refund_minor, "release_minor": ruling.release_minor, "article": article},
    )  # fmt: skip
    return ruling
