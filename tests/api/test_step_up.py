"""Step-up over the API: 403 that says what to confirm, a question, its answer, and a proof for one act alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator

from accounts.api.step_up import PURPOSES_HERE
from accounts.models import Challenge
from accounts.purposes import PURPOSES
from accounts.services import challenges
from accounts.services.step_up import Act
from core import clock
from core.models import IdempotencyKey
from escrow.models import Payout, Refund
from escrow.queries import books
from flows.release import confirm_receipt
from tests.accounts.letters import code_to, wrong
from tests.accounts.test_factors import code_of, with_app
from tests.api.people import ask, client_of, cny, proven, proven_by, system_of
from tests.api.test_schema import api_doors, operations
from tests.api.test_sign_in import app, signed_in
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.escrow import payout_account
from tests.stories import actor_of, delivered_order, fresh

pytestmark = pytest.mark.django_db
GIVE = {"amount": cny(500), "reason": "scratch"}


@pytest.fixture
def order():
    made = delivered_order()
    confirm_receipt(order_id=made.pk, actor=actor_of(made.buyer), now=clock.now())
    return fresh(made)


@pytest.fixture
def owner(order):
    return client_of(order.store.owner)


def path(order):
    return f"/merchant/orders/{order.number}/refunds/"


def back(order, minor=500, currency="CNY"):
    return Act("payout", minor, currency, str(order.pk))


def wish(answer):
    """What a refusal tells to confirm, as the question wants it."""
    fields = answer.data["fields"]
    amount = {"minor": int(fields["amount.minor"]), "currency": fields["amount.currency"]}
    return {"purpose": fields["purpose"], "amount": amount, "target": fields["target"]}


def asked_here():
    return Challenge.objects.filter(purpose__in=PURPOSES_HERE)


def refused(answer):
    assert (answer.status, answer.data["code"]) == (403, "step_up_needed"), answer.data
    assert not Refund.objects.exists() and not Payout.objects.exists()
    return answer


# --- the whole way ----------------------------------------------------------------------------------------------------


def test_a_late_refund_says_what_to_confirm_and_goes_through_with_the_proof_of_it(order, owner):
    asked = refused(ask(owner, "post", path(order), GIVE, idempotency_key="b1"))
    assert "/api/v1/step-up/" in asked.data["message"] and "Step-Up-Proof" in asked.data["message"]
    assert asked.data["fields"] == {
        "purpose": "payout", "amount.minor": "500", "amount.currency": "CNY", "target": str(order.pk)
    }  # fmt: skip
    question = ask(owner, "post", "/step-up/", wish(asked))
    phone = order.store.owner.phone
    assert question.status == 201 and question.data["proof"] is None
    assert question.data["way"] == "sms_password" and question.data["wants"] == ["code", "password"]
    assert question.data["sent_to"].endswith(phone[-4:]) and phone not in question.data["sent_to"]
    answers = {"code": code_to(phone), "password": PASSWORD}
    given = ask(owner, "post", f"/step-up/{question.data['id']}/", answers)
    assert given.status == 200 and given.data["proof"]
    done = ask(owner, "post", path(order), GIVE, idempotency_key="b1", step_up_proof=given.data["proof"])
    assert done.status == 201 and done.data["amount"] == cny(500)
    again = ask(owner, "post", path(order), GIVE, idempotency_key="b1")
    assert again.data == done.data and again.headers["Idempotent-Replay"] == "true"
    assert Refund.objects.get().amount_minor == 500 and books().balanced


def test_a_person_in_an_app_proves_it_in_the_session_of_his_token(order):
    owner = order.store.owner
    client = app(signed_in(owner.phone))
    asked = refused(ask(client, "post", path(order), GIVE))
    question = ask(client, "post", "/step-up/", wish(asked))
    given = ask(
        client, "post", f"/step-up/{question.data['id']}/", {"code": code_to(owner.phone), "password": PASSWORD}
    )
    assert given.status == 200, given.data
    assert ask(client, "post", path(order), GIVE, step_up_proof=given.data["proof"]).status == 201


def test_a_way_without_a_message_is_answered_at_once(order, owner):
    with_app(order.store.owner)
    asked = ask(owner, "post", path(order), GIVE)
    given = ask(owner, "post", "/step-up/", {**wish(asked), "way": "totp", "code": code_of(order.store.owner)})
    assert given.status == 201 and given.data["proof"] and given.data["sent_to"] == ""
    assert ask(owner, "post", path(order), GIVE, step_up_proof=given.data["proof"]).status == 201


def test_a_stores_system_hands_on_what_the_maker_of_its_token_has_proven(order):
    system = system_of(order.store)
    refused(ask(system, "post", path(order), GIVE))
    proof = proven(order.store.owner, back(order))
    assert ask(system, "post", path(order), GIVE, step_up_proof=proof).status == 201


def test_a_payout_names_the_sum_that_would_leave_and_leaves_with_its_proof(order):
    payout_account(order.store_id)
    system = system_of(order.store)
    asked = refused(ask(system, "post", "/merchant/payouts/", {}, idempotency_key="p"))
    act = Act("payout", int(asked.data["fields"]["amount.minor"]), "CNY", str(order.store_id))
    assert asked.data["fields"]["target"] == str(order.store_id) and act.amount_minor > 0
    refused(ask(system, "post", "/merchant/payouts/", {}, step_up_proof=proven(order.store.owner, back(order))))
    done = ask(system, "post", "/merchant/payouts/", {}, idempotency_key="p",
               step_up_proof=proven(order.store.owner, act))  # fmt: skip
    assert done.status == 201 and done.data["amount"] == cny(act.amount_minor)
    assert books().balanced


# --- what is no proof -------------------------------------------------------------------------------------------------


def test_a_token_alone_never_satisfies_it(order):
    for client in (system_of(order.store), client_of(order.store.owner)):
        refused(ask(client, "post", path(order), GIVE))
    system = system_of(order.store)
    answer = ask(system, "post", "/step-up/", {"purpose": "payout", "amount": cny(500), "target": str(order.pk)})
    assert (answer.status, answer.data["code"]) == (403, "not_with_token"), "nor does it get a proof"
    assert not asked_here().exists()


@pytest.mark.parametrize("handed", ["", "x", "0" * 96, "é" * 20, "a" * 500])
def test_a_missing_or_made_up_proof_is_none(order, owner, handed):
    refused(ask(owner, "post", path(order), GIVE, **({"step_up_proof": handed} if handed else {})))


def test_the_id_of_a_question_is_no_proof_nor_is_one_that_is_not_answered(order, owner):
    asked = ask(owner, "post", path(order), GIVE)
    question = ask(owner, "post", "/step-up/", wish(asked)).data
    for handed in (question["id"], question["id"].replace("-", ""), question["id"].replace("-", "") + "0" * 64):
        refused(ask(owner, "post", path(order), GIVE, step_up_proof=handed))
    Challenge.objects.update(passed_at=clock.now())
    refused(ask(owner, "post", path(order), GIVE, step_up_proof=question["id"].replace("-", "") + "0" * 64))


def test_a_foreign_proof_is_none(order, owner):
    for handed in (
        proven(UserFactory(), back(order)),
        proven(UserFactory(), back(order), session_key=owner.session.session_key),
        proven(order.store.owner, back(order)),  # his own, of another session
    ):
        refused(ask(owner, "post", path(order), GIVE, step_up_proof=handed))
    other = proven(UserFactory(), back(order))
    refused(ask(system_of(order.store), "post", path(order), GIVE, step_up_proof=other))
    assert not Challenge.objects.filter(spent_at__isnull=False).exists(), "a refused act spends nothing"


def test_an_expired_proof_is_none(order, owner):
    proof = proven_by(owner, back(order))
    Challenge.objects.update(passed_at=clock.now() - timedelta(minutes=10, seconds=1))
    refused(ask(owner, "post", path(order), GIVE, step_up_proof=proof))
    Challenge.objects.update(passed_at=clock.now() - timedelta(minutes=9))
    assert ask(owner, "post", path(order), GIVE, step_up_proof=proof).status == 201


def test_a_proof_is_used_once(order, owner):
    proof = proven_by(owner, back(order))
    assert ask(owner, "post", path(order), GIVE, step_up_proof=proof).status == 201
    again = ask(owner, "post", path(order), GIVE, step_up_proof=proof)
    assert (again.status, again.data["code"]) == (403, "step_up_needed") and Refund.objects.count() == 1


@pytest.mark.parametrize("other", [
    {"minor": 501}, {"minor": 499}, {"currency": "USD"}, {"minor": None, "currency": ""}, {"target": "x"},
    {"target": ""}, {"purpose": "staff_money"}, {"purpose": "sealed_view"},
])  # fmt: skip
def test_a_proof_of_another_amount_target_or_purpose_is_none(order, owner, other):
    said = {"purpose": "payout", "minor": 500, "currency": "CNY", "target": str(order.pk), **other}
    act = Act(said["purpose"], said["minor"], said["currency"], said["target"])
    refused(ask(owner, "post", path(order), GIVE, step_up_proof=proven_by(owner, act)))


def test_an_act_that_is_refused_for_another_reason_leaves_the_proof(order, owner):
    act = back(order, 10**9)
    answer = ask(owner, "post", path(order), {"amount": cny(10**9)}, step_up_proof=proven_by(owner, act))
    assert answer.data["code"] == "more_than_released"
    assert asked_here().get().spent_at is None


def test_the_key_of_a_request_that_was_asked_for_a_proof_stays_free(order, owner):
    refused(ask(owner, "post", path(order), GIVE, idempotency_key="k"))
    assert not IdempotencyKey.objects.exists()


# --- the question -----------------------------------------------------------------------------------------------------


def test_wrong_answers_are_counted_and_end_the_question(order, owner):
    user = order.store.owner
    question = ask(owner, "post", "/step-up/", {"purpose": "payout", "amount": cny(500), "target": "t"}).data
    there = f"/step-up/{question['id']}/"
    code = code_to(user.phone)
    assert ask(owner, "post", there, {"code": code, "password": "guess"}).data["code"] == "wrong_password"
    for _time in range(4):
        assert ask(owner, "post", there, {"code": wrong(code), "password": PASSWORD}).data["code"] == "wrong_code"
    over = ask(owner, "post", there, {"code": code, "password": PASSWORD})
    assert (over.status, over.data["code"]) == (410, "challenge_over")


def test_a_question_is_of_its_own_session_and_answered_once(order, owner):
    user = order.store.owner
    question = ask(owner, "post", "/step-up/", {"purpose": "payout", "amount": cny(500), "target": "t"}).data
    there, answers = f"/step-up/{question['id']}/", {"code": code_to(user.phone), "password": PASSWORD}
    for other in (client_of(user), client_of(UserFactory())):
        assert ask(other, "post", there, answers).status == 404
    assert ask(owner, "post", there, answers).data["proof"]
    assert ask(owner, "post", there, answers).status == 410
    assert ask(client_of(), "post", there, answers).status == 401


def test_a_code_that_signs_in_answers_no_question_here(order, owner):
    """A new device's challenge is of no session, and its purpose is none that anybody confirms."""
    row = challenges.open_challenge(
        purpose="new_device", channel="sms", code="123456", user_id=order.store.owner.pk, now=clock.now()
    )
    assert ask(owner, "post", f"/step-up/{row.pk}/", {"code": "123456"}).status == 404


