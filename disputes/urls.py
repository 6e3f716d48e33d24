"""Addresses of after-sale for both parties."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "disputes"
urlpatterns: list[URLPattern] = []
