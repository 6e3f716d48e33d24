"""Compiling catalogues: the house's own compiler says what GNU gettext's reader understands."""

import gettext
import io

from tooling import mo

CATALOGUE = r"""
# A translator's comment
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=1; plural=0;\n"

#: shop/views.py:3
msgid "Ship"
msgstr "发货"

msgctxt "a vessel"
msgid "Ship"
msgstr "船"

#, python-format
msgid "%(n)s order"
msgid_plural "%(n)s orders"
msgstr[0] "%(n)s 个订单"

msgid ""
"Two lines\n"
"with \"quotes\""
msgstr "两行\n带“引号”"

#, fuzzy
msgid "Held"
msgstr "错"
msgid "Paid"
msgstr ""

#~ msgid "Gone"
#~ msgstr "没了"
"""


def translations() -> gettext.GNUTranslations:
    return gettext.GNUTranslations(io.BytesIO(mo.compiled(list(mo.read(CATALOGUE)))))


def test_texts_contexts_and_plurals_are_found():
    found = translations()
    assert found.gettext("Ship") == "发货"
    assert found.pgettext("a vessel", "Ship") == "船"
    assert found.ngettext("%(n)s order", "%(n)s orders", 5) == "%(n)s 个订单"
    assert found.gettext('Two lines\nwith "quotes"') == "两行\n带“引号”"


def test_a_doubtful_an_open_and_a_gone_text_stay_english():
    found = translations()
    assert [found.gettext(text) for text in ("Held", "Paid", "Gone")] == ["Held", "Paid", "Gone"]


def test_what_is_open_or_doubtful_is_known():
    entries = {entry.singular: entry for entry in mo.read(CATALOGUE)}
    assert entries["Held"].fuzzy
    assert not entries["Paid"].is_complete
    assert not entries["Ship"].fuzzy
    assert "Gone" not in entries


def test_a_catalogue_is_compiled_once(tmp_path):
    (tmp_path / "django.po").write_text(CATALOGUE, encoding="utf-8")
    assert mo.compile_stale(tmp_path) == 1
    assert mo.compile_stale(tmp_path) == 0
