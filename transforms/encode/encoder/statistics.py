"""How well the device was used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class EncoderStatistics:
    """Sums over everything an encoder has run.

    Attributes:
        batches: Forward passes.
        documents: Documents in them; those without a token are in none.
        tokens: Tokens in them, after cutting to the encoder's longest.
        positions: Tokens and the padding that a padded model runs beside them.
        budgets: Most tokens that those batches could have held.
        compute_seconds: From the start to the end of each batch on the device. On a
            GPU by its own clock, where pauses between the kernels of one batch count
            as work. 0 where the encoder was given no clock.
        wall_seconds: From the first batch's start to the last one's end, as the host
            saw it, of every call; 0 where the encoder was given no clock.
    """

    batches: int = 0
    documents: int = 0
    tokens: int = 0
    positions: int = 0
    budgets: int = 0
    compute_seconds: float = 0.0
    wall_seconds: float = 0.0

    @property
    def fill(self) -> float:
        """Share of the batches' budgets that held a token, 0 to 1."""
        return self.tokens / self.budgets if self.budgets else 0.0

    @property
    def padding(self) -> float:
        """Share of the positions run that held no token, 0 to 1."""
        return 1.0 - self.tokens / self.positions if self.positions else 0.0

    @property
    def idle(self) -> float:
        """Share of the wall time in which the device ran no batch, 0 to 1."""
        if self.wall_seconds <= 0.0:
            return 0.0
        return max(0.0, 1.0 - self.compute_seconds / self.wall_seconds)
