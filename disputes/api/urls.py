"""API addresses of this app."""

from __future__ import annotations

from django.urls import URLPattern, path
from rest_framework.views import APIView

from core.guards import named
from disputes.api import cases

ACTS: dict[str, type[APIView]] = {
    "offers": cases.Offers,
    "evidence": cases.Evidence,
    "accept": cases.Accept,
    "refuse": cases.Refuse,
    "escalate": cases.Escalate,
    "withdraw": cases.Withdraw,
    "say": cases.Say,
    "send-back": cases.SendBack,
    "goods-back": cases.GoodsBack,
    "resend": cases.Resend,
}

urlpatterns: list[URLPattern] = [
    path("orders/<str:number>/cases/", named(cases.Cases.as_view(), "member")),
    path("cases/<str:number>/", named(cases.CaseByNumber.as_view(), "member")),
    path("cases/<str:number>/rule/", named(cases.Rule.as_view(), "mediator")),
    path("cases/<str:number>/take/", named(cases.Take.as_view(), "mediator")),
    *(path(f"cases/<str:number>/{act}/", named(view.as_view(), "member")) for act, view in ACTS.items()),
]
