"""The shipping desk: one by one, or many from a file."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from core.errors import DomainError
from core.exports import csv_file
from core.http import actor_of
from flows import bulk_shipping, fulfilment
from logistics.queries import carriers_for
from shop.forms.merchant import ImportForm, ScanForm
from shop.guards import MerchantRequest, merchant
from shop.models import Order
from shop.queries.orders import merchant_orders, order_for_store
from shop.roles import Act
from shop.states import Kind

SHOWN = 50
PER_PAGE = 200
MAX_TEMPLATE = 2_000
HEAD = ("order_number", "carrier", "tracking_number", "weight_g")


@merchant(Act.SHIP)
@require_http_methods(["GET", "HEAD", "POST"])
def desk(request: MerchantRequest) -> HttpResponse:
    """Scan order and parcel, one after the other; what was typed stays when it is refused."""
    carriers = carriers_for(request.store.pk)
    start = {name: request.GET.get(name, "")[:20] for name in ("order", "carrier")}
    form = ScanForm(request.POST or None, request.FILES or None, carriers=carriers, initial=start)
    if request.method == "POST" and form.is_valid() and _shipped(request, form):
        return redirect(reverse("merchant:shipping", query={"carrier": form.cleaned_data["carrier"]}))
    status = 422 if request.method == "POST" else 200
    return render(request, "merchant/shipping.html", _desk(request, form=form), status=status)


@merchant(Act.SHIP)
@require_safe
def template(request: MerchantRequest) -> HttpResponseBase:
    """The orders that wait to be shipped, as the file that the import takes."""
    waiting = _to_ship(request)[:MAX_TEMPLATE]
    # The tab keeps a spreadsheet from shortening the number to 2.5E+13; the import leaves it out again.
    return csv_file("shipping.csv", HEAD, ((f"{order.number}\t", "", "", "") for order in waiting))


@merchant(Act.SHIP)
@require_POST
def upload(request: MerchantRequest) -> HttpResponse:
    """Read a file and show what it would do."""
    form = ImportForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            raw = file.read(bulk_shipping.MAX_BYTES + 1)
            job = bulk_shipping.prepare(
                store_id=request.store.pk, raw=raw, filename=file.name, actor=actor_of(request), now=clock.now()
            )
            return redirect("merchant:shipping-preview", job.pk)
        except DomainError as refusal:
            form.add_error("file", refusal.message)
    return render(request, "merchant/shipping.html", _desk(request, importing=form), status=422)


@merchant(Act.SHIP)
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: MerchantRequest, pk: UUID) -> HttpResponse:
    """Row by row what will happen, then what did."""
    if request.method == "POST":
        job = bulk_shipping.commit(job_id=pk, store_id=request.store.pk, actor=actor_of(request), now=clock.now())
        said = ngettext("%(count)d parcel booked.", "%(count)d parcels booked.", job.done) % {"count": job.done}
        messages.success(request, said)
        return redirect("merchant:shipping-preview", pk)
    job = bulk_shipping.job_of(job_id=pk, store_id=request.store.pk)
    counts = Counter(row["state"] for row in job.data["rows"])
    context = {
        "job": job,
        "page": Paginator(job.data["rows"], PER_PAGE).get_page(request.GET.get("page")),
        "counts": counts,
        "tiles": _tiles(counts, is_preview=job.status == "preview"),
        "good": counts["ok"] + counts["warn"],
    }
    return render(request, "merchant/shipping_preview.html", context)


@merchant(Act.SHIP)
@require_safe
def report(request: MerchantRequest, pk: UUID) -> HttpResponseBase:
    """Each row with what became of it."""
    job = bulk_shipping.job_of(job_id=pk, store_id=request.store.pk)
    cells = ("line", "order", "carrier", "number", "state", "note")
    rows = ([row[cell] for cell in cells] for row in job.data["rows"])
    return csv_file("shipping-report.csv", ("line", *HEAD[:3], "result", "note"), rows)


def _to_ship(request: MerchantRequest) -> QuerySet[Order]:
    """Codes that wait are no parcels."""
    return merchant_orders(request.store.pk, "to_ship", now=clock.now()).filter(kind=Kind.PHYSICAL)


def _shipped(request: MerchantRequest, form: ScanForm) -> bool:
    data = form.cleaned_data
    try:
        mine = order_for_store(request.store.pk, data["order"].strip())
        fulfilment.ship(
            order_id=mine.pk, store_id=request.store.pk, carrier_code=data["carrier"], number=data["number"],
            weight_g=data["weight_g"], photos=data["photos"], actor=actor_of(request), now=clock.now(),
        )  # fmt: skip
    except DomainError as refusal:
        form.show(refusal)
        return False
    messages.success(request, _("Order %(number)s is booked.") % {"number": mine.number})
    return True


def _tiles(counts: Counter[str], *, is_preview: bool) -> list[dict[str, object]]:
    found = [
        (_("Ready"), counts["ok"], "safe", "check"),
        (_("Ready, but"), counts["warn"], "wait", "alert"),
        (_("Left out"), counts["error"], "danger", "x"),
    ]
    if not is_preview:
        found = [
            (_("Booked"), counts["done"], "safe", "check-circle"),
            (_("Not booked"), counts["failed"] + counts["error"], "danger", "x"),
        ]
    return [
        {"label": label, "value": count, "tone": tone if count else "", "icon_name": icon}
        for label, count, tone, icon in found
    ]


def _desk(
    request: MerchantRequest, *, form: ScanForm | None = None, importing: ImportForm | None = None
) -> dict[str, object]:
    carriers, url = carriers_for(request.store.pk), reverse("merchant:shipping")
    is_import = importing is not None or (form is not None and not form.is_bound and request.GET.get("tab") == "import")
    waiting = list(_to_ship(request)[: SHOWN + 1])
    return {
        "form": form or ScanForm(carriers=carriers),
        "importing": importing or ImportForm(),
        "is_import": is_import,
        "tabs": [
            {"label": _("One by one"), "url": url, "current": not is_import},
            {"label": _("Many from a file"), "url": f"{url}?tab=import", "current": is_import},
        ],
        "carriers": carriers,
        "waiting": waiting[:SHOWN],
        "more": len(waiting) > SHOWN,
    }
