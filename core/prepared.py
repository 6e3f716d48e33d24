"""
Queries that are written once with the ORM, turned into SQL once per connection, and asked with ever new values.

Django builds the SQL of a query anew each time it is asked; for the short reads of a page that costs several times what
asking costs (``docs/performance.md``). A prepared query has blanks where values will stand:

    _BY_NUMBER = Prepared(lambda: Order.objects.select_related("store").filter(number=Blank("number")))
    order = _BY_NUMBER.first(number="26112200000012")

What comes back is what the queryset would give: instances with their related ones, or tuples of ``values_list()``.
``Insert`` does the same for rows that are only ever added, such as audit entries.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import AutoField, Expression, Field, Model, QuerySet, UUIDField
from django.db.models.query import ModelIterable, get_related_populators
from django.db.models.sql import UpdateQuery
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError

Row = TypeVar("Row")
_UUID = UUIDField()


class Blank(Expression):
    """
    A place in a query that is filled in when it is asked.

    ``column`` is the field it is compared with, found by the plan itself, or written to, which a change must name.
    """

    def __init__(self, name: str, column: Field[Any, Any] | None = None) -> None:
        super().__init__()
        self.name = name
        self.column = column

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [self]


class Prepared(Generic[Row]):
    """
    One query with blanks. Make it at module level: its plan is kept with each connection.

    ``prefetch_related`` is not possible: see :func:`hand_out`.
    """

    def __init__(self, build: Callable[[], QuerySet[Any, Row]]) -> None:
        self._build = build

    def all(self, **values: Any) -> list[Row]:
        """
        Ask, and give all rows.

        :raises KeyError: if a blank is left open
        :raises TransactionManagementError: if it locks rows outside a transaction
        """
        here = connections[DEFAULT_DB_ALIAS]  # this thread's own, not the proxy that all threads share
        plans: dict[Prepared[Any], _Plan] = here.__dict__.setdefault("_prepared_plans", {})
        plan = plans.get(self)
        if plan is None:
            plan = plans[self] = _Plan(self._build(), here)
        if plan.locks and not here.in_atomic_block:
            raise TransactionManagementError("a row can be locked only in a transaction")
        with here.cursor() as cursor:
            cursor.execute(plan.sql, [_filled(given, values, here) for given in plan.params])
            rows = cursor.fetchall()
        return plan.made_of(rows)

    def first(self, **values: Any) -> Row | None:
        """Ask, and give the first row; a query that may find many should be sliced where it is written."""
        rows = self.all(**values)
        return rows[0] if rows else None


class PreparedIn(Generic[Row]):
    """A query with a list among its values, prepared for each length. A key: ``store__id__in=blanks``."""

    def __init__(self, build: Callable[[list[Any]], QuerySet[Any, Row]]) -> None:
        self._build = build
        self._by_length: dict[int, Prepared[Row]] = {}

    def all(self, listed: Collection[Any]) -> list[Row]:
        """Ask, and give all rows; none for an empty list, without asking."""
        if not listed:
            return []
        length = len(listed)
        if length not in self._by_length:
            self._by_length[length] = Prepared(lambda: self._build(blanks(length)))
        return self._by_length[length].all(**named(listed))


def blanks(length: int) -> list[Any]:
    """As many places as a list is long; :func:`named` fills them."""
    return [Blank(f"listed{place}") for place in range(length)]


def named(listed: Iterable[Any]) -> dict[str, Any]:
    return {f"listed{place}": value for place, value in enumerate(listed)}


class Change:
    """An ``UPDATE`` with blanks: which rows, and what becomes of their columns."""

    def __init__(self, build: Callable[[], tuple[QuerySet[Any, Any], Mapping[str, Any]]]) -> None:
        self._build = build

    def apply(self, **values: Any) -> int:
        """
        Write, and give how many rows were there to be changed.

        :raises KeyError: if a blank is left open
        """
        here = connections[DEFAULT_DB_ALIAS]
        plans: dict[Change, tuple[str, Sequence[Any]]] = here.__dict__.setdefault("_prepared_changes", {})
        plan = plans.get(self)
        if plan is None:
            rows, changes = self._build()
            query: Any = rows.query.chain(UpdateQuery)
            query.add_update_values(changes)
            _know_columns(query.where)
            plan = plans[self] = query.get_compiler(connection=here).as_sql()
        sql, params = plan
        with here.cursor() as cursor:
            cursor.execute(sql, [_filled(given, values, here) for given in params])
            return int(cursor.rowcount)


def hand_out(parents: Iterable[Model], relation: str, rows: Iterable[Model], *, by: str) -> None:
    """Give each parent its rows of ``relation``, as ``prefetch_related`` would. ``by``: their key to it."""
    of: dict[Any, list[Model]] = {}
    for row in rows:
        of.setdefault(getattr(row, by), []).append(row)
    for parent in parents:
        related: Any = parent._meta.get_field(relation).related_model
        found = related._default_manager.all()
        found._result_cache, found._prefetch_done = of.get(parent.pk, []), True
        parent.__dict__.setdefault("_prefetched_objects_cache", {})[relation] = found


class Insert:
    """Adds rows to one table with a statement that is written once. No signal is sent, no instance is made."""

    def __init__(self, model: type[Model]) -> None:
        self._fields = [field for field in model._meta.concrete_fields if not isinstance(field, AutoField)]
        key = model._meta.pk
        assert key is not None
        quote: Callable[[Any], str] = connection.ops.quote_name
        names = ", ".join(quote(field.column) for field in self._fields)
        blanks = ", ".join(["%s"] * len(self._fields))
        table = quote(model._meta.db_table)
        self._sql = f"INSERT INTO {table} ({names}) VALUES ({blanks}) RETURNING {quote(key.column)}"  # noqa: S608

    def one(self, **values: Any) -> Any:
        """
        Write a row and give its key. What is not named gets the default of its column.

        :raises IntegrityError: if a constraint forbids it
        """
        given = [
            field.get_db_prep_save(
                values[field.attname] if field.attname in values else field.get_default(), connection
            )
            for field in self._fields
        ]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, given)
            return cursor.fetchone()[0]


class _Plan:
    """The SQL for one connection, and how its rows become what the queryset gives."""

    def __init__(self, rows: QuerySet[Any, Any], here: BaseDatabaseWrapper) -> None:
        assert not rows._prefetch_related_lookups, "a prepared query is one query"  # type: ignore[attr-defined]
        _know_columns(rows.query.where)
        self.compiler: SQLCompiler = rows.query.get_compiler(connection=here)
        self.sql, self.params = self.compiler.as_sql()
        self.locks = rows.query.select_for_update
        select = self.compiler.select[: self.compiler.col_count]
        self.converters = self.compiler.get_converters([column for column, *_ in select])
        self.is_model = rows._iterable_class is ModelIterable
        if self.is_model:
            info = self.compiler.klass_info
            places = info["select_fields"]
            self.model: type[Model] = info["model"]
            self.start, self.end = places[0], places[-1] + 1
            self.names = [column.target.attname for column, *_ in select[self.start : self.end]]
            self.relatives = get_related_populators(info, self.compiler.select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]  # stubs of Django 6
            self.extras = list((self.compiler.annotation_col_map or {}).items())

    def made_of(self, rows: Sequence[Any]) -> list[Any]:
        found = list(self.compiler.apply_converters(rows, self.converters)) if self.converters else rows
        if not self.is_model:
            return [tuple(row) for row in found]
        return [self._instance(row) for row in found]

    def _instance(self, row: Sequence[Any]) -> Model:
        one = self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.start : self.end])
        for relative in self.relatives:
            relative.populate(row, one)
        for name, place in self.extras:
            setattr(one, name, row[place])
        return one


def _know_columns(where: Any) -> None:
    """Let each blank write its value as the column it is compared with would: a text that is a UUID, for one."""
    for part in where.children:
        if hasattr(part, "children"):
            _know_columns(part)
            continue
        right = getattr(part, "rhs", None)
        for blank in right if isinstance(right, list | tuple) else [right]:
            if isinstance(blank, Blank) and blank.column is None:
                blank.column = part.lhs.output_field


def _filled(given: Any, values: dict[str, Any], here: BaseDatabaseWrapper) -> Any:
    """What stands in the SQL's place: a constant, or the value of a blank as this database writes it."""
    if not isinstance(given, Blank):
        return given
    value = values[given.name]
    if given.column is not None:
        return given.column.get_db_prep_save(value, here)
    if isinstance(value, UUID):
        return _UUID.get_db_prep_value(value, here)
    return here.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
