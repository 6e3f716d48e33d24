"""The split of a ruling while it is typed: share, slider and amounts say the same, exact to the cent."""

from __future__ import annotations

from django.urls import reverse

from core.money import Money, share
from disputes.services.cases import take
from disputes.states import CaseStatus
from tests.disputes.rooms import actor_of, case_in_mediation, clock, fresh
from tests.factories.accounts import MediatorFactory


def test_share_slider_and_amounts_follow_one_another(visit):
    case, user = case_in_mediation(), MediatorFactory(language="en")
    take(case_id=case.pk, actor=actor_of(user), now=clock.now())
    total: Money = case.order.total
    me = visit("mediator-share", user, language="en-US", width=390)
    me.open(reverse("console:rule", args=[case.number]))
    field = {name: me.page.locator(f"input[name={name}]") for name in ("percent", "refund", "release")}
    for percent, points in (("37", 3700), ("12.5", 1250), ("33.33", 3333), ("0", 0), ("100", 10_000)):
        field["percent"].fill(percent)
        back = Money(share(total.minor, points))
        assert field["refund"].input_value() == back.digits
        assert field["release"].input_value() == (total - back).digits
    field["percent"].fill("101")
    assert field["percent"].get_attribute("aria-invalid") == "true"
    me.page.locator("#rule-range").fill("3700")
    assert field["percent"].input_value() == "", "the amounts are exact, a share would be rounded"
    assert field["refund"].input_value() == "37.00"
    field["percent"].fill("37")
    me.look("share")
    me.page.select_option("select[name=fault]", "merchant")
    me.page.select_option("select[name=article]", "3.2")
    me.page.fill("textarea[name=reasons]", "The pictures show dents that the packing could not have kept out.")
    me.press("button[value=preview]")
    me.press_and_confirm("button[value=sign]", user)
    assert fresh(case).status == CaseStatus.RULED
    assert fresh(case).order.hold.refunded_minor == share(total.minor, 3700)
