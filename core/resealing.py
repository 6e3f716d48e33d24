"""
A new vault key takes the place of an old one, while the shop goes on.

Every sealed column of every model is found by looking, so none can be forgotten. A row is locked, read again, opened
and sealed for the same place with the first key of the ring; rows that have it already are passed by, which is why a
run that was broken off goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model, QuerySet

from core.sealed import VERSION, FileKeyField, SealedField, Unsealable, key_id_of, ring, seal, unseal

BATCH = 200


@dataclass(frozen=True, slots=True)
class Column:
    """A sealed column of a model."""

    model: type[Model]
    field: SealedField | FileKeyField

    def __str__(self) -> str:
        return f"{self.model._meta.label}.{self.field.attname}"

    def waiting(self, *, after: Any = None) -> QuerySet[Any]:
        """Rows that another key than the first has sealed, in the order of their ids."""
        name = connection.ops.quote_name(str(self.field.column))
        key = first_key()
        start = bytes([VERSION, len(key)]) + key.encode()
        # The column itself refuses every comparison; name and values are ours.
        rows = self.model._base_manager.extra(  # noqa: S610
            where=[f"{name} IS NOT NULL AND substr({name}, 1, %s) <> %s"], params=[len(start), start]
        ).order_by("pk")
        return rows if after is None else rows.filter(pk__gt=after)


@dataclass(slots=True)
class Tally:
    """How a column came out."""

    column: Column
    waiting: int
    done: int = 0
    broken: list[str] | None = None


def first_key() -> str:
    return next(iter(ring("field")))


def columns() -> list[Column]:
    """Every sealed column there is."""
    return [
        Column(model, field)
        for model in apps.get_models()
        if not model._meta.proxy
        for field in model._meta.local_fields
        if isinstance(field, SealedField | FileKeyField)
    ]


def reseal(column: Column, *, batch: int = BATCH) -> Iterator[Tally]:
    """Seal a column's rows with the first key, telling after each batch how far it is. Safe to break off and repeat."""
    tally = Tally(column, waiting=column.waiting().count(), broken=[])
    after: Any = None
    while keys := list(column.waiting(after=after).values_list("pk", flat=True)[:batch]):
        for key in keys:
            _reseal_row(column, key, tally)
        after = keys[-1]
        yield tally
    if not tally.waiting:
        yield tally


def _reseal_row(column: Column, key: Any, tally: Tally) -> None:
    """One short transaction a row: who works with it waits for a moment, and nothing of his is lost."""
    name, model = column.field.attname, column.model
    with transaction.atomic():
        row = model._base_manager.select_for_update().filter(pk=key).only("pk", name).first()
        blob = _blob(row, name)
        if row is None or blob is None or key_id_of(blob) == first_key():
            return  # gone or written anew meanwhile
        place = column.field.place_of(row)
        try:
            fresh = seal(unseal(blob, place=place), place=place)
        except Unsealable:
            tally.broken = [*(tally.broken or []), place]
            return
        model._base_manager.filter(pk=key).update(**{name: fresh})
    tally.done += 1


def _blob(row: Any, name: str) -> bytes | None:
    value = None if row is None else row.__dict__.get(name)
    return None if value is None else bytes(value)


def serves_indices() -> bool:
    """Whether the oldest key of the ring is also the one blind indices are made with."""
    return not settings.INDEX_KEY
