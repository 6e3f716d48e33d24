"""The sandbox bank's pages, below /sandbox/."""

from __future__ import annotations

from django.urls import path

from escrow.views import sandbox_bank

urlpatterns = [
    path("bank/", sandbox_bank.bank, name="bank"),
    path("bank/<str:reference>/decide/", sandbox_bank.decide, name="bank-decide"),
    path("pay/<slug:dialect>/<str:reference>/", sandbox_bank.pay_at, name="pay-at"),
    path("pay/<uuid:payment>/", sandbox_bank.pay, name="pay"),
]
