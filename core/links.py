"""
Addresses of other sites: which are taken, and the signed way to the page that warns before one is followed.

Nothing here is ever fetched. An address is kept as the browser would ask for it, the name of its host in plain letters
(``xn--…``), so that what is shown is where it leads.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import SplitResult, quote, urlsplit

import idna
from django.conf import settings
from django.core import signing
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid, NotFound

LONGEST = 300
SALT = "core.links.way_out"
VALID = timedelta(days=30)
_REST = "/%:@!$&'()*+,;=~-._?"  # what may stand in a path or query as it is
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:xn--[a-z0-9-]{1,59}|[a-z]{2,63})")
_BAD = re.compile(r"[\s\x00-\x20\x7f\\<>\"`{}|^\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# Names that lead into somebody's own network, or nowhere.
_INNER = ("local", "localhost", "localdomain", "internal", "intranet", "private", "corp", "home", "lan", "arpa",
          "test", "invalid", "onion", "alt")  # fmt: skip


# In running text: whatever names a way of its own; and a name of a site that only wants its https://.
_ENDS = r"\s<>\"“”‘’「」《》（）【】，。；！？、"
_ADDRESS = re.compile(
    rf"(?<![a-z0-9])(?:[a-z][a-z0-9+.-]{{0,15}}:/|(?:javascript|vbscript):|data:[a-z]+/)[^{_ENDS}]*", re.IGNORECASE
)
_TOPS = "com|cn|net|org|top|xyz|vip|shop|site|store|online|app|link|club|info|biz|cc|io|me|tk|icu|中国|公司|网络"
_BARE = re.compile(
    rf"(?<![a-z0-9@._-])(?:www\.[^{_ENDS}]+|(?:[a-z0-9-]{{1,63}}\.){{1,4}}(?:{_TOPS})(?![a-z0-9.-]?[a-z0-9]))",
    re.IGNORECASE,
)
_TRAILING = ".,;:!?*'…"
MOST = 3  # links in one message


class BadLink(Invalid):
    code = "bad_link"

    def __init__(self, why: object) -> None:
        super().__init__(str(why), fields={"link": str(why)})


class LinkNotHere(Invalid):
    code = "link_not_here"
    default_message = _(
        "A link cannot be sent from here. Leave it out, or write it as a message on the page of the case, where you "
        "confirm it."
    )


@dataclass(frozen=True, slots=True)
class Worded:
    """Words as they are kept: each link in them spelled as the browser asks for it, and once more in a row."""

    text: str
    links: tuple[str, ...] = ()


_UNSEEN = re.compile(r"[\xad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

Prove = Callable[[Worded], object]  # asks for a proof that these words, with their links, may be sent


class LinkGone(NotFound):
    code = "link_gone"
    default_message = _("This link is not offered any more. Nothing leads on from here.")


def checked(text: str) -> str:
    """
    An address as it is kept: https, a public name for a host, nothing that hides where it leads.

    :raises BadLink: if it is another
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise BadLink(_("A link has at most 300 characters."))
    if _BAD.search(text):
        raise BadLink(_("A link has no spaces and no signs like \\ < > in it."))
    parts = _split(text)
    link = f"https://{_host(parts)}{_plain(parts.path) or '/'}"
    link += f"?{_plain(parts.query)}" if parts.query else ""
    link += f"#{_plain(parts.fragment)}" if parts.fragment else ""
    if len(link) > LONGEST:
        raise BadLink(_("A link has at most 300 characters."))
    return link


