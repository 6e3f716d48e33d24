"""The console: for mediators alone; taking, deciding, looking things up."""

import pytest
from django.urls import reverse

from accounts.places import Seen
from accounts.services import incidents
from accounts.services.step_up import ruling_act
from core import clock
from core.actor import SYSTEM, Actor
from core.money import Money, share
from disputes.models import Case, Ruling
from disputes.states import CaseStatus
from escrow.models import Hold
from flows import recovery
from shop.services import reports
from tests.accounts.proofs import prove_me
from tests.disputes.rooms import (
    REASONS,
    buyer,
    case_in_mediation,
    client_of,
    fresh,
    mediator,
    merchant,
    stranger,
    taken_case,
)
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.shop import StoreFactory
from tests.stories import delivered_order, open_case, paid_order, placed_order, wait

pytestmark = pytest.mark.django_db


def ruling(case, **changes):
    total = case.order.total
    return {
        "refund": "28.00", "release": (total - type(total)(2800)).digits, "fault": "merchant", "article": "3.2",
        "reasons": REASONS, "step": "sign", **changes,
    }  # fmt: skip


def rule_url(case):
    return reverse("console:rule", args=[case.number])


@pytest.mark.parametrize("name", ["home", "cases", "search", "payments", "health"])
def test_the_console_exists_for_mediators_alone(name):
    _, staff = mediator()
    assert staff.get(reverse(f"console:{name}")).status_code in (200, 302)
    assert stranger().get(reverse(f"console:{name}")).status_code == 404


def test_the_parties_have_no_way_into_the_console():
    case = case_in_mediation()
    for client in (buyer(case.order), merchant(case.order), stranger()):
        for name in ("case", "rule"):
            assert client.get(reverse(f"console:{name}", args=[case.number])).status_code == 404
        assert client.post(reverse("console:case-take", args=[case.number])).status_code == 404
        assert client.post(rule_url(case), ruling(case)).status_code == 404
        assert client.get(reverse("console:order", args=[case.order.number])).status_code == 404
    assert not Ruling.objects.exists()


def test_what_waits_of_accounts_and_reports_stands_on_the_front_page():
    person, store = UserFactory(), StoreFactory()
    incidents.open_incident(
        user_id=person.pk, text="It was not me.", actor=Actor(user_id=person.pk), now=clock.now()
    )  # fmt: skip
    seen = Seen(ip="114.114.114.114", user_agent="")
    row = recovery.start(
        user_id=person.pk, contact="a@example.com", proofs=["order"], actor=SYSTEM, seen=seen, now=clock.now()
    )  # fmt: skip
    wait(days=3, minutes=1)
    row.refresh_from_db()
    assert row.status == "review"
    reports.report(
        link=f"/s/{store.slug}/", ground="brand", text="The mark is a copy.", email="", language="en",
        actor=Actor(user_id=None), now=clock.now(),
    )  # fmt: skip
    _, staff = mediator()
    shown = {tile["url"]: tile["value"] for tiles in ("account_tiles", "store_tiles")
             for tile in staff.get(reverse("console:home")).context[tiles]}  # fmt: skip
    assert [shown[reverse(f"console:{name}")] for name in ("incidents", "recoveries", "reports")] == [1, 1, 1]


@pytest.mark.parametrize("view", ["unassigned", "mine", "overdue", "all", "talking", "closed", "nonsense"])
def test_each_view_of_the_queue_opens(view):
    user, staff = mediator()
    taken_case(user), case_in_mediation(), open_case(delivered_order())
    assert staff.get(reverse("console:cases"), {"view": view}).status_code == 200


def test_a_late_decision_is_overdue():
    _, staff = mediator()
    case = case_in_mediation()
    assert case.number not in staff.get(reverse("console:cases"), {"view": "overdue"}).content.decode()
    wait(days=9)
    assert case.number in staff.get(reverse("console:cases"), {"view": "overdue"}).content.decode()


def test_a_case_is_taken_once_and_never_by_a_party():
    case = case_in_mediation()
    user, staff = mediator()
    url = reverse("console:case-take", args=[case.number])
    assert staff.post(url).status_code == 302
    assert fresh(case).mediator == user
    assert mediator()[1].post(url).status_code == 409
    assert fresh(case).mediator == user


