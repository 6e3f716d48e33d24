"""The description of the API is valid, complete, and there for reading under the site's own policy."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.urls import URLResolver, get_resolver
from openapi_spec_validator import validate

from core.api import Door, NothingHere
from shop.api.merchant_door import MerchantDoor


@pytest.fixture(scope="module")
def schema():
    from drf_spectacular.generators import SchemaGenerator

    return SchemaGenerator().get_schema(public=True)


def api_doors(resolver: URLResolver, prefix: str = ""):
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from api_doors(pattern, path)
        elif path.startswith("api/v1/"):
            view = getattr(pattern.callback, "cls", object)
            if issubclass(view, Door) and view is not NothingHere:
                yield f"/{path}", pattern.callback


def operations(schema):
    for path, verbs in schema["paths"].items():
        for verb, operation in verbs.items():
            yield path, verb, operation


def test_the_description_is_valid_openapi(schema):
    validate(schema)


def test_the_generator_has_nothing_to_warn_of(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


def test_every_door_is_in_it(schema):
    found = list(api_doors(get_resolver()))
    assert len(found) > 25
    documented = {path.translate({ord(c): None for c in "{}"}) for path in schema["paths"]}
    for path, _view in found:
        plain = path.replace("<uuid:pk>", "id").replace("<int:pk>", "id").replace("<str:number>", "number")
        assert plain in documented, path


def test_every_operation_says_what_it_answers_and_refuses(schema):
    names = set()
    for path, verb, operation in operations(schema):
        if path in ("/api/v1/schema/", "/api/v1/docs/"):
            continue
        assert operation["operationId"] not in names
        names.add(operation["operationId"])
        codes = set(operation["responses"])
        assert codes & {"200", "201", "204"}, (path, verb)
        for code in codes - {"200", "201", "204"}:
            content = operation["responses"][code]["content"]["application/json"]["schema"]
            assert content == {"$ref": "#/components/schemas/Problem"}
        if not path.startswith(("/api/v1/products/", "/api/v1/regions/", "/api/v1/log/", "/api/v1/custody/")):
            assert {"401", "404"} <= codes, (path, verb)
        if verb in ("post", "patch"):
            assert {"400", "409"} <= codes
        assert operation["description"] and operation["tags"]


def test_what_moves_money_or_makes_orders_names_its_key(schema):
    keyed = {
        path for path, verb, op in operations(schema)
        if verb == "post" and "Idempotency-Key" in {p["name"] for p in op.get("parameters", ())}
    }  # fmt: skip
    assert {
        "/api/v1/checkout/", "/api/v1/merchant/payouts/", "/api/v1/orders/{number}/cancel/",
        "/api/v1/orders/{number}/confirm/", "/api/v1/orders/{number}/cases/", "/api/v1/cases/{number}/accept/",
        "/api/v1/cases/{number}/rule/", "/api/v1/cases/{number}/goods-back/",
        "/api/v1/merchant/orders/{number}/shipments/", "/api/v1/merchant/products/",
    } <= keyed  # fmt: skip


def test_a_token_opens_merchant_doors_alone():
    for path, view in api_doors(get_resolver()):
        is_merchant = path.startswith("/api/v1/merchant/")
        assert issubclass(view.cls, MerchantDoor) == is_merchant, path
        assert (view.guard == "merchant") == is_merchant, path


@pytest.mark.django_db
def test_the_page_needs_nothing_from_anybody_and_no_exception_from_the_policy(client):
    page = client.get("/api/v1/docs/", HTTP_ACCEPT="text/html")
    text = page.content.decode()
    assert page.status_code == 200
    assert "http://" not in text and "https://" not in text
    assert "<style" not in text and "style=" not in text
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    script = client.get("/api/v1/docs/?script=", HTTP_ACCEPT="*/*")
    assert script.status_code == 200 and script.headers["Content-Type"].startswith("application/javascript")
    assert '"validatorUrl": null' in script.content.decode()


@pytest.mark.django_db
def test_the_description_itself_is_served(client):
    answer = client.get("/api/v1/schema/?format=json")
    assert answer.status_code == 200
    assert answer.json()["info"]["title"] == "Tashi API"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["", "nothing/", "orders", "products/not-a-uuid/", "cases/x/appeal/", "orders/1/%00/"])
def test_unknown_addresses_answer_in_the_apis_words(client, path):
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 404
    assert answer.json() == {"code": "not_found", "message": answer.json()["message"], "fields": {}}
