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


class PaymentNotOpen(DomainError):
    code = "payment_not_open"
    default_message = _("This payment is no longer open: it has been paid or was closed.")


class NotThisAmount(DomainError):
    code = "not_this_amount"
    default_message = _("The money that arrived is not the amount that was asked for.")


class NotParked(DomainError):
    code = "not_parked"
    default_message = _("This money is no longer parked: it has been settled.")


class NotFailed(DomainError):
    code = "not_failed"
    default_message = _("Only a refund that has failed can be tried again.")


class BadPayoutAccount(DomainError):
    code = "bad_payout_account"
    status = 400
    default_message = _("Please check the bank account.")


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
