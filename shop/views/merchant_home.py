"""The merchant's home: today's work, the money, and what the store decides for itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.confirming import ensure
from accounts.services.step_up import Act, StepUpNeeded, digest_of
from core import clock
from core.errors import DomainError, NotFound
from core.http import actor_of
from disputes.queries import store_work
from escrow.errors import BadPayoutAccount
from escrow.queries import merchant_money, payout_account
from escrow.queries.passing_on import accounts_there
from escrow.services.payout_accounts import drop_provider_account, set_provider_account
from escrow.services.payouts import set_payout_account
from logistics.queries import all_carriers, carriers_for, default_carrier
from logistics.services.carriers import choose_carriers
from shop.forms.merchant import PayoutAccountForm, ProviderAccountForm, SettingsForm
from shop.guards import MerchantRequest, merchant
from shop.models import Store
from shop.queries.orders import merchant_view_counts
from shop.queries.work import onboarding, sold_out_count
from shop.services.stores import set_return_policy
from shop.views.merchant_tiles import money_tiles


@merchant
@require_safe
def home(request: MerchantRequest) -> HttpResponse:
    """What has to be done today, and where the money is."""
    now, store = clock.now(), request.store
    counts = merchant_view_counts(store.pk, now=now)
    account = payout_account(store.pk)
    todo = onboarding(store, has_carrier=bool(carriers_for(store.pk)), has_account=account is not None)
    context = {
        "tiles": _work(store, counts),
        "money": money_tiles(merchant_money(store.pk, now)),
        "todo": todo,
        "done_of": _("%(done)d of %(all)d done") % {"done": sum(step.done for step in todo), "all": len(todo)},
        "account": account,
    }
    return render(request, "merchant/home.html", context)


@merchant
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: MerchantRequest) -> HttpResponse:
    """Carriers, return policy and where the money goes; each part is saved on its own."""
    store, part = request.store, request.POST.get("part", "")
    forms = _forms(request, part)
    if part in SAVERS and SAVERS[part](request, forms[part]):
        messages.success(request, _("Saved."))
        return redirect("merchant:settings")
    context = {
        "policy": forms["policy"], "form": forms["account"], "account": payout_account(store.pk),
        "provider_form": forms["provider"], "theres": _theres(request, forms["provider"]),
    }  # fmt: skip
    return render(request, "merchant/settings.html", context, status=422 if part else 200)


def _forms(request: MerchantRequest, part: str) -> dict[str, Any]:
    """The page's forms by their part; only the one that was sent is filled."""
    store = request.store
    policy = {
        "carriers": [carrier.code for carrier in carriers_for(store.pk)],
        "return_policy": store.return_policy, "return_policy_en": store.return_policy_en,
    }  # fmt: skip
    sent = {part: request.POST}
    return {
        "policy": SettingsForm(sent.get("policy"), carriers=all_carriers(), initial=policy),
        "account": PayoutAccountForm(sent.get("account")),
        "provider": ProviderAccountForm(sent.get("provider")),
    }


def _theres(request: MerchantRequest, sent: ProviderAccountForm) -> list[dict[str, Any]]:
    """Each provider that passes on, with its form; the one that was sent is filled."""
    name, found = request.POST.get("gateway"), accounts_there(request.store.pk)
    return [
        {"there": row, "form": sent if row.held.name == name else ProviderAccountForm(auto_id=f"{row.held.name}_%s")}
        for row in found
        if row.held.can.splits
    ]


def _save_policy(request: MerchantRequest, form: SettingsForm) -> bool:
    if not form.is_valid():
        return False
    data = form.cleaned_data
    before = default_carrier(request.store.pk)
    default = before.code if before and before.code in data["carriers"] else ""
    choose_carriers(store_id=request.store.pk, codes=data["carriers"], default=default)
    set_return_policy(store_id=request.store.pk, text=data["return_policy"], text_en=data["return_policy_en"],
                      actor=actor_of(request))  # fmt: skip
    return True


def _save_account(request: MerchantRequest, form: PayoutAccountForm) -> bool:
    if not form.is_valid():
        return False
    act = Act("payout_account", target=digest_of(request.store.pk, *form.cleaned_data.values()))
    try:
        with transaction.atomic():
            set_payout_account(store_id=request.store.pk, actor=actor_of(request), now=clock.now(), **form.cleaned_data)
            ensure(request, act)
    except StepUpNeeded:
        raise
    except DomainError as refusal:
        form.add_error("number", refusal.message)
        return False
    return True


def _save_provider(request: MerchantRequest, form: ProviderAccountForm) -> bool:
    """The account at the provider of new payments, or, asked so, none any more."""
    name = request.POST.get("gateway", "")
    if name not in {there.held.name for there in accounts_there(request.store.pk) if there.held.can.splits}:
        raise NotFound
    given: dict[str, Any] = {"store_id": request.store.pk, "gateway": name, "actor": actor_of(request)}
    if request.POST.get("act") == "drop":
        return drop_provider_account(**given)
    if not form.is_valid():
        return False
    number = form.cleaned_data["number"]
    try:
        with transaction.atomic():
            set_provider_account(number=number, now=clock.now(), **given)
            ensure(request, Act("payout_account", target=digest_of(request.store.pk, name, number)))
    except BadPayoutAccount as refusal:
        form.add_error("number", str((refusal.fields or {}).get("number", refusal.message)))
        return False
    return True


SAVERS: dict[str, Callable[[MerchantRequest, Any], bool]] = {
    "policy": _save_policy, "account": _save_account, "provider": _save_provider,
}  # fmt: skip


def _work(store: Store, counts: dict[str, int]) -> list[dict[str, Any]]:
    """The tiles: each a piece of work with the place where it is done."""
    orders, cases = reverse("merchant:orders"), store_work(store.pk)
    overdue = counts["overdue"]
    tone = "danger" if overdue else "wait" if counts["to_ship"] else ""
    late = _("%(count)d overdue") % {"count": overdue} if overdue else ""
    return [
        {"label": _("To ship"), "value": counts["to_ship"], "note": late, "tone": tone,
         "url": f"{orders}?view=to_ship", "icon_name": "truck"},
        {"label": _("To answer"), "value": cases.to_answer, "tone": "wait" if cases.to_answer else "",
         "note": cases.note, "url": reverse("merchant:cases"), "icon_name": "scale"},
        {"label": _("Waiting for the buyer"), "value": counts["delivered"], "url": f"{orders}?view=delivered",
         "icon_name": "clock"},
        {"label": _("Sold out"), "value": sold_out_count(store.pk), "icon_name": "box",
         "url": f"{reverse('merchant:products')}?tab=sold_out"},
    ]  # fmt: skip
