"""The run configuration, one pydantic model a section; see `run.RunConfig`."""

from __future__ import annotations

from isinglass.schemas.config.balance import AxisConfig as AxisConfig
from isinglass.schemas.config.balance import BalanceConfig as BalanceConfig
from isinglass.schemas.config.base import Section as Section
from isinglass.schemas.config.canaries import CanaryConfig as CanaryConfig
from isinglass.schemas.config.decontaminate import (
    DecontaminateConfig as DecontaminateConfig,
)
from isinglass.schemas.config.dedup import DedupConfig as DedupConfig
from isinglass.schemas.config.dedup import MaxRemovedConfig as MaxRemovedConfig
from isinglass.schemas.config.dedup import ParagraphsConfig as ParagraphsConfig
from isinglass.schemas.config.dedup import RepeatsConfig as RepeatsConfig
from isinglass.schemas.config.encode import EncodeConfig as EncodeConfig
from isinglass.schemas.config.erase import EraseConfig as EraseConfig
from isinglass.schemas.config.inputs import Columns as Columns
from isinglass.schemas.config.inputs import InputConfig as InputConfig
from isinglass.schemas.config.load import load_config as load_config
from isinglass.schemas.config.load import load_release as load_release
from isinglass.schemas.config.normalise import NormaliseConfig as NormaliseConfig
from isinglass.schemas.config.pii import EntityConfig as EntityConfig
from isinglass.schemas.config.pii import Operator as Operator
from isinglass.schemas.config.pii import PiiConfig as PiiConfig
from isinglass.schemas.config.release import ReleaseConfig as ReleaseConfig
from isinglass.schemas.config.release import SourceFacts as SourceFacts
from isinglass.schemas.config.retention import RetentionConfig as RetentionConfig
from isinglass.schemas.config.review import ReviewConfig as ReviewConfig
from isinglass.schemas.config.run import BeamConfig as BeamConfig
from isinglass.schemas.config.run import GateConfig as GateConfig
from isinglass.schemas.config.run import LimitsConfig as LimitsConfig
from isinglass.schemas.config.run import RunConfig as RunConfig
from isinglass.schemas.config.run import StageConfig as StageConfig
from isinglass.schemas.config.run import SurveyConfig as SurveyConfig