def worded(text: str, *, longest: int) -> Worded:
    """
    Find the links in somebody's words, and spell them as they are kept.

    What only looks like a link, or is none that is taken, is refused rather than left for the reader to type.

    :raises BadLink: if one of them is refused, if there are too many, or the words are too long with them
    """
    found: list[str] = []

    def spell(match: re.Match[str]) -> str:
        whole = match[0]
        kept = whole.rstrip(_TRAILING)
        if kept.endswith(")") and "(" not in kept:
            kept = kept.rstrip(")").rstrip(_TRAILING)
        link = checked(kept)
        found.append(link)
        return link + whole[len(kept) :]

    words = _ADDRESS.sub(spell, text)
    links = tuple(dict.fromkeys(found))
    stray = _stray(blotted(words, links, word=" "))
    if stray:
        raise BadLink(_("Write a link whole, with https:// in front of it: %(what)s") % {"what": stray[0][:60]})
    if len(links) > MOST:
        raise BadLink(_("A message has at most %(most)s links.") % {"most": MOST})
    if len(words) > longest:
        raise BadLink(_("With its links written out this is too long."))
    return Worded(words, links)


def without_links(text: str) -> str:
    """
    Words for a place from which nobody is led away.

    :raises LinkNotHere: if there is a link in them, or what is meant as one
    """
    if _ADDRESS.search(text) or _stray(text):
        raise LinkNotHere
    return text


def _stray(text: str) -> re.Match[str] | None:
    """
    What is meant as a link beside those that are kept, in letters as whoever copies them gets them: wide ones narrow,
    and nothing between them that is not seen. A wide colon is punctuation.
    """
    seen = _UNSEEN.sub("", unicodedata.normalize("NFKC", text.replace("\uff1a", " ")))
    return _ADDRESS.search(seen) or _BARE.search(seen)


def blotted(text: str, links: Sequence[str], *, word: str) -> str:
    """Words with something in place of their links: for letters, whose reader's program would lead straight to them."""
    for link in sorted(links, key=len, reverse=True):
        text = text.replace(link, word)
    return text


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as fault:
        raise BadLink(_("This is not an address of a page.")) from fault
    if parts.scheme.lower() != "https":
        raise BadLink(_("The link must begin with https://."))
    if "@" in parts.netloc:
        raise BadLink(_("A link has no name or password in it."))
    if port not in (None, 443):
        raise BadLink(_("A link has no port number in it."))
    return parts


def _host(parts: SplitResult) -> str:
    try:
        host = idna.encode((parts.hostname or "").rstrip("."), uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError) as fault:
        raise BadLink(_("This is not a name of a site.")) from fault
    if not _HOST.fullmatch(host) or len(host) > 253 or host.rpartition(".")[2] in _INNER:
        raise BadLink(_("The link must lead to a public site by its name, not by a number and not into a network."))
    if host == urlsplit(settings.SITE_URL).hostname:
        raise BadLink(_("This leads to our own site. A link is for a page elsewhere."))
    return host


def _plain(part: str) -> str:
    return quote(part, safe=_REST)


def host_of(link: str) -> str:
    return urlsplit(link).hostname or ""


def is_foreign_script(link: str) -> bool:
    """Whether the host's name is written in letters that could be taken for others."""
    return "xn--" in host_of(link)


def way_out(subject: object, link: str) -> str:
    """
    What leads to the warning page: which thing's link, and which link, signed. The page asks the database again.

    ``subject`` is a product's id, or ``case:`` and a line of a case, or ``mass:`` and a message to buyers.
    """
    return signing.dumps([str(subject), _digest(link)], salt=SALT)


def subject_of(token: str) -> tuple[str, str]:
    """
    Whose link a token is about, and its digest, for :func:`same_of`.

    :raises LinkGone: if we have not signed it, or long ago
    """
    try:
        subject, digest = signing.loads(token, salt=SALT, max_age=VALID)
    except (signing.BadSignature, ValueError, TypeError) as fault:
        raise LinkGone from fault
    return str(subject), str(digest)


def same_of(links: Sequence[str], digest: str) -> str:
    """
    The one of some stored links that a digest is of.

    :raises LinkGone: if it is none of them
    """
    for link in links:
        if link and _digest(link) == digest:
            return link
    raise LinkGone


def _digest(link: str) -> str:
    return hashlib.sha256(link.encode()).hexdigest()[:32]
