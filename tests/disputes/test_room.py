"""The case room: who enters, what each may do, and that a refusal costs nothing."""

import pytest
from django.urls import reverse

from core import clock
from core.money import Money
from disputes.models import Case, CaseEntry, Evidence, Offer
from disputes.states import CaseStatus, Party, Remedy
from flows import aftersale
from tests.disputes.rooms import buyer, case_in_mediation, fresh, mediator, merchant, no_photo, photo, stranger
from tests.factories.shop import StoreFactory
from tests.stories import buyer_of, delivered_order, merchant_of, open_case, sandbox_carrier

pytestmark = pytest.mark.django_db


def terms_of(case):
    """What lies on the table: the open offer, or the claim."""
    offer = case.offers.filter(status="open").first()
    return {"terms": str(offer.pk) if offer else "claim"}


ACTS = ("say", "evidence", "offer", "accept", "refuse", "escalate", "withdraw", "send-back", "goods-back", "resend")


def act(case, name):
    return reverse(f"disputes:case-{name}", args=[case.number])


def offer_from_merchant(case, minor=3000, remedy=Remedy.PARTIAL):
    amount = Money(minor) if remedy == Remedy.PARTIAL else None
    aftersale.offer(
        case_id=case.pk, remedy=remedy, amount=amount, text="", actor=merchant_of(case.order), now=clock.now()
    )


def test_each_party_has_its_room_and_nobody_else():
    case = open_case(delivered_order())
    mine, theirs = reverse("disputes:case", args=[case.number]), reverse("merchant:case", args=[case.number])
    assert buyer(case.order).get(mine).status_code == 200
    assert merchant(case.order).get(theirs).status_code == 200
    assert merchant(case.order).get(mine).status_code == 404
    assert buyer(case.order).get(theirs).status_code == 404
    assert stranger().get(mine).status_code == 404
    from tests.disputes.rooms import client_of

    assert client_of(StoreFactory().owner).get(theirs).status_code == 404


@pytest.mark.parametrize("name", ACTS)
def test_a_stranger_can_do_nothing(name):
    case = open_case(delivered_order())
    before = CaseEntry.objects.count()
    assert stranger().post(act(case, name), {"say-text": "hello"}).status_code == 404
    assert stranger().get(act(case, name)).status_code == 405
    assert (CaseEntry.objects.count(), fresh(case).status) == (before, CaseStatus.OPEN)


def test_both_write_and_read():
    case = open_case(delivered_order())
    buyer(case.order).post(act(case, "say"), {"say-text": "<b>Hello</b>"})
    page = merchant(case.order).get(reverse("merchant:case", args=[case.number])).content.decode()
    assert "&lt;b&gt;Hello&lt;/b&gt;" in page
    assert "<b>Hello</b>" not in page


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 500_000, "nul \x00"])
def test_words_that_are_none_are_refused(text):
    case = open_case(delivered_order())
    before = CaseEntry.objects.count()
    answer = buyer(case.order).post(act(case, "say"), {"say-text": text})
    assert answer.status_code == 400
    assert CaseEntry.objects.count() == before


def test_evidence_is_kept_with_what_it_shows():
    case = open_case(delivered_order())
    merchant(case.order).post(act(case, "evidence"), {"evidence-shows": "It was whole.", "evidence-file": photo()})
    piece = Evidence.objects.get()
    assert (piece.party, piece.shows, len(piece.sha256)) == (Party.MERCHANT, "It was whole.", 64)
    assert "It was whole." in buyer(case.order).get(reverse("disputes:case", args=[case.number])).content.decode()


@pytest.mark.parametrize("data", [{}, {"evidence-shows": " "}, {"evidence-shows": "x" * 300}, {"evidence-file": 1}])
def test_evidence_that_is_none_is_refused(data):
    case = open_case(delivered_order())
    if "evidence-file" in data:
        data = {"evidence-file": no_photo()}
    assert buyer(case.order).post(act(case, "evidence"), data).status_code == 400
    assert not Evidence.objects.exists()


@pytest.mark.parametrize("amount", ["", "0", "-1", "0.001", "99999999", "1e2", "abc"])
def test_an_offer_of_no_possible_amount_is_refused(amount):
    case = open_case(delivered_order())
    answer = merchant(case.order).post(act(case, "offer"), {"offer-remedy": "partial", "offer-amount": amount})
    assert answer.status_code == 400
    assert not Offer.objects.exists()


