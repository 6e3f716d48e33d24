"""Buying without a mouse: every stop of the Tab key can be seen, and Tab and Enter are enough."""

from __future__ import annotations

from django.urls import reverse
from playwright.sync_api import Page

from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.shop import ProductFactory

MOST_STOPS = 120
# What has the focus: whether it is the wanted one, whether it can be seen, and whether something marks it.
STOP = """wanted => {
  const here = document.activeElement, style = getComputedStyle(here), box = here.getBoundingClientRect()
  const marked = style.outlineStyle !== 'none' || style.boxShadow !== 'none' || here.closest('label:focus-within') !== null
  return {wanted: here.matches(wanted), marked, seen: box.width > 1 && box.height > 1 && box.bottom > 0, html: here.outerHTML.slice(0, 200)}
}"""  # noqa: E501


def tab_to(page: Page, wanted: str) -> None:
    """Press Tab until the focus is on ``wanted``; on the way no stop may be invisible."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP, wanted)
        assert stop["marked"], f"nothing shows that this has the focus: {stop['html']}"
        if stop["wanted"]:
            assert stop["seen"], f"it has the focus and cannot be seen: {stop['html']}"
            return
    raise AssertionError(f"Tab does not lead to {wanted}")


def enter(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_the_first_stop_leads_past_the_header(visit):
    page = visit("keyboard-skip", language="en-US", width=1280).page
    page.goto(reverse("shop:home"))
    tab_to(page, "a.skip")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_buyer_buys_with_tab_and_enter_alone(visit):
    buyer, product = UserFactory(), ProductFactory()
    AddressFactory(user=buyer, is_default=True)
    page = visit("keyboard", buyer, language="en-US", width=1280).page
    page.goto(reverse("shop:home"))
    tab_to(page, f"main a[href='{reverse('shop:product', args=[product.pk])}']")
    enter(page)
    tab_to(page, "button[name=buy_now]")
    enter(page)
    tab_to(page, "main button.button-primary")
    enter(page)
    tab_to(page, "main a[href='?pay=1']")
    enter(page)
    tab_to(page, "button[value=paid]")
    enter(page)
    assert buyer.orders.get().status == "paid"
