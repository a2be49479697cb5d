"""The eraser: its guarantee, its formula, what it leaves alone, and its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.linalg import sqrtm

import isinglass
from isinglass.schemas.errors import InputError
from isinglass.transforms.leace.eraser import (
    Eraser,
    changed_share,
    finish,
    read_eraser,
    to_bytes,
)
from isinglass.transforms.leace.moments import add, create
from isinglass.transforms.statistics.probes import fit_logistic, predict
from tests.transforms.leace.conftest import Planted, plant


def by_the_formula(vectors: Any, labels: Any) -> Any:
    """The paper's own x - W^+ P W (x - mean), written down as it stands."""
    mean = vectors.mean(axis=0)
    centred = vectors - mean
    within = centred.T @ centred / len(vectors)
    across = centred.T @ (labels - labels.mean(axis=0)) / len(vectors)
    whitening = np.linalg.pinv(np.real(sqrtm(within)), rcond=1e-7, hermitian=True)
    columns = whitening @ across
    projection = columns @ np.linalg.pinv(columns, rcond=1e-9)
    moved = np.linalg.pinv(whitening, rcond=1e-9) @ projection @ whitening
    return vectors - centred @ moved.T


def test_it_is_the_formula(planted: Planted) -> None:
    eraser = finish(add(create(), *planted))
    assert (eraser.rank, eraser.dimensions) == (3, 24)
    erased = eraser.apply(planted.vectors)
    assert np.abs(erased - by_the_formula(*planted)).max() < 1e-8


def test_nothing_covaries_afterwards(planted: Planted) -> None:
    sums = add(create(), *planted)
    assert np.abs(sums.covariances).max() > 0.05
    erased = finish(sums).apply(planted.vectors)
    assert np.abs(add(create(), erased, planted.labels).covariances).max() < 1e-12
    single = finish(sums).apply(planted.vectors.astype(np.float32))
    assert single.dtype == np.float32
    assert np.abs(add(create(), single, planted.labels).covariances).max() < 1e-6


def test_no_linear_probe_beats_the_majority_on_the_rows_it_was_fitted_on(
    planted: Planted,
) -> None:
    erased = finish(add(create(), *planted)).apply(planted.vectors)
    for label in planted.labels.T:
        majority = max(label.mean(), 1 - label.mean())
        before = predict(fit_logistic(planted.vectors, label), planted.vectors)
        after = predict(fit_logistic(erased, label), erased)
        assert (before == label).mean() > majority + 0.05
        assert abs((after == label).mean() - majority) < 0.01


def test_no_other_projection_changes_less(planted: Planted) -> None:
    sums = add(create(), *planted)
    eraser = finish(sums)
    erased = eraser.apply(planted.vectors)
    # The nearest competitor: project out the covariances themselves.
    basis = np.linalg.qr(sums.across)[0]
    centred = planted.vectors - sums.vector
    other = planted.vectors - centred @ basis @ basis.T
    assert np.abs(add(create(), other, planted.labels).covariances).max() < 1e-12
    moved = [np.square(planted.vectors - some).sum() for some in (erased, other)]
    assert moved[0] < 0.9 * moved[1]
    share = moved[0] / np.square(centred).sum()
    assert changed_share(sums, eraser) == pytest.approx(share, rel=1e-9)


def test_twice_is_once_and_the_mean_stays(planted: Planted) -> None:
    eraser = finish(add(create(), *planted))
    once = eraser.apply(planted.vectors)
    assert np.allclose(eraser.apply(once), once, atol=1e-10)
    assert np.allclose(once.mean(axis=0), planted.vectors.mean(axis=0))


@pytest.mark.parametrize(
    ("columns", "rank"),
    [([0], 1), ([0, 1], 2), ([0, 0], 1), ([0, 1, 2], 3), ([], 0)],
)
def test_as_many_dimensions_go_as_labels_differ(
    planted: Planted, columns: list[int], rank: int
) -> None:
    sums = add(create(), *planted)
    eraser = finish(sums, np.array(columns, np.intp))
    assert eraser.rank == rank
    erased = add(create(), eraser.apply(planted.vectors), planted.labels)
    assert np.abs(erased.covariances[:, columns]).max(initial=0.0) < 1e-12
    if not columns:
        assert (eraser.apply(planted.vectors) == planted.vectors).all()


