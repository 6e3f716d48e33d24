"""API addresses of this app."""

from __future__ import annotations

from django.urls import URLPattern, path

from core.guards import named
from escrow.api import records

urlpatterns: list[URLPattern] = [
    path("receipts/<int:pk>/", named(records.Receipt.as_view(), "member")),
    path("log/", named(records.Log.as_view(), "public")),
    path("log/consistency/", named(records.Consistency.as_view(), "public")),
    path("custody/", named(records.Custody.as_view(), "public")),
]
