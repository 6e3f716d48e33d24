"""The shop window: what is on each page, what is not, and what a page may cost."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from core import clock, policies
from shop.models import Order, Product, Store
from shop.models.stores import picture_words
from shop.queries import catalogue
from shop.queries.stores import StoreNumbers, store_numbers
from shop.states import OrderStatus, ProductStatus
from tests.factories.accounts import UserFactory
from tests.factories.shop import CategoryFactory, ProductFactory, StoreFactory

HOSTILE = ["'\"%\\", "a" * 10_000, "\x00", "茶 OR 1=1 --", "<script>alert(1)</script>", "NEAR(", "*", '"', "🍵"]


@pytest.fixture
def shelf(db: None) -> list[Any]:
    store = StoreFactory(slug="celadon", name="青瓷坊", name_en="Celadon House")
    tea = CategoryFactory(slug="tea", name="茶叶", name_en="Tea")
    green = CategoryFactory(slug="green", name="绿茶", name_en="Green tea", parent=tea)
    made = [
        ProductFactory(store=store, category=green, title=f"龙井 {n}", price_minor=1000 * (n + 1), sold=n)
        for n in range(30)
    ]
    policies.current("physical")
    return made


def page(client: Client, url: str, *, language: str = "en", status: int = 200, **data: str) -> str:
    response = client.get(url, data, headers={"accept-language": language})
    assert response.status_code == status
    return response.content.decode()


def test_home_shows_categories_guarantee_and_both_rows(client, shelf, django_assert_max_num_queries):
    with django_assert_max_num_queries(5):
        html = page(client, "/")
    assert html.count("product-card-title") == 20
    assert 'href="/c/tea/"' in html
    assert 'href="/c/green/"' in html
    assert "Your money is held by us" in html
    assert html.index('type="search"') < html.index("product-card-title")


def test_home_without_products_says_what_will_come(client, db):
    assert "Nothing is on sale yet" in page(client, "/")


@pytest.mark.parametrize("url", ["/search/?q=龙井", "/search/", "/c/tea/?sort=price", "/s/celadon/"])
def test_lists_cost_five_queries_at_most(client, shelf, url, django_assert_max_num_queries):
    own = 1 if url.startswith("/s/") else 0  # a store's page also asks which licence was seen
    with django_assert_max_num_queries(5 + own):
        html = page(client, url)
    assert html.count("product-card-title") == 24
    assert "page=2" in html


@pytest.mark.parametrize("url", ["/search/", "/c/tea/?sort=price", "/c/tea/?page=2"])
def test_lists_cost_a_member_no_more_than_five(client, shelf, url, django_assert_max_num_queries):
    client.force_login(UserFactory())
    with django_assert_max_num_queries(5):
        assert "product-card-title" in page(client, url)


@pytest.mark.parametrize("url", ["/", "/search/?q=longjing", "/c/tea/"])
def test_home_and_search_cost_a_member_five_once_the_categories_are_known(
    client, shelf, url, monkeypatch, django_assert_max_num_queries
):
    monkeypatch.setattr(catalogue, "TREE_SECONDS", 5.0)
    monkeypatch.setattr(catalogue, "_tree", (float("-inf"), []))
    client.force_login(UserFactory())
    page(client, url)
    with django_assert_max_num_queries(5):
        assert "product-card-title" in page(client, url)


def test_a_new_category_is_seen_once_the_known_ones_are_old(client, shelf, monkeypatch):
    monkeypatch.setattr(catalogue, "TREE_SECONDS", 5.0)
    monkeypatch.setattr(catalogue, "_tree", (float("-inf"), []))
    before = catalogue.category_tree()
    CategoryFactory(slug="hats")
    assert catalogue.category_tree() is before
    monkeypatch.setattr(catalogue, "TREE_SECONDS", 0.0)
    assert len(catalogue.category_tree()) == len(before) + 1


def test_a_page_past_the_end_is_the_last_one(client, shelf):
    past, last = (page(client, f"/c/tea/?page={number}").split("<main")[1] for number in (999, 2))
    assert past == last and "product-card-title" in last


def test_a_card_says_what_is_needed_to_choose(client, shelf):
    Store.objects.update(shipping_minor=800, free_shipping_from_minor=25_000)
    html = page(client, "/search/", sort="price-down")
    card = html[html.index('<li class="product-card">') :].split("</li>")[0]
    assert "¥300.00" in card
    assert "Spring Longjing" in card
    assert "Celadon House" in card
    assert "29 sold" in card
    assert "Free shipping" in card
    last = page(client, "/search/", sort="price")
    assert "Free shipping" not in last[last.index('<li class="product-card">') :].split("</li>")[0]


@pytest.mark.parametrize(
    ("language", "alt", "title_en", "read"),
    [
        ("en", "茶罐，正面", "Tea caddy", "Tea caddy"),
        ("en", "A caddy from the front", "Tea caddy", "A caddy from the front"),
        ("en", "茶罐，正面", "", "茶罐，正面"),
        ("zh-hans", "茶罐，正面", "Tea caddy", "茶罐，正面"),
        ("en", "", "Tea caddy", ""),
    ],
)
def test_a_picture_is_told_in_the_readers_language_where_there_are_words(language, alt, title_en, read):
    with override(language):
        assert picture_words(alt, title_en) == read


def test_a_title_is_text_not_markup(client, shelf):
    Product.objects.filter(pk=shelf[29].pk).update(title_en="<b>bold</b>", title="<b>bold</b>", cover_alt='"><i>')
    html = page(client, "/")
    assert "<b>bold</b>" not in html
    assert "&lt;b&gt;bold" in html
    assert "<b>bold" not in page(client, f"/p/{shelf[29].pk}/")


def test_two_character_words_are_found(client, shelf):
    assert "30 products" in page(client, "/search/", q="龙井")
    assert "30 products" in page(client, "/search/", q="longjing")
    assert "1 product<" in page(client, "/search/", q="龙井 7")


def titles(client: Client, **data: str) -> list[str]:
    response = client.get("/search/", data, headers={"accept-language": "zh-hans"})
    return [card.title for card in response.context["page"].object_list]


def test_sorting(client, shelf):
    assert titles(client, sort="price")[0] == "龙井 0"
    assert titles(client, sort="price-down")[0] == "龙井 29"
    assert titles(client, sort="sold")[0] == "龙井 29"
    assert titles(client, sort="new")[0] == "龙井 29"
    assert titles(client, sort="nonsense") == titles(client)


def test_filters(client, shelf):
    assert len(titles(client, low="290")) == 2
    assert len(titles(client, high="15.00")) == 1
    assert len(titles(client, low="300", high="290")) == 2
    assert titles(client, category="green", page="2") == titles(client, page="2")
    CategoryFactory(slug="empty")
    assert titles(client, category="empty") == []
    Store.objects.update(shipping_minor=1)
    assert titles(client, free="1") == []


def test_a_price_that_is_none_is_told_and_ignored(client, shelf):
    for text in ("-1", "1e9", "１２", "NaN", "1.234", "0x10", "9" * 50, "abc"):
        html = page(client, "/search/", low=text)
        assert "A price was not read" in html
        assert "30 products" in html


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999", "９", "1.5", "", "2" * 5000])
def test_any_page_number_gives_a_page(client, shelf, number):
    assert titles(client, page=number)


@pytest.mark.parametrize("text", HOSTILE)
def test_any_query_gives_a_page(client, shelf, text):
    for url in ("/search/", "/c/tea/", "/s/celadon/"):
        html = page(client, url, q=text, category=text, sort=text, store=text)
        assert "<script>alert" not in html


def test_pages_do_not_overlap_and_keep_the_filters(client, shelf):
    first, second = titles(client, q="龙井"), titles(client, q="龙井", page="2")
    assert len(first) == 24
    assert len(second) == 6
    assert not set(first) & set(second)
    html = page(client, "/search/", q="龙井", sort="price", low="10")
    assert 'href="?q=%E9%BE%99%E4%BA%95&amp;sort=price&amp;low=10&amp;page=2" rel="next"' in html
    assert 'href="?q=%E9%BE%99%E4%BA%95&amp;low=10&amp;sort=new"' in html


def test_nothing_found_helps(client, shelf):
    html = page(client, "/search/", q="龙井 zebra")
    assert "Nothing matches" in html
    assert 'href="/search/?q=%E9%BE%99%E4%BA%95"' in html
    assert 'href="/c/tea/"' in html
    assert "q=zebra" not in html
    assert 'href="/c/green/"' in page(client, "/search/", q="绿茶杯")


def test_counting_stops(client, shelf, monkeypatch):
    monkeypatch.setattr(catalogue, "COUNTED", 25)
    html = page(client, "/search/")
    assert "More than 25 products" in html
    assert "page=3" not in html
    assert "there are more" in page(client, "/search/", page="9")


def test_a_page_past_those_that_are_counted_gives_the_last_of_them(client, shelf, monkeypatch):
    """Also where the shop has more: page 2 of a list that is counted to its 20th product is none of its pages."""
    monkeypatch.setattr(catalogue, "COUNTED", 20)
    page = catalogue.page_of(catalogue.Wish(), number=2)
    assert (page.number, page.paginator.num_pages, len(page.object_list)) == (1, 1, 24)


def test_a_word_that_half_the_shop_has_is_weighed_for_the_first_pages_only(client, shelf, monkeypatch):
    """Those that sell best come by relevance, the others behind them by what they sold; none is shown twice or lost."""
    monkeypatch.setattr(catalogue, "COUNTED", 29)
    monkeypatch.setattr(catalogue, "WEIGHED", 24)
    wish = catalogue.Wish(query=catalogue.read_query("龙井"))
    first, second = (catalogue.page_of(wish, number=number).object_list for number in (1, 2))
    urls = [card.url for card in (*first, *second)]
    assert (len(first), len(second)) == (24, 6)
    assert len(set(urls)) == 30


def test_what_is_not_on_sale_is_in_no_list(client, shelf):
    Product.objects.filter(pk=shelf[0].pk).update(status=ProductStatus.UNLISTED)
    Product.objects.filter(pk=shelf[1].pk).update(status=ProductStatus.DRAFT)
    assert "28 products" in page(client, "/search/", q="龙井")
    Store.objects.update(is_open=False)
    assert "0 products" in page(client, "/search/", q="龙井")
    assert "Nothing is on sale yet" in page(client, "/")


def test_category_pages(client, shelf):
    html = page(client, "/c/tea/")
    assert "All of Tea" in html
    assert "30 products" in html
    assert 'aria-label="Breadcrumb"' in html
    page(client, "/c/no-such/", status=404)


def test_product_page_shows_the_promise(client, shelf, django_assert_max_num_queries):
    product = shelf[0]
    with django_assert_max_num_queries(7):
        html = page(client, f"/p/{product.pk}/")
    for text in (
        product.title_en, "¥10.00", "Green tea for drinking", "Steep at 80 °C", "Refund if it arrives damp",
        "Best within eighteen months", "Returns within seven days", "Your money is held by us", "7 days after delivery",
        "48 hours to ship", "One bud, one leaf.", "Celadon House",
    ):  # fmt: skip
        assert text in html, text
    assert html.index("Returns within seven days") < html.index("One bud, one leaf.")
    variant = product.variants.get()
    assert f'name="variant" value="{variant.pk}"' in html
    assert 'action="/cart/add/"' in html
    assert 'name="buy_now"' in html
    assert 'name="quantity"' in html


def test_product_page_costs_a_member_no_more_than_seven(client, shelf, django_assert_max_num_queries):
    client.force_login(UserFactory())
    with django_assert_max_num_queries(7):
        page(client, f"/p/{shelf[0].pk}/")


def test_product_page_in_chinese(client, shelf):
    html = page(client, f"/p/{shelf[0].pk}/", language="zh-hans")
    assert "龙井 0" in html
    assert "80 度热水冲泡" in html
    assert 'lang="zh-Hans"' in html


def test_variants_are_pills_and_the_first_with_stock_is_chosen(client, db):
    product = ProductFactory(variants=3)
    first, second, third = product.variants.all()
    product.variants.filter(pk=first.pk).update(stock=0)
    product.variants.filter(pk=second.pk).update(stock=3)
    html = page(client, f"/p/{product.pk}/")
    assert f'value="{first.pk}" required disabled' in html
    assert f'value="{second.pk}" required checked' in html
    assert "only 3 left" in html
    assert "¥148.00" in html
    product.variants.filter(pk=third.pk).update(is_active=False)
    assert str(third.pk) not in page(client, f"/p/{product.pk}/")


def test_sold_out_cannot_be_bought(client, db):
    product = ProductFactory(stock=0)
    html = page(client, f"/p/{product.pk}/")
    assert "Sold out" in html
    assert "buy_now" not in html


def test_taken_off_the_shelf_is_gone_in_words(client, shelf):
    Product.objects.filter(pk=shelf[0].pk).update(status=ProductStatus.UNLISTED)
    html = page(client, f"/p/{shelf[0].pk}/", status=404)
    assert "no longer on sale" in html
    assert 'href="/c/green/"' in html
    assert "buy_now" not in html


def test_closed_store(client, shelf):
    Store.objects.update(is_open=False)
    assert "closed at the moment" in page(client, f"/p/{shelf[0].pk}/", status=404)
    html = page(client, "/s/celadon/")
    assert "closed at the moment" in html
    assert "product-card-title" not in html


def test_a_draft_is_seen_by_its_merchant_alone(client, shelf):
    Product.objects.filter(pk=shelf[0].pk).update(status=ProductStatus.DRAFT, listed_at=None)
    assert shelf[0].title_en not in page(client, f"/p/{shelf[0].pk}/", status=404)
    client.force_login(UserFactory())
    page(client, f"/p/{shelf[0].pk}/", status=404)
    client.force_login(shelf[0].store.owner)
    html = page(client, f"/p/{shelf[0].pk}/")
    assert "Only you see this" in html
    assert "buy_now" not in html


def test_unknown_products_and_stores(client, db):
    page(client, f"/p/{uuid.uuid4()}/", status=404)
    page(client, "/p/12/", status=404)
    page(client, "/s/nobody/", status=404)


@pytest.mark.parametrize("url", ["/", "/search/", "/guarantee/", "/rules/"])
def test_shop_windows_take_no_posts(client, db, url):
    assert client.post(url).status_code == 405


def order_of(store: Store, *, status: str, hours: int | None, days_ago: int = 1) -> None:
    now = clock.now() - timedelta(days=days_ago)
    shipped = now + timedelta(hours=hours) if hours is not None else None
    Order.objects.create(
        number=uuid.uuid4().hex[:20], buyer=UserFactory(), store=store, policy=policies.current("physical"),
        status=status, items_minor=100, total_minor=100, fee_bps=500, address={}, placed_at=now, paid_at=now,
        shipped_at=shipped,
    )  # fmt: skip


def test_store_numbers_come_from_its_own_recent_orders(db):
    store = StoreFactory()
    assert not store_numbers(store_id=store.pk, now=clock.now()).is_enough
    for hours in (10, 20, 10, 20, 20):
        order_of(store, status=OrderStatus.COMPLETED, hours=hours)
    order_of(store, status=OrderStatus.REFUNDED, hours=None)
    order_of(store, status=OrderStatus.COMPLETED, hours=1000, days_ago=91)
    order_of(StoreFactory(), status=OrderStatus.COMPLETED, hours=1)
    numbers = store_numbers(store_id=store.pk, now=clock.now())
    assert (numbers.completed, numbers.refunded, numbers.shipped, numbers.ship_hours) == (5, 1, 5, 16)


def test_few_orders_say_nothing():
    few = StoreNumbers(completed=3, refunded=0, shipped=3, ship_time=timedelta(hours=2))
    assert few.ship_hours is None


def test_store_page(client, shelf):
    html = page(client, "/s/celadon/", q="龙井 7")
    assert "Celadon House" in html
    assert "Too few orders" in html
    assert "Returns within seven days" in html
    assert html.count("product-card-title") == 1


def test_guidance_prints_the_numbers_orders_are_made_under(client, db):
    html = page(client, "/guarantee/")
    for text in ("30 minutes", "48 hours", "7 days", "5 %", "sandbox"):
        assert text in html, text
    rules = page(client, "/rules/")
    assert "2.1" in rules
    assert "Articles" in rules


def test_texts_follow_the_reader(db):
    category = CategoryFactory(name="茶", name_en="Tea")
    with override("en"):
        assert category.display_name == "Tea"
    with override("zh-hans"):
        assert category.display_name == "茶"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "shown", "hidden"), [("en", "Hangzhou", "浙江杭州"), ("zh-hans", "浙江杭州", "Hangzhou")]
)
def test_a_stores_place_is_in_the_readers_language(client, language, shown, hidden):
    product = ProductFactory(store=StoreFactory(region="浙江杭州", region_en="Hangzhou"))
    for path in ("/search/", f"/p/{product.pk}/", f"/s/{product.store.slug}/"):
        text = client.get(path, headers={"accept-language": language}).content.decode()
        assert shown in text
        assert hidden not in text
