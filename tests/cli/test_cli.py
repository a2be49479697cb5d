"""The command line as a person or a scheduler meets it: output, errors, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from isinglass import __version__
from isinglass.schemas.manifest import Manifest
from tests.corpora import write_corpus


def isinglass(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "isinglass", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a configuration and its finished run."""
    folder = tmp_path_factory.mktemp("cli")
    write_corpus(folder / "corpus", 120)
    settings = {
        "name": "cli",
        "inputs": [{"path": "corpus", "source": "web"}],
        "output": "run",
        "dedup": {},
        "pii": {"mode": "identifiers", "canaries": {"documents": 30}},
        "balance": {},
        "gates": [
            {
                "metric": "pii.recall",
                "slice": {"entity": "EMAIL_ADDRESS"},
                "op": ">=",
                "value": 0.5,
            }
        ],
    }
    (folder / "job.yaml").write_text(yaml.safe_dump(settings))
    done = isinglass("clean", "-c", "job.yaml", "--format", "json", cwd=folder)
    assert done.returncode == 0, done.stderr
    (folder / "stdout.json").write_text(done.stdout)
    return folder


def test_json_on_stdout_is_the_manifest_and_keeps_its_contract(
    finished: Path, repository: Path
) -> None:
    printed = json.loads((finished / "stdout.json").read_text())
    written = json.loads((finished / "run" / "manifest.json").read_text())
    contract = json.loads((repository / "schemas" / "manifest.schema.json").read_text())
    assert printed == written
    jsonschema.validate(written, contract)
    assert written["records"]["in"] == 120
    assert Manifest.model_validate(written).verdict in {"passed", "warned"}


def test_the_contract_refuses_a_broken_manifest(
    finished: Path, repository: Path
) -> None:
    contract = json.loads((repository / "schemas" / "manifest.schema.json").read_text())
    written = json.loads((finished / "run" / "manifest.json").read_text())
    written["records"]["in"] = -1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(written, contract)


def test_a_second_run_has_nothing_to_do(finished: Path) -> None:
    done = isinglass("clean", "-c", "job.yaml", cwd=finished)
    assert done.returncode == 0, done.stderr
    assert "Nothing to do" in done.stdout
    asked = isinglass(
        "clean", "-c", "job.yaml", "--exit-code-unchanged", "9", cwd=finished
    )
    assert asked.returncode == 9, asked.stderr


def test_verify_proves_the_run(finished: Path) -> None:
    done = isinglass("verify", "run", cwd=finished)
    assert done.returncode == 0, done.stdout
    marks = [line.split()[0] for line in done.stdout.splitlines()]
    assert marks.count("ok") == 16
    assert "FAIL" not in marks


def test_a_run_without_gates_met_exits_with_3(finished: Path) -> None:
    done = isinglass(
        "clean",
        "-c",
        "job.yaml",
        "--set",
        "gates.0.value=1.01",
        "--set",
        "output=strict-run",
        cwd=finished,
    )
    assert done.returncode == 3, done.stderr
    assert not (finished / "strict-run" / "_SUCCESS").exists()
    assert (finished / "strict-run" / "report.html").exists()


def test_a_dry_run_writes_nothing(finished: Path) -> None:
    done = isinglass(
        "clean", "-c", "job.yaml", "--set", "output=dry", "--dry-run", cwd=finished
    )
    assert done.returncode == 0, done.stderr
    assert "shards: " in done.stdout
    assert "  survey: about " in done.stdout
    assert not (finished / "dry").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("clean", "-c", "none.yaml"), 2, "No configuration at none.yaml"),
        (("clean", "-c", "."), 2, "is a folder"),
        (("clean", "-c", "job.yaml/x"), 2, "its folder is a file"),
        (("clean",), 2, "clean` needs --config."),
        (("clean", "-c"), 2, "-c was given no value"),
        (("clean", "--fromat", "json"), 2, "Did you mean --format?"),
        (("clean", "-c", "x", "--format", "xml"), 2, "xml; write one of text, json."),
        (("verify",), 2, "verify` needs RUN."),
        (("verify", "a", "b"), 2, "a word too many"),
        (("evaluate", "pii", "--data", "x", "--examples", "x"), 2, "take x."),
        (("verify", "corpus"), 2, "not a finished run"),
        (("schema", "nonsense"), 2, "CONTRACT does not take nonsense"),
        (("frobnicate",), 2, "There is no verb frobnicate. There are audit"),
        (("vrify",), 2, "Did you mean verify?"),
        (("clean", "-c", "job.yaml", "--set", "output=s3://b"), 2, "s3://b is an"),
        (("verify", "s3://b/run"), 2, "s3:/b/run is an address"),
        (("clean", "-c", "gs://b/job.yaml"), 2, "gs:/b/job.yaml is an address"),
        (("clean", "-c", "job.yaml", "--set", "pii.moed=fast"), 2, "did you mean mode"),
        (("encode", "-c", "job.yaml"), 2, "no `encode` section"),
        (("clean", "-c", "job.yaml", "--runner", "Flnk"), 2, "FlinkRunner"),
    ],
)
def test_mistakes_are_answered_without_a_trace(
    finished: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = isinglass(*arguments, cwd=finished)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_help_lists_the_exit_codes_and_the_version_is_told(tmp_path: Path) -> None:
    for verb in ((), ("run",), ("forget",)):
        told = isinglass(*verb, "--help", cwd=tmp_path)
        assert told.returncode == 0
        for code in ("0    done", "75   something", "130  stopped by Ctrl-C"):
            assert code in told.stdout
    version = isinglass("--version", cwd=tmp_path)
    assert (version.returncode, version.stdout) == (0, f"isinglass {__version__}\n")


def test_a_working_folder_that_is_gone_is_said(finished: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    command = f"rmdir {gone}; {sys.executable} -P -m isinglass clean -c {finished}/x"
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        check=False,
        capture_output=True,
        text=True,
        cwd=gone,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1
    assert "The working folder of this shell was removed." in done.stderr


def test_init_writes_a_profile_once(tmp_path: Path) -> None:
    first = isinglass("init", "job.yaml", "--profile", "identifiers", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert yaml.safe_load((tmp_path / "job.yaml").read_text())["name"] == "identifiers"
    again = isinglass("init", "job.yaml", cwd=tmp_path)
    assert again.returncode == 2
    assert "--force" in again.stderr


@pytest.mark.parametrize("contract", ["config", "manifest", "tables"])
def test_contracts_are_printed_as_json(tmp_path: Path, contract: str) -> None:
    done = isinglass("schema", contract, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)


def test_doctor_finds_this_installation_healthy(tmp_path: Path) -> None:
    done = isinglass("doctor", "--format", "json", cwd=tmp_path)
    findings = {f["name"]: f for f in json.loads(done.stdout)}
    assert done.returncode == 0, done.stdout
    assert "en_person" in findings["PII models"]["detail"]


def test_no_log_or_output_holds_document_text(finished: Path) -> None:
    """Invariant 4: outside data/ and quarantine/ nothing quotes a document."""
    host = b"mailbox.io"
    for path in sorted((finished / "run").rglob("*")):
        table = path.relative_to(finished / "run").parts[0]
        if path.is_file() and table not in {"data", "quarantine"}:
            assert host not in path.read_bytes(), path
