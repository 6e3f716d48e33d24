"""The order page's one query: everything about a deal, for one reader."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from core.deadlines import open_deadlines
from core.errors import NotFound
from core.models import AuditEntry, Deadline
from core.money import Money
from core.policies import Rules, rules_of
from core.prepared import Blank, Prepared
from disputes.models import Case
from disputes.states import OPEN_CASE
from escrow.models import Hold, Payment, Refund
from escrow.queries import MoneyLine, misfits, order_lines
from escrow.states import ReceiptOutcome
from flows import stories
from flows.acts import MISSING, Act, Step, acts_of, steps_of
from flows.sentences import BUYER, MERCHANT, Facts, Sentence, sentence
from logistics.models import Shipment
from logistics.queries import shipments_of
from logistics.states import ShipmentStatus
from shop.models import Order, OrderLine, Store
from shop.queries.orders import lines_of
from shop.states import OrderStatus

GONE_BACK = (OrderStatus.REFUNDED, OrderStatus.CANCELLED)  # whose money, if any came, is on its way back or there
_OPEN_CASE = Prepared(lambda: Case.objects.filter(order=Blank("order"), status__in=OPEN_CASE)[:1])
_LAST_CASE = Prepared(lambda: Case.objects.filter(order=Blank("order")).order_by("-opened_at")[:1])
_ENTRIES = Prepared(lambda: AuditEntry.objects.filter(order_id=Blank("order")).order_by("id")[:100])


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
    unfit = [] if viewer == MERCHANT or (bare and hold) else misfits(order.payment_id)
    problem = next((row.amount for row in unfit if row.outcome == ReceiptOutcome.PARKED), None) if not hold else None
    refund = _refunds_of([order]).get(order.pk) if unfit or order.status in GONE_BACK else None
    photos = viewer != BUYER and not bare
    parcels = shipments_of(order_id, photos=photos) if order.status != OrderStatus.PENDING else []
    facts = Facts(
        order=order, viewer=viewer, now=now, hold=hold, case=case, problem=problem, parcel=furthest_behind(parcels),
        back=back_of(parcels), refund=refund, clocks={row.kind: row for row in open_clocks.get(order.pk, [])},
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
        steps=steps_of(order, hold),
        acts=acts_of(facts),
        money=order_lines(order_id, hold=hold, unfit=unfit) if (hold or unfit) and not bare else [],
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
    refunds = _refunds_of([order for order in orders if order.status in GONE_BACK])
    return {
        order.pk: sentence(
            Facts(
                order=order, viewer=viewer, now=now, hold=holds.get(order.pk), case=cases.get(order.pk),
                parcel=furthest_behind(parcels.get(order.pk, [])), back=back_of(parcels.get(order.pk, [])),
                clocks={row.kind: row for row in running.get(order.pk, [])}, refund=refunds.get(order.pk),
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


def _refunds_of(orders: Sequence[Order]) -> dict[UUID, Refund]:
    """What went back of each order's money: of its hold, or, while it has none, what did not fit its payment."""
    payments = {order.payment_id for order in orders if order.payment_id}
    rows = Refund.objects.filter(payment_id__in=payments).select_related("hold").order_by("pk") if payments else []
    held = {row.hold.order_id: row for row in rows if row.hold is not None}
    unfit = {row.payment_id: row for row in rows if row.receipt_id}
    found = {order.pk: held.get(order.pk) or unfit.get(order.payment_id) for order in orders}
    return {key: row for key, row in found.items() if row is not None}


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
    """The parcel that speaks for the order: the one that is furthest behind, a missing one before all."""
    out = [parcel for parcel in parcels if parcel.direction == "out" and not parcel.superseded]
    waiting = [parcel for parcel in out if parcel.status != ShipmentStatus.DELIVERED]
    return next(iter(sorted(waiting, key=lambda parcel: parcel.status not in MISSING) or out), None)


def back_of(parcels: Sequence[Shipment]) -> Shipment | None:
    """The newest parcel on its way to the merchant."""
    return next((parcel for parcel in reversed(parcels) if parcel.direction == "back"), None)


def _entries(order: Order) -> list[AuditEntry]:
    return _ENTRIES.all(order=order.pk)
