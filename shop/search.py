"""
Finding products by words, Chinese and others alike, without a search engine.

``Product.search`` holds words separated by blanks: every Chinese character, every two neighbours, and every word and
number of other scripts. PostgreSQL derives a ``tsvector`` from the column and indexes it, SQLite an FTS5 table
kept by triggers (migration 0002). Neither cuts words itself, so both find the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Case, IntegerField, Lookup, Q, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler

from shop.models import Product

# Han, kana, Hangul, and the ideographs beyond the first plane: scripts that write no blanks, or no reliable ones.
_HAN = "\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"(?P<han>[{_HAN}]+)|(?P<word>[^\W\d_{_HAN}]+)|(?P<number>\d+)")
_ACCENTS = re.compile(r"[\u0300-\u036f]")
_SMALL_WORDS = frozenset({"a", "an", "and", "for", "in", "of", "on", "or", "the", "to", "with"})
MAX_QUERY = 80  # characters of a query that are read
MAX_TERMS = 16
MAX_WORD = 40
PREFIX_FROM = 4  # letters after which the beginning of a word is enough


@dataclass(frozen=True, slots=True)
class Term:
    """Something that must be there, in one of its forms; ``prefix`` if the first form may go on."""

    forms: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A query as it was understood. ``runs``: its words as typed, folded; ``terms``: what the index is asked for."""

    runs: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)


def fold(text: str) -> str:
    """Full-width to half-width, capitals to small letters, accents away."""
    wide = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", wide)))


def words_of(text: str) -> Iterator[str]:
    """The words under which a text can be found."""
    for match in _RUN.finditer(fold(text)):
        run = match[0]
        if match.lastgroup == "han":
            yield from run
            yield from (run[at : at + 2] for at in range(len(run) - 1))
        else:
            yield run[:MAX_WORD]


def index_words(texts: Iterable[str]) -> str:
    """What ``Product.search`` holds for some texts: each word once."""
    return " ".join(dict.fromkeys(word for text in texts for word in words_of(text)))


def index_text(product: Product) -> str:
    """What ``Product.search`` holds for a product; reads its store and category."""
    category, store = product.category, product.store
    texts = [product.title, product.title_en, product.summary, product.summary_en, product.function]
    texts += [product.function_en, category.name, category.name_en, store.name, store.name_en]
    return index_words(texts)


def read_query(text: str) -> SearchQuery:
    """Understand what somebody typed. Whatever it is, there is an answer; without words it is an empty query."""
    runs: list[str] = []
    terms: dict[Term, None] = {}
    matches = list(_RUN.finditer(fold(text[: MAX_QUERY * 2])[:MAX_QUERY]))
    told = [match for match in matches if match[0] not in _SMALL_WORDS] or matches
    for match in told:
        run = match[0][:MAX_WORD]
        if run not in runs:
            runs.append(run)
            terms.update(dict.fromkeys(_terms(run, match.lastgroup)))
    return SearchQuery(tuple(runs), tuple(terms)[:MAX_TERMS])


def _terms(run: str, kind: str | None) -> list[Term]:
    if kind == "han":
        return [Term((pair,)) for pair in (run[at : at + 2] for at in range(max(1, len(run) - 1)))]
    if kind == "number":
        return [Term((run,))]
    return [Term(tuple(dict.fromkeys(_forms(run))), prefix=len(run) >= PREFIX_FROM)]


def _forms(word: str) -> Iterator[str]:
    """A word first, then what it may be in singular or plural; English only, and only the regular ones."""
    yield word
    if not word.isascii() or len(word) < 3:
        return
    if word.endswith("s") and not word.endswith("ss"):
        yield word[:-1]
        if word.endswith("es"):
            yield word[:-2]
        if word.endswith("ies"):
            yield f"{word[:-3]}y"
    else:
        yield f"{word}s"
        yield f"{word}es"
        if word.endswith("y"):
            yield f"{word[:-1]}ies"


@TextField.register_lookup
class Words(Lookup):  # type: ignore[type-arg]  # not subscriptable at run time
    """``search__words=query.terms``: rows that have every term. Only for ``Product.search``."""

    lookup_name = "words"
    prepare_rhs = False

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[str]]:
        column = f"{compiler.quote_name_unless_alias(self.lhs.alias)}.search_words"
        wanted = " & ".join(_either(term, "'{}'", ":*", " | ") for term in self.rhs)
        return f"{column} @@ %s::tsquery", [wanted]

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[str]]:
        key = f"{compiler.quote_name_unless_alias(self.lhs.alias)}.{connection.ops.quote_name('id')}"
        wanted = " AND ".join(_either(term, '"{}"', "*", " OR ") for term in self.rhs)
        found = "SELECT rowid FROM shop_product_words WHERE shop_product_words MATCH %s"
        return f"{key} IN (SELECT product_id FROM shop_product_row WHERE id IN ({found}))", [wanted]  # noqa: S608  no words of strangers in it


def _either(term: Term, quoted: str, goes_on: str, either: str) -> str:
    """One term in the language of an index. Words are letters and digits only, so quoting needs no escapes."""
    first, *others = (quoted.format(form) for form in term.forms)
    return f"({either.join([first + (goes_on if term.prefix else ''), *others])})"


def relevance(query: SearchQuery) -> Combinable:
    """How many of the query's words stand in the title, as a column to sort by."""
    score: Combinable = Value(0)
    for run in query.runs[:4]:
        in_title = Q(title__contains=run) if not run.isascii() else Q(title__icontains=run)
        in_title |= Q(title_en__icontains=run) if run.isascii() else Q()
        score = score + Case(When(in_title, then=1), default=0, output_field=IntegerField())
    return score
