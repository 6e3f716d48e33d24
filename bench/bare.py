"""A bare Django view that renders the same rows from one query, written as a tutorial writes it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from shop.models import Product
from shop.queries.catalogue import CARD_COLUMNS


def rows(request: HttpRequest, count: int) -> HttpResponse:
    """Instances with the columns a card shows, in the order of the shop window."""
    products = Product.objects.filter(status="listed", store__is_open=True).select_related("store")
    found = products.only(*CARD_COLUMNS).order_by("-sold", "-id")[:count]
    return render(request, "bench/bare.html", {"products": found})


def lean(request: HttpRequest, count: int) -> HttpResponse:
    """The same page from plain values: a harder ceiling, printed beside the other."""
    products = Product.objects.filter(status="listed", store__is_open=True).order_by("-sold", "-id")
    found = [
        {**row, "store": {"name": row["store__name"], "region": row["store__region"]}}
        for row in products.values(*CARD_COLUMNS)[:count]
    ]
    return render(request, "bench/bare.html", {"products": found})


urlpatterns = [path("rows/<int:count>/", rows), path("lean/<int:count>/", lean)]