@pytest.mark.parametrize("said", [
    {}, {"purpose": "everything"}, {"purpose": "email"}, {"purpose": "payout", "amount": 500},
    {"purpose": "payout", "amount": cny(-1)}, {"purpose": "payout", "target": "x" * 201},
    {"purpose": "payout", "way": "passkey"}, {"purpose": "payout", "way": "sms"}, {"purpose": "payout", "to": "+8610"},
])  # fmt: skip
def test_what_makes_no_sense_is_400_and_sends_nothing(owner, said):
    assert ask(owner, "post", "/step-up/", said).status == 400
    assert not asked_here().exists()


def test_who_has_no_way_is_told_what_to_set_up():
    bare = client_of(UserFactory(password=None))
    answer = ask(bare, "post", "/step-up/", {"purpose": "payout", "amount": cny(1), "target": "t"})
    assert (answer.status, answer.data["code"]) == (403, "no_way_to_confirm")


def test_codes_are_not_sent_without_end(owner):
    body = {"purpose": "payout", "amount": cny(500), "target": "t"}
    assert ask(owner, "post", "/step-up/", body).status == 201
    assert ask(owner, "post", "/step-up/", body).status == 429


# --- every act --------------------------------------------------------------------------------------------------------

# Whatever changes something over the API and asks for no proof, and why it need not.
ASKS_NOTHING = {
    "auth": "signing in has its own proofs", "step-up": "is the question itself",
    "me": "name and language", "addresses": "the pages ask for none", "lines": "a cart", "coupons": "taken for later",
    "checkout": "is paid at the provider", "cancel": "unshipped; the money goes back as it came",
    "confirm": "the buyer's word, which the inspection time would give too", "extend": "keeps the money longer",
    "reveal": "is logged with its device; the pages ask for none", "evidence": "words", "say": "words",
    "cases": "keeps the money", "offers": "words until the other side agrees", "escalate": "keeps the money",
    "accept": "by both sides, of what is held", "refuse": "keeps the money", "withdraw": "one's own claim",
    "send-back": "a parcel", "goods-back": "a parcel; both have agreed", "resend": "a parcel", "take": "no money",
    "merchant/shipments": "a parcel", "merchant/products": "a draft", "merchant/codes": "into the pool alone",
}  # fmt: skip


