"""Refusals of the shipping desk that a person may read."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError, Invalid


class UnknownCarrier(Invalid):
    code = "unknown_carrier"
    default_message = _("We do not know this carrier. Choose one from the list.")


class CarrierNotContracted(Invalid):
    code = "carrier_not_contracted"
    default_message = _("Your store has no contract with this carrier. Add it in the store settings first.")


class BadTrackingNumber(Invalid):
    code = "bad_tracking_number"
    default_message = _("This does not look like a tracking number of this carrier. Please compare it with the label.")


class NumberTaken(DomainError):
    """Says nothing of whose parcel it is."""

    code = "tracking_number_taken"
    default_message = _(
        "This tracking number is already used for another order. Each parcel needs its own; please check the label."
    )


class AlreadyBooked(DomainError):
    code = "already_booked"
    default_message = _("This parcel is already booked for this order.")


class BadWeight(Invalid):
    code = "bad_weight"
    default_message = _("Enter the weight in whole grams, from 1 to 1,000,000.")


class TooManyPhotos(Invalid):
    code = "too_many_photos"
    default_message = _("At most six pack photos, please.")


class UnknownScan(Invalid):
    code = "unknown_scan"
    default_message = _("Choose what happened to the parcel from the list.")


class NotByHand(DomainError):
    code = "not_by_hand"
    default_message = _("This carrier reports its parcels itself. Scans cannot be entered by hand.")


class ScanInFuture(Invalid):
    code = "scan_in_future"
    default_message = _("A scan cannot lie in the future.")
