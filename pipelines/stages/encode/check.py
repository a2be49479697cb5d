"""Every shard of `tokens/` held against the shard of `data/` it was made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.units import Unit
from isinglass.schemas.errors import ReconcileError
from isinglass.transforms.encode.outputs.reconcile import Expected, reconcile_tokens
from isinglass.transforms.encode.settings import settings_of
from isinglass.transforms.encode.tokenizers.reference import Reference, load_reference

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config import EncodeConfig

CHECK = "encode_check"


@dataclass(frozen=True)
class CheckWork:
    """Work of the check."""

    config: EncodeConfig
    name: str = CHECK

    def open(self) -> Expected:
        """Load the reference tokenizer, which alone decodes."""
        return expected_tokens(self.config, load_reference(settings_of(self.config)))

    def run(
        self, state: Expected, payload: str, outputs: UnitOutputs
    ) -> dict[str, int]:
        """Check one shard.

        Raises:
            ReconcileError: Ids, order, counts or a decoded document do not fit.
        """
        workspace = outputs.workspace
        tokens, data = (workspace.table(name, payload) for name in ("tokens", "data"))
        faults = reconcile_tokens(tokens, data, state)
        if faults:
            msg = (
                f"Pass encode, shard {payload}: {faults[0]} The run was stopped: ids "
                "and texts would not belong together."
            )
            raise ReconcileError(msg)
        return {"records_in": 0}


def expected_tokens(config: EncodeConfig, tokenizer: Reference) -> Expected:
    """What the rows of `tokens/` should be like."""
    return Expected(
        backend=tokenizer.library,
        vocabulary_size=tokenizer.vocabulary_size,
        prefix_ids=tokenizer.prefix_ids,
        suffix_ids=tokenizer.suffix_ids,
        windows=config.windows,
        max_tokens=config.max_tokens,
        stride=config.stride,
    )


def check_units(encodes: dict[str, Commit], code: str) -> list[Unit]:
    """One unit a shard; it depends on the bytes of its `tokens/`."""
    units = []
    for shard_id, commit in encodes.items():
        tokens = next(o for o in commit.outputs if o.path.startswith("tokens/"))
        identity = digest([tokens.sha256, commit.fingerprint, code])
        units.append(Unit(shard_id, shard_id, identity, tokens.bytes))
    return units
