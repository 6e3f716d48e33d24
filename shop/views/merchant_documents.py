"""Licences and permits of a store: until when they hold, and the renewed ones."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core import clock
from flows.papers import papers_of
from shop.forms.vetting import NewBrandForm, NewPermitForm
from shop.guards import MerchantRequest, merchant
from shop.models import DocumentKind, Permit
from shop.queries.vetting import application_of, documents_of, running_out
from shop.roles import Act
from shop.services.goods_papers import hang
from shop.states import EDITABLE, StoreStatus
from shop.views.document_slots import Slot, slots, take_in

SENDING = (StoreStatus.APPROVED, StoreStatus.SUSPENDED)
BASE = (DocumentKind.ID_FRONT, DocumentKind.ID_BACK, DocumentKind.LICENCE)


@merchant(Act.APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def documents(request: MerchantRequest) -> HttpResponse:
    """All papers with their dates; a POST sends one in, which is looked at while the old one goes on counting."""
    application = application_of(request.store)
    if application is not None and application.status in EDITABLE:
        return redirect("merchant:apply")
    papers = _slots(request)
    bad = None
    if request.method == "POST":
        bad = take_in(request.store, request, papers)
        if bad is None:
            messages.success(request, _("Sent in. What it renews goes on counting until we have looked at it."))
            return redirect("merchant:documents")
    context = _context(request, papers, bad)
    return render(request, "merchant/documents.html", context, status=422 if bad else 200)


def _context(request: MerchantRequest, papers: list[Slot], bad: Any) -> dict[str, Any]:
    rows = documents_of(request.store.pk)
    hang(rows, most=1000)
    shown = slots([(slot.kind, slot.permit, slot.brand) for slot in papers], rows, bad=bad)
    return {
        "papers": shown, "running_out": running_out(request.store.pk, now=clock.now()), "more": NewPermitForm(),
        "brand": NewBrandForm(),
        "kept": papers_of(request.store, now=clock.now()), "can_send": request.store.status in SENDING,
    }  # fmt: skip


def _slots(request: MerchantRequest) -> list[Slot]:
    """What lies there, the papers every store has, and a permit or brand that is asked for by name."""
    rows = documents_of(request.store.pk)
    wanted = {(str(kind), "", ""): None for kind in BASE}
    wanted |= {(str(row.kind), row.permit, row.brand): None for row in rows}
    permit = request.GET.get("permit", "")
    if permit in Permit.values:
        wanted[(str(DocumentKind.PERMIT), permit, "")] = None
    if brand := request.GET.get("brand", "").strip()[:60]:
        wanted[(str(DocumentKind.BRAND), "", brand)] = None
    return slots(wanted, rows)
