"""After-sale over the API, from the claim to the last minor unit."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.services.step_up import ruling_act
from core.money import Money
from disputes.models import Evidence
from escrow.queries import books, hold_of
from tests.api.people import V1, ask, client_of, cny, proven_by
from tests.factories.accounts import MediatorFactory
from tests.stories import delivered_order, open_case, paid_order, sandbox_carrier

pytestmark = pytest.mark.django_db
REASONS = "The picture shows a crack that the listing did not name."


@pytest.fixture
def deal():
    order = delivered_order()
    return order, client_of(order.buyer), client_of(order.store.owner)


def claim(buyer, order, **change):
    body = {"ground": "not_as_described", "want": "refund", "text": "杯子有裂纹", **change}
    return ask(buyer, "post", f"/orders/{order.number}/cases/", body, idempotency_key="claim")


def act(client, case, name, body=None):
    return ask(client, "post", f"/cases/{case}/{name}/", body or {})


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "PNG")
    return out.getvalue()


def test_a_claim_freezes_and_a_counter_offer_settles(deal):
    order, buyer, merchant = deal
    opened = claim(buyer, order)
    assert opened.status == 201 and opened.data["you"] == "buyer" and opened.data["amount"] == cny(order.total_minor)
    assert hold_of(order.pk).status == "frozen"
    number = opened.data["number"]
    assert ask(buyer, "get", f"/orders/{order.number}/").data["case"] == number

    offered = act(merchant, number, "offers", {"remedy": "partial", "amount": cny(3_000), "text": "补偿"})
    assert offered.data["status"] == "offered" and offered.data["offers"][0]["amount"] == cny(3_000)
    refused = act(buyer, number, "refuse", {"text": "太少"})
    assert refused.data["status"] == "open" and refused.data["offers"][0]["status"] == "refused"
    act(merchant, number, "offers", {"remedy": "partial", "amount": cny(5_000)})
    stale = act(buyer, number, "accept", {"terms": offered.data["offers"][0]["id"]})
    assert stale.status == 409 and stale.data["code"] == "offer_changed"
    on_the_table = ask(buyer, "get", f"/cases/{number}/").data["offers"][-1]["id"]
    agreed = act(buyer, number, "accept", {"terms": on_the_table})
    assert agreed.data["status"] == "agreed" and agreed.data["held"] == cny(0) and agreed.data["clock"] is None
    money = ask(buyer, "get", f"/orders/{order.number}/money/").data["hold"]
    assert money["refunded"] == cny(5_000) and money["released"] == cny(order.total_minor - 5_000)
    assert books().balanced


def test_a_mediator_rules_to_the_minor_unit(deal):
    order, buyer, merchant = deal
    number = claim(buyer, order).data["number"]
    assert act(buyer, number, "escalate").data["code"] == "not_your_turn"
    assert act(merchant, number, "refuse", {"text": "发货时完好"}).data["status"] == "refused"
    assert act(buyer, number, "say", {"text": "请看照片"}).data["entries"][-1]["text"] == "请看照片"
    assert act(buyer, number, "escalate", {"text": "请平台判断"}).data["status"] == "mediation"
    mediator = client_of(MediatorFactory())
    refund = order.total_minor * 37 // 100
    body = {"refund": cny(refund), "fault": "merchant", "article": "3.1", "reasons": REASONS}
    for wrong in (
        {"refund": cny(order.total_minor + 1)}, {"refund": {"minor": 1, "currency": "USD"}}, {"fault": "nobody"},
        {"article": "9.9"}, {"reasons": "short"}, {"reasons": ""}, {"release": cny(1)},
    ):  # fmt: skip
        assert act(mediator, number, "rule", {**body, **wrong}).status == 400
    assert hold_of(order.pk).status == "frozen"
    asked = ask(mediator, "post", f"/cases/{number}/rule/", body, idempotency_key="r")
    assert (asked.status, asked.data["code"]) == (403, "step_up_needed") and hold_of(order.pk).status == "frozen"
    proof = proven_by(mediator, ruling_act(number, fault="merchant", refund=Money(refund)))
    ruled = ask(mediator, "post", f"/cases/{number}/rule/", body, idempotency_key="r", step_up_proof=proof)
    assert ruled.data["status"] == "ruled" and ruled.data["you"] == "platform"
    assert ruled.data["ruling"]["refund"] == cny(refund)
    assert ruled.data["ruling"]["release"] == cny(order.total_minor - refund)
    assert ask(mediator, "post", f"/cases/{number}/rule/", body, idempotency_key="r").data == ruled.data
    assert act(mediator, number, "rule", body).data["code"] == "not_your_turn"
    assert act(merchant, number, "say", {"text": "?"}).data["code"] == "already_closed"
    assert books().balanced


def test_goods_go_back_and_then_the_money(deal):
    order, buyer, merchant = deal
    sandbox_carrier(order.store_id)
    number = claim(buyer, order, want="return").data["number"]
    assert act(merchant, number, "accept", {"terms": "claim"}).data["status"] == "return_due"
    parcel = {"carrier": "sandbox", "tracking_number": "TS0000077777"}
    assert act(merchant, number, "send-back", parcel).data["code"] == "not_your_turn"
    assert act(buyer, number, "send-back", parcel).data["status"] == "return_sent"
    assert act(buyer, number, "goods-back").data["code"] == "not_your_turn"
    assert act(merchant, number, "goods-back").data["status"] == "agreed"
    assert hold_of(order.pk).status == "refunded" and books().balanced


def test_a_replacement_is_sent(deal):
    order, buyer, merchant = deal
    number = claim(buyer, order, want="resend").data["number"]
    assert act(merchant, number, "accept", {"terms": "claim"}).data["status"] == "resend_due"
    sent = act(merchant, number, "resend", {"carrier": "sandbox", "tracking_number": "TS0000088888"})
    assert sent.data["status"] == "agreed" and hold_of(order.pk).status == "held"


def test_a_claim_is_taken_back(deal):
    order, buyer, merchant = deal
    number = claim(buyer, order).data["number"]
    assert act(merchant, number, "withdraw").data["code"] == "not_your_turn"
    assert act(buyer, number, "withdraw").data["status"] == "withdrawn"
    assert hold_of(order.pk).status == "held"
    assert claim(client_of(order.buyer), order).headers["Idempotent-Replay"] == "true"


def test_before_shipping_only_money_can_be_wanted():
    order = paid_order()
    for want in ("return", "exchange", "resend"):
        assert claim(client_of(order.buyer), order, want=want).status in (400, 422)
        body = {"ground": "not_received", "want": want, "text": "?"}
        assert ask(client_of(order.buyer), "post", f"/orders/{order.number}/cases/", body).data["code"] == "cannot_want"


def test_pictures_are_evidence_and_what_is_no_picture_is_not(deal):
    order, buyer, merchant = deal
    number = open_case(order).number
    url = f"{V1}/cases/{number}/evidence/"
    added = buyer.post(url, {"shows": "裂纹", "file": SimpleUploadedFile("a.png", png())}, format="multipart")
    assert added.status_code == 201
    piece = added.json()["evidence"][0]
    assert piece["party"] == "buyer" and piece["shows"] == "裂纹" and len(piece["sha256"]) == 64
    assert buyer.get(piece["url"]).headers["Content-Type"] == "image/webp"
    said = ask(merchant, "post", f"/cases/{number}/evidence/", {"shows": "发货视频在平台"})
    assert said.status == 201 and said.data["evidence"][1]["url"] == ""
    for wrong in (
        {"shows": "x", "file": SimpleUploadedFile("a.png", b"no picture")}, {"shows": ""}, {"shows": "x" * 201},
        {"shows": "x", "more": "y"}, {"shows": "x", "file": SimpleUploadedFile("a.png", b"")},
    ):  # fmt: skip
        answer = buyer.post(url, wrong, format="multipart")
        assert answer.status_code == 400 and set(answer.json()) == {"code", "message", "fields"}
    huge = buyer.post(url, {"file": SimpleUploadedFile("a.png", b"x" * (12 * 2**20))}, format="multipart")
    assert huge.status_code == 413
    assert Evidence.objects.count() == 2


def test_a_second_claim_and_a_claim_on_a_closed_order_are_refused(deal):
    order, buyer, _merchant = deal
    number = claim(buyer, order).data["number"]
    body = {"ground": "not_received", "want": "refund", "text": "?"}
    assert ask(buyer, "post", f"/orders/{order.number}/cases/", body).data["code"] == "case_open"
    assert ask(buyer, "post", f"/orders/{order.number}/confirm/").data["code"] == "case_open"
    act(buyer, number, "withdraw")
    ask(buyer, "post", f"/orders/{order.number}/confirm/")
    assert ask(buyer, "post", f"/orders/{order.number}/cases/", body).data["code"] == "already_closed"
