"""The merchant's shelf: list, editor, pictures."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.confirming import ensure
from accounts.services.step_up import Act as Confirmed
from accounts.services.step_up import StepUpNeeded, digest_of
from core import clock
from core.errors import DomainError, Invalid
from core.http import actor_of, is_own_place
from shop.errors import NotReadyToList
from shop.forms.editor import Editor
from shop.forms.products import StockForm
from shop.guards import MerchantRequest, merchant
from shop.models import Product
from shop.queries import listings
from shop.queries.catalogue import category_tree
from shop.roles import Act
from shop.services import pictures as picture_services
from shop.services import products as services
from shop.services.listing import lacks_of, lacks_papers
from shop.services.price_cuts import deepest_cut, is_deep
from shop.states import ProductStatus
from shop.views.merchant_product_rows import product_rows, status_acts, tabs

SAID = {
    ProductStatus.LISTED: gettext_lazy("On sale now."),
    ProductStatus.UNLISTED: gettext_lazy("Off the shelf: nobody can buy it until you put it back."),
    ProductStatus.DELETED: gettext_lazy("In the bin. You can take it out again."),
}


@merchant(Act.PRODUCTS)
@require_http_methods(["GET", "HEAD", "POST"])
def products(request: MerchantRequest) -> HttpResponse:
    """The list; a POST corrects the stock of one variant."""
    if request.method == "POST":
        return _correct_stock(request)
    tab = request.GET.get("tab", "")
    tab = tab if tab in listings.TABS else str(ProductStatus.LISTED)
    text = request.GET.get("q", "").replace("\x00", "")[:80]
    found = listings.store_products(store_id=request.store.pk, tab=tab, text=text)
    page = Paginator(found, listings.PER_PAGE).get_page(request.GET.get("page"))
    counts = listings.tab_counts(store_id=request.store.pk)
    context = {"page": page, "tab": tab, "q": text, "tabs": tabs(counts, current=tab), "counts": counts}
    rows = product_rows(page, store_id=request.store.pk, now=clock.now())
    return render(request, "merchant/products.html", {**context, "rows": rows})


@merchant(Act.PRODUCTS)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MerchantRequest) -> HttpResponse:
    """Write a product for the first time; it begins as a draft."""
    tree = category_tree()
    if request.method != "POST":
        return _page(request, Editor.shown(product=None, tree=tree))
    desk = Editor.posted(product=None, tree=tree, data=request.POST, files=request.FILES)
    if "add_row" in request.POST:
        return _page(request, desk.as_typed(more_rows=1))
    if not desk.is_ready:
        return _page(request, desk, status=400)
    product = services.create_product(store=request.store, facts=desk.facts, actor=actor_of(request), now=clock.now())
    _save_pictures(request, product, desk)
    return _saved(request, product)


@merchant(Act.PRODUCTS)
@require_http_methods(["GET", "HEAD", "POST"])
def editor(request: MerchantRequest, pk: UUID) -> HttpResponse:
    """Change a product: words, variants and pictures in one form."""
    product, tree = listings.product_for_editor(store_id=request.store.pk, pk=pk), category_tree()
    if request.method != "POST":
        return _page(request, Editor.shown(product=product, tree=tree))
    desk = Editor.posted(product=product, tree=tree, data=request.POST, files=request.FILES)
    if "add_row" in request.POST:
        return _page(request, desk.as_typed(more_rows=1))
    if not desk.is_ready:
        return _page(request, _keep_pictures(request, desk, judged=True), status=400)
    try:
        _save(request, product, desk)
    except DomainError as refusal:
        return _refuse(request, desk, refusal)
    _save_pictures(request, product, desk)
    return _saved(request, product)


@merchant(Act.PRODUCTS)
@require_POST
def images(request: MerchantRequest, pk: UUID) -> HttpResponse:
    """Save the pictures alone. Words that came along are shown again as they were typed, still unsaved."""
    product, tree = listings.product_for_editor(store_id=request.store.pk, pk=pk), category_tree()
    desk = Editor.posted(product=product, tree=tree, data=request.POST, files=request.FILES)
    if "title" in request.POST:
        desk = _keep_pictures(request, desk, judged=False)
        messages.info(request, _("The pictures are done; the words below are not saved yet."))
        return _page(request, desk)
    if not desk.pictures.is_valid():
        raise Invalid
    _save_pictures(request, product, desk)
    return redirect("merchant:product", pk)


@merchant(Act.PRODUCTS)
@require_POST
def status(request: MerchantRequest, pk: UUID) -> HttpResponse:
    """On the shelf, off it, into the bin, out of it."""
    target = request.POST.get("status", "")
    if target not in ProductStatus.values:
        raise Invalid
    _change_status(request, pk, target)
    back = request.POST.get("next", "")
    if is_own_place(request, back):
        return redirect(back)
    return redirect("merchant:product", pk)


def _page(request: HttpRequest, desk: Editor, *, status: int = 200) -> HttpResponse:
    product = desk.product
    context: dict[str, Any] = {"desk": desk, "product": product}
    if product is not None:
        context |= {"lacks": [*lacks_of(product), *lacks_papers(product)], "acts": status_acts(product)}
        context["versions"] = listings.versions_of(product_id=product.pk)
    return render(request, "merchant/product.html", context, status=status)


def _save(request: MerchantRequest, product: Product, desk: Editor) -> None:
    """A price that falls far asks who is there; files cannot travel with the question, so pictures are sent again."""
    now = clock.now()
    cut = deepest_cut(product, desk.facts, now=now)
    prices = [f"{row.id or row.name}:{row.price_minor}" for row in desk.facts.variants]
    with transaction.atomic():
        services.save_product(
            store_id=request.store.pk,
            product_id=product.pk,
            seen_version=desk.seen_version,
            facts=desk.facts,
            actor=actor_of(request),
            now=now,
        )
        if is_deep(cut):
            ensure(request, Confirmed("price_cut", target=digest_of(product.pk, *prices)))


def _save_pictures(request: MerchantRequest, product: Product, desk: Editor) -> None:
    rejected = picture_services.change_pictures(
        store_id=request.store.pk,
        product_id=product.pk,
        uploads=desk.pictures.cleaned_data["uploads"],
        changes=desk.pictures.changes(),
        actor=actor_of(request),
        now=clock.now(),
    )
    for one in rejected:
        messages.error(request, _("%(name)s: %(why)s") % {"name": one.name, "why": one.why})


def _keep_pictures(request: MerchantRequest, desk: Editor, *, judged: bool) -> Editor:
    """Take the pictures although the words wait: a browser cannot send a file twice by itself."""
    assert desk.product is not None
    data = request.POST.copy()
    if desk.pictures.is_valid():
        try:
            _save_pictures(request, desk.product, desk)
        except DomainError as refusal:
            messages.error(request, refusal.message)
    fresh = listings.product_for_editor(store_id=request.store.pk, pk=desk.product.pk)
    if data.get("seen_version") == str(desk.product.version):
        data["seen_version"] = str(fresh.version)
    again = Editor.posted(product=fresh, tree=desk.tree, data=data, files=request.FILES)
    shown = again if judged else again.as_typed()
    shown.pictures = Editor.shown(product=fresh, tree=desk.tree).pictures
    return shown


def _refuse(request: MerchantRequest, desk: Editor, refusal: DomainError) -> HttpResponse:
    if isinstance(refusal, StepUpNeeded):
        raise refusal
    assert desk.product is not None
    fresh = listings.product_for_editor(store_id=request.store.pk, pk=desk.product.pk)
    again = desk.refused(refusal, product=fresh, data=request.POST, files=request.FILES)
    return _page(request, again, status=refusal.status)


def _saved(request: MerchantRequest, product: Product) -> HttpResponse:
    if "publish" in request.POST:
        _change_status(request, product.pk, ProductStatus.LISTED)
    else:
        messages.success(request, _("Saved."))
    return redirect("merchant:product", product.pk)


def _change_status(request: MerchantRequest, pk: UUID, target: str) -> None:
    try:
        services.change_status(
            store_id=request.store.pk, product_id=pk, target=target, actor=actor_of(request), now=clock.now()
        )
    except NotReadyToList as refusal:
        messages.warning(request, f"{refusal.message} {' '.join(str(text) for text in refusal.fields.values())}")
    else:
        messages.success(request, str(SAID[ProductStatus(target)]))


def _correct_stock(request: MerchantRequest) -> HttpResponse:
    form = StockForm(request.POST)
    if not form.is_valid():
        raise Invalid(str(next(iter(form.errors.values()))[0]))
    said = form.cleaned_data
    left = services.set_stock(
        store_id=request.store.pk,
        variant_id=said["variant"],
        stock=said["stock"],
        seen=said["seen"],
        actor=actor_of(request),
    )
    messages.success(request, _("Stock is %(left)s now.") % {"left": left})
    return redirect(request.get_full_path())
