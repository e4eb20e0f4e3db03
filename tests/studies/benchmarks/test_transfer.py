import json
from pathlib import Path

import numpy as np
import pytest

from metagnn.datasets import uniform_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.errors import FolderError
from metagnn.network import MetabolicNetwork
from metagnn.studies.benchmarks.transfer import EXACT, measure_transfer
from metagnn.studies.benchmarks.transfer_cases import REMOVED, core_origin, held_out_reactions

TRAINED = ("flux_gnn augmented", "flux_gnn not augmented", "untrained")


def test_every_model_stands_beside_ignoring_the_change_and_fba(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    rows = measure_transfer(tmp_path, progress=lambda *call: calls.append(call), quick=True)
    assert calls == [(1, 2), (2, 2)]
    models = {"FBA", "ignore the change", *TRAINED, *(name + EXACT for name in TRAINED)}
    for trial in ("knockouts never seen in training", f"e_coli_core without {REMOVED} reactions"):
        for labels in ("min_norm", "pfba"):
            mine = {row.model: row for row in rows if (row.trial, row.labels) == (trial, labels)}
            assert set(mine) == models
            assert mine["FBA"].growth_r2 == pytest.approx((1.0, 1.0, 1.0))
            assert mine["FBA"].median_flux_r2 == pytest.approx((1.0, 1.0, 1.0))
            # A flux of maximal growth is found by the exact layer whatever the network has learned.
            assert mine["untrained" + EXACT].growth_r2[0] > 0.999
            assert mine["ignore the change"].growth_r2[0] < 0.999
            assert all(row.microseconds[0] > 0 and row.answered == 1.0 for row in mine.values())
    written = json.loads((tmp_path / "transfer.json").read_text())
    assert [row["model"] for row in written] == [row.model for row in rows]
    # Killed after its first seed, it does only the second again.
    first, second = sorted((tmp_path / "runs").glob("e_coli_core*.json"))
    second.unlink()
    kept, known = first.stat().st_mtime_ns, first.read_text()
    again = measure_transfer(tmp_path, quick=True, resume=True)
    assert (first.stat().st_mtime_ns, first.read_text()) == (kept, known)
    assert second.is_file()
    assert [row.growth_r2 for row in again] == [row.growth_r2 for row in rows]
    with pytest.raises(FolderError, match="runs of other settings"):
        measure_transfer(tmp_path, seed=1, quick=True, resume=True)


def _missing(table) -> set[str]:
    return {name for text in table["knockout"] for name in text.split(";") if name}


@pytest.mark.parametrize("seed", [0, 1])
def test_no_reaction_of_the_test_or_of_its_group_was_ever_missed_in_training(core: MetabolicNetwork, seed: int) -> None:
    origin = core_origin(300, 100, seed)
    knockouts, smaller = origin.trials
    tested, trained = _missing(knockouts.test), _missing(origin.augmented)
    assert tested
    assert trained
    assert not tested & trained
    assert (knockouts.test["knockout"] != "").all()
    assert not {"knockout"} & set(origin.plain)
    held_out = set(held_out_reactions(core, origin.plain, seed))
    assert tested <= held_out
    assert set(core.reactions) - set(smaller.target.reactions) <= held_out
    assert len(smaller.target.reactions) == len(core.reactions) - REMOVED


def test_reactions_that_always_move_together_are_held_out_together(core: MetabolicNetwork) -> None:
    media = uniform_media(E_COLI_CORE_RANGES, 20)
    drawn = [set(held_out_reactions(core, media, seed)) for seed in range(8)]
    # The two halves of aconitase, and the oxidative branch from glucose 6-phosphate on.
    for pair in (("ACONTa", "ACONTb"), ("G6PDH2r", "PGL"), ("G6PDH2r", "GND")):
        assert all((pair[0] in held) == (pair[1] in held) for held in drawn)
    assert any("ACONTa" in held for held in drawn)
    assert not any("FRUpts2" in held for held in drawn), "no fructose, no flux"
    assert len({frozenset(held) for held in drawn}) == 8
    assert np.mean([len(held) for held in drawn]) > 5
