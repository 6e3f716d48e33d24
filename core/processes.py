"""docs/processes.md, drawn from the state tables so that it cannot disagree with them."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import translation

from core.transitions import Machine, all_machines

HEAD = """# Processes

Drawn from the state tables by `manage.py draw_processes`; a test fails when this page is stale. Waiting states name who
has to act, and the deadlines that act when nobody does.
"""


def page() -> str:
    """The whole page, in English, machines in the order of their names."""
    with translation.override("en"):
        return "\n".join([HEAD, *(part for _, machine in sorted(all_machines().items()) for part in _machine(machine))])


def _machine(machine: Machine) -> Iterator[str]:
    yield f"## {machine.name}\n"
    yield "```mermaid\nstateDiagram-v2"
    labels = dict(machine.states.choices)
    yield f"    [*] --> {next(iter(machine.states.values))}"
    for source in machine.states.values:
        for target in sorted(machine.moves.get(source, ())):
            yield f"    {source} --> {target}"
        if not machine.moves.get(source):
            yield f"    {source} --> [*]"
    yield "```\n"
    yield "| state | in words | waits for | deadlines |\n|---|---|---|---|"
    for state in machine.states.values:
        owner, kinds = machine.waits.get(state, ("–", ()))
        yield f"| {state} | {labels[state]} | {owner} | {', '.join(f'`{kind}`' for kind in kinds) or '–'} |"
    yield ""
