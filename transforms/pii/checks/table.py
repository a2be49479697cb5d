"""Checks by the name under which the catalogue refers to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.transforms.pii.checks.addresses import is_ip_address
from isinglass.transforms.pii.checks.american import is_itin, is_ssn
from isinglass.transforms.pii.checks.cards import is_card_number
from isinglass.transforms.pii.checks.domains import is_known_address
from isinglass.transforms.pii.checks.iban import is_iban
from isinglass.transforms.pii.checks.wallets import (
    is_coin_address,
    is_ethereum_address,
    is_monero_address,
    is_one_case_address,
)

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKS: dict[str, Callable[[str], bool]] = {
    "card_number": is_card_number,
    "coin_address": is_coin_address,
    "ethereum_address": is_ethereum_address,
    "iban": is_iban,
    "ip_address": is_ip_address,
    "itin": is_itin,
    "known_address": is_known_address,
    "monero_address": is_monero_address,
    "one_case_address": is_one_case_address,
    "ssn": is_ssn,
}
