"""IP addresses."""

from __future__ import annotations

import ipaddress


def is_ip_address(value: str) -> bool:
    """Whether a value is an IPv4 or IPv6 address, with or without a prefix length."""
    try:
        ipaddress.ip_interface(value.partition("%")[0])
    except ValueError:
        return False
    return True
