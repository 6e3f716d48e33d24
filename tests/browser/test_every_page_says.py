"""Every page of the served demo, read as text: one heading, one primary act, and the word that this is a sandbox."""

from __future__ import annotations

import re
from html import unescape

import httpx

ROW = re.compile(r'<li class="order-row".*?</li>', re.S)  # a row of a list has an act of its own
PRIMARY = re.compile(r'<(a|button)\b([^>]*class="[^"]*\bbutton-primary\b[^>]*)>(.*?)</\1>', re.S)
SAMPLES = ("/styleguide/", "/wrong/")  # every button there is; pages that come unbidden


def acts(html: str) -> set[str]:
    """What the primary buttons of a page do; an act may stand at two places, and a link may lead down to its form."""
    found = [label for _, given, label in PRIMARY.findall(ROW.sub("", html)) if 'href="#' not in given]
    return {" ".join(unescape(re.sub(r"<[^>]+>", " ", label)).split()) for label in found}


def faults_of(html: str) -> list[str]:
    faults = []
    if html.count("<h1") != 1:
        faults.append(f"{html.count('<h1')} headings")
    if len(acts(html)) > 1:
        faults.append(f"several primary acts: {sorted(acts(html))}")
    if 'class="ribbon"' not in html:
        faults.append("does not say that it is a sandbox")
    return faults


def test_every_page_has_one_heading_one_primary_act_and_says_that_it_is_a_sandbox(site):
    faults, seen = [], 0
    for key, path in [page for rows in site.pages.values() for page in rows]:
        if path.startswith(SAMPLES):
            continue
        cookies = {"session": site.sessions[key]} if key else {}
        answer = httpx.get(site.base + path, cookies=cookies, headers={"accept-language": "en"}, timeout=20)
        seen += 1
        if answer.status_code != 200:
            faults.append(f"{path}: {answer.status_code}")
        else:
            faults += [f"{path}: {fault}" for fault in faults_of(answer.text)]
    assert seen > 80
    assert not faults, "\n".join(faults)
