"""Scans entered by hand, for carriers that tell us nothing."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core import clock
from core.guards import member
from core.http import actor_of
from flows import fulfilment
from logistics import queries
from logistics.carriers.manual import snapshot_by_hand
from logistics.errors import NotByHand
from logistics.forms import ScanForm


@member
@require_http_methods(["GET", "HEAD", "POST"])
def scan(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Who ships for the store, or a mediator, says where a parcel is."""
    shipment = queries.parcel_for_hand(shipment_id=pk, actor=actor_of(request))
    if shipment.carrier.adapter != "manual":
        raise NotByHand
    now = clock.now()
    form = ScanForm(request.POST or None, now=now, paid_at=shipment.created_at)
    if request.method == "POST" and form.is_valid():
        snapshot = snapshot_by_hand(number=shipment.number, **form.cleaned_data)
        fulfilment.tracking_received(shipment_id=shipment.pk, snapshot=snapshot, provider="manual", now=now)
        messages.success(request, _("Noted. The buyer sees it on the order page."))
        return redirect("logistics:scan", pk)
    events = shipment.events.order_by("-at", "-id")[:50]
    context = {"form": form, "shipment": shipment, "events": events}
    return render(request, "logistics/scan.html", context, status=400 if form.errors else 200)
