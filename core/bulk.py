"""
Many rows at once.

Django writes a place into the SQL for every value of a list: five hundred orders make a statement of kilobytes, and
putting it together costs more than carrying it out. ``__among`` hands the whole list over as one value, and
``Inserts`` adds any number of rows with one short statement. Both databases, the same rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, ForeignObject, JSONField, Lookup, Model


@ForeignObject.register_lookup
@Field.register_lookup
class Among(Lookup):  # type: ignore[type-arg]
    """``field__among=[…]`` is ``field__in=[…]`` with one parameter, whatever the length."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        field: Any = self.lhs.output_field
        field = getattr(field, "target_field", field)
        values = [field.get_prep_value(value) for value in self.rhs]
        if connection.vendor == "postgresql":
            return f"{left} = ANY(%s::{field.db_type(connection)}[])", (*params, array(values))
        texts = json.dumps([field.get_db_prep_value(value, connection, prepared=True) for value in values])
        return f"{left} IN (SELECT value FROM json_each(%s))", (*params, texts)  # noqa: S608


class Inserts:
    """
    Adds rows to one table, some columns the same in all of them. Make it at module level.

    ``varying``: the columns that differ; what is named neither there nor in ``same`` gets its field's default.
    """

    def __init__(self, model: type[Model], *, varying: Sequence[str]) -> None:
        self._model, self._varying = model, tuple(varying)
        fields = {field.attname: field for field in model._meta.concrete_fields if not field.primary_key}
        self._several = [fields[name] for name in self._varying]
        self._once = [field for name, field in fields.items() if name not in self._varying]

    def add(self, rows: Sequence[Sequence[Any]], *, same: Mapping[str, Any]) -> None:
        """
        Write one row for each of ``rows``, whose values stand in the order of ``varying``.

        :raises IntegrityError: if a constraint forbids one of them; then none is written
        """
        if not rows:
            return
        constant = [
            field.get_db_prep_save(same[field.attname] if field.attname in same else field.get_default(), connection)
            for field in self._once
        ]
        body = self._postgres if connection.vendor == "postgresql" else self._one_by_one
        body(rows, constant)

    def _names(self) -> str:
        quote: Callable[[Any], str] = connection.ops.quote_name
        return ", ".join(quote(field.column) for field in (*self._once, *self._several))

    def _postgres(self, rows: Sequence[Sequence[Any]], constant: list[Any]) -> None:
        columns = [_column(field, values) for field, values in zip(self._several, zip(*rows, strict=True), strict=True)]
        lists = ", ".join(f"%s::{field.db_type(connection)}[]" for field in self._several)
        blanks = ", ".join(f"%s::{field.db_type(connection)}" for field in self._once)
        table = connection.ops.quote_name(self._model._meta.db_table)
        sql = f"INSERT INTO {table} ({self._names()}) SELECT {blanks}, v.* FROM unnest({lists}) AS v"  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(sql, [*constant, *columns])

    def _one_by_one(self, rows: Sequence[Sequence[Any]], constant: list[Any]) -> None:
        table = connection.ops.quote_name(self._model._meta.db_table)
        blanks = ", ".join(["%s"] * (len(constant) + len(self._several)))
        several = self._several
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {table} ({self._names()}) VALUES ({blanks})",  # noqa: S608
                [
                    (*constant, *(f.get_db_prep_save(v, connection) for f, v in zip(several, row, strict=True)))
                    for row in rows
                ],
            )


def array(values: Iterable[object]) -> str:
    """
    Values as PostgreSQL writes an array, to be cast: ``%s::uuid[]``.

    The driver would write each of them as an expression of its own, which the server then has to take apart again.
    """
    return "{" + ",".join(map(_element, values)) + "}"


_PLAIN = (UUID, int)


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, _PLAIN):
        return str(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def texts(values: Sequence[str]) -> str:
    """Texts as PostgreSQL writes an array; at once if nothing in them needs care, which is nearly always."""
    inside = '","'.join(values)
    if not values or "\\" in inside or inside.count('"') != 2 * (len(values) - 1):
        return array(values)
    return f'{{"{inside}"}}'


def ids(values: Iterable[object]) -> str:
    """Numbers or UUIDs, these also as texts, as PostgreSQL writes an array: nothing in them needs a quotation mark."""
    return "{" + ",".join(map(str, values)) + "}"


def one_of(values: Iterable[object], *, kind: str) -> tuple[str, str]:
    """
    A condition that a column has one of many values, in SQL for the present database, and its one parameter.

    ``kind`` is the type on PostgreSQL, which looks each value up in an index whatever the table's size: a sub-select's
    array seems short to it. On SQLite a ``uuid`` is a text without dashes.
    """
    if connection.vendor == "postgresql":
        return f"= ANY(ARRAY(SELECT unnest(%s::{kind}[])))", ids(values) if kind == "uuid" else array(values)
    texts = [UUID(str(value)).hex if kind == "uuid" else value for value in values]
    return "IN (SELECT value FROM json_each(%s))", json.dumps(texts)


def _column(field: Field[Any, Any], values: Iterable[Any]) -> str:
    if isinstance(field, JSONField):
        return array(json.dumps(value, cls=DjangoJSONEncoder) for value in values)
    return array(values)
