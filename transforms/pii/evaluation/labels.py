"""Labels of span-labelled data sets, and the entities that they stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.pii.data import load_data

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

IGNORED = ""
"""Stands for labels whose spans are neither right nor wrong."""

_PREFIX = re.compile(r"^[BILSUE]-")


@dataclass(frozen=True)
class Labels:
    """Entity by label.

    Attributes:
        entities: By label in capitals without a prefix; `IGNORED` for some.
        known: Entities that stand for themselves.
    """

    entities: dict[str, str]
    known: frozenset[str]

    @classmethod
    def of(
        cls,
        known: Collection[str],
        mapped: Sequence[str] = (),
        ignored: Sequence[str] = (),
    ) -> Labels:
        """The mapping of the data file with what a user adds.

        Args:
            known: Entities that are looked for.
            mapped: Additions of the form LABEL=ENTITY; these come first.
            ignored: Labels to ignore.

        Raises:
            ConfigError: An addition is not of this form.
        """
        content = load_data("labels", "spans").content
        own = {_plain(label): IGNORED for label in content["ignored"]}
        for entity, labels in content["entities"].items():
            own |= {_plain(label): entity for label in labels}
        names = frozenset([*known, *content["entities"]])
        own |= {name: name for name in names}
        own |= {_plain(label): IGNORED for label in ignored}
        for pair in mapped:
            label, separator, entity = pair.partition("=")
            if not separator or not label.strip() or not entity.strip():
                msg = f"--map {pair}: write LABEL=ENTITY, such as PATIENT=PERSON"
                raise ConfigError(msg)
            own[_plain(label)] = entity.strip()
        return cls(own, names)

    def entity(self, label: str) -> str | None:
        """Entity of a label, `IGNORED`, or None if the label is not known."""
        if label in self.entities:
            return self.entities[label]
        return self.entities.get(_plain(label))


def _plain(label: str) -> str:
    return _PREFIX.sub("", label.strip().upper())
