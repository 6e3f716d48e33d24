"""Refusals of after-sale."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError, Invalid


class AmountTooHigh(Invalid):
    code = "amount_too_high"
    default_message = _("The amount must be more than nothing and no more than what is held for this order.")


class CannotWant(Invalid):
    code = "cannot_want"
    default_message = _("The goods have not been shipped yet, so only a refund is possible.")


class NotYourTurn(DomainError):
    code = "not_your_turn"
    default_message = _("That step is not possible now. Reload the page to see whose turn it is.")


class OfferChanged(DomainError):
    code = "offer_changed"
    default_message = _("The offer has changed since you opened this page. Nothing was agreed; please look again.")


class TooManyClaims(DomainError):
    code = "too_many_claims"
    default_message = _(
        "You have taken back two claims on this order. Write to us if something is still wrong with it."
    )


class GoodsGoBack(DomainError):
    code = "goods_go_back"
    default_message = _(
        "Your parcel is on its way back to the store. Taking the claim back now would leave the store with the goods "
        "and the money; call the platform instead."
    )


class TextNeeded(Invalid):
    code = "text_needed"
    default_message = _("Please say in a few words what happened.")


class AlreadyTaken(DomainError):
    code = "already_taken"
    default_message = _("Another mediator has taken this case.")


class OwnCase(DomainError):
    code = "own_case"
    status = 403
    default_message = _("You are a party to this case, so another mediator has to decide it.")
