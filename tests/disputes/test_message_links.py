"""A merchant's link to a buyer: confirmed for these very words, spelled out, opened by the page that warns."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Notice, OutgoingMessage
from accounts.services import standing
from accounts.services.standing import AccountLimited
from accounts.services.step_up import Act, digest_of
from accounts.states import Standing
from core import clock
from core.actor import SYSTEM
from core.links import LinkNotHere, way_out
from core.models import AuditEntry
from disputes.models import Case, CaseEntry
from disputes.states import Remedy
from flows import aftersale
from shop.models import Store
from tests.accounts.proofs import confirm_page, prove
from tests.api.people import ask, client_of, system_of
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.stories import delivered_order, merchant_of, open_case, settle

pytestmark = pytest.mark.django_db
LINK = "https://maker.example.com/care"
TEXT = f"How to care for it: {LINK}."
ASKS = (403, 429)


@pytest.fixture
def case() -> Case:
    case = open_case(delivered_order())
    settle()
    return case


@pytest.fixture
def merchant(case):
    client = Client(headers={"accept-language": "en"})
    client.force_login(case.order.store.owner)
    return client


def reader(user=None):
    client = Client(headers={"accept-language": "en"})
    if user is not None:
        client.force_login(user)
    return client


def said(case):
    return CaseEntry.objects.filter(case=case, act="said")


def write(client, case, text=TEXT):
    return client.post(reverse("disputes:case-say", args=[case.number]), {"say-text": text})


def sent(case, text=TEXT) -> CaseEntry:
    aftersale.say(case_id=case.pk, text=text, actor=merchant_of(case.order), now=clock.now(), prove=lambda words: None)
    return said(case).latest("pk")


def leaving(client, entry, link=LINK):
    return client.get(reverse("shop:leaving"), {"to": way_out(f"case:{entry.pk}", link)})


def test_a_link_is_sent_after_a_proof_and_opens_by_the_page_that_warns(merchant, case):
    asked = write(merchant, case)
    assert asked.status_code == 403 and not said(case).exists()
    owner = case.order.store.owner
    assert confirm_page(merchant, asked, to=owner.phone).status_code == 302
    entry = said(case).get()
    assert entry.text == TEXT and entry.facts == {"links": [LINK]}
    html = reader(case.buyer).get(reverse("disputes:case", args=[case.number])).content.decode()
    way = re.search(r'href="(/leaving/\?to=[\w:%-]+)"[^>]*>maker\.example\.com<', html)
    assert way and f'href="{LINK}' not in html
    page = reader(case.buyer).get(way[1])
    assert page.status_code == 200 and f'href="{LINK}"' in page.content.decode()
    assert AuditEntry.objects.get(act="case.link").facts == {"links": [LINK]}


def test_words_without_a_link_ask_nothing_and_a_buyers_words_are_never_a_link(merchant, case):
    assert write(merchant, case, "I am sorry. It is 2.5 kg.").status_code == 302
    assert write(reader(case.buyer), case, f"See {LINK} and evil.com").status_code == 302
    assert not said(case).exclude(facts={}).exists()
    html = merchant.get(reverse("merchant:case", args=[case.number])).content.decode()
    assert "/leaving/" not in html and f'href="{LINK}' not in html


def test_a_proof_for_these_words_sends_no_others_and_in_no_other_case(merchant, case):
    owner = case.order.store.owner
    other = open_case(delivered_order(variant=case.order.lines.get().variant))
    prove(merchant, owner, Act("message_link", target=digest_of(case.pk, TEXT)))
    assert write(merchant, case, TEXT.replace("maker", "evil")).status_code in ASKS
    assert write(merchant, other).status_code in ASKS
    assert not CaseEntry.objects.filter(act="said").exists()
    assert write(merchant, case).status_code == 302
    assert write(merchant, case).status_code in ASKS, "the proof is spent"
    assert said(case).count() == 1


@pytest.mark.parametrize(
    "wrong",
    ["javascript:alert(1)", "data:text/html;x", "https://user:pw@evil.example.com/", "http://evil.example.com/",
     "https://127.0.0.1/", "evil.com", "https://a.com/\\@evil.com"],
)  # fmt: skip
def test_what_is_no_good_link_is_refused_in_words_before_anybody_is_asked(merchant, case, wrong):
    answer = write(merchant, case, f"See {wrong}")
    assert answer.status_code == 400 and answer.context["say_form"].errors
    assert not said(case).exists()


def test_a_name_in_another_script_reaches_the_buyer_as_it_is_asked_for(case):
    entry = sent(case, "Pay here: https://аpple.com/")
    assert entry.text == "Pay here: https://xn--pple-43d.com/"
    html = leaving(reader(case.buyer), entry, "https://xn--pple-43d.com/").content.decode()
    assert "xn--pple-43d.com" in html and "аpple" not in html and "Look twice" in html


def test_markup_around_a_link_stays_text(merchant, case):
    text = '<a href="https://maker.example.com/x">Your refund</a><script>alert(1)</script>'
    sent(case, text)
    html = reader(case.buyer).get(reverse("disputes:case", args=[case.number])).content.decode()
    assert "<script>alert(1)" not in html and 'href="https://maker' not in html
    assert "&lt;script&gt;alert(1)" in html


def test_offers_refusals_evidence_and_calls_lead_nobody_off_the_site(case):
    who = {"case_id": case.pk, "actor": merchant_of(case.order), "now": clock.now()}
    with pytest.raises(LinkNotHere):
        aftersale.offer(remedy=Remedy.REFUND, amount=None, text=TEXT, **who)
    with pytest.raises(LinkNotHere):
        aftersale.refuse(text=TEXT, **who)
    with pytest.raises(LinkNotHere):
        aftersale.add_evidence(file=None, shows=TEXT, **who)
    with pytest.raises(LinkNotHere):
        aftersale.escalate(text=TEXT, **who)
    with pytest.raises(LinkNotHere):
        aftersale.say(text=TEXT, **who)
    assert case.entries.count() == 1


def test_the_api_has_nobody_to_ask_so_it_sends_no_link(case):
    path = f"/cases/{case.number}/say/"
    owner, system = client_of(case.order.store.owner), system_of(case.order.store, role="support")
    refused = ask(owner, "post", path, {"text": TEXT}, idempotency_key="k1")
    assert refused.status == 400 and refused.data["code"] == "link_not_here"
    assert ask(system, "post", path, {"text": TEXT}, idempotency_key="k2").status == 403
    assert ask(owner, "post", path, {"text": "Sorry."}, idempotency_key="k3").status == 200


def test_a_limited_account_sends_no_link(case):
    owner = case.order.store.owner
    standing.change(user_id=owner.pk, to=Standing.LIMITED, actor=SYSTEM, reason="alarm", now=clock.now())
    with pytest.raises(AccountLimited):
        sent(case)


def test_only_who_sees_the_case_is_led_on(case):
    entry = sent(case)
    assert leaving(reader(case.buyer), entry).status_code == 200
    assert leaving(reader(case.order.store.owner), entry).status_code == 200
    assert leaving(reader(MediatorFactory()), entry).status_code in (200, 302)  # sets a second factor up first
    assert leaving(reader(UserFactory()), entry).status_code == 404
    assert leaving(reader(), entry).status_code == 404
    assert leaving(reader(case.buyer), entry, "https://evil.example.com/").status_code == 404
    opened = case.entries.get(act="opened")
    assert leaving(reader(case.buyer), opened).status_code == 404, "a line without links"
    for subject in ("case:0", "case:x", "case:99999999999999999999", "mass:x", "odd:1", "x"):
        page = reader(case.buyer).get(reverse("shop:leaving"), {"to": way_out(subject, LINK)})
        assert page.status_code == 404
    Store.objects.filter(pk=case.store_id).update(status="suspended", may_sell=False)
    assert leaving(reader(case.buyer), entry).status_code == 404


def test_no_letter_about_a_message_carries_its_link(case):
    sent(case)
    settle()
    assert Notice.objects.filter(user=case.buyer, kind="disputes.said").exists()
    assert not Notice.objects.filter(body__contains="maker.example").exists()
    assert not OutgoingMessage.objects.filter(body__contains="maker.example").exists()


def test_a_stranger_writes_in_no_case(case):
    assert write(reader(UserFactory()), case).status_code == 404
    assert not said(case).exists()
