"""The sandbox carrier's counter: its list, a parcel with buttons, and its wire for look-ups."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from core.errors import Invalid, NotFound
from core.guards import sandbox, signed
from core.http import wants_json
from core.json_door import json_door, payload
from logistics import sandbox_carrier, sandbox_script
from logistics.carriers import wire
from logistics.carriers.base import BadSignature
from logistics.carriers.sandbox import CODES
from logistics.models import SandboxParcel

ROWS = 20
MAX_NUMBERS = 40


@sandbox
@require_safe
def carrier(request: HttpRequest) -> HttpResponse:
    """All parcels, the newest first, with where they are."""
    sandbox_carrier.note_booked(now=clock.now())
    rows = SandboxParcel.objects.order_by("-created_at", "-pk")
    if wanted := request.GET.get("q", "").strip():
        rows = rows.filter(number__icontains=wanted[:40])
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    parcels = [(row, _last(row)) for row in page.object_list]
    return render(request, "sandbox/carrier.html", {"page": page, "parcels": parcels, "q": wanted})


@sandbox
@json_door
@require_http_methods(["GET", "HEAD", "POST"])
def parcel(request: HttpRequest, number: str) -> HttpResponse:
    """One parcel's history and what can happen to it next. JSON: ``{"event": "delivered", "signed": "recipient"}``"""
    row = sandbox_carrier.parcel_of(number, now=clock.now())
    if row is None:
        raise NotFound(_("The sandbox carrier knows no parcel of this number, and no merchant has booked one."))
    if request.method == "POST":
        return _happen(request, row)
    if wants_json(request):
        return JsonResponse(sandbox_carrier.told(row))
    context = {
        "parcel": row, "last": _last(row), "events": [_line(line) for line in reversed(row.events)],
        "next": sandbox_script.next_of([line["code"] for line in row.events]), "labels": sandbox_script.LABELS,
    }  # fmt: skip
    return render(request, "sandbox/parcel.html", context)


def _happen(request: HttpRequest, row: SandboxParcel) -> HttpResponse:
    """Write the scan, then push it; the wire is never inside the transaction."""
    data = payload(request)
    event, signer = str(data.get("event", "")), str(data.get("signed", "") or "")
    now = clock.now()
    row = sandbox_carrier.happen(number=row.number, event=event, signed=signer, now=now)
    wanted = data.get("push") not in (False, "no", "0")
    pushed = sandbox_carrier.push(row) if wanted else False
    if wanted and not pushed:
        sandbox_carrier.ask_soon(row, now=now)
    if wants_json(request):
        return JsonResponse({**sandbox_carrier.told(row), "pushed": pushed})
    if pushed:
        messages.success(request, _("Scanned, and the shop was told."))
    else:
        messages.warning(request, _("Scanned, but the shop was not told. It will learn of it with its next look-up."))
    return redirect("sandbox:parcel", row.number)


@signed
@sandbox
@require_http_methods(["GET", "HEAD", "POST"])
def parcels_api(request: HttpRequest) -> JsonResponse:
    """The wire: GET ``?number=…&number=…`` looks up, POST registers. Signed both ways as ``carriers/wire.py`` says."""
    is_get = request.method == "GET"
    raw = f"GET {request.get_full_path()}".encode() if is_get else request.body
    try:
        wire.verify(raw, request.headers, secret=settings.SANDBOX_CARRIER_SECRET)
    except BadSignature:
        return JsonResponse({"message": "bad signature"}, status=401)
    if is_get:
        rows = SandboxParcel.objects.filter(number__in=request.GET.getlist("number")[:MAX_NUMBERS]).order_by("number")
        return JsonResponse({"parcels": [sandbox_carrier.told(row) for row in rows]})
    number, city = _registration(raw)
    row = sandbox_carrier.book_parcel(number=number, city=city, now=clock.now())
    return JsonResponse(sandbox_carrier.told(row), status=201)


def _registration(raw: bytes) -> tuple[str, str]:
    """:raises Invalid: if it names no parcel"""
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        data = {}
    data = data if isinstance(data, dict) else {}
    number, city = data.get("number"), data.get("recipient_city", "")
    if not isinstance(number, str) or not 0 < len(number) <= 40 or not number.isascii() or not isinstance(city, str):
        raise Invalid(_("A parcel needs a number."))
    return number.upper(), city


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line as the timeline shows it, in the reader's language."""
    english = (get_language() or "").startswith("en")
    status = CODES[line["code"]][0]
    return {
        "at": datetime.fromisoformat(line["time"]), "word": status.label,
        "text": line["text_en"] if english else line["text"], "place": line["place_en"] if english else line["place"],
    }  # fmt: skip


def _last(row: SandboxParcel) -> dict[str, Any] | None:
    return _line(row.events[-1]) if row.events else None
