"""
The one table of event → reactions.

Each reaction may run twice and harm nothing: notices have a key, deadlines and refunds are guarded rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.outbox import Reaction
from flows import effects as do
from flows import tell_accounts as account
from flows import tell_codes as code
from flows import tell_compensation as good
from flows import tell_deal as deal
from flows import tell_disputes as case
from flows import tell_incidents as incident
from flows import tell_mass as mass
from flows import tell_money as money
from flows import tell_payouts as pay
from flows import tell_recovery as recovery
from flows import tell_reports as reports
from flows import tell_stores as shops
from flows import tell_vetting as vet

REACTIONS: Mapping[str, Sequence[Reaction]] = {
    "accounts.signed_in": (do.cool_off_after_login, account.member_signed_in),
    "accounts.sign_in_changed": (account.old_channel_changed,),
    "accounts.device_asks": (account.member_device_asks,),
    "accounts.device_stolen": (account.member_device_stolen,),
    "accounts.factor_changed": (account.member_factor_changed,),
    "accounts.password_old": (account.member_password_old,),
    "accounts.standing_changed": (account.member_standing,),
    "accounts.incident_opened": (incident.staff_opened, incident.member_opened),
    "accounts.incident_said": (incident.staff_said,),
    "accounts.incident_asked": (incident.member_asked,),
    "accounts.incident_waits": (incident.staff_waits,),
    "accounts.incident_closed": (incident.member_closed,),
    "accounts.unfreeze_asked": (incident.staff_unfreeze_asked,),
    "accounts.recovery_started": (recovery.owner_started,),
    "accounts.recovery_waits": (recovery.staff_waits,),
    "accounts.recovery_approved": (recovery.claimant_approved,),
    "accounts.recovery_refused": (recovery.claimant_refused,),
    "accounts.recovered": (recovery.owner_recovered,),
    "accounts.look_again": (account.staff_look_again,),
    "shop.placed": (deal.buyer_placed,),
    "shop.cancelled": (deal.buyer_cancelled,),
    "shop.halted": (deal.buyers_halted,),
    "escrow.held": (deal.merchant_to_ship, deal.buyer_held),
    "escrow.receipt_parked": (deal.buyer_wrong_money,),
    "escrow.release_soon": (do.warn_of_release,),
    "escrow.released": (do.pass_on, do.schedule_payout, deal.merchant_released, deal.buyer_released),
    "escrow.refunded": (do.unfreeze_rest,),
    "escrow.refund_done": (deal.buyer_refund_arrived,),
    "escrow.given_back": (money.buyer_given_back, money.merchant_given_back),
    "escrow.chargeback_opened": (do.take_back, money.merchant_charged_back, money.staff_charged_back),
    "escrow.chargeback_closed": (money.merchant_chargeback_over, money.staff_chargeback_over),
    "escrow.compensated": (do.pay_out_made_good, good.member_compensated),
    "escrow.compensation_waits": (good.staff_compensation_waits,),
    "escrow.payout_waits": (pay.staff_payout_waits,),
    "escrow.payout_refused": (pay.merchant_payout_refused,),
    "escrow.payout_done": (pay.merchant_paid_out,),
    "escrow.payout_failed": (pay.merchant_payout_failed,),
    "escrow.payout_returned": (pay.merchant_payout_returned,),
    "escrow.payout_account_set": (pay.merchant_payout_account,),
    "escrow.payout_account_old": (pay.merchant_payout_account_old,),
    "escrow.books_broken": (pay.staff_books_broken,),
    "escrow.custody_short": (pay.staff_custody_short,),
    "escrow.custody_covered": (pay.staff_custody_covered,),
    "escrow.lift_asked": (pay.staff_lift_asked,),
    "order.ship_soon": (deal.merchant_ship_soon,),
    "order.ship_late": (deal.merchant_ship_late, deal.buyer_ship_late),
    "order.refunded": (deal.buyer_refunded, deal.merchant_refunded),
    "order.codes_short": (code.serve_again,),
    "order.codes_delivered": (code.buyer_delivered,),
    "order.codes_late": (code.buyer_late, code.merchant_late, code.staff_late),
    "order.code_replaced": (code.buyer_replaced,),
    "shop.codes_added": (do.serve_waiting_codes,),
    "order.time_granted": (deal.buyer_time_granted,),
    "order.assumed_delivered": (deal.buyer_assumed_delivered,),
    "logistics.booked": (do.register_parcel, do.take_waiting_pushes, deal.buyer_booked),
    "logistics.progress": (deal.buyer_progress, deal.merchant_trouble, case.return_stalled),
    "logistics.uncollected": (deal.buyer_uncollected,),
    "disputes.opened": (case.opened,),
    "disputes.said": (case.said,),
    "disputes.offered": (case.offered,),
    "disputes.refused": (case.refused,),
    "disputes.escalated": (case.escalated,),
    "disputes.return_due": (case.return_due,),
    "disputes.sent_back": (do.register_parcel, do.take_waiting_pushes, case.sent_back),
    "disputes.arrived_back": (case.arrived_back,),
    "disputes.not_arrived": (case.not_arrived,),
    "disputes.resend_due": (case.resend_due,),
    "disputes.withdrawn": (case.withdrawn,),
    "disputes.agreed": (case.agreed,),
    "disputes.ruled": (case.ruled,),
    "disputes.overdue": (case.overdue,),
    "vetting.submitted": (vet.merchant_submitted, vet.staff_submitted),
    "vetting.returned": (vet.merchant_returned,),
    "vetting.approved": (vet.merchant_approved,),
    "vetting.refused": (vet.merchant_refused,),
    "vetting.unfinished": (vet.merchant_unfinished,),
    "vetting.lapsed": (vet.merchant_lapsed,),
    "vetting.review_late": (vet.staff_review_late,),
    "vetting.licence_clash": (vet.staff_licence_clash,),
    "vetting.renewal": (vet.staff_renewal,),
    "vetting.renewal_late": (vet.staff_renewal_late,),
    "vetting.document_accepted": (vet.merchant_document_accepted,),
    "vetting.document_returned": (vet.merchant_document_returned,),
    "vetting.document_ends": (vet.merchant_document_ends,),
    "vetting.document_waits": (vet.merchant_document_waits,),
    "vetting.document_expired": (vet.merchant_document_expired,),
    "vetting.check_due": (vet.staff_check_due,),
    "vetting.check_late": (vet.staff_check_late,),
    "vetting.suspended": (vet.merchant_suspended,),
    "vetting.reinstated": (vet.merchant_reinstated,),
    "vetting.still_suspended": (vet.staff_still_suspended,),
    "vetting.end_proposed": (vet.staff_end_proposed,),
    "vetting.ending": (vet.merchant_ending,),
    "vetting.ended": (vet.merchant_ended,),
    "store.key_made": (shops.owners_key_made,),
    "store.key_closed": (shops.owners_key_closed,),
    "store.mass_sent": (mass.owners_mass_sent, mass.buyers_mass_message),
    "store.mass_goes_on": (mass.buyers_mass_message,),
    "vetting.files_shredded": (do.drop_files,),
    "vetting.papers_purged": (vet.merchant_papers_purged,),
    "report.made": (reports.staff_reported,),
    "report.late": (reports.staff_report_late,),
    "report.answered": (reports.reporter_answered,),
    "team.invited": (vet.invitee_invited,),
    "team.joined": (vet.owners_joined,),
    "team.role": (vet.member_role,),
    "team.left": (vet.member_left,),
}
