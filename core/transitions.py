"""State machines as data: tables of allowed moves, and the one function that makes a move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import Model, TextChoices

from core import audit
from core.actor import Actor
from core.errors import IllegalTransition
from core.prepared import Blank, Change

Table = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Machine:
    """One field's states: who waits in each, on which deadline, and the moves out of it."""

    name: str
    states: type[TextChoices]
    moves: Table
    # state → (owner, deadline kinds): who has to act, and what happens by itself if nobody does
    waits: Mapping[str, tuple[str, tuple[str, ...]]]


_machines: dict[str, Machine] = {}


def register(machine: Machine) -> Machine:
    """Make a machine known to ``advance()``, to the tests that walk all tables and to docs/processes.md."""
    _machines[machine.name] = machine
    return machine


def all_machines() -> dict[str, Machine]:
    return dict(_machines)


def allowed(machine: Machine, *, source: str, target: str) -> bool:
    return target in machine.moves.get(source, frozenset())


@lru_cache(maxsize=256)
def _move(model: type[Model], names: tuple[str, ...]) -> Change:
    """The compare-and-set of one table, with the columns that change beside the status."""
    columns = {name: Blank(name, model._meta.get_field(name)) for name in names}  # type: ignore[arg-type]
    rows = model._default_manager.filter(pk=Blank("pk"), status=Blank("source"))
    return Change(lambda: (rows, {"status": Blank("target"), **columns}))


def advance(
    row: Model,
    target: str,
    *,
    machine: Machine,
    actor: Actor,
    reason: str,
    facts: Mapping[str, Any] | None = None,
    **changes: Any,
) -> None:
    """
    Move ``row.status`` to ``target`` by compare-and-set, with ``changes`` to other columns, and audit it.

    :raises IllegalTransition: if the table has no such move, or another transaction made a move first
    """
    source = str(row.status)  # type: ignore[attr-defined]
    if not allowed(machine, source=source, target=target):
        raise IllegalTransition
    move = _move(type(row), tuple(changes))
    if not move.apply(pk=row.pk, source=source, target=target, **changes):
        raise IllegalTransition
    row.status = target  # type: ignore[attr-defined]
    for name, value in changes.items():
        setattr(row, name, value)
    audit.record(
        actor=actor,
        act=f"{machine.name}.{target}",
        subject_type=machine.name,
        subject=str(row.pk),
        reason=reason,
        facts={"from": source, **(facts or {})},
        order_id=row.pk if machine.name == "order" else getattr(row, "order_id", None),
    )
