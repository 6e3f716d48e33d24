"""One straight, hand-named history per app, and nothing left to migrate."""

import re

import pytest
from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.utils import translation

from tests.architecture.house import APPS

HAND_NAMED = re.compile(r"^\d{4}_[a-z0-9_]+$")


@pytest.fixture(scope="module")
def loader() -> MigrationLoader:
    return MigrationLoader(None)


def test_the_models_have_no_change_without_a_migration(loader):
    with translation.override(None):
        detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
        changes = detector.changes(graph=loader.graph)
    told = [
        f"{app}: {operation.describe()}" for app, found in changes.items() for m in found for operation in m.operations
    ]
    assert not told, "\n".join(told)


@pytest.mark.parametrize("label", [label for label in APPS if apps.is_installed(label)])
def test_a_history_is_one_line_named_by_hand(loader, label):
    own = sorted(name for app, name in loader.disk_migrations if app == label)
    if any(True for model in apps.get_app_config(label).get_models()):
        assert own, f"{label} has tables and no migrations"
        assert len(loader.graph.leaf_nodes(label)) == 1
    for name in own:
        assert HAND_NAMED.match(name), name
        assert "_auto_" not in name, f"{label}.{name} was named by the machine"
        children = [child for child in loader.graph.node_map[(label, name)].children if child.key[0] == label]
        assert len(children) <= 1, f"{label}.{name} has two successors"
    numbers = [int(name[:4]) for name in own]
    assert numbers == list(range(1, len(own) + 1))