def test_an_offer_is_made_seen_and_accepted():
    case = open_case(delivered_order())
    merchant(case.order).post(act(case, "offer"), {"offer-remedy": "partial", "offer-amount": "30.00"})
    room = buyer(case.order).get(reverse("disputes:case", args=[case.number])).content.decode()
    assert "¥30.00" in room
    assert act(case, "accept") in room
    buyer(case.order).post(act(case, "accept"), terms_of(case))
    case = fresh(case)
    assert (case.status, case.refund_minor) == (CaseStatus.AGREED, 3000)
    assert case.order.hold.refunded_minor == 3000


def test_the_merchant_accepts_the_claim():
    case = open_case(delivered_order())
    merchant(case.order).post(act(case, "accept"), terms_of(case))
    assert fresh(case).status == CaseStatus.AGREED
    assert fresh(case).order.hold.refunded_minor == case.order.total_minor


def test_nobody_accepts_his_own():
    case = open_case(delivered_order())
    assert buyer(case.order).post(act(case, "accept"), terms_of(case)).status_code == 409
    offer_from_merchant(case)
    assert merchant(case.order).post(act(case, "accept"), terms_of(case)).status_code == 409
    assert fresh(case).order.hold.refunded_minor == 0


def test_the_merchant_gives_reasons_for_a_refusal():
    case = open_case(delivered_order())
    assert merchant(case.order).post(act(case, "refuse"), {"refuse-text": ""}).status_code == 400
    assert fresh(case).status == CaseStatus.OPEN
    assert merchant(case.order).post(act(case, "refuse"), {"refuse-text": "It was whole."}).status_code == 302
    assert fresh(case).status == CaseStatus.REFUSED


def test_the_buyer_refuses_an_offer_without_words():
    case = open_case(delivered_order())
    offer_from_merchant(case)
    assert buyer(case.order).post(act(case, "refuse")).status_code == 302
    assert (fresh(case).status, Offer.objects.get().status) == (CaseStatus.OPEN, "refused")


def test_calling_the_platform_waits_for_the_merchants_answer():
    case = open_case(delivered_order())
    room = buyer(case.order).get(reverse("disputes:case", args=[case.number])).content.decode()
    assert "disabled" in room
    assert act(case, "escalate") not in room
    assert buyer(case.order).post(act(case, "escalate")).status_code == 409
    offer_from_merchant(case)
    assert buyer(case.order).post(act(case, "escalate"), {"escalate-text": "Please look."}).status_code == 302
    assert fresh(case).status == CaseStatus.MEDIATION


def test_once_the_merchant_has_answered_the_buyer_may_always_call_the_platform():
    """Offers of one fen could otherwise keep him waiting for ever."""
    case = open_case(delivered_order())
    offer_from_merchant(case, minor=1)
    url, headers = reverse("disputes:case", args=[case.number]), {"accept-language": "en"}
    assert "You may call the platform at any time instead." in buyer(case.order).get(url, headers=headers).text
    buyer(case.order).post(act(case, "refuse"))
    assert fresh(case).status == CaseStatus.OPEN
    assert act(case, "escalate") in buyer(case.order).get(url).text
    assert buyer(case.order).post(act(case, "escalate"), {"escalate-text": "Enough."}).status_code == 302
    assert fresh(case).status == CaseStatus.MEDIATION


def test_the_buyer_alone_withdraws():
    case = open_case(delivered_order())
    assert merchant(case.order).post(act(case, "withdraw")).status_code == 409
    assert buyer(case.order).post(act(case, "withdraw")).status_code == 302
    assert fresh(case).status == CaseStatus.WITHDRAWN
    room = buyer(case.order).get(reverse("disputes:case", args=[case.number]))
    assert act(case, "say") not in room.content.decode()
    assert buyer(case.order).post(act(case, "say"), {"say-text": "still here"}).status_code == 409


