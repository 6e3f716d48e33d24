"""Where the store's money goes: a page of its own; each change is confirmed for itself."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.confirming import ensure
from accounts.services.step_up import Act as Confirmed
from accounts.services.step_up import StepUpNeeded, digest_of
from core import clock
from core.errors import DomainError, NotFound
from core.http import actor_of
from escrow.errors import BadPayoutAccount
from escrow.queries import account_is_old, payout_account
from escrow.queries.passing_on import accounts_there
from escrow.queries.payouts import waits_until
from escrow.services import account_reminders
from escrow.services.payout_accounts import drop_provider_account, set_provider_account
from flows.payouts import choose_account
from shop.forms.merchant import PayoutAccountForm, ProviderAccountForm
from shop.guards import MerchantRequest, merchant
from shop.queries.vetting import application_of
from shop.roles import Act
from shop.states import EDITABLE
from shop.views.document_slots import show


@merchant(Act.ACCOUNT)
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: MerchantRequest) -> HttpResponse:
    """Say to which account released money goes, and to which at a provider that passes it on."""
    application = application_of(request.store)
    names = [name for name in (application.legal_name, application.person_name) if name] if application else []
    at_provider = request.POST.get("part") == "provider"
    sent = None if at_provider else request.POST or None
    form = PayoutAccountForm(sent, initial={"holder": names[0] if names else ""})
    there = ProviderAccountForm(request.POST if at_provider else None)
    if request.method == "POST" and (_saved_there(request, there) if at_provider else _saved(request, form)):
        messages.success(request, _("Saved."))
        is_applying = application is not None and application.status in EDITABLE
        return redirect("merchant:apply" if is_applying else "merchant:settings")
    context = {"form": form, "names": names, "theres": _theres(request, there), **_present(request)}
    return render(request, "merchant/account.html", context, status=422 if request.method == "POST" else 200)


@merchant(Act.ACCOUNT)
@require_POST
def keep_account(request: MerchantRequest) -> HttpResponse:
    """Still right: nothing changes but that nobody asks for a year."""
    if account_reminders.keep(request.store.pk, actor=actor_of(request), now=clock.now()):
        messages.success(request, _("Thank you. We ask again in a year."))
    return redirect("merchant:account")


def _present(request: MerchantRequest) -> dict[str, Any]:
    account, now = payout_account(request.store.pk), clock.now()
    until = waits_until(account, now=now)
    return {"account": account, "waits_until": until, "account_is_old": account_is_old(account, now=now)}


def _theres(request: MerchantRequest, sent: ProviderAccountForm) -> list[dict[str, Any]]:
    """Each provider that passes on, with its form; the one that was sent is filled."""
    name, found = request.POST.get("gateway"), accounts_there(request.store.pk)
    return [
        {"there": row, "form": sent if row.held.name == name else ProviderAccountForm(auto_id=f"{row.held.name}_%s")}
        for row in found
        if row.held.can.splits
    ]


def _saved(request: MerchantRequest, form: PayoutAccountForm) -> bool:
    if not form.is_valid():
        return False
    act = Confirmed("payout_account", target=digest_of(request.store.pk, *form.cleaned_data.values()))
    try:
        with transaction.atomic():
            choose_account(store_id=request.store.pk, actor=actor_of(request), now=clock.now(), **form.cleaned_data)
            ensure(request, act)
    except StepUpNeeded:
        raise
    except DomainError as refusal:
        show(form, refusal, default="number")
        return False
    return True


def _saved_there(request: MerchantRequest, form: ProviderAccountForm) -> bool:
    """The store's account at a provider, or, asked so, none any more."""
    name = request.POST.get("gateway", "")
    if name not in {there.held.name for there in accounts_there(request.store.pk) if there.held.can.splits}:
        raise NotFound
    given: dict[str, Any] = {"store_id": request.store.pk, "gateway": name, "actor": actor_of(request)}
    if request.POST.get("act") == "drop":
        with transaction.atomic():
            if not drop_provider_account(**given):
                return False
            ensure(request, Confirmed("payout_account", target=digest_of(request.store.pk, name, "drop")))
        return True
    return form.is_valid() and _set_there(request, form, given)


def _set_there(request: MerchantRequest, form: ProviderAccountForm, given: dict[str, Any]) -> bool:
    number = form.cleaned_data["number"]
    act = Confirmed("payout_account", target=digest_of(request.store.pk, given["gateway"], number))
    try:
        with transaction.atomic():
            set_provider_account(number=number, now=clock.now(), **given)
            ensure(request, act)
    except BadPayoutAccount as refusal:
        form.add_error("number", str((refusal.fields or {}).get("number", refusal.message)))
        return False
    return True
