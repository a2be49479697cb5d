"""Host names below a public suffix, by the list that comes with `tldextract`."""

from __future__ import annotations

from functools import cache, lru_cache

import tldextract


def is_known_address(value: str) -> bool:
    """Whether the host of an e-mail address is below a public suffix."""
    return _is_known_host(value.rpartition("@")[2])


@lru_cache(maxsize=65_536)
def _is_known_host(host: str) -> bool:
    return _suffixes()(host).fqdn != ""


@cache
def _suffixes() -> tldextract.TLDExtract:
    # Without an address to fetch from, the list of the package is used.
    return tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())
