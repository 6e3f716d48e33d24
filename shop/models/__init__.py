"""Tables of the shop, by subject."""

from shop.models.carts import Cart, CartLine
from shop.models.catalogue import Category, Product, ProductImage, ProductVersion, Variant
from shop.models.codes import CardKey, CodeBatch
from shop.models.coupons import Coupon, CouponClaim, CouponUse
from shop.models.orders import Order, OrderLine, Sale
from shop.models.stores import Store

__all__ = [
    "CardKey",
    "Cart",
    "CartLine",
    "Category",
    "CodeBatch",
    "Coupon",
    "CouponClaim",
    "CouponUse",
    "Order",
    "OrderLine",
    "Product",
    "ProductImage",
    "ProductVersion",
    "Sale",
    "Store",
    "Variant",
]
