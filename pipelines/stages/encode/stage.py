"""Token ids and vectors of the kept documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from isinglass.pipelines.stage import After, Closed, Stage, Sum
from isinglass.pipelines.stages.encode import proof, report, story
from isinglass.pipelines.stages.encode.drive import encode_shards
from isinglass.pipelines.stages.encode.notes import ENCODE, encode_summary
from isinglass.pipelines.stages.encode.preflight import (
    check_encode,
    hidden_estimate,
    with_absolute_paths,
)
from isinglass.pipelines.stages.encode.work import CHECK
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.manifest import Lexicon, Manifest, Model
from isinglass.transforms.encode.models.check import check_models
from isinglass.transforms.encode.models.find import chosen_pooling

if TYPE_CHECKING:
    from isinglass.pipelines.plan import Plan
    from isinglass.pipelines.stage import Closing, Driver, Phase, Site, Verb


@dataclass(frozen=True)
class Encode(Stage):
    """The `encode` section; whether the verb encodes, and by which files."""

    config: EncodeConfig
    runs: bool = False
    models: tuple[Model, ...] = ()

    name: ClassVar[str] = "encode"
    needs: ClassVar[tuple[str, ...]] = ("demographics",)
    verb: ClassVar[str] = "encode"
    place: ClassVar[int] = 70

    def prepare(self, site: Site) -> Encode:
        """Check tokenizer and model, if the verb needs them."""
        config = with_absolute_paths(self.config, site.base)
        if site.verb not in {"run", "encode"}:
            return replace(self, config=config)
        embeds = config.embeddings != "none"
        models = tuple(check_models(config, embeds=embeds))
        check_encode(config)
        return replace(self, config=config, runs=True, models=models)

    def resolved(self) -> Mapping[str, Any]:
        """Model and tokenizer folders are named for any worker."""
        return {"encode": self.config}

    def identity(self, phase: Phase) -> Any:
        """How vectors are pooled, which `auto` leaves to files that may change."""
        if phase != "run" or not self.models or self.config.embeddings == "none":
            return None
        return chosen_pooling(self.config)

    def files(self) -> tuple[tuple[Model, ...], tuple[Lexicon, ...]]:
        """Tokenizer and encoder."""
        return self.models, ()

    def forecast(self, plan: Plan) -> Mapping[str, Any]:
        """How large the hidden states will be."""
        if not self.config.hidden_states or not self.models:
            return {}
        return {"hidden_states": hidden_estimate(self.config, plan.inputs)}

    def passes(self, verb: Verb, phase: Literal["decide", "after"]) -> Sequence[str]:
        """Texts are encoded, and ids held against them."""
        del verb
        if not self.runs or phase != "after":
            return ()
        return (ENCODE, CHECK) if self.config.tokens else (ENCODE,)

    def after(self, driver: Driver, cleans: Mapping[str, Commit]) -> After:
        """Encode every shard of `data/`."""
        if not self.runs:
            return After()
        fingerprints = [model.sha256 for model in self.models], driver.code
        shards = {shard: cleans[shard] for shard in driver.shard_ids}
        return After(encode_shards(driver.session, shards, self.config, fingerprints))

    def sums(self, shard_id: str, counts: Mapping[str, int], after: After) -> list[Sum]:
        """Every kept document is in the tables of the pass."""
        commit = after.commits.get(shard_id)
        if commit is None:
            return []
        records, kept = commit.counts["records_in"], counts.get("kept", 0)
        return [Sum("records in = records kept", records, kept)]

    def rows(self, counts: Mapping[str, int]) -> Mapping[str, int]:
        """Rows of the tables of the pass."""
        if "rows" not in counts:
            return {}
        of_documents = ("tokens", "embeddings", "hidden_states")
        rows = dict.fromkeys(of_documents, counts["rows"])
        return {**rows, "packed": counts.get("packed_rows", 0)}

    def close(self, closing: Closing) -> Closed:
        """What the pass wrote."""
        commits = list(closing.driver.after[self.name].commits.values())
        summary = encode_summary(closing.workspace, commits, self.config)
        return Closed(manifest={"encode": summary})

    @classmethod
    def deed(cls, manifest: Manifest) -> str:
        """What a run did besides cleaning."""
        return "" if manifest.encode is None else "encoding"

    written = staticmethod(proof.written)
    prove = staticmethod(proof.prove)
    section = staticmethod(report.section)
    line = staticmethod(report.line)
    paper = staticmethod(report.paper)
    story = staticmethod(story.story)
