"""What is for sale."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.money import Money
from shop.models.stores import Store, in_language
from shop.states import ProductStatus


class Category(models.Model):
    """Two levels at most."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=40)
    name_en = models.CharField(max_length=40)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    position = models.PositiveSmallIntegerField(default=0)
    permit = models.CharField(max_length=12, blank=True)  # a value of Permit: without it nothing is listed here

    class Meta:
        ordering: ClassVar = ["position", "id"]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return in_language(self.name, self.name_en)


class Product(models.Model):
    """A listing: what is promised. Changing the promise makes a new version; orders keep the one they were shown."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    store = models.ForeignKey(Store, models.PROTECT, related_name="products")
    category = models.ForeignKey(Category, models.PROTECT, related_name="products")
    kind = models.CharField(max_length=10, default="physical")
    status = models.CharField(max_length=10, choices=ProductStatus, default=ProductStatus.DRAFT)
    title = models.CharField(_("title"), max_length=120)
    title_en = models.CharField(_("English title"), max_length=120, blank=True)
    summary = models.CharField(_("summary"), max_length=200, blank=True)
    summary_en = models.CharField(_("English summary"), max_length=200, blank=True)
    description = models.TextField(_("description"), max_length=20_000, blank=True)
    description_en = models.TextField(_("English description"), max_length=20_000, blank=True)
    brand = models.CharField(
        _("brand of another"), max_length=60, blank=True, default="", db_default="",
        help_text=_("Empty for your own brand or none. Another’s needs an authorisation that we have seen."),
    )  # fmt: skip
    # Honest listings (Q4): required before a product can be listed; {"zh": …, "en": …} would hide them from forms.
    function = models.TextField(_("what it does"), max_length=2000, blank=True)
    function_en = models.TextField(_("what it does, English"), max_length=2000, blank=True)
    usage = models.TextField(_("how it is used"), max_length=2000, blank=True)
    usage_en = models.TextField(_("how it is used, English"), max_length=2000, blank=True)
    warranty = models.TextField(_("warranty"), max_length=2000, blank=True)
    warranty_en = models.TextField(_("warranty, English"), max_length=2000, blank=True)
    validity = models.TextField(_("validity"), max_length=2000, blank=True)
    validity_en = models.TextField(_("validity, English"), max_length=2000, blank=True)
    manual_url = models.CharField(_("manual"), max_length=300, blank=True)  # on another site: core.links.checked
    price_minor = models.PositiveBigIntegerField(_("price"))  # the lowest of its variants, for lists and sorting
    currency = models.CharField(max_length=3, default="CNY")
    weight_g = models.PositiveIntegerField(_("weight in grams"), default=0)
    fragile = models.BooleanField(_("fragile"), default=False)
    perishable = models.BooleanField(_("perishable"), default=False)
    in_stock = models.BooleanField(default=True)
    sold = models.PositiveIntegerField(default=0)
    cover = models.CharField(max_length=200, blank=True)  # path of the main picture's card rendition
    cover_alt = models.CharField(max_length=120, blank=True)
    search = models.TextField(blank=True, editable=False)  # bigrams, written by shop.search
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    listed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="product_price_positive"),
            models.CheckConstraint(
                condition=Q(manual_url="") | Q(manual_url__startswith="https://"), name="product_manual_is_https"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-listed_at", "-id"], name="product_new", condition=Q(status="listed")),
            models.Index(fields=["category", "-listed_at"], name="product_category", condition=Q(status="listed")),
            # Counting a category reads this one and no product.
            models.Index(fields=["category", "store"], name="product_category_store", condition=Q(status="listed")),
            models.Index(fields=["price_minor", "id"], name="product_price", condition=Q(status="listed")),
            models.Index(fields=["-sold", "-id"], name="product_sold", condition=Q(status="listed")),
            models.Index(fields=["store", "status", "-listed_at"], name="product_store"),
        ]

    def __str__(self) -> str:
        return self.display_title

    @property
    def display_title(self) -> str:
        return in_language(self.title, self.title_en)

    @property
    def display_summary(self) -> str:
        return in_language(self.summary, self.summary_en)

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)


class Variant(models.Model):
    """One thing that can be put into a cart. ``stock`` is what may still be promised: reservations are taken off."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    product = models.ForeignKey(Product, models.CASCADE, related_name="variants")
    name = models.CharField(_("variant"), max_length=60, blank=True)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    sku = models.CharField(_("item number"), max_length=40, blank=True)
    price_minor = models.PositiveBigIntegerField(_("price"))
    stock = models.PositiveIntegerField(_("stock"), default=0)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(stock__gte=0), name="variant_stock_not_negative"),
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="variant_price_positive"),
        ]

    @property
    def display_name(self) -> str:
        return in_language(self.name, self.name_en)

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.product.currency)


class ProductImage(models.Model):
    """A re-encoded picture in three renditions: ``large`` 1200 px, ``card`` 480 px, ``thumb`` 120 px (WebP)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    product = models.ForeignKey(Product, models.CASCADE, related_name="images")
    large = models.FileField(upload_to="products/")
    card = models.FileField(upload_to="products/")
    thumb = models.FileField(upload_to="products/")
    alt = models.CharField(_("picture in words"), max_length=120, blank=True)
    sha256 = models.CharField(max_length=64)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["position", "id"]


class ProductVersion(models.Model):
    """What a listing promised from one change to the next; every change of price or words is here (R1, E9)."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    promise = models.JSONField()
    author_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["product", "version"], name="product_version_once"),
        ]
