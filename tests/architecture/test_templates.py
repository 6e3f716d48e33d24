"""Templates keep the content security policy and never trust a text."""

import re

import pytest

from tests.architecture.house import files, python_files, templates, text_of

COMMENT = re.compile(r"{%\s*comment.*?endcomment\s*%}|{#.*?#}|<!--.*?-->", re.S)
FORBIDDEN = {
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/(json|ld\+json)\")[^>]*>", re.I),
    "an inline style sheet": re.compile(r"<style\b", re.I),
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "an event attribute": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.I),
    "the safe filter": re.compile(r"\|\s*safe(seq)?\b"),
    "escaping turned off": re.compile(r"{%\s*autoescape\s+off"),
    "a script link": re.compile(r"javascript:", re.I),
    "something from another host": re.compile(
        r"<(script|img|link|iframe|source)[^>]*\b(src|href)=\"(https?:)?//", re.I
    ),
}
# Who may declare a text to be HTML, and why.
MAY_MARK_SAFE = {
    "core/templatetags/": "draws icons, charts and money from escaped parts",
}


@pytest.mark.parametrize("what", list(FORBIDDEN))
def test_no_template_has(what):
    bad = []
    for path in templates():
        if path.suffix != ".html":
            continue
        text = COMMENT.sub(lambda found: "\n" * found.group().count("\n"), text_of(path))
        # A tag inside an attribute may hold ">"; the tags of the template language are blanked first.
        plain = text if what.startswith(("the safe", "escaping")) else re.sub(r"{[{%].*?[%}]}", "x", text)
        bad += [f"{path}:{plain.count(chr(10), 0, hit.start()) + 1}" for hit in FORBIDDEN[what].finditer(plain)]
    assert not bad, f"{what} in:\n" + "\n".join(bad)


def test_only_the_listed_mark_text_as_safe():
    word = re.compile(r"\b(mark_safe|SafeString|SafeText)\b")
    bad = [
        str(path)
        for path in python_files()
        if path.parts[0] != "tests" and word.search(text_of(path)) and not str(path).startswith(tuple(MAY_MARK_SAFE))
    ]
    assert not bad


def test_every_form_that_posts_has_its_token():
    """A form with method=post carries csrf_token; a fragment that is only included counts with its own text."""
    post = re.compile(r"<form\b[^>]*method\s*=\s*[\"']?post", re.I)
    bad = []
    for path in templates():
        text = COMMENT.sub("", text_of(path))
        for start in post.finditer(text):
            end = text.find("</form>", start.start())
            if "csrf_token" not in text[start.start() : end]:
                bad.append(f"{path}:{text.count(chr(10), 0, start.start()) + 1}")
    assert not bad, "\n".join(bad)


def test_no_style_sheet_or_script_reaches_out():
    out = re.compile(r"url\(\s*[\"']?(https?:)?//|@import\s+[\"'](https?:)?//|\beval\(|new Function\(")
    own = [path for path in files() if path.parts[0] == "static" and path.suffix in {".css", ".js"}]
    assert not [str(path) for path in own if out.search(text_of(path))]
