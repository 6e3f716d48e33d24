"""Tables of the shop, by subject."""

from shop.models.carts import Cart, CartLine
from shop.models.catalogue import Category, Product, ProductImage, ProductVersion, Variant
from shop.models.codes import CardKey, CodeBatch
from shop.models.orders import Order, OrderLine
from shop.models.stores import Store

__all__ = [
    "CardKey",
    "Cart",
    "CartLine",
    "Category",
    "CodeBatch",
    "Order",
    "OrderLine",
    "Product",
    "ProductImage",
    "ProductVersion",
    "Store",
    "Variant",
]
