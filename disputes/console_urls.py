"""Addresses of the staff console."""

from __future__ import annotations

from django.urls import path

from disputes.views import console, console_case, console_health, console_order, console_rule
from escrow.views import console as money
from escrow.views import console_corrections as corrections
from escrow.views import console_journal

app_name = "console"
urlpatterns = [
    path("", console.home, name="home"),
    path("search/", console.search, name="search"),
    path("cases/", console.cases, name="cases"),
    path("cases/<str:number>/", console_case.case, name="case"),
    path("cases/<str:number>/take/", console_case.take, name="case-take"),
    path("cases/<str:number>/rule/", console_rule.rule, name="rule"),
    path("payments/", money.payments, name="payments"),
    path("payments/receipts/<int:pk>/return/", money.receipt_return, name="receipt-return"),
    path("payments/receipts/<int:pk>/give/", corrections.receipt_give, name="receipt-give"),
    path("payments/chargebacks/", corrections.chargebacks, name="chargebacks"),
    path("payments/corrections/", corrections.corrections, name="corrections"),
    path("payments/corrections/<int:pk>/sign/", corrections.sign, name="correction-sign"),
    path("payments/corrections/<int:pk>/refuse/", corrections.refuse, name="correction-refuse"),
    path("payments/refunds/<int:pk>/retry/", money.refund_retry, name="refund-retry"),
    path("orders/<str:number>/", console_order.order, name="order"),
    path("journal/", console_journal.journal, name="journal"),
    path("journal/legs.csv", console_journal.legs, {"form": "csv"}, name="journal-csv"),
    path("journal/legs.xlsx", console_journal.legs, {"form": "xlsx"}, name="journal-xlsx"),
    path("health/", console_health.health, name="health"),
]
