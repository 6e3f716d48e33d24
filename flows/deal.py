"""The order page's one query: everything about a deal, for one reader."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from core.deadlines import open_deadlines
from core.errors import NotFound
from core.models import AuditEntry, Deadline
from core.money import Money
from core.policies import Rules, rules_of
from core.prepared import Blank, Prepared
from disputes.models import Case
from disputes.states import OPEN_CASE
from escrow.models import Hold, Payment, Receipt
from escrow.queries import MoneyLine, order_lines
from flows import stories
from flows.sentences import BUYER, MERCHANT, Facts, Sentence, sentence
from logistics.models import Shipment
from logistics.queries import shipments_of
from logistics.states import ShipmentStatus
from shop.models import Order, OrderLine, Store
from shop.queries.orders import lines_of
from shop.states import OrderStatus

_OPEN_CASE = Prepared(lambda: Case.objects.filter(order=Blank("order"), status__in=OPEN_CASE)[:1])
_LAST_CASE = Prepared(lambda: Case.objects.filter(order=Blank("order")).order_by("-opened_at")[:1])
_ENTRIES = Prepared(lambda: AuditEntry.objects.filter(order_id=Blank("order")).order_by("id")[:100])


@dataclass(frozen=True, slots=True)
class Step:
    """One of paid → held → shipped → delivered → released. ``state``: done, now, todo, stopped."""

    key: str
    label: str
    at: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class Act:
    """Something the reader may do now; an irreversible one repeats the amount in its label."""

    key: str
    label: str
    url: str
    method: str = "get"
    primary: bool = False


@dataclass(slots=True)
class Deal:
    order: Order
    store: Store
    rules: Rules
    lines: list[OrderLine]
    hold: Hold | None
    payment: Payment | None
    problem: Money | None
    shipments: list[Shipment]
    case: Case | None
    deadlines: list[Deadline]
    sentence: Sentence
    steps: list[Step]
    acts: list[Act]
    money: list[MoneyLine]
    story: list[stories.StoryLine] = field(default_factory=list)

    @property
    def primary(self) -> Act | None:
        return next((act for act in self.acts if act.primary), None)

    @property
    def secondary(self) -> list[Act]:
        return [act for act in self.acts if not act.primary]


def deal(
    *,
    order_id: UUID,
    viewer: str,
    now: datetime,
    order: Order | None = None,
    case: Case | None = None,
    bare: bool = False,
) -> Deal:
    """
    Load one deal, in at most eight queries.

    A door that has read the order already, with its store, payment and hold, hands it on and saves one; so does a
    case's with its case, which is ``bare``: without money lines, story and pack photos.

    :raises NotFound: if there is no such order; whether the reader may see it is the door's question
    """
    order = order or Order.objects.select_related("store", "payment", "hold").filter(pk=order_id).first()
    if order is None:
        raise NotFound
    hold: Hold | None = getattr(order, "hold", None)
    if hold is not None and order.payment is not None:
        hold.payment = order.payment
    case = case if case is not None and case.is_open else _case_of(order)
    open_clocks = _clocks_of([order], [case] if case else []) if order.is_open else {}
    problem = _problem_of(order)
    photos = viewer != BUYER and not bare
    parcels = shipments_of(order_id, photos=photos) if order.status != OrderStatus.PENDING else []
    facts = Facts(
        order=order, viewer=viewer, now=now, hold=hold, case=case, parcel=furthest_behind(parcels), back=_back(parcels),
        problem=problem, clocks={row.kind: row for row in open_clocks.get(order.pk, [])},
    )  # fmt: skip
    return Deal(
        order=order,
        store=order.store,
        rules=rules_of(order.policy_id),
        lines=lines_of(order_id),
        hold=hold,
        payment=order.payment,
        problem=problem,
        shipments=parcels,
        case=case,
        deadlines=open_clocks.get(order.pk, []),
        sentence=sentence(facts),
        steps=_steps(order, hold),
        acts=_acts(facts),
        money=order_lines(order_id, hold=hold) if hold and not bare else [],
        story=[] if bare else stories.tell(_entries(order), viewer=viewer, order=order),
    )


def short_sentences(orders: Sequence[Order], *, viewer: str, now: datetime) -> dict[UUID, Sentence]:
    """The money sentence of each order of a list, with a constant number of queries."""
    ids = [order.pk for order in orders]
    holds = _holds_of(orders)
    in_case = [order.pk for order in orders if order.in_case]
    rows = Case.objects.filter(order_id__in=in_case, status__in=OPEN_CASE) if in_case else []
    cases = {case.order_id: case for case in rows}
    parcels: dict[UUID, list[Shipment]] = {}
    for parcel in _parcels_of(ids, with_returns=bool(in_case)):
        parcels.setdefault(parcel.order_id, []).append(parcel)
    running = _clocks_of([order for order in orders if order.is_open], list(cases.values()))
    return {
        order.pk: sentence(
            Facts(
                order=order, viewer=viewer, now=now, hold=holds.get(order.pk), case=cases.get(order.pk),
                parcel=furthest_behind(parcels.get(order.pk, [])), back=_back(parcels.get(order.pk, [])),
                clocks={row.kind: row for row in running.get(order.pk, [])},
            )
        )
        for order in orders
    }  # fmt: skip


def _parcels_of(order_ids: list[UUID], *, with_returns: bool) -> QuerySet[Shipment]:
    """The parcels that a list's sentences speak of; those on their way back matter in a case alone."""
    rows = Shipment.objects.filter(order_id__in=order_ids).order_by("created_at")
    if not with_returns:
        return rows.filter(direction="out", superseded=False)
    return rows.filter(Q(direction="back") | Q(superseded=False)).select_related("carrier")


