"""Host names below a public suffix, by the list that comes with `tldextract`."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tldextract


_HOST = re.compile(r"[^/?#:\\]+")
_AT = re.compile("@|%40|&#0*64;|&#[xX]0*40;|&commat;")


def is_known_address(value: str) -> bool:
    """Whether the host of an e-mail address is below a public suffix.

    Args:
        value: With an at sign, or one in the encoding of URLs or HTML.
    """
    return has_public_suffix(split_mailbox(value)[2])


def is_known_host(value: str) -> bool:
    """Whether an address without a scheme begins with a host below a public suffix."""
    host = _HOST.match(value)
    return host is not None and has_public_suffix(host.group().lower())


def split_mailbox(value: str) -> tuple[str, str, str]:
    """Local part, at sign and host of an e-mail address, divided at the last sign.

    The sign may be written as in URLs (`%40`, RFC 3986, section 2.1) or as a character
    reference of HTML (`&#64;`, `&#x40;`, `&commat;`).
    Two empty strings and the value if it has no at sign.
    """
    if "%" not in value and "&" not in value:
        return value.rpartition("@")
    signs = list(_AT.finditer(value))
    if not signs:
        return "", "", value
    start, end = signs[-1].span()
    return value[:start], value[start:end], value[end:]


@lru_cache(maxsize=65_536)
def has_public_suffix(host: str) -> bool:
    """Whether a host, or an address of one, ends in a public suffix.

    The list is that of the `tldextract` package: nothing is fetched.
    """
    return _suffixes()(host).fqdn != ""


@cache
def _suffixes() -> tldextract.TLDExtract:
    import tldextract  # noqa: PLC0415 - brings an HTTP client; few processes need it

    # Without an address to fetch from, the list of the package is used.
    return tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())
