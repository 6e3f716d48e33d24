"""Notices of an after-sale case, to both parties."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from core import clock
from core.models import Deadline
from core.money import Money
from core.outbox import Payload
from core.policies import rules_of
from core.wording import when
from disputes.models import Case
from disputes.states import CaseStatus
from flows import returns
from flows.telling import case_of, tell_both
from logistics.models import Shipment

_SENT = CaseStatus.RETURN_SENT


def _names(case: Case, **more: object) -> dict[str, object]:
    return {"case": case.number, "order": case.order.number, **more}


def _clock(case: Case) -> datetime | None:
    """When the case moves by itself."""
    rows = Deadline.objects.filter(subject=str(case.pk), done_at__isnull=True).order_by("due_at")
    return rows.values_list("due_at", flat=True).first()


def _by(case: Case) -> str:
    moment = _clock(case)
    return when(moment) if moment else ""


def opened(payload: Payload) -> None:
    case = case_of(payload)
    tell_both(case, "disputes.opened", lambda: (
        _("After-sale case %(case)s is open for order %(order)s") % _names(case),
        _("The held money is frozen. The merchant has until %(when)s to answer; silence accepts the claim.")
        % {"when": _by(case)},
    ), key=str(case.pk), sms=True)  # fmt: skip


def said(payload: Payload) -> None:
    case = case_of(payload)
    quarter = int(clock.now().timestamp()) // 900  # one letter a quarter of an hour, however much is said
    tell_both(case, "disputes.said", lambda: (
        _("New message in case %(case)s") % _names(case),
        _("There is something new to read about order %(order)s.") % _names(case),
    ), key=f"{case.pk}:{quarter}", but=payload["party"])  # fmt: skip


def offered(payload: Payload) -> None:
    case = case_of(payload)
    count = case.offers.count()
    tell_both(case, "disputes.offered", lambda: (
        _("A new offer in case %(case)s") % _names(case),
        _("You can accept it, answer with your own, or refuse. Please answer by %(when)s.") % {"when": _by(case)},
    ), key=f"{case.pk}:{count}", but=payload["party"])  # fmt: skip


def refused(payload: Payload) -> None:
    case = case_of(payload)
    count = case.entries.count()
    tell_both(case, "disputes.refused", lambda: (
        _("The other side has refused in case %(case)s") % _names(case),
        _("You can make a new offer or call the platform. Please act by %(when)s.") % {"when": _by(case)},
    ), key=f"{case.pk}:{count}", but=payload["party"])  # fmt: skip


def escalated(payload: Payload) -> None:
    case = case_of(payload)
    tell_both(case, "disputes.escalated", lambda: (
        _("The platform now decides case %(case)s") % _names(case),
        _("Please add what you can prove. We decide by %(when)s; until then the money does not move.")
        % {"when": _by(case)},
    ), key=str(case.pk))  # fmt: skip


def return_due(payload: Payload) -> None:
    case = case_of(payload)
    tell_both(case, "disputes.return_due", lambda: (
        _("Case %(case)s: the goods are to be sent back") % _names(case),
        _("The buyer has until %(when)s to send them and enter the tracking number.") % {"when": _by(case)},
    ), key=str(case.pk))  # fmt: skip


def sent_back(payload: Payload) -> None:
    case = case_of(payload)
    tell_both(case, "disputes.sent_back", lambda: (
        _("Case %(case)s: the goods are on their way back") % _names(case),
        _way_back(case) % {"when": _by(case), "days": rules_of(case.order.policy_id).inspect_return_hours // 24},
    ), key=str(case.pk))  # fmt: skip


def _way_back(case: Case) -> str:
    parcel = returns.parcel_of(case)
    if parcel is not None and returns.is_by_hand(parcel):
        return _("Their carrier reports nothing. The merchant has until %(when)s to confirm them or to call the "
                 "platform; without an answer the buyer is refunded.")  # fmt: skip
    return _("The merchant has %(days)s days to look at them from their delivery. If they have not arrived by "
             "%(when)s, the platform decides.")  # fmt: skip


def return_stalled(payload: Payload) -> None:
    """Goods on their way back do not move: both hear of it while there is time to ask the carrier."""
    if payload["milestone"] != "stalled":
        return
    parcel = Shipment.objects.get(pk=payload["shipment_id"])
    case = Case.objects.select_related("order__store").filter(order_id=parcel.order_id, status=_SENT).first()
    if parcel.direction != "back" or case is None:
        return
    tell_both(case, "disputes.return_stalled", lambda: (
        _("Case %(case)s: the returned parcel does not move") % _names(case),
        _("Please ask the carrier about parcel %(number)s and keep the receipt of posting. If it has not arrived by "
          "%(when)s, the platform decides.") % {"number": parcel.number, "when": _by(case)},
    ), key=f"{parcel.pk}:{parcel.stalled_at:%Y%m%d%H}" if parcel.stalled_at else str(parcel.pk))  # fmt: skip


def arrived_back(payload: Payload) -> None:
    case = case_of(payload)
    back = Money(case.refund_minor or 0, case.currency)
    tell_both(case, "disputes.arrived_back", lambda: (
        _("Case %(case)s: the returned goods have arrived") % _names(case),
        _("The merchant has until %(when)s to look at them; without an answer %(back)s is refunded to the buyer.")
        % {"when": _by(case), "back": back},
    ), key=str(case.pk), sms=True)  # fmt: skip


def not_arrived(payload: Payload) -> None:
    case = case_of(payload)
    tell_both(case, "disputes.not_arrived", lambda: (
        _("Case %(case)s: the returned goods have not arrived") % _names(case),
        _("The carrier has not delivered them in time, so nothing is refunded by silence: the platform decides by "
          "%(when)s. Please add what you can prove, for example the receipt of posting.") % {"when": _by(case)},
    ), key=str(case.pk), sms=True)  # fmt: skip


def resend_due(payload: Payload) -> None:
    case = case_of(payload)
    tell_both(case, "disputes.resend_due", lambda: (
        _("Case %(case)s: the merchant sends again") % _names(case),
        _("The new parcel must be on its way by %(when)s; otherwise the buyer is refunded.") % {"when": _by(case)},
    ), key=str(case.pk))  # fmt: skip


def withdrawn(payload: Payload) -> None:
    case = case_of(payload)
    tell_both(case, "disputes.withdrawn", lambda: (
        _("Case %(case)s is closed without a change") % _names(case),
        _("The money of order %(order)s is held as before and its clock runs on.") % _names(case),
    ), key=str(case.pk))  # fmt: skip


def agreed(payload: Payload) -> None:
    case = case_of(payload)
    back = Money(case.refund_minor or 0, case.currency)
    tell_both(case, "disputes.agreed", lambda: (
        _("Case %(case)s is settled") % _names(case),
        _("%(back)s goes back to the buyer of order %(order)s.") % _names(case, back=back)
        if back
        else _("The merchant has sent again; the money stays held until it arrives."),
    ), key=str(case.pk), sms=True)  # fmt: skip


def ruled(payload: Payload) -> None:
    case = case_of(payload)
    ruling = case.ruling
    names = _names(
        case, back=Money(ruling.refund_minor, ruling.currency), paid=Money(ruling.release_minor, ruling.currency),
        article=ruling.article, reasons=ruling.reasons,
    )  # fmt: skip
    tell_both(case, "disputes.ruled", lambda: (
        _("Case %(case)s is decided") % names,
        _("%(back)s goes to the buyer, %(paid)s to the merchant, by article %(article)s. Reasons: %(reasons)s") % names,
    ), key=str(case.pk), sms=True)  # fmt: skip


def overdue(payload: Payload) -> None:
    case = case_of(payload)
    tell_both(case, "disputes.overdue", lambda: (
        _("Our decision in case %(case)s is late") % _names(case),
        _("We are sorry. A senior mediator has been told; the money does not move until we decide."),
    ), key=f"{case.pk}:{_by(case)}")  # fmt: skip
