"""Refusals of the money core."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class LedgerError(DomainError):
    """A transfer that the books refuse. Nothing of the call is posted."""

    code = "ledger"


class AlreadyPosted(LedgerError):
    code = "already_posted"
    default_message = _("This movement of money is already in the books.")


class KeyTaken(LedgerError):
    """The same key stands in the books for another movement: a programming error, shown as a refusal."""

    code = "key_taken"
    default_message = _("A different movement of money is in the books under this number. Staff have to look at it.")


class Overdrawn(LedgerError):
    code = "overdrawn"
    default_message = _("The balance is not enough for that.")


class WrongCurrency(LedgerError):
    code = "wrong_currency"
    default_message = _("The accounts are in different currencies.")


class UnknownAccount(LedgerError):
    code = "unknown_account"
    default_message = _("There is no such account.")


class HoldMoved(DomainError):
    """The held money is no longer where this act needs it."""

    code = "hold_moved"
    default_message = _("The held money has already moved or is frozen. Reload the page to see where it is now.")


class TooMuch(DomainError):
    code = "too_much"
    default_message = _("That is more than is still held.")


class MoreThanReleased(DomainError):
    code = "more_than_released"
    default_message = _("That is nothing, or more than the merchant still has of this order.")


class ChargebackOpen(DomainError):
    code = "chargeback_open"
    default_message = _(
        "The payer's bank has taken this payment back and has not decided yet. Until then nothing of it is refunded or "
        "released."
    )


class PaymentNotOpen(DomainError):
    code = "payment_not_open"
    default_message = _("This payment is no longer open: it has been paid or was closed.")


class CannotBeHeld(DomainError):
    """The payment provider could not keep the promise that is made to the buyer."""

    code = "cannot_be_held"
    default_message = _("Our payment provider cannot hold this money as long as we promise to, so we do not take it.")


class NobodyTakesMoney(DomainError):
    code = "nobody_takes_money"
    default_message = _("Paying is not possible here at the moment.")


class NoSuchCurrency(DomainError):
    code = "no_such_currency"
    default_message = _("Our payment provider does not take this currency.")


class NotThisAmount(DomainError):
    code = "not_this_amount"
    default_message = _("The money that arrived is not the amount that was asked for.")


class NotParked(DomainError):
    code = "not_parked"
    default_message = _("This money is no longer parked: it has been settled.")


class NotApplicable(DomainError):
    """Parked money that cannot be given to its order. The words say why."""

    code = "not_applicable"
    default_message = _("This money cannot be given to its order. Send it back.")


class BadAdjustment(DomainError):
    code = "bad_adjustment"
    status = 400
    default_message = _("Please check the correction.")


class NeedsAnother(DomainError):
    code = "needs_another"
    default_message = _("Whoever has proposed a correction cannot sign it: another person has to.")


class AlreadyDecided(DomainError):
    code = "already_decided"
    default_message = _("This correction has been signed or refused already.")


class NotFailed(DomainError):
    code = "not_failed"
    default_message = _("Only a refund that has failed can be tried again.")


class FourEyes(DomainError):
    """Who asked for a payout, or would receive it, does not approve it."""

    code = "four_eyes"
    status = 403
    default_message = _("Somebody else has to approve this payout: whoever prepared it or receives it may not.")


class NeedsReason(DomainError):
    code = "needs_reason"
    status = 400
    default_message = _("Please say why in a few words.")


class PayoutsRun(DomainError):
    code = "payouts_run"
    default_message = _("Payouts are not stopped.")


class BooksDisagree(DomainError):
    code = "books_disagree"
    default_message = _("The books do not agree yet, so payouts stay stopped.")


class CustodyShort(DomainError):
    code = "custody_short"
    default_message = _(
        "What lies at the payment providers does not cover what is owed. While that is so, one person gives the reason "
        "and another agrees before payouts leave again."
    )


class CustodyCovered(DomainError):
    code = "custody_covered"
    default_message = _("Nothing is missing any more: one person is enough to let payouts leave again.")


class LiftAsked(DomainError):
    code = "lift_asked"
    default_message = _("Somebody has asked for this already; agree with him or refuse it.")


class LiftNotAsked(DomainError):
    code = "lift_not_asked"
    default_message = _("Nobody asks to let payouts leave again, or it has been refused.")


class LiftNeedsAnother(DomainError):
    code = "lift_needs_another"
    status = 403
    default_message = _("Whoever asks to let payouts leave cannot agree to it: another person has to.")


class ShortageGrew(DomainError):
    code = "shortage_grew"
    default_message = _("More is missing now than when this was asked for. Look again, and ask anew.")


class BelowCreditLine(DomainError):
    code = "below_credit_line"
    default_message = _("The store's balance is already lower than this credit line would allow.")


class BadTerms(DomainError):
    code = "bad_terms"
    status = 400
    default_message = _("The reserve is 0 to 100 per cent of at most 365 days, the credit line an amount.")


class BadPayoutAccount(DomainError):
    code = "bad_payout_account"
    status = 400
    default_message = _("Please check the bank account.")


class AccountChanged(DomainError):
    code = "payout_account_changed"
    default_message = _("The account was changed at the same moment. Look at what stands there now.")


class TicketClosed(DomainError):
    code = "ticket_closed"
    default_message = _("This difference has been explained already.")


class TicketTaken(DomainError):
    code = "ticket_taken"
    default_message = _("A colleague is working on this difference. Take it over first if that is agreed.")


class NoExplanation(DomainError):
    code = "no_explanation"
    status = 400
    default_message = _("Say in a few words what the difference turned out to be.")


class NotAnArrival(DomainError):
    code = "not_an_arrival"
    default_message = _("Only money that came in and that nobody knows can be set aside.")


class NotByHand(DomainError):
    code = "not_by_hand"
    default_message = _("This transfer is not waiting to be made by hand.")


class MoreThanRefundable(DomainError):
    code = "more_than_refundable"
    default_message = _("That is more than was paid and can still go back by this payment.")


class MadeGoodAlready(DomainError):
    code = "made_good_already"


class TooMuchInOne(DomainError):
    code = "too_much_for_one_incident"
    default_message = _("That would be more than may be made good in one incident.")


class DecidedMeanwhile(DomainError):
    code = "decided_meanwhile"
    default_message = _("Somebody has decided something here meanwhile. Look again before you pay.")


class CompensationWaits(DomainError):
    code = "compensation_waits"
    default_message = _("An amount still waits for a second person. Have it approved or refused first.")


class BadCompensation(DomainError):
    code = "bad_compensation"
    status = 400
    default_message = _("Please check what you entered.")
