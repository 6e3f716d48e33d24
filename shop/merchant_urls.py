"""Addresses of the merchant's back office."""

from django.urls import path

from disputes.views import merchant as cases
from shop.views import (
    merchant_codes,
    merchant_home,
    merchant_money,
    merchant_orders,
    merchant_products,
    merchant_refund,
    merchant_shipping,
    merchant_statements,
)

app_name = "merchant"
urlpatterns = [
    path("", merchant_home.home, name="home"),
    path("settings/", merchant_home.settings, name="settings"),
    path("orders/", merchant_orders.orders, name="orders"),
    path("orders/export.csv", merchant_orders.export, name="orders-export"),
    path("orders/<str:number>/", merchant_orders.order, name="order"),
    path("orders/<str:number>/record.json", merchant_orders.record, name="order-record"),
    path("orders/<str:number>/ship/", merchant_orders.ship, name="ship"),
    path("orders/<str:number>/cancel/", merchant_orders.cancel, name="order-cancel"),
    path("orders/<str:number>/grant/", merchant_orders.grant, name="order-grant"),
    path("orders/<str:number>/codes/replace/", merchant_codes.replace, name="order-code-replace"),
    path("orders/<str:number>/refund/", merchant_refund.refund, name="order-refund"),
    path("shipping/", merchant_shipping.desk, name="shipping"),
    path("shipping/template.csv", merchant_shipping.template, name="shipping-template"),
    path("shipping/import/", merchant_shipping.upload, name="shipping-import"),
    path("shipping/import/<uuid:pk>/", merchant_shipping.preview, name="shipping-preview"),
    path("shipping/import/<uuid:pk>/report.csv", merchant_shipping.report, name="shipping-report"),
    path("products/", merchant_products.products, name="products"),
    path("products/new/", merchant_products.new, name="product-new"),
    path("products/<uuid:pk>/", merchant_products.editor, name="product"),
    path("products/<uuid:pk>/status/", merchant_products.status, name="product-status"),
    path("products/<uuid:pk>/images/", merchant_products.images, name="product-images"),
    path("products/<uuid:pk>/codes/", merchant_codes.codes, name="product-codes"),
    path("products/<uuid:pk>/codes/<uuid:batch_id>/", merchant_codes.batch, name="product-codes-batch"),
    path("cases/", cases.inbox, name="cases"),
    path("cases/<str:number>/", cases.room, name="case"),
    path("money/", merchant_money.money, name="money"),
    path("money/statement.csv", merchant_money.statement, {"form": "csv"}, name="money-export"),
    path("money/statement.xlsx", merchant_money.statement, {"form": "xlsx"}, name="money-workbook"),
    path("money/print/", merchant_money.printed, name="money-print"),
    path("money/statements/", merchant_statements.statements, name="statements"),
    path("money/statements/<str:period>/", merchant_statements.statement, name="statement"),
    path(
        "money/statements/<str:period>/lines.csv",
        merchant_statements.statement_file,
        {"form": "csv"},
        name="statement-csv",
    ),
    path(
        "money/statements/<str:period>/lines.xlsx",
        merchant_statements.statement_file,
        {"form": "xlsx"},
        name="statement-xlsx",
    ),
]
