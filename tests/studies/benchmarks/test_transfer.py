import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from metagnn.datasets import uniform_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.errors import FolderError
from metagnn.network import MetabolicNetwork
from metagnn.studies.benchmarks.transfer import EXACT, FBA, TRAINED, UNCHANGED, study_transfer
from metagnn.studies.benchmarks.transfer_cases import REMOVED, core_origin, held_out_reactions
from metagnn.studies.harness.study import StudyOptions

QUICK = StudyOptions("quick", jobs=1)


def ignore(done: int, total: int) -> None:
    """No progress."""


def test_every_model_stands_beside_ignoring_the_change_and_fba(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    (table,) = study_transfer(tmp_path, QUICK, lambda *call: calls.append(call))
    assert calls == [(done, 10) for done in range(11)]
    rows = json.loads((tmp_path / "transfer.json").read_text())
    models = {FBA, UNCHANGED, *TRAINED, *(name + EXACT for name in TRAINED)}
    for trial in ("knockouts never seen in training", f"e_coli_core without {REMOVED} reactions"):
        for labels in ("min_norm", "pfba"):
            mine = {row["model"]: row for row in rows if (row["trial"], row["labels"]) == (trial, labels)}
            assert set(mine) == models
            assert mine[FBA]["growth_r2"] == pytest.approx([1.0, 1.0, 1.0])
            assert mine[FBA]["median_flux_r2"] == pytest.approx([1.0, 1.0, 1.0])
            # A flux of maximal growth is found by the exact layer whatever the network has learned.
            assert mine["untrained" + EXACT]["growth_r2"][0] > 0.999
            assert mine[UNCHANGED]["growth_r2"][0] < 0.999
            assert all(row["microseconds"][0] > 0 and row["answered"] == 1.0 for row in mine.values())
    assert [cells[:3] for cells in table.rows] == [(row["trial"], row["labels"], row["model"]) for row in rows]
    with pytest.warns(UserWarning, match="is finished already"):
        (again,) = study_transfer(tmp_path, dataclasses.replace(QUICK, resume=True), ignore)
    assert again == table
    with pytest.raises(FolderError, match="is finished, by a run with other seeds; other experiments"):
        study_transfer(tmp_path, dataclasses.replace(QUICK, resume=True, first_seed=1), ignore)


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
