"""The merchant's home: today's work, the money, and what the store decides for itself."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from core.http import actor_of
from disputes.queries import store_work
from escrow.queries import merchant_money, payout_account
from escrow.queries.payouts import waits_until
from logistics.queries import all_carriers, carriers_for, default_carrier
from logistics.services.carriers import choose_carriers
from shop.forms.merchant import SettingsForm
from shop.guards import MerchantRequest, merchant
from shop.models import Store
from shop.queries.orders import merchant_view_counts
from shop.queries.work import onboarding, sold_out_count
from shop.roles import Act, may
from shop.services.stores import set_return_policy
from shop.views.merchant_tiles import money_tiles
from shop.views.standing import standing_of


@merchant
@require_safe
def home(request: MerchantRequest) -> HttpResponse:
    """What has to be done today, and for whom it concerns, where the money is."""
    now, store = clock.now(), request.store
    counts = merchant_view_counts(store.pk, now=now)
    sees_money = may(store.my_role, Act.MONEY)
    account = payout_account(store.pk)
    todo = onboarding(store, has_carrier=bool(carriers_for(store.pk)), has_account=account is not None)
    context = {
        "tiles": [tile for tile in _work(store, counts) if may(store.my_role, tile["act"])],
        "money": money_tiles(merchant_money(store.pk, now)) if sees_money else [],
        "todo": todo if may(store.my_role, Act.SETTINGS) else [],
        "done_of": _("%(done)d of %(all)d done") % {"done": sum(step.done for step in todo), "all": len(todo)},
        "account": account,
        "can_choose": may(store.my_role, Act.ACCOUNT),
        "standing": standing_of(store, now=now),
    }
    return render(request, "merchant/home.html", context)


@merchant(Act.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: MerchantRequest) -> HttpResponse:
    """Carriers and return policy; where the money goes has a page of its own."""
    store = request.store
    policy = SettingsForm(
        request.POST or None, carriers=all_carriers(),
        initial={
            "carriers": [carrier.code for carrier in carriers_for(store.pk)],
            "return_policy": store.return_policy, "return_policy_en": store.return_policy_en,
        },
    )  # fmt: skip
    if request.method == "POST" and _save_policy(request, policy):
        messages.success(request, _("Saved."))
        return redirect("merchant:settings")
    account = payout_account(store.pk)
    until = waits_until(account, now=clock.now())
    context = {"policy": policy, "account": account, "waits_until": until, **_owners_acts(store)}
    return render(request, "merchant/settings.html", context, status=422 if request.method == "POST" else 200)


def _owners_acts(store: Store) -> dict[str, bool]:
    return {"can_choose": may(store.my_role, Act.ACCOUNT), "can_make_keys": may(store.my_role, Act.KEYS)}


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


def _work(store: Store, counts: dict[str, int]) -> list[dict[str, Any]]:
    """The tiles: each a piece of work with the place where it is done."""
    orders, cases = reverse("merchant:orders"), store_work(store.pk)
    overdue = counts["overdue"]
    tone = "danger" if overdue else "wait" if counts["to_ship"] else ""
    late = _("%(count)d overdue") % {"count": overdue} if overdue else ""
    return [
        {"label": _("To ship"), "value": counts["to_ship"], "note": late, "tone": tone,
         "url": f"{orders}?view=to_ship", "icon_name": "truck", "act": Act.LOOK},
        {"label": _("To answer"), "value": cases.to_answer, "tone": "wait" if cases.to_answer else "",
         "note": cases.note, "url": reverse("merchant:cases"), "icon_name": "scale", "act": Act.ANSWER},
        {"label": _("Waiting for the buyer"), "value": counts["delivered"], "url": f"{orders}?view=delivered",
         "icon_name": "clock", "act": Act.LOOK},
        {"label": _("Sold out"), "value": sold_out_count(store.pk), "icon_name": "box",
         "url": f"{reverse('merchant:products')}?tab=sold_out", "act": Act.PRODUCTS},
    ]  # fmt: skip