def test_a_mediator_who_is_a_party_is_turned_away():
    judge = MediatorFactory()
    case = case_in_mediation(delivered_order(buyer=judge))
    assert client_of(judge).post(reverse("console:case-take", args=[case.number])).status_code == 403
    assert fresh(case).mediator is None


def test_the_case_page_joins_everything():
    _, staff = mediator()
    case = case_in_mediation()
    page = staff.get(reverse("console:case", args=[case.number])).content.decode()
    assert case.text in page
    assert "It was whole." in page
    assert case.order.shipments.get().number in page


@pytest.mark.parametrize("status", CaseStatus.values)
def test_every_state_has_its_page(status):
    _, staff = mediator()
    case = open_case(delivered_order())
    Case.objects.filter(pk=case.pk).update(status=status)
    assert staff.get(reverse("console:case", args=[case.number])).status_code == 200


def test_only_its_own_mediator_decides():
    case = case_in_mediation()
    _, staff = mediator()
    assert staff.post(rule_url(case), ruling(case)).status_code == 409
    staff.post(reverse("console:case-take", args=[case.number]))
    assert mediator()[1].post(rule_url(case), ruling(case)).status_code == 409
    assert not Ruling.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"refund": "28.01"},
        {"release": "0"},
        {"refund": "-28.00"},
        {"refund": "28.001"},
        {"refund": "9" * 30},
        {"refund": ""},
        {"release": ""},
        {"fault": ""},
        {"fault": "moon"},
        {"article": ""},
        {"article": "9.9"},
        {"reasons": "no"},
        {"reasons": " " * 60},
        {"reasons": "x" * 500_000},
    ],
)
@pytest.mark.parametrize("step", ["preview", "sign"])
def test_a_ruling_that_does_not_add_up_is_refused(change, step):
    user, staff = mediator()
    case = taken_case(user)
    answer = staff.post(rule_url(case), ruling(case, step=step, **change))
    assert answer.status_code == 400
    assert not Ruling.objects.exists()
    assert fresh(case).order.hold.rest == case.order.total


def shared(case, percent, **changes):
    return ruling(case, **{"percent": percent, "refund": "", "release": "", **changes})


def test_a_share_in_per_cent_is_a_ruling_too_exact_to_the_cent():
    user, staff = mediator()
    case = taken_case(user)
    Hold.objects.filter(order_id=case.order_id).update(amount_minor=9_800)
    page = staff.get(rule_url(case)).content.decode()
    assert 'name="percent"' in page
    preview = staff.post(rule_url(case), shared(case, "37", step="preview"))
    assert preview.status_code == 200
    assert (str(preview.context["split"].back), str(preview.context["split"].keep)) == ("¥36.26", "¥61.74")
    assert 'name="percent" value="37"' in preview.content.decode(), "what is signed is what was looked at"


def test_the_signature_takes_the_share():
    user, staff = mediator()
    case = taken_case(user)
    total = case.order.total_minor
    prove_me(staff, ruling_act(case.number, fault="merchant", refund=Money(share(total, 1_250))))
    assert staff.post(rule_url(case), shared(case, "12.5 %")).status_code == 302
    hold = fresh(case).order.hold
    assert hold.refunded_minor == share(total, 1250)
    assert hold.refunded_minor + hold.released_minor == total


@pytest.mark.parametrize(
    "change",
    [{"refund": "1.00"}, {"release": "1.00"}, {"refund": "28.00", "release": "0.01"}, {"percent": "37.005"},
     {"percent": "100.01"}, {"percent": "-1"}, {"percent": "１０"}, {"percent": "1e1"}, {"percent": "9" * 400},
     {"percent": ""}, {"percent": "", "refund": "28.00"}],
)  # fmt: skip
def test_a_share_that_says_something_else_than_the_amounts_is_refused(change):
    user, staff = mediator()
    case = taken_case(user)
    answer = staff.post(rule_url(case), shared(case, "37") | change)
    assert answer.status_code == 400
    assert "form-errors" in answer.content.decode()
    assert not Ruling.objects.exists()


