"""The results of a GPU as tables for benchmarks/README.md."""

from __future__ import annotations

from typing import Any

from benchmarks.measuring.processes import Target, print_targets, table

_HEADER = (
    "model, tokens a batch",
    "M tokens/s",
    "documents/s",
    "MB/s",
    "FLOP use",
    "fill",
    "idle",
    "tokenizer core s",
    "wall s",
    "GPU MiB",
)
_LEAST_RATE = {"MiniLM": 10.0, "BERT-base": 2.2}
_LEAST_RATIO = 3.0
_MOST_IDLE = 0.10
Results = dict[str, dict[str, Any]]


def print_results(results: Results, failed: list[str]) -> int:
    """Print what there is; returns 1 where a part or a check failed."""
    about = results.get("torch", {})
    print(
        f"\ntorch {about.get('torch')}, CUDA {about.get('cuda')}, {about.get('gpu')}, "
        f"varlen_attn {'there' if about.get('varlen_attn') else 'not there'}\n"
    )
    print(table(_HEADER, [row for name in _LEAST_RATE for row in _rows(results, name)]))
    print(
        "\n"
        + table(
            ("peer", "M tokens/s", "ratio", "difference", "cosine"), _peers(results)
        )
    )
    bad = _print_checks(results.get("checks", {}))
    print_targets([t for name in _LEAST_RATE for t in _targets(results, name)])
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return 1 if failed or bad else 0


def _rows(results: Results, name: str) -> list[list[str]]:
    rows = []
    for run in results.get(name, {}).get("runs", []):
        label = f"{name}, {run['batch_tokens']:,}"
        if "error" in run:
            rows.append([label, run["error"][:80], *[""] * (len(_HEADER) - 2)])
            continue
        use, memory = run["flop_utilisation"], run["peak_device_mb"]
        rows.append(
            [
                label,
                f"{run['tokens_per_second'] / 1e6:.3g}",
                f"{run['documents_per_second']:,.0f}",
                f"{run['megabytes_per_second']:.1f}",
                "" if use is None else f"{use:.0%}",
                f"{run['fill']:.3f}",
                f"{run['device_idle']:.1%}",
                f"{run['tokenizer_core_seconds']:.1f}",
                f"{run['seconds']:.2f}",
                "" if memory is None else f"{memory:,.0f}",
            ]
        )
    return rows


def _peers(results: Results) -> list[list[str]]:
    rows = []
    for name in _LEAST_RATE:
        peer = results.get(name, {}).get("peer") or {}
        if "error" in peer:
            rows.append([f"{name}: {peer['error'][:80]}", "", "", "", ""])
        elif peer:
            rows.append(
                [
                    f"{name}: {peer['name']}, {peer['precision']}",
                    f"{peer['tokens_per_second'] / 1e6:.3g}",
                    f"{peer.get('ratio', float('nan')):.1f}",
                    f"{peer.get('max_abs_difference', float('nan')):.1e}",
                    f"{peer.get('min_cosine', float('nan')):.5f}",
                ]
            )
    return rows


def _print_checks(checks: dict[str, dict[str, Any]]) -> bool:
    """Whether one failed."""
    rows = []
    for name, found in checks.items():
        rest = {key: value for key, value in found.items() if key != "ok"}
        rows.append([name, "passed" if found["ok"] else "FAILED", str(rest)[:160]])
    if rows:
        print("\n" + table(("check", "", "found"), rows))
    return not all(found["ok"] for found in checks.values())


def _targets(results: Results, name: str) -> list[Target]:
    found = results.get(name, {})
    best, peer = found.get("best") or {}, found.get("peer") or {}
    least = _LEAST_RATE[name]
    rate, idle = best.get("tokens_per_second"), best.get("device_idle")
    ratio = peer.get("ratio")
    millions = None if rate is None else rate / 1e6
    return [
        _target(
            f"{name}, M tokens/s", f">= {least}", millions, _at_least(millions, least)
        ),
        _target(
            f"{name}, times the peer",
            f">= {_LEAST_RATIO}",
            ratio,
            _at_least(ratio, _LEAST_RATIO),
        ),
        _target(
            f"{name}, GPU idle",
            f"< {_MOST_IDLE}",
            idle,
            None if idle is None else idle < _MOST_IDLE,
        ),
    ]


def _at_least(value: float | None, bound: float) -> bool | None:
    return None if value is None else value >= bound


def _target(
    what: str,
    asked: str,
    value: float | None,
    reached: bool | None,  # noqa: FBT001
) -> Target:
    return Target(what, asked, "" if value is None else f"{value:.3g}", reached)