def subject_of(where):
    parts = [part for part in where.removeprefix("/api/v1/").split("/") if part and not part.startswith("<")]
    if parts[0] == "auth":
        return "auth"
    return "/".join(dict.fromkeys(part for part in (parts[0], parts[-1]) if part == "merchant" or part == parts[-1]))


def test_every_act_of_the_api_asks_for_its_purpose_or_says_why_not():
    asking, silent = {}, set()
    for where, view in api_doors(get_resolver()):
        if not {"post", "patch", "put", "delete"} & set(dir(view.cls)):
            continue
        if view.cls.asks_proof:
            asking[subject_of(where)] = view.cls.asks_proof
        else:
            silent.add(subject_of(where))
    assert silent <= set(ASKS_NOTHING), "an act of which nobody has said whether it asks who is there"
    assert silent == set(ASKS_NOTHING), "said of an act that is not there"
    assert asking == {"merchant/refunds": "payout", "merchant/payouts": "payout", "rule": "staff_money"}
    assert set(asking.values()) == set(PURPOSES_HERE) <= set(PURPOSES)


def test_the_description_names_the_header_the_refusal_and_the_question():
    schema = SchemaGenerator().get_schema(public=True)
    told = {
        where for where, verb, op in operations(schema)
        if verb == "post" and "Step-Up-Proof" in {p["name"] for p in op.get("parameters", ())}
    }  # fmt: skip
    assert told == {
        "/api/v1/merchant/orders/{number}/refunds/",
        "/api/v1/merchant/payouts/",
        "/api/v1/cases/{number}/rule/",
    }
    for where in told:
        assert "403" in schema["paths"][where]["post"]["responses"]
    question = schema["paths"]["/api/v1/step-up/"]["post"]
    assert {"201", "400", "403", "410", "429"} <= set(question["responses"])
    answer = schema["paths"]["/api/v1/step-up/{id}/"]["post"]
    assert {"200", "400", "410"} <= set(answer["responses"])
