"""
The port to carriers, in our words.

Adapters translate and hold no tables; what a scan means for the parcel and the proof is decided once, in
``logistics.history``. An adapter never raises over a code it does not know: it marks the scan as not ``known``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol


class Unavailable(Exception):
    """No answer, or one that is no answer (HTML, half a body): it may pass, and says nothing about any parcel."""


class Refused(Exception):
    """The carrier says no; asking again will not help."""


class BadSignature(Exception):
    """A push that the carrier did not sign, or signed too long ago. Nothing of it may be kept."""


class Malformed(Exception):
    """Signed by the carrier, yet not in the form it promised."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One line of a parcel's history as the carrier tells it."""

    at: datetime  # aware
    raw_time: str
    tz_source: str  # explicit, account, place, assumed
    code: str
    status: str  # ShipmentStatus; unknown = says nothing about the state
    grade: str = ""  # what the code alone proves; texts may only lower it
    text: str = ""
    place: str = ""
    known: bool = True  # False: a code that no table of ours has
    at_pickup_point: bool = False  # collected there by the recipient himself: "locker" in its text is no doubt
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a carrier says of one parcel in one message or answer."""

    number: str
    scans: tuple[Scan, ...] = ()
    signed_by: str = ""
    destination_city: str = ""
    courier_phone: str = ""
    pickup_place: str = ""
    pickup_code: str = ""
    eta_from: date | None = None
    eta_to: date | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotFound:
    """The carrier has no record of this number yet: normal before the first scan."""

    number: str


@dataclass(frozen=True, slots=True)
class Error:
    """This one number could not be looked up; the others could."""

    number: str
    reason: str


Answer = Snapshot | NotFound | Error


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What can be asked of a carrier."""

    fetch: bool = False  # look-ups
    push: bool = False  # it tells us by itself
    register: bool = False  # it wants to be told of a parcel
    batch: int = 1  # numbers a look-up


class CarrierAdapter(Protocol):
    """What every carrier adapter offers."""

    name: str
    capabilities: Capabilities

    def fetch_many(self, numbers: Sequence[str]) -> list[Answer]:
        """
        Look parcels up.

        :raises Unavailable: if nothing can be said of any of them
        """

    def parse_push(self, *, raw_body: bytes, headers: Mapping[str, str], secret: str) -> list[Snapshot]:
        """
        Verify a message over its raw bytes, then read it.

        :raises BadSignature: before anything of it was read
        :raises Malformed: if it is signed and unreadable
        """

    def register(self, *, number: str, city: str) -> None:
        """
        Tell the carrier of a parcel that will be handed over; safe to repeat.

        :raises Unavailable: if it did not answer
        :raises Refused: if it will not have it
        """
