"""The merchant's after-sale inbox and case room."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from disputes.queries import case_for_store
from shop.guards import MerchantRequest, merchant


@merchant
@require_GET
def inbox(request: MerchantRequest) -> HttpResponse:
    return render(request, "merchant/cases.html", {})


@merchant
@require_GET
def room(request: MerchantRequest, number: str) -> HttpResponse:
    return render(request, "merchant/case.html", {"case": case_for_store(request.store.pk, number)})
