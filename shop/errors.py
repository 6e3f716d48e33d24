"""Refusals of the shop: carts, stock and orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.text import format_lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError, Forbidden, Invalid, NotFound, TooMany


@dataclass(frozen=True, slots=True)
class Shortage:
    """An item of which there is less than was wanted."""

    variant_id: UUID
    title: str
    wanted: int
    left: int


class OutOfStock(DomainError):
    """Somebody was faster; ``shortages`` says of what, and how much is left."""

    code = "out_of_stock"
    default_message = _("Somebody was faster: this is sold out.")

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        self.shortages = tuple(shortages)
        super().__init__()

    @property
    def message(self) -> str:
        return " ".join(_shortage_in_words(item) for item in self.shortages) or super().message


def _shortage_in_words(item: Shortage) -> str:
    if item.left <= 0:
        return gettext("“%(title)s” is sold out.") % {"title": item.title}
    words = ngettext("Only %(left)d of “%(title)s” is left.", "Only %(left)d of “%(title)s” are left.", item.left)
    return words % {"left": item.left, "title": item.title}


class BadQuantity(Invalid):
    code = "bad_quantity"
    default_message = _("The quantity must be a whole number from 1 to 999.")

    def __init__(self) -> None:
        super().__init__(fields={"quantity": self.default_message})


class NotForSale(DomainError):
    code = "not_for_sale"
    default_message = _("This item is no longer for sale.")


class StoreShut(NotForSale):
    code = "store_shut"
    default_message = _("This store is closed for now: nothing can be ordered there.")


class CartFull(DomainError):
    code = "cart_full"

    def __init__(self, *, limit: int) -> None:
        text = _("A cart holds at most {limit} different items. Check out or remove some first.")
        super().__init__(format_lazy(text, limit=limit))


class NotYourOrder(NotFound):
    """Somebody else's order looks like none at all."""

    code = "order_not_found"
    default_message = _("We cannot find this order among yours.")


class NoSuchProduct(NotFound):
    """Another store's listing looks like none at all."""

    code = "product_not_found"
    default_message = _("We cannot find this product in your store.")


class StaleListing(DomainError):
    code = "stale_listing"
    default_message = _(
        "This listing was changed elsewhere while you were writing. What you typed is still here: compare it with the"
        " listing as it is now, then save again to replace that."
    )


class StockMoved(DomainError):
    code = "stock_moved"

    def __init__(self, *, left: int) -> None:
        text = _("Pieces were sold while you were counting: {left} are left now. Count again, please.")
        super().__init__(format_lazy(text, left=left))


class NotReadyToList(DomainError):
    code = "not_ready_to_list"
    default_message = _("This product cannot go on sale yet.")


class TooManyPictures(Invalid):
    code = "too_many_pictures"

    def __init__(self, *, limit: int) -> None:
        super().__init__(format_lazy(_("A product has at most {limit} pictures."), limit=limit))


class NoSuchCoupon(NotFound):
    """A code that is none here, one of another store and one nobody may know of look alike."""

    code = "coupon_not_found"
    default_message = _("This store has no coupon with this code.")


class CouponRefused(DomainError):
    """A coupon that was chosen does not apply; the message says why."""

    code = "coupon_refused"

    def __init__(self, reason: str, *, coupon: str) -> None:
        self.coupon = coupon
        text = gettext("Coupon %(code)s does not apply. %(reason)s") % {"code": coupon, "reason": reason}
        super().__init__(text, fields={"coupons": text})


class TermsAreFixed(DomainError):
    code = "terms_are_fixed"
    default_message = _(
        "This coupon has started: people rely on its terms. End it and write another one to change them."
    )


class CodeTaken(Invalid):
    code = "code_taken"

    def __init__(self) -> None:
        super().__init__(fields={"code": _("Your store has a coupon with this code already.")})


class CouponsFull(DomainError):
    code = "coupons_full"

    def __init__(self, *, limit: int) -> None:
        text = _("A store has at most {limit} coupons that are not over. End one first.")
        super().__init__(format_lazy(text, limit=limit))


class StockIsCounted(Invalid):
    code = "stock_is_counted"
    default_message = _("The stock of codes is counted from the keys in the pool: hand in keys, or withdraw some.")


class NoSuchBatch(NotFound):
    """Another store's batch looks like none at all."""

    code = "batch_not_found"
    default_message = _("We cannot find this batch of codes in your store.")


class NoSuchKey(NotFound):
    code = "code_not_found"
    default_message = _("We cannot find this code among those of the order.")


class NothingHandedIn(Invalid):
    code = "no_codes"
    default_message = _("There is no code in it that could be sold. Nothing was taken in.")


class TooMuchText(Invalid):
    code = "too_many_codes"

    def __init__(self, *, lines: int) -> None:
        text = _("At most {lines} lines at once, please; hand in the rest as another batch.")
        super().__init__(format_lazy(text, lines=f"{lines:,}"))


class BadLines(Invalid):
    """Some lines cannot be taken; ``fields`` names each by its number. Nothing was taken in."""

    code = "bad_lines"
    default_message = _("Some lines cannot be taken, so nothing was taken in. Mend them, or leave them out.")


