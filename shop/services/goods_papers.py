"""Which papers a product hangs on: the permit of its category, the authorisations of the brands it names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from core import clock
from shop.brands import folded, is_named
from shop.models import DocumentKind, Permit, Product, StoreDocument
from shop.states import DocumentStatus, ProductStatus

SHOWN = (ProductStatus.LISTED, ProductStatus.STOPPED)


@dataclass(frozen=True, slots=True)
class Missing:
    """A paper that a product needs and that we have not seen, or no longer: a permit, or else a brand."""

    permit: str = ""
    brand: str = ""

    @property
    def title(self) -> str:
        return str(Permit(self.permit).label) if self.permit else self.brand


def missing_papers(product: Product) -> list[Missing]:
    """What is missing before a product may be on sale; its category and that one's parent are loaded, or read."""
    category = product.category
    permit = category.permit or (category.parent.permit if category.parent else "")
    kinds = (DocumentKind.PERMIT, DocumentKind.BRAND)
    papers = list(StoreDocument.objects.filter(store_id=product.store_id, kind__in=kinds))
    good = [paper for paper in papers if _is_good(paper)]
    found = []
    if permit and not any(paper.permit == permit for paper in good):
        found.append(Missing(permit=permit))
    shown = {folded(paper.brand) for paper in good}
    return found + [Missing(brand=brand) for brand in _brands_of(product, papers) if folded(brand) not in shown]


def needing(paper: StoreDocument) -> QuerySet[Product]:
    """The products of its store that hang on a permit or an authorisation; of other kinds of papers none."""
    mine = Product.objects.filter(store_id=paper.store_id)
    if paper.kind == DocumentKind.PERMIT:
        inside = Q(category__permit=paper.permit) | Q(category__permit="", category__parent__permit=paper.permit)
        return mine.filter(inside)
    if paper.kind != DocumentKind.BRAND:
        return mine.none()
    rows = mine.exclude(status=ProductStatus.DELETED).values_list("pk", "brand", "title", "title_en")
    return mine.filter(pk__in=[pk for pk, typed, *titles in rows if is_named(paper.brand, typed=typed, titles=titles)])


def on_sale_by(paper: StoreDocument) -> int:
    """How many products are on sale only as long as a paper is good."""
    return needing(paper).filter(status=ProductStatus.LISTED).count()


def hang(papers: Iterable[StoreDocument], *, most: int = 20) -> None:
    """Note on each permit and authorisation, as ``goods``, which products on sale or stopped hang on it."""
    for paper in papers:
        if paper.kind in (DocumentKind.PERMIT, DocumentKind.BRAND):
            paper.goods = list(needing(paper).filter(status__in=SHOWN).order_by("status", "title", "pk")[:most])  # type: ignore[attr-defined]


def _brands_of(product: Product, papers: Sequence[StoreDocument]) -> list[str]:
    names = {folded(product.brand): product.brand} if folded(product.brand) else {}
    asked = [paper.brand for paper in papers if paper.kind == DocumentKind.BRAND]
    titles = (product.title, product.title_en)
    names |= {folded(name): name for name in asked if is_named(name, typed=product.brand, titles=titles)}
    return list(names.values())


def _is_good(paper: StoreDocument) -> bool:
    """Accepted, and not past its day, though its clock may not have been heard yet."""
    today = timezone.localtime(clock.now()).date()
    return paper.status == DocumentStatus.ACCEPTED and (paper.valid_until is None or paper.valid_until >= today)