def _holds_of(orders: Sequence[Order]) -> dict[UUID, Hold | None]:
    """The hold of each order: as it came with the orders, or with one query."""
    field = Order._meta.get_field("hold")
    if all(field.is_cached(order) for order in orders):  # type: ignore[union-attr]
        return {order.pk: getattr(order, "hold", None) for order in orders}
    return {hold.order_id: hold for hold in Hold.objects.filter(order_id__in=[order.pk for order in orders])}


def _case_of(order: Order) -> Case | None:
    """The open case, or the last one of a deal that is over."""
    if order.in_case:
        return _OPEN_CASE.first(order=order.pk)
    if order.status in (OrderStatus.COMPLETED, OrderStatus.REFUNDED):
        return _LAST_CASE.first(order=order.pk)
    return None


def _problem_of(order: Order) -> Money | None:
    """Money that arrived for this order's payment and does not fit; only unpaid orders can have it."""
    if order.status not in (OrderStatus.PENDING, OrderStatus.CANCELLED) or order.payment_id is None:
        return None
    receipt = Receipt.objects.filter(payment_id=order.payment_id, outcome="parked").first()
    return receipt.amount if receipt else None


def _clocks_of(orders: Iterable[Order], cases: Iterable[Case]) -> dict[UUID, list[Deadline]]:
    """Open deadlines by order, those of its payment and its case included, soonest first."""
    owner: dict[str, UUID] = {}
    for order in orders:
        owner[str(order.pk)] = order.pk
        if order.status == OrderStatus.PENDING and order.payment_id:
            owner[str(order.payment_id)] = order.pk
    owner.update({str(case.pk): case.order_id for case in cases})
    found: dict[UUID, list[Deadline]] = {}
    if owner:
        for row in open_deadlines(subjects=owner):
            found.setdefault(owner[row.subject], []).append(row)
    return found


def furthest_behind(parcels: Sequence[Shipment]) -> Shipment | None:
    """The parcel that speaks for the order: the one that is furthest behind."""
    out = [parcel for parcel in parcels if parcel.direction == "out" and not parcel.superseded]
    waiting = [parcel for parcel in out if parcel.status != ShipmentStatus.DELIVERED]
    return next(iter(waiting or out), None)


def _back(parcels: Sequence[Shipment]) -> Shipment | None:
    """The newest parcel on its way to the merchant."""
    return next((parcel for parcel in reversed(parcels) if parcel.direction == "back"), None)


