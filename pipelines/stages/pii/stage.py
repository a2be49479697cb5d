"""Personal data: found, changed, measured by planted values, searched for again."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from isinglass.pipelines.stage import After, Closed, Record, Stage
from isinglass.pipelines.stages.pii import leftovers, paper, proof, report, story
from isinglass.pipelines.stages.pii import recall as misses
from isinglass.pipelines.stages.pii.counts import (
    count_rules,
    finding_counts,
    finding_statistics,
    operators_used,
    read_findings,
)
from isinglass.pipelines.stages.pii.hits import (
    COUNTED,
    frequent_values,
    hit_partials,
    hit_warnings,
    recall_partials,
    sign_counts,
    source_counts,
    source_statistics,
)
from isinglass.pipelines.stages.pii.key import find_key, store_key
from isinglass.pipelines.stages.pii.leftovers import (
    small_samples,
    unread_languages,
    unread_statistics,
    weak_recall,
)
from isinglass.pipelines.stages.pii.parts import parts
from isinglass.pipelines.stages.pii.second_scan import (
    SECOND_SCAN,
    scan_again,
    scans_twice,
    second_scan_statistics,
)
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import PiiConfig, RunConfig
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.manifest import Lexicon, Model, SecondScan
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.draws import sample_documents
from isinglass.transforms.edits import Applied, Edits, View
from isinglass.transforms.pii.operators.replacement import writer
from isinglass.transforms.pii.scan import key_mark, load_detector, pii_edits

if TYPE_CHECKING:
    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.stage import Closing, Driver, Phase, Site, Verb
    from isinglass.transforms.edits.edits import Write
    from isinglass.transforms.pii.detector import Detector

    State = tuple[Detector, Write]

WITHHELD = "(withheld)"
"""Stands for each value of a list in manifest and report."""


@dataclass(frozen=True)
class Pii(Stage):
    """The `pii` section; without one, the key and what others find in texts.

    Attributes:
        key: Secret key of value keys and of the hash operator.
        lexicons: Data files of the detector, and those of the user.
        share: Share of the documents that get planted identifiers.
    """

    config: PiiConfig | None
    seed: int
    key: bytes = field(default=b"", repr=False)
    models: tuple[Model, ...] = ()
    lexicons: tuple[Lexicon, ...] = ()
    share: float = 0.0

    name: ClassVar[str] = "pii"
    needs: ClassVar[tuple[str, ...]] = ("encode",)
    edits: ClassVar[Literal["", "cut", "edit"]] = "edit"
    place: ClassVar[int] = 50
    metrics: ClassVar[tuple[str, ...]] = (
        "pii.changed",
        "pii.found",
        "pii.kept",
        "pii.leftovers",
        "pii.leftovers.rate",
        "pii.rate",
        "pii.recall",
        "pii.second_scan.documents",
        "pii.second_scan.hits",
        "pii.unread",
    )

    @classmethod
    def of(cls, config: RunConfig) -> Pii | None:
        """On if there is such a section, or findings of others."""
        return cls(config.pii, config.seed) if config.finds else None

    def prepare(self, site: Site) -> Pii:
        """Build every recognizer once, check the models, find the key."""
        key = find_key(site.workspace, self.config)
        if self.config is None:
            return replace(self, key=key)
        # Presidio takes seconds to import; a run without PII needs none of it.
        from isinglass.pipelines.stages.pii.plant import check_detector  # noqa: PLC0415

        if (
            self.config.mode != "identifiers"
            and not site.config.survey.detect_languages
        ):
            msg = (
                f"pii.mode {self.config.mode} needs survey.detect_languages: true, or "
                "documents without a language would be scanned for identifiers only. "
                "Use pii.mode: identifiers if that is wanted."
            )
            raise ConfigError(msg)
        config, models, lexicons = check_detector(self.config, site.base)
        return replace(self, config=config, key=key, models=models, lexicons=lexicons)

    def resolved(self) -> Mapping[str, Any]:
        """Files of the user are named for any worker."""
        return {} if self.config is None else {"pii": self.config}

    @classmethod
    def publishable(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Values of deny and allow lists, which may be names of persons, are withheld.

        How many there are stays visible; `work/run.json` holds what was given.
        """
        shown = copy.deepcopy(config)
        recognizers = (shown.get("pii") or {}).get("recognizers") or {}
        for entry in (*recognizers.get("deny", ()), *recognizers.get("allow", ())):
            entry["values"] = [WITHHELD] * len(entry["values"])
        return shown

    def identity(self, phase: Phase) -> Any:
        """Section, mark of the key, models; and how many get planted identifiers."""
        hashes = [model.sha256 for model in self.models]
        hashes += [lexicon.sha256 for lexicon in self.lexicons]
        section = self.config.model_dump() if self.config else None
        own = [section, key_mark(self.key), self.seed, hashes]
        if phase == "run":
            return own
        return [own, self.share] if phase == "clean" else None

    def files(self) -> tuple[tuple[Model, ...], tuple[Lexicon, ...]]:
        """Models and data files of the detector."""
        return self.models, self.lexicons

    def passes(self, verb: Verb, phase: Literal["decide", "after"]) -> Sequence[str]:
        """The finished texts are searched again."""
        again = phase == "after" and scans_twice(self.config, verb)
        return (SECOND_SCAN,) if again else ()

    def scaled(self, share: float) -> Pii:
        """Identifiers are planted in fewer documents."""
        if self.config is None:
            return self
        from isinglass.transforms.pii.canaries.plant import (  # noqa: PLC0415
            copies_wanted,
        )

        documents = round(copies_wanted(self.config) * share)
        fewer = self.config.canaries.model_copy(update={"documents": documents})
        config = self.config.model_copy(update={"canaries": fewer})
        return replace(self, config=config)

    def begin(self, driver: Driver) -> tuple[Commit, ...]:
        """Keep a key that does not come from the environment."""
        store_key(driver.workspace, self.config, self.key)
        return ()

    def ready(self, driver: Driver) -> Pii:
        """How many documents are sampled depends on how many there are."""
        if self.config is None or not driver.documents:
            return self
        from isinglass.transforms.pii.canaries.plant import (  # noqa: PLC0415
            copies_wanted,
        )

        wanted = copies_wanted(self.config)
        return replace(self, share=min(1.0, wanted / driver.documents))

    def speed(self) -> float:
        """Identifiers are searched for fast; names need a model."""
        if self.config is None:
            return super().speed()
        return 5e6 if self.config.mode == "identifiers" else 1e5

    def open(self, phase: Literal["survey", "clean"], workspace: Workspace) -> Any:
        """Load the detector."""
        del workspace
        if phase == "survey" or self.config is None:
            return None
        detector = load_detector(self.config, time.monotonic)
        if any(finder.confirmer for finder in detector.names.values()):
            from isinglass.transforms.encode.encoder.device import (  # noqa: PLC0415
                configure_threads,
            )

            # Workers are processes already; their number must not change any sum.
            configure_threads(1)
        return detector, writer(self.config, self.key)

    def edit(self, state: State | None, view: View) -> Edits:
        """Find identifiers, and say what takes their place."""
        if state is None:
            return Edits()
        detector, write = state
        return pii_edits(detector, view, write)

    def writer(self, state: State | None) -> Write | None:
        """Finding names is slow."""
        return state and state[1]

    def record(self, state: State | None, applied: Applied, note: None) -> Record:
        """Count hits; plant identifiers in some of the texts that were scanned."""
        del note
        hits = hit_partials(applied)
        if state is None or self.config is None or not self.share:
            return Record(partials=hits)
        from isinglass.pipelines.stages.pii.plant import plant_some  # noqa: PLC0415

        label = f"canary sample {self.seed}"
        chosen = sample_documents(applied.view.doc_ids, self.share, label)
        partials = plant_some(self.config, self.seed, state[0], applied.view, chosen)
        return Record(partials=hits | partials)

    def after(self, driver: Driver, cleans: Mapping[str, Commit]) -> After:
        """Search the finished `data/` once more, by other means."""
        return After(note=scan_again(driver, cleans, self.config))

    def close(self, closing: Closing) -> Closed:
        """What was found, what became of it, and what was probably missed."""
        driver, counts = closing.driver, closing.counts
        findings = finding_counts(counts)
        counted = recall_partials(closing.partials)
        recall = misses.recall_by_entity(counted)
        left = misses.expected_leftovers(findings, recall)
        words = closing.words
        kinds = misses.findable(self.config) if self.config else set()
        own = [e for e in findings if e.partition(".")[0] not in driver.after]
        second: SecondScan | None = driver.after[self.name].note
        allowed = {
            name.removeprefix("allowed."): number
            for name, number in sorted(counts.items())
            if name.startswith("allowed.")
        }
        return Closed(
            statistics=[
                *misses.recall_statistics(counted),
                *misses.leftover_statistics(left, words.get(None, 0.0)),
                *(unread_statistics(self.config, closing.texts) if self.config else ()),
                *finding_statistics(findings, words.get(None, 0.0), kinds),
                *source_statistics(source_counts(closing.partials), words),
                *second_scan_statistics(second),
            ],
            manifest={
                "findings": findings,
                "frequent_values": frequent_values(
                    partial(read_findings, driver.workspace, driver.shard_ids, COUNTED),
                    sign_counts(closing.partials),
                ),
                "allowed": allowed,
                "operators": operators_used(driver.config, own),
                "recall": recall,
                "recall_slices": misses.recall_slices(counted),
                "not_measured": misses.not_measured(self.config, own, recall),
                "expected_leftovers": left,
                "second_scan": second,
            },
            shown=count_rules(driver.workspace, driver.shard_ids),
        )

    @classmethod
    def warns(
        cls, config: RunConfig, told: Mapping[str, Any], statistics: Sequence[Statistic]
    ) -> list[str]:
        """Whether texts were searched at all, what is missed, and what was not read."""
        warnings = hit_warnings(told.get("frequent_values", ()))
        warnings += weak_recall(told) + small_samples(told)
        warnings += unread_languages(config, statistics)
        if config.pii is None:
            warnings.append("Texts were not scanned for PII (no `pii` section).")
        return warnings

    slices = staticmethod(parts)

    written = staticmethod(proof.written)
    prove = staticmethod(proof.prove)
    rebuild = staticmethod(proof.rebuild)
    section = staticmethod(report.section)
    figure = staticmethod(report.figure)
    line = staticmethod(report.line)
    remarks = staticmethod(leftovers.remarks)
    unsought = staticmethod(leftovers.unsought)
    advice = staticmethod(leftovers.advice)
    paper = staticmethod(paper.paper)
    cases = staticmethod(story.cases)
    story = staticmethod(story.story)
