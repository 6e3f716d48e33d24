"""A product's link to its manual, on a page of its own: setting it asks who is there, for this link and product."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.confirming import ensure
from accounts.services.step_up import Act as Confirmed
from accounts.services.step_up import digest_of
from core import clock
from core.http import actor_of
from core.links import BadLink
from shop.forms.products import LinkForm
from shop.guards import MerchantRequest, merchant
from shop.queries.listings import product_for_editor
from shop.roles import Act
from shop.services.product_links import set_manual
from shop.views.document_slots import show


@merchant(Act.PRODUCTS)
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: MerchantRequest, pk: UUID) -> HttpResponse:
    """Say where the manual is."""
    product = product_for_editor(store_id=request.store.pk, pk=pk)
    form = LinkForm(request.POST if request.method == "POST" else None, initial={"link": product.manual_url})
    if request.method == "POST" and form.is_valid():
        try:
            _set(request, pk, form.cleaned_data["link"])
        except BadLink as refusal:
            show(form, refusal)
        else:
            return redirect("merchant:product", pk)
    status = 422 if form.errors else 200
    return render(request, "merchant/product_link.html", {"form": form, "product": product}, status=status)


def _set(request: MerchantRequest, pk: UUID, text: str) -> None:
    """To take a link away needs no proof: nobody is led anywhere by it."""
    with transaction.atomic():
        link = set_manual(
            store_id=request.store.pk, product_id=pk, link=text, actor=actor_of(request), now=clock.now()
        )  # fmt: skip
        if link:
            ensure(request, Confirmed("product_link", target=digest_of(pk, link)))
    messages.success(request, _("Saved.") if link is not None else _("It was so already."))
