"""The proof of custody: everybody's hold is in it with its amount, the sum is right, and nothing can be hidden."""

from __future__ import annotations

import copy
import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

import verify
from core import clock
from core.actor import SYSTEM
from core.money import Money
from escrow import pretended
from escrow.gateways import gateway, use
from escrow.gateways.base import TellsBalance
from escrow.models import CustodyLeaf, CustodyNode, CustodyProof, Hold
from escrow.records import custody, notes
from escrow.records.sumtree import Peaks, Sum, SumTree, join
from escrow.services import holds
from flows import release
from flows.records import order_record
from tests import sandbox
from tests.factories.escrow import ScriptedGateway, held
from tests.stories import buyer_of, delivered_order, fresh, paid_order

ENGLISH = {"accept-language": "en"}
pytestmark = [pytest.mark.django_db, pytest.mark.money]


def prove(**ahead: int) -> CustodyProof:
    custody.prove(now=clock.now() + timedelta(**ahead))
    return CustodyProof.objects.latest("pk")


@pytest.mark.parametrize("count", [1, 2, 3, 255, 256, 257, 600])
def test_every_hold_is_in_the_tree_and_the_root_is_their_sum(count):
    """The holds are written as rows of leaves only: the tree's shape is what is in question."""
    proof = CustodyProof.objects.create(
        at=clock.now(), currency="CNY", holds=count, held_minor=0, root=b"", owed={}, balances=[], note=""
    )
    peaks, leaves, nodes = Peaks(), [Sum(n.to_bytes(32, "big"), n + 1) for n in range(count)], []
    for leaf in leaves:
        nodes += [
            CustodyNode(proof=proof, level=a, place=b, minor=c.minor, hash=c.hash) for a, b, c in peaks.append(leaf)
        ]
    CustodyNode.objects.bulk_create(nodes)
    CustodyLeaf.objects.bulk_create(
        CustodyLeaf(proof=proof, place=n, hold_id=n, minor=leaf.minor, hash=leaf.hash) for n, leaf in enumerate(leaves)
    )
    root = peaks.root()
    assert root.minor == sum(range(1, count + 1))
    assert SumTree(proof.pk).root(count) == root
    for place in {0, count // 2, count - 1}:
        path = SumTree(proof.pk).inclusion(place, count)
        assert verify.climb(tuple(leaves[place]), place, count, [tuple(p) for p in path], verify.join_sums) == root


def test_a_buyer_checks_that_his_own_hold_is_counted():
    mine, other = paid_order(), paid_order()
    proof = prove()
    assert proof.holds == 2 and proof.held == mine.total + other.total
    found = custody.proof_of(mine.pk)
    assert f"{mine.total_minor} CNY held, one of 2" in verify.check_custody(found, notes.verifier_keys())
    record = order_record(fresh(mine), now=clock.now())
    assert verify.check_record(record, notes.verifier_keys())["custody"] == found
    assert other.number not in json.dumps(found)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda proof: proof.update(minor="1"), "another amount"),
        (lambda proof: proof.update(order="2026000"), "not in the proof"),
        (lambda proof: proof["path"][0].update(minor="-1"), "negative"),
        (lambda proof: proof["path"][0].update(minor="0"), "not in the proof"),
        (lambda proof: proof.update(path=[]), "too short"),
        (lambda proof: proof.update(note=proof["note"].replace("\n2\n", "\n3\n")), "altered"),
    ],
)
def test_a_debt_that_is_hidden_is_found(change, name):
    mine, _ = paid_order(), paid_order()
    prove()
    found = copy.deepcopy(custody.proof_of(mine.pk))
    change(found)
    with pytest.raises(verify.Wrong, match=name):
        verify.check_custody(found, notes.verifier_keys())


