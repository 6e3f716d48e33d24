"""The cart, checked against what is true now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from django.conf import settings
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest

from core.money import Money, total
from core.prepared import Blank, Prepared
from shop.models import CartLine, Product, ProductImage, Store, Variant
from shop.states import Kind, ProductStatus

if TYPE_CHECKING:
    from shop.queries.coupons import Offer

SESSION_CART = "cart"  # where a visitor's session keeps the token of his cart
Problem = Literal["gone", "shut", "short", "price"]
# Long texts that neither cart nor checkout reads.
_UNREAD = ("description", "description_en", "function", "function_en", "usage", "usage_en", "warranty", "warranty_en",
           "validity", "validity_en", "search")  # fmt: skip


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """
    A line as it stands now. ``problem``: gone, of a store that is shut, short (``left`` says of how many), or at
    another price than seen.
    """

    pk: UUID
    variant: Variant
    quantity: int
    unit: Money
    problem: Problem | None
    old_unit: Money | None
    left: int
    thumb: str

    @property
    def product(self) -> Product:
        return self.variant.product

    @property
    def total(self) -> Money:
        return self.unit * self.quantity

    @property
    def thumb_url(self) -> str:
        return f"{settings.MEDIA_URL}{self.thumb}" if self.thumb else ""

    @property
    def can_be_bought(self) -> bool:
        """A changed price is shown and may be agreed to; what is not there cannot be bought."""
        return self.problem in (None, "price")


@dataclass(frozen=True, slots=True)
class StoreGroup:
    """
    What becomes one order: a store's goods of one kind. Sums count only what can be bought.

    ``offers`` are the coupons that would take off most here, the best first; ``best`` is the best of the store, if it
    is one of these. ``coupon`` is the chosen one, ``asked_code`` what was said.
    """

    store: Store
    kind: str
    lines: tuple[CheckedLine, ...]
    items: Money
    shipping: Money
    free_from: Money | None
    to_free: Money | None  # how much more makes shipping free
    offers: tuple[Offer, ...] = ()
    best: Offer | None = None
    coupon: Offer | None = None
    asked_code: str = ""

    @property
    def total(self) -> Money:
        return self.items + self.shipping - self.discount

    @property
    def discount(self) -> Money:
        return self.coupon.discount if self.coupon else Money(0, self.items.currency)

    @property
    def key(self) -> str:
        """Tells the groups of one store apart on a page."""
        return f"{self.store.pk}-{self.kind}"

    @property
    def is_shipped(self) -> bool:
        return self.kind == Kind.PHYSICAL

    @property
    def items_minor(self) -> int:
        return self.items.minor

    @property
    def shipping_minor(self) -> int:
        return self.shipping.minor


@dataclass(frozen=True, slots=True)
class CartView:
    groups: tuple[StoreGroup, ...]

    @property
    def lines(self) -> list[CheckedLine]:
        return [line for group in self.groups for line in group.lines]

    @property
    def kinds(self) -> list[str]:
        """What is bought, each kind once."""
        return list(dict.fromkeys(group.kind for group in self.groups))

    @property
    def needs_address(self) -> bool:
        return any(group.is_shipped for group in self.groups)

    @property
    def buyable(self) -> list[CheckedLine]:
        return [line for line in self.lines if line.can_be_bought]

    @property
    def has_problems(self) -> bool:
        """Something in it cannot be bought. A changed price shows in ``total``, which the buyer agrees to."""
        return any(not line.can_be_bought for line in self.lines)

    @property
    def has_shut(self) -> bool:
        """A store of it is closed for now."""
        return any(line.problem == "shut" for line in self.lines)

    @property
    def has_differences(self) -> bool:
        return any(line.problem for line in self.lines)

    @property
    def items(self) -> Money:
        return total(group.items for group in self.groups)

    @property
    def shipping(self) -> Money:
        return total(group.shipping for group in self.groups)

    @property
    def discount(self) -> Money:
        return total(group.discount for group in self.groups)

    @property
    def total(self) -> Money:
        return total(group.total for group in self.groups)


def cart_count(request: HttpRequest) -> int:
    """How many different items are in the visitor's cart; no query for who has neither account nor cart."""
    lines = lines_of(request)
    return lines.values("variant").distinct().count() if lines is not None else 0


