"""Addresses of the storefront."""

from django.urls import path

from shop.views import (
    bundles,
    buyer_coupons,
    buyer_money,
    cart,
    checkout,
    codes,
    licence,
    merchant_team,
    orders,
    payment,
    report,
    storefront,
)

app_name = "shop"
urlpatterns = [
    path("", storefront.home, name="home"),
    path("search/", storefront.search, name="search"),
    path("c/<slug:slug>/", storefront.category, name="category"),
    path("p/<uuid:pk>/", storefront.product, name="product"),
    path("s/<slug:slug>/", storefront.store, name="store"),
    path("s/<slug:slug>/licence/", licence.licence, name="store-licence"),
    path("join/<str:token>/", merchant_team.join, name="join"),
    path("report/", report.report, name="report"),
    path("cart/", cart.cart, name="cart"),
    path("cart/add/", cart.add, name="cart-add"),
    path("cart/lines/<uuid:pk>/", cart.line, name="cart-line"),
    path("checkout/", checkout.checkout, name="checkout"),
    path("pay/<uuid:pk>/", payment.payment, name="payment"),
    path("pay/<uuid:pk>/status/", payment.status, name="payment-status"),
    path("pay/<uuid:pk>/return/", payment.returned, name="payment-return"),
    path("orders/", orders.orders, name="orders"),
    path("orders/<str:number>/", orders.order, name="order"),
    path("orders/<str:number>/confirm/", orders.confirm, name="order-confirm"),
    path("orders/<str:number>/cancel/", orders.cancel, name="order-cancel"),
    path("orders/<str:number>/extend/", orders.extend, name="order-extend"),
    path("orders/<str:number>/codes/", codes.codes, name="order-codes"),
    path("orders/<str:number>/money/", orders.money, name="order-money"),
    path("orders/<str:number>/record.json", orders.record, name="order-record"),
    path("orders/<str:number>/bundle.zip", bundles.of_buyer, name="order-bundle"),
    path("me/coupons/", buyer_coupons.coupons, name="my-coupons"),
    path("me/money/", buyer_money.money, name="my-money"),
    path("me/money/lines.csv", buyer_money.lines, {"form": "csv"}, name="my-money-csv"),
    path("me/money/lines.xlsx", buyer_money.lines, {"form": "xlsx"}, name="my-money-xlsx"),
    path("me/money/print/", buyer_money.printed, name="my-money-print"),
    path("orders/<str:number>/promise/", orders.promise, name="order-promise"),
]
