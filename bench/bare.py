"""A bare Django view that renders the same rows from one query, written as a tutorial writes it."""

from __future__ import annotations

import secrets

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from core.models import AuditEntry, OutboxEvent
from shop.models import Product
from shop.queries.catalogue import CARD_COLUMNS


def rows(request: HttpRequest, count: int) -> HttpResponse:
    """Instances with the columns a card shows, in the order of the shop window."""
    products = Product.objects.filter(status="listed", store__is_open=True, store__may_sell=True).select_related(
        "store"
    )
    found = products.only(*CARD_COLUMNS).order_by("-sold", "-id")[:count]
    return render(request, "bench/bare.html", {"products": found})


def lean(request: HttpRequest, count: int) -> HttpResponse:
    """The same page from plain values: a harder ceiling, printed beside the other."""
    products = Product.objects.filter(status="listed", store__is_open=True, store__may_sell=True).order_by(
        "-sold", "-id"
    )
    found = [
        {**row, "store": {"name": row["store__name"], "region": row["store__region"]}}
        for row in products.values(*CARD_COLUMNS)[:count]
    ]
    return render(request, "bench/bare.html", {"products": found})


@csrf_exempt
def statements(request: HttpRequest, count: int) -> HttpResponse:
    """One transaction of so many statements: a third each reads a row by its key, changes one, and adds one."""
    pks = list(Product.objects.order_by("pk").values_list("pk", flat=True)[:50])
    with transaction.atomic():
        for place in range(count - 1):
            pk = pks[secrets.randbelow(len(pks))]
            if place % 3 == 0:
                Product.objects.get(pk=pk)
            elif place % 3 == 1:
                OutboxEvent.objects.filter(pk=place).update(at=timezone.now())
            else:
                AuditEntry.objects.create(at=timezone.now(), act="bare", subject_type="bare", subject=str(pk))
    return HttpResponse("ok")


urlpatterns = [
    path("rows/<int:count>/", rows),
    path("lean/<int:count>/", lean),
    path("statements/<int:count>/", statements),
]
