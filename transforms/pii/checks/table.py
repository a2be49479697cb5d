"""Checks by the name under which the catalogue refers to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.transforms.pii.checks.addresses import (
    is_ip_address,
)
from isinglass.transforms.pii.checks.american import (
    is_canadian_sin,
    is_cpf,
    is_itin,
    is_ssn,
)
from isinglass.transforms.pii.checks.british import (
    is_medicare,
    is_nhs_number,
    is_tfn,
)
from isinglass.transforms.pii.checks.cards import (
    is_card_number,
)
from isinglass.transforms.pii.checks.chinese import (
    is_chinese_id_number,
)
from isinglass.transforms.pii.checks.domains import (
    is_known_address,
)
from isinglass.transforms.pii.checks.french import (
    is_nir,
)
from isinglass.transforms.pii.checks.german import (
    is_german_id_card,
    is_german_tax_id,
)
from isinglass.transforms.pii.checks.iban import (
    is_iban,
)
from isinglass.transforms.pii.checks.indian import (
    is_aadhaar,
)
from isinglass.transforms.pii.checks.italian import (
    is_fiscal_code,
)
from isinglass.transforms.pii.checks.korean import (
    is_rrn,
)
from isinglass.transforms.pii.checks.secret_values import (
    is_jwt,
    is_password,
    is_random_key,
    is_token,
)
from isinglass.transforms.pii.checks.spanish import (
    is_nie,
    is_nif,
)
from isinglass.transforms.pii.checks.wallets import (
    is_coin_address,
    is_ethereum_address,
    is_monero_address,
    is_one_case_address,
)

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKS: dict[str, Callable[[str], bool]] = {
    "aadhaar": is_aadhaar,
    "canadian_sin": is_canadian_sin,
    "card_number": is_card_number,
    "chinese_id_number": is_chinese_id_number,
    "coin_address": is_coin_address,
    "cpf": is_cpf,
    "ethereum_address": is_ethereum_address,
    "fiscal_code": is_fiscal_code,
    "german_id_card": is_german_id_card,
    "german_tax_id": is_german_tax_id,
    "iban": is_iban,
    "ip_address": is_ip_address,
    "itin": is_itin,
    "jwt": is_jwt,
    "known_address": is_known_address,
    "medicare": is_medicare,
    "monero_address": is_monero_address,
    "nhs_number": is_nhs_number,
    "nie": is_nie,
    "nif": is_nif,
    "nir": is_nir,
    "one_case_address": is_one_case_address,
    "password": is_password,
    "random_key": is_random_key,
    "rrn": is_rrn,
    "ssn": is_ssn,
    "tfn": is_tfn,
    "token": is_token,
}
