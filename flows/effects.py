"""Reactions that do more than tell: payouts, parcels at the carrier, the warning that must precede a release."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import LoginEvent
from accounts.queries.signals import read_signals
from core import clock, deadlines
from core.actor import SYSTEM
from core.models import Deadline
from core.outbox import Payload
from core.policies import rules_of
from core.wording import when
from escrow.models import Compensation, Hold, Refund
from escrow.queries import passing_on as passing
from escrow.services import passing_on, payout_rows, taking_back
from flows import codes, fulfilment, guarding, release
from flows.telling import order_of, tell_buyer
from logistics.services import pushes, registration
from shop.services import documents
from shop.states import OrderStatus

# Released money leaves for the bank soon, well inside the promised 24 hours; releases of the same hour go together.
PAYOUT_WAIT = timedelta(hours=1)
UNFREEZE_WAIT = timedelta(minutes=5)  # what is to be passed on has gone by then, as a rule; a payout has not


def schedule_payout(payload: Payload) -> None:
    """
    Pay the store out; a payout that is already planned takes this release along.

    The wait counts from the release, not from when a late worker hears of it: E4 promises 24 hours.
    """
    store_id, released_at = Hold.objects.values_list("store_id", "closed_at").get(order_id=payload["order_id"])
    with transaction.atomic():
        rows = Deadline.objects.filter(kind="payout.due", subject=str(store_id), done_at__isnull=True)
        if not rows.update(tries=F("tries")):
            deadlines.schedule("payout.due", subject=store_id, due_at=(released_at or clock.now()) + PAYOUT_WAIT)


def pay_out_made_good(payload: Payload) -> None:
    """What was made good on a store's balance leaves like what was released to it."""
    row = Compensation.objects.get(pk=payload["compensation_id"])
    if row.store_id is not None:
        with transaction.atomic():
            payout_rows.plan(row.store_id, due_at=(row.decided_at or row.proposed_at) + PAYOUT_WAIT)


def pass_on(payload: Payload) -> None:
    """
    Where the payment's provider holds the money itself: let it pass the merchant's part on to him, and look whether all
    of the payment is over. What it cannot pass on goes by payout.
    """
    hold = Hold.objects.select_related("payment").get(order_id=payload["order_id"])
    if passing.provider_that_passes_on(hold.payment.gateway) is None:
        return
    now = clock.now()
    passing_on.pass_on(hold_id=hold.pk, actor=SYSTEM, now=now)
    passing_on.plan_unfreezing(payment=hold.payment, now=now + UNFREEZE_WAIT)


def unfreeze_rest(payload: Payload) -> None:
    """A refund may have been the last that was to happen to a payment: what the provider still keeps may come free."""
    refund = Refund.objects.select_related("payment").get(pk=payload["refund_id"])
    if refund.payment is not None:
        passing_on.plan_unfreezing(payment=refund.payment, now=clock.now() + UNFREEZE_WAIT)


def take_back(payload: Payload) -> None:
    """The payer's bank has taken money that was passed on to the merchant: take back what he lacks."""
    taking_back.after_chargeback(chargeback_id=payload["chargeback_id"], now=clock.now())


def cool_off_after_login(payload: Payload) -> None:
    """A login on a new device in a new country, or after a journey nobody makes, moves no money out either."""
    event = LoginEvent.objects.get(pk=payload["event_id"])
    if event.user_id is not None and read_signals(event).holds_payouts:
        guarding.cool_off(user_id=event.user_id, since=event.at, now=clock.now())


def register_parcel(payload: Payload) -> None:
    """Tell the carrier to expect and report a parcel. Over the wire, so outside any transaction."""
    registration.register(shipment_id=UUID(payload["shipment_id"]))


def serve_waiting_codes(payload: Payload) -> None:
    """Keys have come into a pool: whoever has paid and waits for them is served."""
    codes.serve_waiting(variant_id=UUID(payload["variant_id"]), now=clock.now())


def take_waiting_pushes(payload: Payload) -> None:
    """A carrier's message can beat our own commit: what it said of parcels we did not know is taken in now."""
    pushes.retry_waiting(receive=fulfilment.tracking_received, now=clock.now())


def warn_of_release(payload: Payload) -> None:
    """Tell the buyer that money is about to move; only then does the warning count."""
    order = order_of(payload)
    row = Deadline.objects.filter(kind="escrow.release", subject=str(order.pk), done_at__isnull=True).first()
    if row is None or row.paused_at is not None or order.status != OrderStatus.DELIVERED or order.in_case:
        return
    soonest = clock.now() + timedelta(hours=rules_of(order.policy_id).min_notice_hours)
    due_at = max(row.due_at, soonest)
    tell_buyer(
        order,
        "escrow.release_soon",
        lambda: (
            _("%(amount)s is about to be paid to the merchant") % {"amount": order.total},
            _(
                "Order %(number)s: on %(when)s your %(amount)s is paid to %(store)s by itself. If anything is wrong "
                "with what you received, say so before then: extend the time or ask for after-sale."
            )
            % {"number": order.number, "when": when(due_at), "amount": order.total, "store": order.store.display_name},
        ),
        key=f"{payload['hours']}:{row.pk}",
        sms=True,
    )
    release.warned(order_id=order.pk, now=clock.now())


def drop_files(payload: Payload) -> None:
    """The files of papers that were purged or taken back: without their keys they are noise, and now nothing at all."""
    documents.drop_files(payload["paths"])