def lines_of(request: HttpRequest) -> QuerySet[CartLine] | None:
    """The lines of who asks, those gathered before signing in included; None for who cannot have any."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not hasattr(request, "user"):
        return None  # a request refused before anybody asked whose it is
    token = request.session.get(SESSION_CART) or ""
    user_id = request.user.pk if request.user.is_authenticated else None
    return lines_between(token=token, user_id=user_id) if token or user_id else None


def lines_between(*, token: str, user_id: UUID | None) -> QuerySet[CartLine]:
    """The lines of a visitor's cart, of a member's, or of both; one of the two must be given."""
    mine = Q(cart__token=token) if token else Q()
    if user_id:
        mine |= Q(cart__user_id=user_id)
    return CartLine.objects.filter(mine)


def checked(cart_id: UUID, line_ids: Sequence[UUID] | None = None) -> CartView:
    """The cart, or some of its lines, by store and kind, each with what has changed since it was put in. One query."""
    wanted = None if line_ids is None else set(line_ids)
    rows = [row for row in _LINES.all(cart=cart_id) if wanted is None or row.pk in wanted]
    groups: dict[tuple[UUID, str], list[CartLine]] = {}
    for row in rows:
        groups.setdefault((row.variant.product.store_id, row.variant.product.kind), []).append(row)
    return CartView(groups=tuple(_group(lines, kind=kind) for (_store, kind), lines in groups.items()))


def _with_all() -> QuerySet[CartLine]:
    thumb = ProductImage.objects.filter(product=OuterRef("variant__product")).order_by("position", "id")
    return (
        CartLine.objects.filter(cart=Blank("cart"))
        .select_related("variant__product__store")
        .defer(*(f"variant__product__{name}" for name in _UNREAD))
        .annotate(thumb=Subquery(thumb.values("thumb")[:1]))
        .order_by("added_at", "id")
    )


_LINES = Prepared(_with_all)


def _group(rows: list[CartLine], *, kind: str) -> StoreGroup:
    store = rows[0].variant.product.store
    lines = tuple(_check(row) for row in rows)
    buyable = [line for line in lines if line.can_be_bought]
    items = total((line.total for line in buyable), currency=store.currency)
    free_minor = store.free_shipping_from_minor
    is_shipped = kind == Kind.PHYSICAL
    has_limit = is_shipped and free_minor is not None and store.shipping_minor
    free_from = Money(free_minor, store.currency) if has_limit and free_minor is not None else None
    is_free = not is_shipped or (free_minor is not None and items.minor >= free_minor)
    shipping = Money(0 if is_free or not buyable else store.shipping_minor, store.currency)
    return StoreGroup(
        store=store,
        kind=kind,
        lines=lines,
        items=items,
        shipping=shipping,
        free_from=free_from,
        to_free=free_from - items if free_from and shipping else None,
    )


def _check(row: CartLine) -> CheckedLine:
    variant, product = row.variant, row.variant.product
    listed = variant.is_active and product.status == ProductStatus.LISTED and product.store.sells
    problem: Problem | None = None
    if not product.store.sells:
        problem = "shut"
    elif not listed or variant.stock == 0:
        problem = "gone"
    elif variant.stock < row.quantity:
        problem = "short"
    elif variant.price_minor != row.price_seen_minor:
        problem = "price"
    changed = problem == "price"
    return CheckedLine(
        pk=row.pk,
        variant=variant,
        quantity=row.quantity,
        unit=variant.price,
        problem=problem,
        old_unit=Money(row.price_seen_minor, product.currency) if changed else None,
        left=variant.stock if listed else 0,
        thumb=getattr(row, "thumb", None) or "",
    )
