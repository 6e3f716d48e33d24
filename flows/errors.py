"""Refusals of the stories."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError, Invalid


class NotShippedYet(DomainError):
    code = "not_shipped_yet"
    default_message = _("You can confirm receipt once the merchant has shipped.")


class AlreadyClosed(DomainError):
    code = "already_closed"
    default_message = _("This order is already closed; its money has moved. The running account shows where it went.")


class CaseIsOpen(DomainError):
    code = "case_open"
    default_message = _("An after-sale case is open for this order, so its money is frozen. Settle the case first.")


class NotOverdue(DomainError):
    code = "not_overdue"
    default_message = _(
        "The merchant still has time to ship. If you no longer want it, ask for a refund in an after-sale case."
    )


class AlreadyShipped(DomainError):
    code = "already_shipped"
    default_message = _("The parcel is already with the carrier. Open an after-sale case if something is wrong.")


class NoClock(DomainError):
    code = "no_clock"
    default_message = _("There is no inspection time running that could be extended.")


class ExtendedBefore(DomainError):
    code = "extended_before"
    default_message = _("You have already extended once. The merchant can grant you more time.")


class GrantsUsedUp(DomainError):
    code = "grants_used_up"
    default_message = _("More than that may not be given: the rules print how often and how many days in all.")


class PastProviderDeadline(DomainError):
    code = "past_provider_deadline"
    default_message = _(
        "The payment provider lets go of the money before that day, so the time cannot be made that long."
    )


class NotReleasedYet(DomainError):
    code = "not_released_yet"
    default_message = _("Only what has been released to the merchant can be given back this way.")


class AfterSaleOver(DomainError):
    code = "after_sale_over"
    default_message = _("The after-sale time of this order is over. The merchant may still give money back.")


class NoCodesYet(DomainError):
    code = "no_codes_yet"
    default_message = _("This order has no codes that could be opened.")


class NoCodeLeft(DomainError):
    code = "no_code_left"
    default_message = _("There is no other code for sale to put in its place. Hand in more, or refund the buyer.")


class ReasonNeeded(Invalid):
    code = "reason_needed"
    default_message = _("Say why, in at least ten characters: it is kept with your name and the time.")


class NothingToShip(DomainError):
    code = "nothing_to_ship"
    default_message = _("Codes are delivered by the payment itself; there is nothing to ship.")


class AddressNeeded(Invalid):
    code = "address_needed"
    default_message = _("Choose where the parcel should go.")

    def __init__(self) -> None:
        super().__init__(fields={"address": self.default_message})


class PaidMeanwhile(DomainError):
    code = "paid_meanwhile"
    default_message = _("The payment has just arrived, so the order was not cancelled.")


class TotalChanged(DomainError):
    code = "total_changed"
    default_message = _("Prices or stock have changed since you opened this page. Please check the new total.")


class NothingToBuy(DomainError):
    code = "nothing_to_buy"
    status = 400
    default_message = _("There is nothing in your cart to check out.")


class OwnGoods(DomainError):
    code = "own_goods"
    default_message = _("You cannot buy from a store that you own or work in.")


class CheckoutUsed(DomainError):
    code = "checkout_used"
    default_message = _(
        "This page has placed an order already; you find it among your orders. Nothing more was ordered now."
    )
