"""Words in, products out; the same on both databases."""

from __future__ import annotations

import pytest
from django.db import connection

from shop.models import Product
from shop.search import index_words, read_query, relevance, words_of
from tests.factories.shop import CategoryFactory, ProductFactory, StoreFactory


@pytest.fixture
def shelf(db: None) -> dict[str, Product]:
    store = StoreFactory(name="青瓷坊", name_en="Celadon House")
    tea = CategoryFactory(name="茶叶", name_en="Tea")
    home = CategoryFactory(name="家居", name_en="Home")

    def put(category: object, title: str, title_en: str) -> Product:
        product: Product = ProductFactory(
            store=store, category=category, title=title, title_en=title_en, function="", function_en="", summary="",
            summary_en="",
        )  # fmt: skip
        return product

    return {
        "longjing": put(tea, "明前龙井绿茶 250g", "Longjing green tea 250 g"),
        "puer": put(tea, "古树普洱熟茶饼", "Ripe Pu'er tea cake"),
        "cup": put(home, "手工陶瓷茶杯", "Handmade ceramic cups"),
        "shirt": put(home, "纯棉T恤 Ｘ２ 装", "Cotton T-shirt, pack of 2"),
        "cafe": put(home, "CAFÉ 咖啡壶", "Café pot, 500ml"),
    }


def found(text: str, shelf: dict[str, Product]) -> set[str]:
    query = read_query(text)
    ids = set(Product.objects.filter(search__words=query.terms).values_list("id", flat=True)) if query else set()
    return {name for name, product in shelf.items() if product.pk in ids}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("龙井", {"longjing"}),
        ("绿茶", {"longjing"}),
        ("茶叶", {"longjing", "puer"}),  # the category's name
        ("茶", {"longjing", "puer", "cup"}),
        ("茶杯", {"cup"}),
        ("杯茶", set()),
        ("龙井绿茶", {"longjing"}),
        ("龙井 普洱", set()),
        ("青瓷坊 茶杯", {"cup"}),
        ("longjing", {"longjing"}),
        ("LONGJING", {"longjing"}),
        ("ＬＯＮＧ龙井", {"longjing"}),
        ("long", {"longjing"}),
        ("tea", {"longjing", "puer"}),
        ("teas", {"longjing", "puer"}),
        ("cup", {"cup"}),
        ("cups", {"cup"}),
        ("cups of the house", {"cup"}),
        ("the cup", {"cup"}),
        ("T恤", {"shirt"}),
        ("t-shirts", {"shirt"}),
        ("x2", {"shirt"}),
        ("250g", {"longjing"}),
        ("250 G", {"longjing"}),
        ("25", set()),
        ("cafe", {"cafe"}),
        ("CAFÉ", {"cafe"}),
        ("500 ml", {"cafe"}),
        ("celadon", {"longjing", "puer", "cup", "shirt", "cafe"}),
        ("Pu'er", {"puer"}),
        ("zebra", set()),
    ],
)
def test_finds(text: str, names: set[str], shelf: dict[str, Product]) -> None:
    assert found(text, shelf) == names


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "'", '"', "''", "\\", "%", "_", "*", "(", ")", "&", "|", "!", "<->", ":*", "-", "--", ";", "\x00",
        "\n",
        'tea" OR "cup', "tea AND NOT cup", "NEAR(tea cup)", "words:tea", "tea*", "^tea", "'tea' | 'cup'", "tea & !cup",
        "a:b:c:D", "{words}: tea", "'; DROP TABLE shop_product; --", "\ud7ff\u0000\uffff", "👍🏽", "\u202e茶",
        "ﷺ" * 500,
        "茶" * 10_000, "a" * 10_000, "a b c d e f g h i j k l m n o p q r s t u v w x y z", "%00", "İstanbul", "ß",
        "１２３", "٣", "क्षत्रिय", "AND", "OR", "NOT", "NEAR", "the", "and or",
    ],
)  # fmt: skip
def test_whatever_is_typed_has_an_answer(text: str, shelf: dict[str, Product]) -> None:
    found(text, shelf)
    assert Product.objects.count() == 5


def test_operators_are_only_words(shelf: dict[str, Product]) -> None:
    assert found("longjing OR cup", shelf) == set()
    assert found('龙井" OR "茶杯', shelf) == set()


def test_a_query_is_read_in_bounds() -> None:
    query = read_query("茶" * 10_000 + " tea" * 10_000)
    assert len(query.terms) <= 16
    assert sum(len(run) for run in query.runs) <= 80


def test_words_of_chinese_are_characters_and_pairs() -> None:
    assert list(words_of("龙井茶")) == ["龙", "井", "茶", "龙井", "井茶"]
    assert index_words(["Tea, tea & TEA"]) == "tea"


def test_changes_are_found_and_old_words_are_not(shelf: dict[str, Product]) -> None:
    cup = shelf["cup"]
    Product.objects.filter(pk=cup.pk).update(search=index_words(["竹制托盘"]))
    assert found("托盘", shelf) == {"cup"}
    assert found("茶杯", shelf) == set()
    Product.objects.filter(pk=cup.pk).update(sold=3)
    cup.refresh_from_db()
    cup.save()
    assert found("托盘", shelf) == {"cup"}


def test_what_is_gone_is_not_found(shelf: dict[str, Product]) -> None:
    shelf["cup"].versions.all().delete()
    shelf["cup"].delete()
    assert Product.objects.filter(search__words=read_query("茶杯").terms).count() == 0
    assert found("茶", shelf) == {"longjing", "puer"}


def test_many_at_once_are_indexed(shelf: dict[str, Product]) -> None:
    like = shelf["cup"]
    Product.objects.bulk_create(
        Product(store=like.store, category=like.category, title=f"竹篮{n}", price_minor=100, search=f"竹 篮 竹篮 {n}")
        for n in range(300)
    )
    assert Product.objects.filter(search__words=read_query("竹篮").terms).count() == 300
    assert Product.objects.filter(search__words=read_query("竹篮 7").terms).count() == 1


def test_the_title_counts_most(shelf: dict[str, Product]) -> None:
    query = read_query("茶叶")
    ProductFactory(title="茶叶罐", title_en="Caddy", category=shelf["cup"].category, search=index_words(["茶叶罐"]))
    ranked = Product.objects.filter(search__words=query.terms).annotate(score=relevance(query)).order_by("-score", "id")
    assert next(product.title for product in ranked) == "茶叶罐"
    assert len(ranked) == 3


def test_the_index_is_there_and_used(shelf: dict[str, Product]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'shop_product'")
            assert {name for (name,) in cursor.fetchall()} >= {
                "product_words_insert", "product_words_update", "product_words_delete",
            }  # fmt: skip
        else:
            cursor.execute("SET LOCAL enable_seqscan = off")
            plan = Product.objects.filter(search__words=read_query("龙井").terms).only("id").explain()
            assert "product_words" in plan
