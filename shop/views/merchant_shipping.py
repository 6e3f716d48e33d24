"""The shipping desk: one by one, or many from a file."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core import clock
from core.errors import DomainError
from core.exports import csv_file
from core.http import actor_of
from flows import bulk_shipping, fulfilment
from logistics.queries import carriers_for
from shop.forms.merchant import ImportForm, ScanForm
from shop.guards import MerchantRequest, merchant
from shop.queries.orders import merchant_orders, order_for_store

SHOWN = 50
MAX_TEMPLATE = 2_000
HEAD = ("order_number", "carrier", "tracking_number", "weight_g")


@merchant
@require_http_methods(["GET", "POST"])
def desk(request: MerchantRequest) -> HttpResponse:
    """Scan order and parcel, one after the other; what was typed stays when it is refused."""
    form = ScanForm(request.POST or None, request.FILES or None, carriers=carriers_for(request.store.pk))
    if request.method == "POST" and form.is_valid() and _shipped(request, form):
        return redirect("merchant:shipping")
    status = 200 if request.method == "GET" else 422
    return render(request, "merchant/shipping.html", _desk(request, form=form), status=status)


@merchant
@require_GET
def template(request: MerchantRequest) -> HttpResponse:
    """The orders that wait to be shipped, as the file that the import takes."""
    waiting = merchant_orders(request.store.pk, "to_ship", now=clock.now())[:MAX_TEMPLATE]
    return csv_file("shipping.csv", HEAD, ((order.number, "", "", "") for order in waiting))


@merchant
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
    return render(request, "merchant/shipping.html", _desk(request, importing=form), status=400)


@merchant
@require_http_methods(["GET", "POST"])
def preview(request: MerchantRequest, pk: UUID) -> HttpResponse:
    """Row by row what will happen, then what did."""
    if request.method == "POST":
        job = bulk_shipping.commit(job_id=pk, store_id=request.store.pk, actor=actor_of(request), now=clock.now())
        messages.success(request, _("%(count)d parcels booked.") % {"count": job.done})
        return redirect("merchant:shipping-preview", pk)
    job = bulk_shipping.job_of(job_id=pk, store_id=request.store.pk)
    counts = {state: 0 for state in ("ok", "warn", "error", "done", "failed")}
    for row in job.data["rows"]:
        counts[row["state"]] += 1
    context = {"job": job, "rows": job.data["rows"], "counts": counts, "good": counts["ok"] + counts["warn"]}
    return render(request, "merchant/shipping_preview.html", context)


@merchant
@require_GET
def report(request: MerchantRequest, pk: UUID) -> HttpResponse:
    """Each row with what became of it."""
    job = bulk_shipping.job_of(job_id=pk, store_id=request.store.pk)
    rows = ((row["line"], row["order"], row["carrier"], row["number"], row["state"], row["note"]) for row in job.data["rows"])
    return csv_file("shipping-report.csv", ("line", *HEAD[:3], "result", "note"), rows)


def _shipped(request: MerchantRequest, form: ScanForm) -> bool:
    data = form.cleaned_data
    try:
        mine = order_for_store(request.store.pk, data["order"].strip())
        fulfilment.ship(
            order_id=mine.pk, store_id=request.store.pk, carrier_code=data["carrier"], number=data["number"],
            weight_g=data["weight_g"], photos=data["photos"], actor=actor_of(request), now=clock.now(),
        )  # fmt: skip
    except DomainError as refusal:
        form.add_error(None, refusal.message)
        return False
    messages.success(request, _("Order %(number)s is booked.") % {"number": mine.number})
    return True


def _desk(request: MerchantRequest, *, form: ScanForm | None = None, importing: ImportForm | None = None) -> dict[str, object]:
    carriers = carriers_for(request.store.pk)
    return {
        "form": form or ScanForm(carriers=carriers),
        "importing": importing or ImportForm(),
        "carriers": carriers,
        "waiting": merchant_orders(request.store.pk, "to_ship", now=clock.now())[:SHOWN],
    }
