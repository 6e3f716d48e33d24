"""What the platform itself knows about a deal, in sentences, so that nobody has to prove it (D4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _

from core.wording import span, when
from disputes.models import Case
from disputes.rulebook import Article, article
from disputes.states import Ground
from disputes.views import code_findings
from disputes.views.facts import Finding
from flows.deal import Deal
from logistics.models import PackPhoto, Shipment
from logistics.states import EvidenceGrade
from shop.states import Kind


def with_photos(deal: Deal) -> Deal:
    """Bring the pack photos along, which a bare deal leaves out; in a case both sides see them."""
    prefetch_related_objects(deal.shipments, Prefetch("photos", PackPhoto.objects.order_by("created_at", "id")))
    return deal


def findings_of(deal: Deal, *, packed: Mapping[UUID, int] | None = None) -> list[Finding]:
    """
    Payment, packing, way, receipt; oldest first.

    ``packed``: how many pictures each parcel has from its packing; without it the parcels carry them themselves.
    """
    found = _of_payment(deal)
    if deal.order.kind == Kind.CODE:
        return found + code_findings.of_codes(deal.order)
    parcels = [parcel for parcel in deal.shipments if not parcel.superseded]
    if not parcels:
        found.append(Finding(_("Nothing has been shipped: there is no parcel on record."), "danger"))
    for parcel in parcels:
        if parcel.direction == "out":
            found += _of_packing(parcel, len(parcel.photos.all()) if packed is None else packed.get(parcel.pk, 0))
        found += _of_way(deal, parcel)
        found += _of_receipt(parcel)
    return found


def _of_payment(deal: Deal) -> list[Finding]:
    if deal.hold is None or deal.order.paid_at is None:
        return [Finding(_("Not paid."), "danger")]
    names = {"amount": deal.hold.amount, "when": when(deal.order.paid_at)}
    return [Finding(_("%(amount)s was paid on %(when)s and is confirmed by the payment provider.") % names, "safe")]


def _of_packing(parcel: Shipment, count: int) -> list[Finding]:
    if not parcel.weight_g and not count:
        return [Finding(_("The merchant kept neither weight nor pictures from packing."), "wait")]
    weight = _("%(grams)s g") % {"grams": parcel.weight_g} if parcel.weight_g else _("not weighed")
    return [Finding(_("At packing: %(weight)s, %(count)s pictures.") % {"weight": weight, "count": count})]


def _of_way(deal: Deal, parcel: Shipment) -> list[Finding]:
    found = []
    names = {"carrier": parcel.carrier.display_name, "number": parcel.number}
    if parcel.first_scan_at is None:
        found.append(Finding(_("%(carrier)s has never scanned parcel %(number)s.") % names, "danger"))
    elif parcel.direction == "out" and deal.order.paid_at:
        names |= {"when": when(parcel.first_scan_at), "span": span(parcel.first_scan_at - deal.order.paid_at)}
        found.append(Finding(_("%(carrier)s took parcel %(number)s on %(when)s, %(span)s after payment.") % names))
    if "city_mismatch" in parcel.flags:
        cities = {"theirs": parcel.destination_city, "ours": parcel.ship_to_city}
        text = _("The carrier names %(theirs)s as the destination; the order says %(ours)s.") % cities
        found.append(Finding(text, "danger"))
    if "found_after_lost" in parcel.flags:
        found.append(Finding(_("The carrier had reported the parcel lost and then found it again."), "wait"))
    if parcel.stalled_at and not parcel.delivered_at:
        found.append(
            Finding(_("No scan for a long time; noticed on %(when)s.") % {"when": when(parcel.stalled_at)}, "wait")
        )
    if any("before_payment" in event.flags for event in parcel.events.all()):
        found.append(Finding(_("A scan is older than the payment: the number may be another parcel's."), "danger"))
    return found


_RECEIPT_TONES = {EvidenceGrade.A: "safe", EvidenceGrade.B: "safe", EvidenceGrade.C: "wait", EvidenceGrade.D: "danger"}


def _of_receipt(parcel: Shipment) -> list[Finding]:
    if parcel.delivered_at is None:
        waits = {"number": parcel.number, "state": parcel.get_status_display()}
        return [Finding(_("Parcel %(number)s is not delivered: %(state)s.") % waits, "wait")]
    proven = parcel.grade in (EvidenceGrade.A, EvidenceGrade.B)
    names: dict[str, object] = {
        "when": when(parcel.delivered_at),
        "proof": EvidenceGrade(parcel.grade).label,
        "grade": parcel.grade or "–",
        "who": parcel.signed_by or (_("recipient (no name recorded)") if proven else _("no name on record")),
    }
    words = (
        _("Delivered on %(when)s, signed: %(who)s. Proof class %(grade)s: %(proof)s.")
        if parcel.direction == "out"
        else _("Returned to the merchant on %(when)s, signed: %(who)s. Proof class %(grade)s: %(proof)s.")
    )
    return [Finding(words % names, _RECEIPT_TONES.get(EvidenceGrade(parcel.grade), "danger"))]


def articles_for(case: Case, shipments: Iterable[Shipment]) -> list[Article]:
    """The articles to look at first; a mediator may name any other."""
    parcels = [parcel for parcel in shipments if parcel.direction == "out" and not parcel.superseded]
    grades = {parcel.grade for parcel in parcels if parcel.delivered_at}
    if case.order.kind == Kind.CODE:
        numbers = ["6.1", "6.2"] if case.order.delivered_at else ["6.3"]
    elif case.order.shipped_at is None:
        numbers = ["1.1"]
    elif case.ground == Ground.NOT_RECEIVED:
        strong = grades & {EvidenceGrade.A, EvidenceGrade.B}
        numbers = ["2.2"] if strong else ["2.3", "2.1"] if grades else ["2.1"]
    elif case.ground == Ground.NOT_AS_DESCRIBED:
        numbers = ["3.1", "3.2", "3.3"]
    else:
        numbers = ["4.1"]
    return [item for number in numbers if (item := article(number)) is not None]
