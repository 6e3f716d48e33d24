"""The one table of deadline → handler. The sweep takes the kinds in this order: warnings before what they warn of."""

from __future__ import annotations

from accounts.services import qr
from core.deadlines import Kind
from escrow import handlers as escrow
from flows import (
    cancellation,
    chargebacks,
    codes,
    fulfilment,
    guarding,
    incidents,
    purchase,
    recovery,
    release,
    silence,
)
from flows import vetting_clocks as vetting
from shop.services import code_pool, coupon_terms

KINDS: tuple[Kind, ...] = (
    Kind("payment.poll", purchase.poll_due, 20),
    Kind("payment.close_ways", purchase.close_ways_due, 20),
    Kind("order.pay_by", cancellation.pay_by_due, 20),
    Kind("coupon.end", coupon_terms.end_due, 50),
    Kind("code.expire", code_pool.expire_due, 20),
    Kind("code.deliver_by", codes.late, 50),
    Kind("order.ship_reminder", cancellation.remind_to_ship, 200),
    Kind("order.ship_by", cancellation.ship_by_due, 200),
    Kind("order.never_shipped", cancellation.never_shipped_due, 50),
    Kind("tracking.poll", fulfilment.poll_due, 40),
    Kind("collect.reminder", fulfilment.remind_to_collect, 200),
    Kind("order.assume_delivered", fulfilment.assume_delivered, 50),
    Kind("case.answer_by", silence.answers_due, 50),
    Kind("case.escalate_by", silence.escalations_due, 50),
    Kind("case.return_by", silence.returns_due, 50),
    Kind("case.inspect_by", silence.inspections_due, 50),
    Kind("case.resend_by", silence.resends_due, 50),
    Kind("case.decide_by", silence.decisions_due, 50),
    Kind("escrow.warn", release.warn, 1000),
    Kind("escrow.release", release.release_due, 1000),
    Kind("chargeback.poll", chargebacks.poll_due, 20),
    Kind("receipt.return", escrow.return_receipts, 20),
    Kind("refund.send", escrow.send_refunds, 20),
    Kind("payouts.hold_over", escrow.end_payout_holds, 50),
    Kind("payout.due", escrow.pay_out_due, 20),
    Kind("payout.approve_by", escrow.remind_to_approve, 50),
    Kind("payout.send", escrow.send_payouts, 20),
    Kind("payout.watch", escrow.watch_payouts, 20),
    Kind("account.look_again", guarding.look_again_due, 200),
    Kind("incident.take_by", incidents.take_due, 50),
    Kind("incident.close_by", incidents.close_due, 50),
    Kind("incident.answer_by", incidents.answers_due, 50),
    Kind("recovery.wait", recovery.wait_due, 50),
    Kind("recovery.review_by", recovery.review_due, 50),
    Kind("recovery.link_by", recovery.link_due, 50),
    Kind("qr.expires", qr.expire_due, 200),
    Kind("reversal.send", escrow.send_reversals, 20),
    Kind("payment.unfreeze", escrow.unfreeze_payments, 20),
    Kind("application.remind", vetting.remind_to_apply, 50),
    Kind("application.review_by", vetting.review_is_late, 50),
    Kind("document.review_by", vetting.renewal_is_late, 50),
    Kind("document.remind", vetting.remind_of_document, 50),
    Kind("document.expires", vetting.expire_documents, 20),
    Kind("store.check", vetting.open_checks, 20),
    Kind("check.review_by", vetting.check_is_late, 50),
    Kind("store.look_again", vetting.look_again, 50),
    Kind("store.sign_end", vetting.remind_to_sign, 50),
    Kind("store.wind_up", vetting.wind_up, 10),
    Kind("invitation.expires", vetting.expire_invitations, 50),
)
