"""Money: whole minor units and a currency, nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError

# ISO 4217 exponents that differ from two.
EXPONENTS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3),
}
# Where a provider's API counts otherwise (docs.stripe.com/currencies: ISK and UGX have lost their decimals and keep
# two in the API for old callers' sake; MGA, whose unit is a fifth, has none there).
PROVIDER_EXPONENTS: Mapping[str, Mapping[str, int]] = {"stripe": {"ISK": 2, "UGX": 2, "MGA": 0}}
# What an amount in the provider's units must be a multiple of (same page: three decimals, of which the last is 0).
PROVIDER_STEPS: Mapping[str, Mapping[str, int]] = {
    "stripe": {"ISK": 100, "UGX": 100, **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 10)}
}
SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "HKD": "HK$", "JPY": "JP¥"}
MAX_MINOR = 10**13
_AMOUNT = re.compile(r"\A(\d{1,12})(?:\.(\d+))?\Z", re.ASCII)


class CurrencyMismatch(DomainError):
    code = "currency_mismatch"
    default_message = _("Two amounts are in different currencies.")


class BadAmount(DomainError):
    code = "bad_amount"
    status = 400
    default_message = _("Write the amount in plain digits, for example 128.00.")


def exponent(currency: str) -> int:
    """Number of decimal digits of the currency's minor unit."""
    return EXPONENTS.get(currency, 2)


def _shift(currency: str, provider: str) -> int:
    return PROVIDER_EXPONENTS.get(provider, {}).get(currency, exponent(currency)) - exponent(currency)


def _ten(power: int) -> int:
    return int(10**power) if power > 0 else 1


@dataclass(frozen=True, order=False, slots=True)
class Money:
    """An amount in whole minor units (fen, cents)."""

    minor: int
    currency: str = "CNY"

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __mul__(self, times: int) -> Money:
        return Money(self.minor * times, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.minor <= other.minor

    def __bool__(self) -> bool:
        return self.minor != 0

    @property
    def digits(self) -> str:
        """Amount without sign symbol or grouping, e.g. ``1280.00``; what a form field shows."""
        places = exponent(self.currency)
        sign = "-" if self.minor < 0 else ""
        whole, part = divmod(abs(self.minor), 10**places)
        return f"{sign}{whole}.{part:0{places}d}" if places else f"{sign}{whole}"

    def __str__(self) -> str:
        places = exponent(self.currency)
        whole, part = divmod(abs(self.minor), 10**places)
        body = f"{whole:,}.{part:0{places}d}" if places else f"{whole:,}"
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{SIGNS.get(self.currency, self.currency + ' ')}{body}"

    def format(self) -> str:
        """Human form, ``-¥1,280.00``: minus before the sign, half-width, grouped."""
        return str(self)

    def as_json(self) -> dict[str, int | str]:
        return {"minor": self.minor, "currency": self.currency}


def to_provider(amount: Money, *, provider: str) -> int:
    """
    An amount in the units of a provider's API.

    :raises BadAmount: if the provider cannot move exactly this amount
    """
    shift = _shift(amount.currency, provider)
    units, rest = divmod(amount.minor * _ten(shift), _ten(-shift))
    if rest or units % PROVIDER_STEPS.get(provider, {}).get(amount.currency, 1):
        raise BadAmount
    return units


def from_provider(units: int, *, currency: str, provider: str) -> Money:
    """
    An amount from a provider's API, which writes its currency in any case.

    :raises BadAmount: if it is no whole number of our units
    """
    code = currency.upper()
    shift = _shift(code, provider)
    minor, rest = divmod(units * _ten(-shift), _ten(shift))
    if rest:
        raise BadAmount
    return Money(minor, code)


def total(amounts: Iterable[Money], *, currency: str = "CNY") -> Money:
    """Sum of amounts of one currency; zero of ``currency`` when there are none."""
    result: Money | None = None
    for amount in amounts:
        result = amount if result is None else result + amount
    return result if result is not None else Money(0, currency)


def parse(text: str, *, currency: str = "CNY") -> Money:
    """
    Read what a person typed (``128``, ``128.5``, ``¥1,280.00``) as a non-negative amount.

    :raises BadAmount: for anything else: signs, exponents, full-width digits, too many decimals
    """
    cleaned = text.strip().removeprefix(SIGNS.get(currency, "")).replace(",", "").strip()
    match = _AMOUNT.match(cleaned)
    places = exponent(currency)
    if match is None or len(match[2] or "") > places:
        raise BadAmount
    minor = int(match[1]) * 10**places + int((match[2] or "").ljust(places, "0") or "0")
    if minor > MAX_MINOR:
        raise BadAmount
    return Money(minor, currency)


def share(minor: int, basis_points: int) -> int:
    """``minor × basis_points / 10000``, rounded half to even, in integers only."""
    quotient, rest = divmod(minor * basis_points, 10_000)
    if rest > 5_000 or (rest == 5_000 and quotient % 2):
        return quotient + 1
    return quotient


def apportion(minor: int, weights: list[int]) -> list[int]:
    """
    Split ``minor`` by weights so that the parts sum to the whole (largest remainder, first wins ties).

    :raises ValueError: if the weights are empty, negative or sum to nothing
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must be non-negative and sum to more than nothing")
    parts = [minor * weight // whole for weight in weights]
    by_rest = sorted(range(len(weights)), key=lambda i: (-(minor * weights[i] % whole), i))
    for index in by_rest[: minor - sum(parts)]:
        parts[index] += 1
    return parts