def test_goods_go_back_and_the_money_follows():
    order = delivered_order()
    case = open_case(order, want=Remedy.RETURN)
    merchant(order).post(act(case, "accept"), terms_of(case))
    carrier = sandbox_carrier(order.store_id)
    parcel = {"parcel-carrier": carrier.code, "parcel-number": "TSBACK0001"}
    assert merchant(order).post(act(case, "goods-back")).status_code == 409
    assert buyer(order).post(act(case, "send-back"), parcel | {"parcel-number": "!"}).status_code == 400
    assert buyer(order).post(act(case, "send-back"), parcel | {"parcel-carrier": "none"}).status_code == 400
    assert fresh(case).status == CaseStatus.RETURN_DUE
    assert buyer(order).post(act(case, "send-back"), parcel).status_code == 302
    room = merchant(order).get(reverse("merchant:case", args=[case.number])).content.decode()
    assert "TSBACK0001" in room
    assert str(order.total) in room
    assert buyer(order).post(act(case, "goods-back")).status_code == 409
    assert merchant(order).post(act(case, "goods-back")).status_code == 302
    assert fresh(case).status == CaseStatus.AGREED
    assert fresh(case).order.hold.refunded_minor == order.total_minor


def test_the_merchant_sends_again():
    order = delivered_order()
    case = open_case(order, want=Remedy.RESEND)
    merchant(order).post(act(case, "accept"), terms_of(case))
    parcel = {"parcel-carrier": sandbox_carrier(order.store_id).code, "parcel-number": "TSAGAIN001"}
    assert buyer(order).post(act(case, "resend"), parcel).status_code in (400, 409)
    assert merchant(order).post(act(case, "resend"), parcel).status_code == 302
    assert fresh(case).status == CaseStatus.AGREED
    assert fresh(case).order.hold.rest == order.total


def test_once_the_platform_decides_only_money_can_be_offered():
    case = case_in_mediation()
    assert merchant(case.order).post(act(case, "offer"), {"offer-remedy": "return"}).status_code == 400
    assert merchant(case.order).post(act(case, "offer"), {"offer-remedy": "refund"}).status_code == 302
    assert buyer(case.order).post(act(case, "accept"), terms_of(case)).status_code == 302
    assert fresh(case).status == CaseStatus.AGREED


def test_a_mediator_writes_to_both_and_lands_in_the_console():
    case = case_in_mediation()
    _, staff = mediator()
    answer = staff.post(act(case, "say"), {"say-text": "Please show the box."})
    assert answer["Location"] == reverse("console:case", args=[case.number])
    assert CaseEntry.objects.get(act="said").party == Party.PLATFORM
    assert staff.post(act(case, "say"), {"say-text": ""}).status_code == 302
    assert CaseEntry.objects.filter(act="said").count() == 1


@pytest.mark.parametrize("status", CaseStatus.values)
def test_every_state_has_its_page(status):
    case = open_case(delivered_order())
    changes = {"closed_at": clock.now()} if status in ("agreed", "ruled", "withdrawn") else {}
    Case.objects.filter(pk=case.pk).update(status=status, **changes)
    assert buyer(case.order).get(reverse("disputes:case", args=[case.number])).status_code == 200
    assert merchant(case.order).get(reverse("merchant:case", args=[case.number])).status_code == 200


def test_the_evidence_file_is_for_parties_and_mediators():
    case = open_case(delivered_order())
    aftersale.add_evidence(case_id=case.pk, file=photo(), shows="A crack", actor=buyer_of(case.order), now=clock.now())
    url = reverse("disputes:evidence-file", args=[Evidence.objects.get().pk])
    _, staff = mediator()
    for client in (buyer(case.order), merchant(case.order), staff):
        answer = client.get(url)
        assert answer.status_code == 200
        assert answer["Content-Type"] == "image/webp"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert "no-store" in answer["Cache-Control"]
        assert answer["Content-Disposition"].startswith("inline")
    assert stranger().get(url).status_code == 404
    from django.test import Client

    assert Client().get(url).status_code == 302


def test_a_statement_has_no_file():
    case = open_case(delivered_order())
    aftersale.add_evidence(case_id=case.pk, file=None, shows="I saw it", actor=buyer_of(case.order), now=clock.now())
    url = reverse("disputes:evidence-file", args=[Evidence.objects.get().pk])
    assert buyer(case.order).get(url).status_code == 404
