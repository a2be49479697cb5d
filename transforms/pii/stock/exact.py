"""What mode `exact` does in the texts of one language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.transforms.pii.identifiers import IdentifierScanner
from isinglass.transforms.pii.stock.rows import without_texts
from isinglass.transforms.pii.stock.scanner import StockScanner

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.schemas.config.pii import PiiConfig
    from isinglass.transforms.pii.budget import Budget
    from isinglass.transforms.pii.found import FoundColumns
    from isinglass.transforms.pii.models import SpacyModel


@dataclass(frozen=True)
class ExactScanner:
    """Stock Presidio, and ordinary recognizers for kinds that it does not know.

    Attributes:
        stock: Recognizers and model of one language.
        rest: Kinds that its default registry does not know, and recognizers of the
            user; None without any.
    """

    stock: StockScanner
    rest: IdentifierScanner | None

    def scan(
        self,
        texts: pa.StringArray,
        rows: NDArray[np.int64],
        budget: Budget,
        found: FoundColumns,
    ) -> None:
        """Gather the findings in some texts of a batch.

        Args:
            texts: All texts of the batch, without nulls.
            rows: int64 (n,), those to scan.
            budget: Is charged by row; rows that fail are noted in it.
            found: Is added to.
        """
        self.stock.scan(texts.take(pa.array(rows)), rows, budget, found)
        if self.rest is not None:
            others = np.setdiff1d(np.arange(len(texts)), rows)
            self.rest.scan(without_texts(texts, others), budget, found)


def load_exact(model: SpacyModel, config: PiiConfig) -> ExactScanner:
    """Load what texts in the language of a model need.

    Raises:
        ConfigError: An entity is not known.
    """
    stock = StockScanner.load(model, config.entities)
    known = stock.analyzer.entities
    entities = {k: v for k, v in config.entities.items() if k not in known}
    rest = IdentifierScanner.build(config.model_copy(update={"entities": entities}))
    return ExactScanner(stock, rest if rest.identifiers or rest.phones else None)
