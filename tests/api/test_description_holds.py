"""
What the description of the API says, it does: whatever is sent to whichever operation, by whomever, the answer has a
status the description names and the shape it gives, and none is a crash.

Inputs are made from the description itself: mostly such as it allows, with ids that exist; some bent on purpose.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openapi_schema_validator import OAS31Validator
from rest_framework.test import APIClient

from core import clock
from disputes.models import Case
from flows import aftersale
from logistics.models import Shipment
from shop.models import Store
from tests.api.people import client_of, system_of
from tests.factories.accounts import AddressFactory, MediatorFactory, UserFactory
from tests.stories import actor_of, delivered_order, fill_cart, open_case, paid_order, placed_order

EACH = 12
NAUGHTY = [
    "", " ", "0", "-1", "null", "１２", "\u202e", "a\x00b", "x" * 300, "'; drop table", "../../etc/passwd", "😀" * 20,
    "00000000-0000-0000-0000-000000000000", "{{7*7}}", "%00", "\ud800",
]  # fmt: skip
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), st.sampled_from(NAUGHTY),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.sampled_from(["a", "minor"]), st.integers(), max_size=2),
)  # fmt: skip


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    from drf_spectacular.generators import SchemaGenerator

    return SchemaGenerator().get_schema(public=True)  # type: ignore[no-any-return,no-untyped-call]


def operations(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, verbs in description["paths"].items():
        for verb, operation in verbs.items():
            if not path.endswith(("/schema/", "/docs/")):
                yield path, verb, operation


class World:
    """One shop with a deal in several states, and everybody who may come to its doors."""

    def __init__(self) -> None:
        self.order = delivered_order()
        store = Store.objects.get(pk=self.order.store_id)
        self.case = open_case(self.order)
        variant = self.order.lines.get().variant
        buyer = self.order.buyer
        others = [paid_order(buyer=buyer, variant=variant), placed_order(buyer=buyer, variant=variant)]
        quarrel = delivered_order(buyer=buyer, variant=variant)
        escalated: Case = open_case(quarrel)
        aftersale.refuse(case_id=escalated.pk, text="no", actor=actor_of(store.owner), now=clock.now())
        aftersale.escalate(case_id=escalated.pk, text="help", actor=actor_of(buyer), now=clock.now())
        free = delivered_order(buyer=buyer, variant=variant)
        line = fill_cart(buyer, variant).lines.get()
        self.clients = {
            "visitor": client_of(), "stranger": client_of(UserFactory()), "buyer": client_of(buyer),
            "merchant": client_of(store.owner), "system": system_of(store), "mediator": client_of(MediatorFactory()),
        }  # fmt: skip
        self.known = {
            "number": [self.order.number, free.number, *(order.number for order in others)],
            "case": [self.case.number, escalated.number],
            "id": [str(thing) for thing in (variant.pk, variant.product_id, line.pk, AddressFactory(user=buyer).pk)],
            "text": [
                "sandbox", f"TS{Shipment.objects.count():010d}", variant.product.category.slug, store.slug, "坏了",
                "13900139000", "lin@example.com", "330106", "CNY", "123456", "claim",
            ],
        }  # fmt: skip

        self.named = {  # what a caller who has read the answers before would send under these names
            "variant": [str(variant.pk)], "address": [str(AddressFactory(user=buyer).pk)], "carrier": ["sandbox"],
            "category": [variant.product.category.slug], "currency": ["CNY"], "district_code": ["330106"],
            "tracking_number": ["TS0000077777"], "phone": ["13900139000"], "email": ["lin@example.com"],
        }  # fmt: skip

    def ids(self) -> st.SearchStrategy[str]:
        return st.sampled_from(self.known["id"])


def values(schema: dict[str, Any], whole: dict[str, Any], world: World) -> st.SearchStrategy[Any]:
    """Values a schema allows."""
    if "$ref" in schema:
        return values(whole["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], whole, world)
    if "allOf" in schema:
        return values(schema["allOf"][0], whole, world)
    if "oneOf" in schema:
        return st.one_of(*(values(inner, whole, world) for inner in schema["oneOf"]))
    kind = schema.get("type")
    if isinstance(kind, list):
        return st.one_of(*(values({**schema, "type": one}, whole, world) for one in kind))
    if kind == "null":
        return st.none()
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if kind == "object":
        fields = {
            name: st.sampled_from(world.named[name]) if name in world.named else values(inner, whole, world)
            for name, inner in schema.get("properties", {}).items()
        }
        must = {name: fields[name] for name in fields if name in schema.get("required", ())}
        return st.fixed_dictionaries(must, optional={name: fields[name] for name in fields if name not in must})
    if kind == "array":
        return st.lists(values(schema["items"], whole, world), max_size=3)
    if kind == "integer":
        low = schema.get("minimum", 0)
        return st.one_of(st.integers(low, min(schema.get("maximum", 10**6), low + 200)), st.just(12_800))
    if kind == "boolean":
        return st.booleans()
    if schema.get("format") == "uuid":
        return world.ids()
    texts = st.one_of(st.sampled_from(world.known["text"]), st.text(max_size=12))
    return texts.map(lambda text: text[: schema.get("maxLength", 400)])


def likely(path: str) -> list[str]:
    """Who would ask for this."""
    if "/merchant/" in path:
        return ["merchant", "system"]
    if path.endswith(("/rule/", "/take/")):
        return ["mediator"]
    return ["merchant", "buyer"] if "/cases/" in path else ["buyer"]


def bent(good: Any, where: int, junk: Any) -> Any:
    """The same with one thing in it replaced, left out or added."""
    if not isinstance(good, dict) or not good:
        return junk
    name = sorted(good)[where % len(good)]
    if where % 3 == 0:
        return {key: value for key, value in good.items() if key != name}
    if where % 3 == 1 and isinstance(good[name], dict):
        return {**good, name: bent(good[name], where // 3, junk)}
    return {**good, name if where % 2 else "surprise": junk}


@st.composite
def requests(draw: Any, path: str, verb: str, operation: dict[str, Any], whole: dict[str, Any], world: World) -> Any:
    query: dict[str, Any] = {}
    for parameter in operation.get("parameters", ()):
        name, place = parameter["name"], parameter["in"]
        if place == "path":
            good = world.known["case" if path.startswith("/api/v1/cases/") else "number"]
            pool = world.ids() if parameter["schema"].get("format") == "uuid" else st.sampled_from(good)
            text = draw(st.one_of(pool, pool, pool, st.sampled_from([naughty for naughty in NAUGHTY if naughty])))
            path = path.replace(f"{{{name}}}", quote(text, safe="", errors="replace"))
        elif place == "query" and draw(st.booleans()):
            good_value = values(parameter["schema"], whole, world)
            query[name] = draw(st.one_of(good_value, good_value, st.sampled_from(NAUGHTY)))
    body = None
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if verb in ("post", "patch"):
        body = draw(values(content["schema"], whole, world)) if content else {}
        if draw(st.integers(0, 2)) == 0:
            body = bent(body, draw(st.integers(0, 50)), draw(JUNK))
    key = draw(st.one_of(st.none(), st.none(), st.sampled_from(["k1", "bad key", "é", "x" * 81]))) if body else None
    who = draw(st.one_of(st.sampled_from(likely(path)), st.sampled_from(likely(path) + sorted(world.clients))))
    return who, verb, path, query, body, key


def send(client: APIClient, verb: str, path: str, query: dict[str, Any], body: Any, key: str | None) -> Any:
    asked = "&".join(f"{name}={quote(str(value), errors='replace')}" for name, value in query.items())
    extra = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    content = json.dumps(body) if verb in ("post", "patch") else ""
    return client.generic(
        verb.upper(), f"{path}?{asked}" if asked else path, content, content_type="application/json", **extra
    )


def check(answer: Any, operation: dict[str, Any], whole: dict[str, Any], told: str) -> None:
    assert answer.status_code < 500, told
    documented = operation["responses"].get(str(answer.status_code))
    assert documented is not None, f"{told}: {answer.status_code} is not in the description: {answer.content[:300]!r}"
    content = documented.get("content", {}).get("application/json")
    if content is None:
        assert not answer.content, told
        return
    assert answer.headers["Content-Type"].startswith("application/json"), told
    shape = {**content["schema"], "components": whole["components"]}
    faults = [f"{list(fault.path)}: {fault.message}" for fault in OAS31Validator(shape).iter_errors(answer.json())]
    assert not faults, f"{told}: {faults[:3]}"


def holds(operation: dict[str, Any], whole: dict[str, Any], world: World, given_: Any, tried: dict[int, int]) -> None:
    """Try one operation, each time as if nothing had been tried before."""

    @settings(max_examples=EACH, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(request=given_)
    def once(request: Any) -> None:
        who, verb, address, query, body, key = request
        told = f"{verb.upper()} {address} {query} by {who}: {ascii(body)[:300]}"
        with transaction.atomic():
            answer = send(world.clients[who], verb, address, query, body, key)
            tried[answer.status_code] = tried.get(answer.status_code, 0) + 1
            transaction.set_rollback(True)
        check(answer, operation, whole, told)

    once()


@pytest.mark.django_db
def test_no_operation_crashes_and_every_answer_is_as_described(description, without_limits):
    world = World()
    tried: dict[int, int] = {}
    wrong = []
    for path, verb, operation in operations(description):
        try:
            holds(operation, description, world, requests(path, verb, operation, description, world), tried)
        except AssertionError as fault:
            wrong.append(str(fault))
    assert not wrong, "\n".join(wrong)
    assert {200, 201, 400, 401, 404, 409} <= set(tried), tried


@pytest.fixture
def without_limits(settings: Any) -> None:
    settings.API_RATES = dict.fromkeys(settings.API_RATES, "")
    settings.ACCOUNT_RATE_LIMITS = False
