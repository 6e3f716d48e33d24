"""The merchant's pool of codes: handed in, stopped, withdrawn. Values go in and never come out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from core.errors import DomainError, Invalid
from core.http import actor_of
from flows import codes as flow
from shop.errors import NoSuchProduct
from shop.forms.codes import BatchForm, CodesForm, ReplaceForm
from shop.guards import MerchantRequest, merchant
from shop.models import Product
from shop.queries.codes import batches_of, pools_of
from shop.queries.listings import product_for_editor
from shop.queries.orders import order_for_store
from shop.roles import Act
from shop.services import code_import, code_pool
from shop.services.code_import import Checked
from shop.states import Kind

SHOWN_PROBLEMS = 100
ACTS = {"stop": code_pool.stop_batch, "resume": code_pool.resume_batch, "withdraw": code_pool.withdraw_batch}


@merchant(Act.PRODUCTS)
@sensitive_post_parameters("text")
@require_http_methods(["GET", "HEAD", "POST"])
def codes(request: MerchantRequest, pk: UUID) -> HttpResponse:
    """What is in the pool; a POST looks at codes line by line, and hands them in when told so."""
    product = _product(request, pk)
    if request.method != "POST":
        return _page(request, product, CodesForm(product=product))
    form = CodesForm(request.POST, request.FILES, product=product)
    if not form.is_valid():
        return _page(request, product, form, status=400)
    try:
        checked = code_import.check(form.cleaned_data["codes"], expires_on=_day(form), now=clock.now())
    except DomainError as refusal:
        form.add_error("text", refusal.message)
        return _page(request, product, form, status=refusal.status)
    if "hand_in" in request.POST:
        return _hand_in(request, product, form, checked)
    return _page(request, product, _again(form, product), checked=checked)


@merchant(Act.PRODUCTS)
@require_POST
def batch(request: MerchantRequest, pk: UUID, batch_id: UUID) -> HttpResponse:
    """Stop a batch, let it go on, or withdraw what is unsold of it."""
    product, form = _product(request, pk), BatchForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Say what to do with the batch, and why."))
    act, now = form.cleaned_data["act"], clock.now()
    count = ACTS[act](
        store_id=request.store.pk, batch_id=batch_id, reason=form.cleaned_data["reason"], actor=actor_of(request),
        now=now,
    )  # fmt: skip
    said = ngettext("Done, for %(count)d code.", "Done, for %(count)d codes.", count) % {"count": count}
    messages.success(request, said)
    return redirect("merchant:product-codes", product.pk)


@merchant(Act.ANSWER)
@require_POST
def replace(request: MerchantRequest, number: str) -> HttpResponse:
    """Give the buyer another code for one that does not work."""
    mine, form = order_for_store(request.store.pk, number), ReplaceForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Say which code, and why it is replaced."))
    flow.replace(
        order_id=mine.pk, store_id=request.store.pk, key_id=form.cleaned_data["key"],
        reason=form.cleaned_data["reason"], actor=actor_of(request), now=clock.now(),
    )  # fmt: skip
    messages.success(request, _("Replaced. The buyer has been told, and his time to look begins anew."))
    return redirect("merchant:order", number)


def _hand_in(request: MerchantRequest, product: Product, form: CodesForm, checked: Checked) -> HttpResponse:
    said = form.cleaned_data
    try:
        made = code_import.hand_in(
            store_id=request.store.pk, product_id=product.pk, variant_id=UUID(said["variant"]), name=said["name"],
            text=said["codes"], expires_on=_day(form), leave_out_bad=said["leave_out_bad"], actor=actor_of(request),
            now=clock.now(),
        )  # fmt: skip
    except DomainError as refusal:
        shown = _again(form, product)
        return _page(request, product, shown, checked=checked, refusal=refusal, status=max(refusal.status, 400))
    count = made.keys.count()
    words = ngettext("%(count)d code is in the pool.", "%(count)d codes are in the pool.", count)
    messages.success(request, words % {"count": count})
    return redirect("merchant:product-codes", product.pk)


def _again(form: CodesForm, product: Product) -> CodesForm:
    """The same words in a fresh form: a browser cannot send a file twice by itself, so its text is shown."""
    said = form.cleaned_data
    kept = {name: said[name] for name in ("variant", "name", "expires_on", "leave_out_bad")}
    return CodesForm(product=product, initial=kept | {"text": said["codes"]})


def _page(
    request: MerchantRequest,
    product: Product,
    form: CodesForm,
    *,
    checked: Checked | None = None,
    refusal: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "product": product,
        "form": form,
        "pools": pools_of(product),
        "batches": batches_of(product),
        "refusal": refusal,
        "checked": checked,
        "problems": checked.bad[:SHOWN_PROBLEMS] if checked else (),
        "more_problems": max(len(checked.bad) - SHOWN_PROBLEMS, 0) if checked else 0,
    }
    return render(request, "merchant/codes.html", context, status=status)


def _product(request: MerchantRequest, pk: UUID) -> Product:
    product: Product = product_for_editor(store_id=request.store.pk, pk=pk)
    if product.kind != Kind.CODE:
        raise NoSuchProduct
    return product


def _day(form: CodesForm) -> Any:
    return form.cleaned_data["expires_on"]