def test_a_share_and_the_amounts_that_follow_from_it_may_both_be_sent():
    user, staff = mediator()
    case = taken_case(user)
    total = case.order.total
    back = type(total)(share(total.minor, 3700))
    data = shared(case, "37", refund=back.digits, release=(total - back).digits)
    prove_me(staff, ruling_act(case.number, fault="merchant", refund=back))
    assert staff.post(rule_url(case), data).status_code == 302
    assert fresh(case).order.hold.refunded_minor == back.minor


def test_the_preview_moves_nothing_and_says_everything():
    user, staff = mediator()
    case = taken_case(user)
    page = staff.post(rule_url(case), ruling(case, step="preview")).content.decode()
    assert "¥28.00" in page
    assert REASONS in page
    assert not Ruling.objects.exists()
    assert staff.post(rule_url(case), ruling(case, step="change")).status_code == 200
    assert fresh(case).status == CaseStatus.MEDIATION


def test_the_signature_carries_it_out_and_both_read_the_same():
    user, staff = mediator()
    case = taken_case(user)
    assert staff.post(rule_url(case), ruling(case)).status_code == 403 and not Ruling.objects.exists()
    prove_me(staff, ruling_act(case.number, fault="merchant", refund=Money(2_801)))
    assert staff.post(rule_url(case), ruling(case)).status_code in (403, 429), "a proof of another amount is none"
    prove_me(staff, ruling_act(case.number, fault="merchant", refund=Money(2_800)))
    assert staff.post(rule_url(case), ruling(case)).status_code == 302
    case = fresh(case)
    hold = case.order.hold
    assert case.status == CaseStatus.RULED
    assert (hold.refunded_minor, hold.released_minor) == (2800, case.order.total_minor - 2800)
    for client, name in ((buyer(case.order), "disputes:case"), (merchant(case.order), "merchant:case")):
        page = client.get(reverse(name, args=[case.number])).content.decode()
        assert REASONS in page
        assert "#article-3.2" in page
    assert staff.post(rule_url(case), ruling(case)).status_code == 409
    assert Ruling.objects.count() == 1


def test_the_search_knows_orders_cases_and_parcels():
    _, staff = mediator()
    case = open_case(delivered_order())
    url, order = reverse("console:search"), case.order
    order_url = reverse("console:order", args=[order.number])
    assert staff.get(url, {"q": order.number})["Location"] == order_url
    assert staff.get(url, {"q": f" {order.shipments.get().number.lower()} "})["Location"] == order_url
    assert staff.get(url, {"q": case.number})["Location"] == reverse("console:case", args=[case.number])
    for q in ("", "nothing", "\x00", "'; --", "x" * 5000):
        assert staff.get(url, {"q": q})["Location"] == reverse("console:home")


def test_an_order_from_all_sides():
    _, staff = mediator()
    for order in (placed_order(), paid_order(), open_case(delivered_order()).order):
        page = staff.get(reverse("console:order", args=[order.number]))
        assert page.status_code == 200
        assert order.address["street"] not in page.content.decode()
    assert "escrow:CNY" in page.content.decode()
    assert staff.get(reverse("console:order", args=["1"])).status_code == 404


def test_health_counts_and_can_count_the_books():
    _, staff = mediator()
    delivered_order()
    assert staff.get(reverse("console:health"), {"books": 1}).context["books"].balanced


def test_the_articles_that_fit_stand_first_and_another_one_is_pointed_out():
    user, staff = mediator()
    case = taken_case(user)
    groups = staff.get(rule_url(case)).context["form"].fields["article"].choices
    (fits, first), (_, others) = groups[1], groups[2]
    suggested = [number for number, _ in first]
    assert str(fits) and suggested
    assert not set(suggested) & {number for number, _ in others}
    words = "callout tone-wait"
    assert words not in staff.post(rule_url(case), ruling(case, article=suggested[0], step="preview")).text
    assert words in staff.post(rule_url(case), ruling(case, article=others[-1][0], step="preview")).text


def test_the_console_speaks_of_deadlines_in_words():
    _, staff = mediator()
    order = paid_order()
    page = staff.get(reverse("console:order", args=[order.number]), headers={"accept-language": "en"}).text
    assert "order.ship_by" not in page
    shown = [str(words) for _, words in staff.get(reverse("console:order", args=[order.number])).context["deadlines"]]
    assert shown and not [words for words in shown if "." in words]
