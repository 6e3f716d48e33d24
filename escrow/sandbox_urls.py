"""The sandbox bank's pages and its API, below /sandbox/."""

from __future__ import annotations

from django.urls import path

from escrow.views import sandbox_bank

urlpatterns = [
    path("bank/", sandbox_bank.bank, name="bank"),
    path("bank/<str:reference>/decide/", sandbox_bank.decide, name="bank-decide"),
    path("bank/api/<slug:act>/", sandbox_bank.bank_api, name="bank-api"),
    path("pay/<uuid:payment>/", sandbox_bank.pay, name="pay"),
]