def test_the_balance_is_asked_of_the_bank_and_covers_all_that_is_owed():
    done = delivered_order()
    release.confirm_receipt(order_id=done.pk, actor=buyer_of(done), now=clock.now())
    paid_order()
    proof = prove()
    assert proof.balances[0]["source"] == "sandbox" and proof.source == "sandbox"
    assert proof.balance.minor == Hold.objects.count() * done.total_minor
    assert proof.owed["merchants"] > 0 and proof.is_covered
    assert Money(proof.owed["holds"], "CNY") == proof.held
    assert not custody.proof_of(done.pk), "what is released is held no more"


def test_the_sandbox_bank_counts_every_arrival_in_its_own_currency():
    order = paid_order()
    sandbox.act(order.payment_id, "wrong_currency")
    bank = gateway("sandbox")
    assert isinstance(bank, TellsBalance)
    told = {currency: bank.balance(currency=currency).amount.minor for currency in ("CNY", "USD", "EUR")}
    assert told == {"CNY": order.total_minor, "USD": order.total_minor, "EUR": 0}


def test_a_provider_that_tells_nothing_leaves_our_own_word_and_the_proof_says_so():
    held(12_800)
    with use("sandbox", ScriptedGateway()):
        proof = prove()
    assert proof.source == "books" and proof.balance == Money(12_800)
    assert "balance sandbox 12800 books" in proof.note


def test_a_shortage_is_told_on_the_console(client):
    from core import alarms

    held(12_800)  # no charge at the bank: as if somebody had taken the money
    proof = prove()
    assert not proof.is_covered and proof.percent == "0.00"
    assert [alarm.name for alarm in alarms.ringing(clock.now())] == ["custody.short"]
    page = client.get("/custody/", headers=ENGLISH).content.decode()
    assert "Only 0.00 % is covered" in page and "This is a sandbox" in page


def test_a_provider_that_the_sandbox_plays_is_called_so_and_a_real_one_is_not(client, settings):
    paid_order()
    proof = prove()
    settings.PROVIDERS = {
        **settings.PROVIDERS,
        **pretended.shop_values(sandbox.bank, "alipay"),
        "stripe": {"api_base": "https://api.stripe.com"},
    }
    rows = [{**proof.balances[0], "provider": name, "source": "provider"} for name in ("alipay", "stripe")]
    values = {field.attname: getattr(proof, field.attname) for field in CustodyProof._meta.fields if field.name != "id"}
    CustodyProof.objects.create(**{**values, "balances": [*proof.balances, *rows]})
    page = client.get("/custody/", headers=ENGLISH).content.decode()
    assert page.count("says the pretended provider (sandbox)") == 1
    assert page.count("says the provider itself") == 1
    assert "Of Card, by Stripe they are not" in page


def test_what_has_not_moved_is_not_proved_again_within_the_hour_and_old_leaves_go():
    first = paid_order()
    old = prove()
    assert custody.prove(now=clock.now()) == 0
    paid_order()
    new = prove()
    assert new.pk != old.pk and set(CustodyLeaf.objects.values_list("proof", flat=True)) == {new.pk}
    assert prove(hours=2).pk != new.pk
    holds.refund(order_id=first.pk, actor=SYSTEM, reason="cancelled", now=clock.now())
    assert prove(hours=3).holds == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        CustodyProof.objects.filter(pk=old.pk).update(held_minor=1)


def test_without_a_key_nothing_is_proved(settings, client):
    settings.SIGNING_KEY = ""
    paid_order()
    assert custody.prove(now=clock.now()) == 0
    assert "No proof yet" in client.get("/custody/", headers=ENGLISH).content.decode()
    assert "no signing key" in client.get("/verify/", headers=ENGLISH).content.decode()


def test_sums_are_part_of_the_hash():
    a, b = Sum(b"a" * 32, 5), Sum(b"b" * 32, 7)
    assert join(a, b).hash != join(Sum(a.hash, 6), Sum(b.hash, 6)).hash
    assert connection.vendor in ("sqlite", "postgresql")
