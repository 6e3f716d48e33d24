"""Fields of the API. Input is strict: a number is a number, a text is a text, and nothing unknown is let pass."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.errors import Invalid
from core.money import MAX_MINOR, Money

MOST_NAMED = 10


class Strict(serializers.Serializer[Any]):
    """A body in which every field is known; the unknown ones are named."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                names = [str(name).encode("ascii", "replace").decode()[:60] for name in unknown[:MOST_NAMED]]
                raise serializers.ValidationError({name: [_("There is no such field.")] for name in names})
        return super().to_internal_value(data)


class Nothing(Strict):
    """An empty body."""


class Whole(serializers.IntegerField):
    """A whole number as JSON writes one: not a text, not true, not 1.0."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A text; a number is none."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    """true or false, nothing that looks like it."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Choice(serializers.ChoiceField):
    """One of some texts."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=str(data)[:60])
        if data not in self.choices:
            self.fail("invalid_choice", input=data.encode("ascii", "replace").decode()[:60])
        return super().to_internal_value(data)


class At(serializers.DateTimeField):
    """An instant in UTC, wherever the reader is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)


class Id(serializers.UUIDField):
    """An id as we give it: a UUID in a text."""

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str) or len(data) > 36:
            self.fail("invalid", value="")
        found: UUID = super().to_internal_value(data)
        return found


class MoneySerializer(serializers.Serializer[Money]):
    """``{"minor": 12800, "currency": "CNY"}``: whole minor units. On an account, what leaves it is negative."""

    minor = serializers.IntegerField()
    currency = serializers.CharField(max_length=3)


class MoneyInput(Strict):
    """An amount of money in whole minor units."""

    minor = Whole(min_value=0, max_value=MAX_MINOR)
    currency = Text(min_length=3, max_length=3)

    def to_internal_value(self, data: Any) -> Money:
        said = super().to_internal_value(data)
        return Money(said["minor"], said["currency"])


def same_currency(amount: Money | None, currency: str, *, field: str = "amount") -> None:
    """
    Refuse an amount in another currency than the deal's: its digits would be taken for ours.

    :raises Invalid: naming the field
    """
    if amount is not None and amount.currency != currency:
        raise Invalid(fields={f"{field}.currency": _("Another currency than that of the order.")})
