"""Where the store's money goes: a page of its own, behind a fresh proof of who asks."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core import clock
from core.errors import DomainError
from core.http import actor_of
from escrow.queries import payout_account
from flows.payouts import choose_account
from shop.forms.merchant import PayoutAccountForm
from shop.guards import MerchantRequest, merchant, sensitive
from shop.queries.vetting import application_of
from shop.roles import Act
from shop.states import EDITABLE
from shop.views.document_slots import show


@merchant(Act.ACCOUNT)
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive("payout account")
def account(request: MerchantRequest) -> HttpResponse:
    """Say to which account released money goes."""
    application = application_of(request.store)
    names = [name for name in (application.legal_name, application.person_name) if name] if application else []
    form = PayoutAccountForm(request.POST or None, initial={"holder": names[0] if names else ""})
    if request.method == "POST" and _saved(request, form):
        messages.success(request, _("Saved."))
        is_applying = application is not None and application.status in EDITABLE
        return redirect("merchant:apply" if is_applying else "merchant:settings")
    context = {"form": form, "account": payout_account(request.store.pk), "names": names}
    return render(request, "merchant/account.html", context, status=422 if request.method == "POST" else 200)


def _saved(request: MerchantRequest, form: PayoutAccountForm) -> bool:
    if not form.is_valid():
        return False
    try:
        choose_account(store_id=request.store.pk, actor=actor_of(request), now=clock.now(), **form.cleaned_data)
    except DomainError as refusal:
        show(form, refusal, default="number")
        return False
    return True
