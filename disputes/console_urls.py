"""Addresses of the staff console."""

from __future__ import annotations

from django.urls import path

from accounts.views import (
    console_accounts,
    console_announcements,
    console_compensation,
    console_incidents,
    console_recoveries,
)
from disputes.views import console, console_case, console_codes, console_health, console_order, console_rule
from escrow.views import by_hand, console_journal, payouts, reconciliation, statement_files
from escrow.views import console as money
from escrow.views import console_corrections as corrections
from shop.views import console_applications as vetting
from shop.views import console_reports as reports
from shop.views import console_stores as stores
from shop.views import document_files

app_name = "console"
urlpatterns = [
    path("", console.home, name="home"),
    path("search/", console.search, name="search"),
    path("cases/", console.cases, name="cases"),
    path("cases/<str:number>/", console_case.case, name="case"),
    path("cases/<str:number>/take/", console_case.take, name="case-take"),
    path("cases/<str:number>/rule/", console_rule.rule, name="rule"),
    path("accounts/", console_accounts.accounts, name="accounts"),
    path("accounts/<uuid:user_id>/", console_accounts.account, name="account"),
    path("accounts/<uuid:user_id>/act/", console_accounts.act, name="account-act"),
    path("incidents/", console_incidents.queue, name="incidents"),
    path("incidents/<uuid:incident_id>/", console_incidents.incident, name="incident"),
    path("incidents/<uuid:incident_id>/act/", console_incidents.act, name="incident-act"),
    path("incidents/<uuid:incident_id>/compensation/", console_compensation.decide, name="compensation"),
    path("compensations/<int:pk>/approve/", console_compensation.approve, name="compensation-approve"),
    path("compensations/<int:pk>/refuse/", console_compensation.refuse, name="compensation-refuse"),
    path("recoveries/", console_recoveries.queue, name="recoveries"),
    path("recoveries/<uuid:recovery_id>/", console_recoveries.recovery, name="recovery"),
    path("recoveries/<uuid:recovery_id>/act/", console_recoveries.act, name="recovery-act"),
    path("payments/", money.payments, name="payments"),
    path("payments/receipts/<int:pk>/return/", money.receipt_return, name="receipt-return"),
    path("payments/receipts/<int:pk>/give/", corrections.receipt_give, name="receipt-give"),
    path("payments/chargebacks/", corrections.chargebacks, name="chargebacks"),
    path("payments/corrections/", corrections.corrections, name="corrections"),
    path("payments/corrections/<int:pk>/sign/", corrections.sign, name="correction-sign"),
    path("payments/corrections/<int:pk>/refuse/", corrections.refuse, name="correction-refuse"),
    path("payments/refunds/<int:pk>/retry/", money.refund_retry, name="refund-retry"),
    path("payouts/", payouts.payouts, name="payouts"),
    path("payouts/<int:pk>/approve/", payouts.approve, name="payout-approve"),
    path("payouts/<int:pk>/refuse/", payouts.refuse, name="payout-refuse"),
    path("payouts/stop/", payouts.stop, name="payouts-stop"),
    path("payouts/lift/", payouts.lift, name="payouts-lift"),
    path("payouts/lift/ask/", payouts.ask_to_lift, name="payouts-lift-ask"),
    path("payouts/lift/agree/", payouts.agree_to_lift, name="payouts-lift-agree"),
    path("payouts/lift/refuse/", payouts.refuse_to_lift, name="payouts-lift-refuse"),
    path("payouts/stores/<uuid:store_id>/", payouts.store, name="payout-store"),
    path("reconciliation/", reconciliation.reconciliation, name="reconciliation"),
    path("reconciliation/differences.csv", reconciliation.tickets_csv, name="tickets-file"),
    path("reconciliation/differences/<int:pk>/", reconciliation.ticket, name="ticket"),
    path("reconciliation/upload/", statement_files.upload, name="statement-upload"),
    path("reconciliation/files/<int:pk>/", statement_files.statement_file, name="statement-file"),
    path("reconciliation/days/<slug:gateway>/<str:day>/", reconciliation.day, name="reconciliation-day"),
    path("reconciliation/days/<slug:gateway>/<str:day>.csv", reconciliation.day_csv, name="reconciliation-day-file"),
    path("reconciliation/transfers/", by_hand.transfers, name="transfers"),
    path("reconciliation/transfers/list.csv", by_hand.transfers_csv, name="transfers-file"),
    path("reconciliation/transfers/<slug:kind>/<int:pk>/made/", by_hand.transfer_made, name="transfer-made"),
    path("orders/<str:number>/codes/", console_codes.codes, name="order-codes"),
    path("orders/<str:number>/", console_order.order, name="order"),
    path("journal/", console_journal.journal, name="journal"),
    path("journal/legs.csv", console_journal.legs, {"form": "csv"}, name="journal-csv"),
    path("journal/legs.xlsx", console_journal.legs, {"form": "xlsx"}, name="journal-xlsx"),
    path("applications/", vetting.applications, name="applications"),
    path("applications/<uuid:pk>/", vetting.application, name="application"),
    path("applications/<uuid:pk>/take/", vetting.take, name="application-take"),
    path("applications/<uuid:pk>/assign/", vetting.assign, name="application-assign"),
    path("applications/<uuid:pk>/decide/", vetting.decide, name="application-decide"),
    path("applications/<uuid:pk>/steps/<slug:key>/", vetting.decide_step, name="application-step"),
    path("documents/<uuid:pk>/", vetting.renewal, name="renewal"),
    path("documents/<uuid:pk>/file/", document_files.assigned, name="document-file"),
    path("documents/<uuid:pk>/take/", vetting.take_document, name="document-take"),
    path("documents/<uuid:pk>/decide/", vetting.decide_document, name="document-decide"),
    path("stores/", stores.stores, name="stores"),
    path("stores/checks/", stores.checks, name="checks"),
    path("stores/checks/<uuid:pk>/take/", stores.take_check, name="check-take"),
    path("stores/checks/<uuid:pk>/close/", stores.close_check, name="check-close"),
    path("stores/<uuid:pk>/", stores.store, name="store"),
    path("stores/<uuid:pk>/act/", stores.act, name="store-act"),
    path("stores/<uuid:pk>/papers/", stores.papers, name="store-papers"),
    path("stores/<uuid:pk>/check/", stores.open_check, name="check-open"),
    path("announcements/", console_announcements.announcements, name="announcements"),
    path("announcements/new/", console_announcements.new, name="announcement-new"),
    path("announcements/<int:announcement_id>/", console_announcements.announcement, name="announcement"),
    path("announcements/<int:announcement_id>/act/", console_announcements.act, name="announcement-act"),
    path("stores/reports/", reports.reports, name="reports"),
    path("stores/reports/<uuid:pk>/", reports.report, name="report"),
    path("stores/reports/<uuid:pk>/answer/", reports.answer, name="report-answer"),
    path("health/", console_health.health, name="health"),
]