class SomebodyElses(DomainError):
    code = "key_taken"
    default_message = _("Somebody handed in one of these codes at this very moment. Nothing was taken in; check again.")


class NotYourPart(Forbidden):
    """Known to be of the store, but not for this."""

    code = "not_your_part"
    default_message = _("Your role in this store does not include this. One of its owners can change that.")


class TooManyKeys(DomainError):
    code = "too_many_keys"
    default_message = _("A store has at most ten keys at a time. Close one that is not used any more.")


class KeyNameTaken(Invalid):
    code = "key_name_taken"
    default_message = _("A key of this name works already. Choose another name, or close that one first.")

    def __init__(self) -> None:
        super().__init__(fields={"name": self.default_message})


class StoreNotApproved(DomainError):
    code = "store_not_approved"
    default_message = _("Products can be prepared now and go on sale once the store is approved.")


class PermitMissing(DomainError):
    code = "permit_missing"

    def __init__(self, *, permit: object) -> None:
        text = _("Goods of this category need a permit that we have seen and that is valid: {permit}.")
        super().__init__(format_lazy(text, permit=permit))


class BrandMissing(DomainError):
    code = "brand_missing"

    def __init__(self, *, brand: str) -> None:
        text = _("The brand {brand} is another’s: we have to have seen an authorisation that is valid.")
        where = _("Show us the authorisation under Documents.")
        super().__init__(format_lazy(text, brand=brand), fields={"brand": where})


class NoSuchPlace(Invalid):
    code = "no_such_place"
    default_message = _("This is not the address of a product or store here. Copy it from the address bar.")


class StepIncomplete(Invalid):
    code = "step_incomplete"


class LicenceTaken(Invalid):
    code = "licence_taken"
    default_message = _(
        "This licence number already belongs to another store here. One licence stands behind one store: check the"
        " number, or write to us if somebody else is using yours."
    )

    def __init__(self) -> None:
        super().__init__(fields={"licence_number": self.default_message})


class NotReadyToSubmit(DomainError):
    code = "not_ready_to_submit"
    default_message = _("Some steps are still to do. They are marked in the list.")


class NotEditable(DomainError):
    code = "not_editable"
    default_message = _("This lies with our reviewers or is decided; it cannot be changed now.")


class NotADocument(Invalid):
    code = "not_a_document"
    default_message = _("Send a PDF or a picture (JPEG, PNG, WebP) of the document.")


class TooManyDocuments(DomainError):
    code = "too_many_documents"
    default_message = _("There are too many documents already. Remove one that is not needed.")


class DateIsPast(Invalid):
    code = "date_is_past"
    default_message = _("This document has run out already. Send the renewed one.")

    def __init__(self) -> None:
        super().__init__(fields={"valid_until": self.default_message})


class TakenByOther(DomainError):
    code = "taken_by_other"
    default_message = _("Somebody else has taken this. Only who has taken it decides.")


class OwnStore(DomainError):
    code = "own_store"
    default_message = _("You own this store or work in it, so somebody else decides.")


class ReasonMissing(Invalid):
    code = "reason_missing"
    default_message = _("Give a reason: it is read by the merchant.")


class Undecided(DomainError):
    code = "undecided"
    default_message = _("Decide on every document first; what was sent back must be corrected before an approval.")


class NameDiffers(DomainError):
    code = "name_differs"
    default_message = _("The payout account is in another name than the licence or the identity card.")


class SecondPerson(DomainError):
    code = "second_person"
    default_message = _("Another person of the staff signs this; who has proposed it cannot.")


class CheckIsOpen(DomainError):
    code = "check_is_open"
    default_message = _("A check of this store is open already.")


class LastOwner(DomainError):
    code = "last_owner"
    default_message = _("A store keeps at least one owner. Make somebody else an owner first.")


class InvitationGone(DomainError):
    code = "invitation_gone"
    default_message = _("This invitation was answered, taken back or has run out. Ask for a new one.")


class NotForYou(NotFound):
    code = "invitation_not_for_you"
    default_message = _(
        "This invitation was sent to another phone or e-mail address. Sign in with the account that it was sent to."
    )


class TeamHeld(DomainError):
    code = "team_held"
    default_message = _("Nobody can join this store right now. Try the link again later, or ask whoever sent it.")


class AlreadyInTeam(DomainError):
    code = "already_in_team"
    default_message = _("This person is in the team already.")


class NobodyToWriteTo(DomainError):
    code = "nobody_to_write_to"
    default_message = _("No buyer of yours is meant by this, or all of them have muted your store's messages.")


class TooManyToWriteTo(DomainError):
    code = "too_many_to_write_to"
    default_message = _("These are more buyers than one message may go to. Choose a product or a shorter time.")


class TooManyMessages(TooMany):
    code = "too_many_mass_messages"


class StoreMayNotWrite(Forbidden):
    code = "store_may_not_write"
    default_message = _("Your store cannot write to many buyers now: it is not approved, or it is suspended.")


class AlreadyStopped(DomainError):
    code = "already_stopped"
    default_message = _("This message has gone out, or was stopped before.")
