"""Deciding: amounts that sum to what is held, fault, article, reasons; a look at what follows; then the signature."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.confirming import ensure
from accounts.requests import MemberRequest
from accounts.services.step_up import ruling_act
from core import clock
from core.errors import Invalid
from core.guards import mediator
from core.http import actor_of
from core.money import Money, share
from disputes.errors import NotYourTurn
from disputes.forms import RulingForm
from disputes.models import Case
from disputes.queries import case_for_staff
from disputes.rulebook import article
from disputes.states import CaseStatus, Party
from disputes.views.findings import articles_for, findings_of, with_photos
from disputes.views.proposals import split_of
from escrow.models import Hold
from flows import aftersale
from flows.deal import Deal, deal


@mediator
@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: MemberRequest, number: str) -> HttpResponse:
    """Form, preview, signature; each step checks everything again."""
    row = case_for_staff(number)
    hold = _hold_of(row, request)
    view = deal(order_id=row.order_id, viewer="staff", now=clock.now(), order=row.order, case=row, bare=True)
    suggested = [item.number for item in articles_for(row, view.shipments)]
    form = RulingForm(request.POST or None, held=hold.rest, suggested=suggested)
    if request.method == "POST" and form.is_valid():
        if request.POST.get("step") == "sign":
            signed = _sign(request, row, form)
            if signed is not None:
                return signed
        elif request.POST.get("step") == "preview":
            return render(request, "console/rule_preview.html", _preview(row, hold, form))
    return render(request, "console/rule.html", _context(row, hold, form, view), status=400 if form.errors else 200)


def _hold_of(row: Case, request: MemberRequest) -> Hold:
    """
    The money to decide on.

    :raises NotYourTurn: if the case is not to be decided, or not by this mediator
    """
    hold: Hold | None = getattr(row.order, "hold", None)
    if row.status != CaseStatus.MEDIATION or hold is None:
        raise NotYourTurn(_("This case is not waiting for a decision."))
    if row.mediator_id != request.user.pk:
        raise NotYourTurn(_("Take the case first; only its own mediator decides it."))
    return hold


def _sign(request: MemberRequest, row: Case, form: RulingForm) -> HttpResponse | None:
    data = form.cleaned_data
    try:
        with transaction.atomic():
            aftersale.rule(
                case_id=row.pk, refund_minor=data["refund"].minor, fault=data["fault"], article=data["article"],
                reasons=data["reasons"], actor=actor_of(request), now=clock.now(),
            )  # fmt: skip
            ensure(request, ruling_act(row.number, fault=data["fault"], refund=data["refund"]))
    except Invalid as refusal:
        form.add_error(None, refusal.message)
        return None
    messages.success(request, _("Decided and carried out. Both sides have been told."))
    return redirect("console:case", row.number)


def _context(row: Case, hold: Hold, form: RulingForm, view: Deal) -> dict[str, Any]:
    known = Money(row.amount_minor if row.amount_minor <= hold.rest.minor else 0, row.currency)
    return {
        "case": row,
        "deal": view,
        "form": form,
        "held": hold.rest,
        "split": split_of(known, hold.rest),
        "percents": [(percent, _of(hold.rest, percent)) for percent in (0, 10, 25, 50, 75, 90, 100)],
        "findings": findings_of(with_photos(view)),
        "articles": articles_for(row, view.shipments),
    }


def _of(held: Money, percent: int) -> Money:
    return Money(share(held.minor, percent * 100), held.currency)


def _preview(row: Case, hold: Hold, form: RulingForm) -> dict[str, Any]:
    """What both sides will read, and what will be posted."""
    data = form.cleaned_data
    refund, release = data["refund"], data["release"]
    fee = Money(share(hold.released_minor + release.minor, hold.fee_bps) - hold.fee_taken_minor, hold.currency)
    names = {"refund": refund, "release": release, "net": release - fee, "fee": fee}
    rule_url = f"{reverse('pages:rules')}#article-{data['article']}"
    return {
        "case": row,
        "form": form,
        "data": data,
        "held": hold.rest,
        "split": split_of(refund, hold.rest),
        "fault": Party(data["fault"]).label,
        "article": article(data["article"]),
        "rule_url": rule_url,
        "fits": data["article"] in form.suggested,
        "buyer_reads": _("%(refund)s goes back to you the way you paid; %(release)s goes to the merchant.") % names,
        "merchant_reads": _("%(refund)s goes back to the buyer; you receive %(net)s = %(release)s − fee %(fee)s.")
        % names,
        "effects": _effects(row, refund, release, fee),
    }


def _effects(row: Case, refund: Money, release: Money, fee: Money) -> list[str]:
    """Every posting and change of state that the signature causes."""
    store = row.order.store.display_name
    effects = []
    if refund:
        effects.append(_("post %(amount)s: escrow → refund to the buyer, sent the way he paid") % {"amount": refund})
    if release:
        effects.append(_("post %(amount)s: escrow → balance of %(store)s") % {"amount": release - fee, "store": store})
    if fee:
        effects.append(_("post %(amount)s: escrow → platform fee") % {"amount": fee})
    ends = _("completed") if release else _("refunded")
    effects.append(
        _("order %(order)s: %(state)s; its hold is empty and closed") % {"order": row.order.number, "state": ends}
    )
    effects.append(_("case %(case)s: decided; all its clocks end") % {"case": row.number})
    effects.append(_("both sides are told at once, with these reasons"))
    return effects
