"""The carriers the platform knows, and which a store has a contract with."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from logistics.errors import UnknownCarrier
from logistics.models import Carrier, StoreCarrier


@dataclass(frozen=True, slots=True)
class BuiltIn:
    code: str
    name: str
    name_en: str
    number_pattern: str
    promise_hours: int
    phone: str
    adapter: str = "manual"


BUILT_IN = (
    BuiltIn("sandbox", "踏实快递", "Tashi Express", r"[A-Z0-9][A-Z0-9-]{5,29}", 72, "", "sandbox"),
    BuiltIn("sf", "顺丰速运", "SF Express", r"SF\d{12,15}|\d{12}|\d{15}", 48, "95338"),
    BuiltIn("zto", "中通快递", "ZTO Express", r"\d{12,15}|7[358]\d{12}", 72, "95311"),
    BuiltIn("yto", "圆通速递", "YTO Express", r"YT\d{13,16}|[A-Z]?\d{10,18}", 72, "95554"),
    BuiltIn("sto", "申通快递", "STO Express", r"\d{12,16}", 72, "95543"),
    BuiltIn("yunda", "韵达快递", "Yunda Express", r"\d{13,16}", 72, "95546"),
    BuiltIn("jt", "极兔速递", "J&T Express", r"JT\d{13}|\d{12,15}", 72, "956025"),
    BuiltIn("ems", "邮政EMS", "China Post EMS", r"[A-Z]{2}\d{9}[A-Z]{2}|\d{13}", 72, "11183"),
    BuiltIn("jd", "京东物流", "JD Logistics", r"JD[A-Z]{0,2}\d{11,15}(-\d{1,3}-\d{1,3}-?)?", 48, "950616"),
)


@transaction.atomic
def ensure_carriers() -> list[Carrier]:
    """Write the built-in carriers that are missing; leave alone what staff have changed."""
    rows = []
    for item in BUILT_IN:
        defaults = {
            "name": item.name, "name_en": item.name_en, "number_pattern": item.number_pattern, "phone": item.phone,
            "promise_hours": item.promise_hours, "adapter": item.adapter, "push_token": secrets.token_urlsafe(32),
        }  # fmt: skip
        rows.append(Carrier.objects.get_or_create(code=item.code, defaults=defaults)[0])
    return rows


def carrier_by_code(code: str) -> Carrier:
    """:raises UnknownCarrier: if there is none that can be used"""
    carrier = Carrier.objects.filter(code=code, is_active=True).first()
    if carrier is None:
        raise UnknownCarrier
    return carrier


@transaction.atomic
def choose_carriers(*, store_id: UUID, codes: list[str], default: str = "") -> None:
    """
    Make these the store's contracted carriers, one of them its default.

    :raises UnknownCarrier: if one of them does not exist
    """
    found = {carrier.code: carrier for carrier in Carrier.objects.filter(code__in=codes, is_active=True)}
    if len(found) != len(set(codes)) or (default and default not in found):
        raise UnknownCarrier
    mine = StoreCarrier.objects.filter(store_id=store_id)
    mine.exclude(carrier__in=found.values()).delete()
    mine.update(is_default=False)
    preferred = default or (codes[0] if codes else "")
    for code, carrier in found.items():
        StoreCarrier.objects.update_or_create(
            store_id=store_id, carrier=carrier, defaults={"is_default": code == preferred}
        )
