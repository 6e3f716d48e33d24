"""Tables of the shop, by subject."""

from shop.models.carts import Cart, CartLine
from shop.models.catalogue import Category, Product, ProductImage, ProductVersion, Variant
from shop.models.codes import CardKey, CodeBatch
from shop.models.coupons import Coupon, CouponClaim, CouponUse
from shop.models.mass import MassMessage, MassRecipient, StoreMute
from shop.models.orders import OpenOrder, Order, OrderLine, Sale
from shop.models.reports import ReportGround, StoreReport
from shop.models.stores import Store
from shop.models.team import StoreInvitation, StoreMember, TeamMute
from shop.models.vetting import (
    ApplicationStep,
    DocumentKind,
    PapersHold,
    Permit,
    StoreApplication,
    StoreCheck,
    StoreDocument,
    StoreEnding,
    StoreKind,
)

__all__ = [
    "ApplicationStep",
    "CardKey",
    "Cart",
    "CartLine",
    "Category",
    "CodeBatch",
    "Coupon",
    "CouponClaim",
    "CouponUse",
    "DocumentKind",
    "MassMessage",
    "MassRecipient",
    "OpenOrder",
    "Order",
    "OrderLine",
    "PapersHold",
    "Permit",
    "Product",
    "ProductImage",
    "ProductVersion",
    "ReportGround",
    "Sale",
    "Store",
    "StoreApplication",
    "StoreCheck",
    "StoreDocument",
    "StoreEnding",
    "StoreInvitation",
    "StoreKind",
    "StoreMember",
    "StoreMute",
    "StoreReport",
    "TeamMute",
    "Variant",
]