def test_a_label_that_is_always_there_takes_nothing(planted: Planted) -> None:
    labels = np.column_stack([planted.labels[:, 0], np.ones(3000, bool)])
    assert finish(add(create(), planted.vectors, labels)).rank == 1


def test_fewer_rows_than_dimensions_and_values_that_depend_on_others() -> None:
    few = plant(rows=30, dimensions=48)
    erased = finish(add(create(), *few)).apply(few.vectors)
    assert np.isfinite(erased).all()
    assert np.abs(add(create(), erased, few.labels).covariances).max() < 1e-9
    many = plant()
    double = np.hstack([many.vectors, many.vectors[:, :3], np.full((3000, 1), 7.0)])
    eraser = finish(add(create(), double, many.labels))
    erased = eraser.apply(double)
    assert np.abs(add(create(), erased, many.labels).covariances).max() < 1e-9
    assert np.allclose(erased[:, -1], 7.0)
    assert np.allclose(erased[:, 24:27], erased[:, :3])


def test_half_floats_come_back_as_single_ones(planted: Planted) -> None:
    half = planted.vectors.astype(np.float16)
    erased = finish(add(create(), half, planted.labels)).apply(half)
    assert erased.dtype == np.float32
    assert np.abs(add(create(), erased, planted.labels).covariances).max() < 1e-6


@pytest.mark.parametrize("shape", [(4, 23), (4, 25), (24,), (2, 2, 24)])
def test_other_widths_are_refused(planted: Planted, shape: tuple[int, ...]) -> None:
    eraser = finish(add(create(), *planted))
    with pytest.raises(InputError, match="for vectors of 24 values"):
        eraser.apply(np.zeros(shape))


def test_a_file_holds_all_of_it(planted: Planted, tmp_path: Path) -> None:
    fitted = finish(add(create(), *planted))
    about = {"axis": "gender", "groups": ["female", "male"]}
    eraser = Eraser(fitted.mean, fitted.left, fitted.right, about)
    path = tmp_path / "eraser.npz"
    path.write_bytes(to_bytes(eraser))
    again = read_eraser(path)
    assert again.about == about
    assert (again.apply(planted.vectors) == eraser.apply(planted.vectors)).all()
    assert to_bytes(again) == path.read_bytes()
    told = isinglass.erase_concept(planted.vectors[:5], path)
    assert (told == isinglass.erase_concept(planted.vectors[:5].tolist(), eraser)).all()


def test_a_concept_is_erased_from_floats_alone(planted: Planted) -> None:
    eraser = finish(add(create(), *planted))
    with pytest.raises(TypeError, match="int64"):
        isinglass.erase_concept(np.zeros((2, 24), np.int64), eraser)


def test_what_is_no_eraser_is_refused(planted: Planted, tmp_path: Path) -> None:
    whole = to_bytes(finish(add(create(), *planted)))
    path = tmp_path / "eraser.npz"
    for content in (b"", b"text", whole[:200], whole[:-30]):
        path.write_bytes(content)
        with pytest.raises(InputError, match="cannot be read as an eraser"):
            read_eraser(path)
    np.save(tmp_path / "array.npy", np.zeros(3))
    np.savez(tmp_path / "other.npz", mean=np.zeros(3))
    for name in ("array.npy", "other.npz", "missing.npz"):
        with pytest.raises(InputError, match="cannot be read as an eraser"):
            read_eraser(tmp_path / name)
    parts: dict[str, Any] = {
        "mean": np.zeros(3),
        "left": np.zeros((3, 1)),
        "right": np.zeros((1, 2)),
    }
    np.savez(path, about=np.array("{}"), **parts)
    with pytest.raises(InputError, match="do not fit each other"):
        read_eraser(path)
