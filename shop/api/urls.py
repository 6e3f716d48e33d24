"""API addresses of this app."""

from __future__ import annotations

from django.urls import URLPattern, path
from rest_framework.views import APIView

from core.guards import named
from shop.api import cart, codes, coupons, merchant_money, merchant_orders, merchant_products, orders, products


def door(route: str, view: type[APIView], guard: str) -> URLPattern:
    return path(route, named(view.as_view(), guard))


urlpatterns: list[URLPattern] = [
    door("products/", products.Products, "public"),
    door("products/<uuid:pk>/", products.ProductById, "public"),
    door("cart/", cart.CartDoor, "member"),
    door("cart/lines/", cart.CartLines, "member"),
    door("cart/lines/<uuid:pk>/", cart.CartLineById, "member"),
    door("coupons/", coupons.CouponsDoor, "member"),
    door("checkout/", cart.Checkout, "member"),
    door("orders/", orders.Orders, "member"),
    door("orders/<str:number>/", orders.OrderByNumber, "member"),
    door("orders/<str:number>/money/", orders.OrderMoneyDoor, "member"),
    door("orders/<str:number>/timeline/", orders.OrderTimeline, "member"),
    door("orders/<str:number>/cancel/", orders.CancelOrder, "member"),
    door("orders/<str:number>/confirm/", orders.ConfirmReceipt, "member"),
    door("orders/<str:number>/extend/", orders.ExtendInspection, "member"),
    door("orders/<str:number>/codes/reveal/", codes.RevealCodes, "member"),
    door("merchant/products/<uuid:pk>/codes/", codes.ProductCodes, "merchant"),
    door("merchant/orders/", merchant_orders.MerchantOrders, "merchant"),
    door("merchant/orders/<str:number>/shipments/", merchant_orders.MerchantShipments, "merchant"),
    door("merchant/orders/<str:number>/refunds/", merchant_orders.MerchantRefunds, "merchant"),
    door("merchant/products/", merchant_products.MerchantProducts, "merchant"),
    door("merchant/balance/", merchant_money.Balance, "merchant"),
    door("merchant/statement/", merchant_money.Statement, "merchant"),
    door("merchant/payouts/", merchant_money.Payouts, "merchant"),
]