def _entries(order: Order) -> list[AuditEntry]:
    return _ENTRIES.all(order=order.pk)


def _steps(order: Order, hold: Hold | None) -> list[Step]:
    """paid → held → shipped → delivered → released, or where it stopped."""
    over = order.status in (OrderStatus.CANCELLED, OrderStatus.REFUNDED)
    released = order.closed_at if order.status == OrderStatus.COMPLETED else None
    marks = [
        ("paid", _("Paid"), order.paid_at),
        ("held", _("Held"), hold.opened_at if hold else None),
        ("shipped", _("Shipped"), order.shipped_at),
        ("delivered", _("Delivered"), order.delivered_at),
        ("released", _("Released"), released),
    ]
    if order.status == OrderStatus.REFUNDED:
        marks = [mark for mark in marks[:4] if mark[2]] + [("refunded", _("Refunded"), order.closed_at)]
    steps, current = [], True
    for key, label, at in marks:
        state = "done" if at or released else ("now" if current and not over else ("stopped" if over else "todo"))
        current = current and state == "done"
        steps.append(Step(key, label, at, state))
    return steps


def _acts(f: Facts) -> list[Act]:
    """What the reader may do now, the primary act first."""
    if f.viewer == BUYER:
        return _buyer_acts(f)
    return _merchant_acts(f) if f.viewer == MERCHANT else []


def _buyer_acts(f: Facts) -> list[Act]:
    order, number = f.order, f.order.number
    names = {"amount": order.total}
    cancel = Act("cancel", _("Cancel this order"), reverse("shop:order-cancel", args=[number]), "post")
    if order.in_case and f.case is not None:
        url = reverse("disputes:case", args=[f.case.number])
        return [Act("case", _("Go to the after-sale case"), url, primary=True)]
    if order.status == OrderStatus.PENDING and order.payment_id:
        pay = Act("pay", _("Pay %(amount)s") % names, reverse("shop:payment", args=[order.payment_id]), primary=True)
        return [pay, cancel]
    claim = Act("case", _("Something is wrong"), reverse("disputes:case-new", args=[number]))
    late = order.shipped_at is None and "order.ship_by" not in f.clocks
    if order.status == OrderStatus.PAID or (order.status == OrderStatus.SHIPPED and order.shipped_at is None):
        back = Act("cancel", _("Cancel and get %(amount)s back") % names, cancel.url, "post", primary=True)
        return [back, claim] if late else [claim]
    if order.status in (OrderStatus.SHIPPED, OrderStatus.DELIVERED):
        url = reverse("shop:order-confirm", args=[number])
        confirm = Act("confirm", _("Check and confirm receipt"), url, primary=order.status == OrderStatus.DELIVERED)
        extend = Act("extend", _("I need more time"), reverse("shop:order-extend", args=[number]), "post")
        may_extend = order.status == OrderStatus.DELIVERED and not order.extended
        return [confirm, claim, extend] if may_extend else [confirm, claim]
    return []


def _merchant_acts(f: Facts) -> list[Act]:
    order, number = f.order, f.order.number
    if order.in_case and f.case is not None:
        return [
            Act("case", _("Answer the after-sale case"), reverse("merchant:case", args=[f.case.number]), primary=True)
        ]
    if order.status == OrderStatus.PAID:
        cancel = reverse("merchant:order-cancel", args=[number])
        return [
            Act("ship", _("Ship this order"), "#ship", primary=True),
            Act("cancel", _("Cannot ship: refund %(amount)s") % {"amount": order.total}, cancel, "post"),
        ]
    if order.status == OrderStatus.DELIVERED:
        return [Act("grant", _("Give the buyer more time"), reverse("merchant:order-grant", args=[number]), "post")]
    if order.status == OrderStatus.COMPLETED and f.hold and f.hold.released_minor > f.hold.returned_minor:
        return [Act("refund", _("Give money back"), reverse("merchant:order-refund", args=[number]))]
    return []
