import importlib.util
import os
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from metagnn.datasets import random_split, uniform_media, write_table
from metagnn.errors import TableError
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork

EXAMPLES = Path(__file__).parent.parent / "examples"
PUBLISHED_TABLE = "METAGNN_PUBLISHED_TABLE"


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_is_short_and_tested(path: Path):
    text = path.read_text()
    assert len(text.splitlines()) < 100
    assert 'if __name__ == "__main__":' in text
    assert f'example("{path.stem}")' in Path(__file__).read_text()


@pytest.mark.filterwarnings("ignore:.*are infeasible:UserWarning")
def test_train_on_core(capsys: pytest.CaptureFixture[str]):
    # Twice as many samples, a fifth of the steps: enough to pass every rival, which is the claim, on any processor.
    table = example("train_on_core").main(train=66, test=50, epochs=150)
    assert list(table.index) == ["flux_gnn", "mean", "ridge", "quadratic_ridge"]
    for column in ("growth_r2", "median_flux_r2"):
        assert table[column].idxmax() == "flux_gnn"
    assert table.loc["mean", "growth_r2"] <= 0
    assert (table["max_abs_sv"] < 1e-9).all()
    assert table["max_bound_violation"].idxmin() == "flux_gnn"
    assert re.search(r"trained on \d+ media in .* s", capsys.readouterr().out)


def test_unknown_uptakes(capsys: pytest.CaptureFixture[str]):
    scores = example("unknown_uptakes").main(quick=True)
    assert scores["folds"]["medium_gnn"] > 0.5
    # A substrate that no training medium held: a regression on the list cannot know what it is worth.
    unseen = scores["unseen substrate"]
    assert unseen["medium_gnn"] > max(unseen["linear"], unseen["quadratic_ridge"])
    assert "unseen substrate" in capsys.readouterr().out


def test_layer_in_your_own_model(capsys: pytest.CaptureFixture[str]):
    result = example("layer_in_your_own_model").main(steps=30, samples=16)
    assert result["last_loss"] < 0.7 * result["first_loss"]
    assert result["max_abs_sv"] < 1e-9
    assert "largest |S·v|" in capsys.readouterr().out


def test_genome_scale_graph(core: MetabolicNetwork, capsys: pytest.CaptureFixture[str]):
    module = example("genome_scale_graph")
    small = module.main("e_coli_core")
    assert small["edges"] == core.stoichiometry.value.numel()
    assert (small["alpha"], small["beta"]) == pytest.approx((42.5555, 5.4528), abs=1e-4)
    large = module.main()
    assert (large["metabolites"], large["reactions"]) == (1805, 2583)
    assert (large["alpha"], large["beta"]) == pytest.approx((41.043, 10.801), abs=1e-3)
    for result in (small, large):
        assert result["growth"] > 0.5
        assert max(result["max_abs_sv"], *result["element_residuals"].values()) < 1e-8
    assert "iJO1366" in capsys.readouterr().out


def published_like(network: MetabolicNetwork, rows: int = 60) -> pd.DataFrame:
    """Media and pFBA fluxes in three folds and some rows held out, in the shape of the published table."""
    media = uniform_media({"EX_glc__D_e": (2, 10), "EX_succ_e": (0, 10), "EX_o2_e": (5, 20)}, rows).assign(EX_pi_e=10.0)
    fluxes = simulate_fluxes(network, media, "pfba").fluxes
    _, held_out = random_split(rows, 0.1, seed=0)
    fold = np.arange(rows) % 3 + 0.0
    fold[held_out] = np.nan
    return pd.concat(
        [pd.Series(fold, name="fold"), media.add_prefix("max_uptake:"), fluxes.add_prefix("flux:")], axis=1
    )


def test_published_table_on_a_small_one_like_it(core: MetabolicNetwork, tmp_path: Path):
    module, table = example("published_table"), published_like(core)
    write_table(table, tmp_path / "table.csv")
    # Held-out rows may be blank or negative.
    write_table(table.fillna({"fold": -1}), tmp_path / "negative.csv")
    media, growth, fold = module.read_media(tmp_path / "table.csv", core)
    assert len(media) == len(growth) == len(fold) == 54
    assert set(fold) == {0, 1, 2}
    np.testing.assert_array_equal(media, module.read_media(tmp_path / "negative.csv", core)[0])
    np.testing.assert_array_equal(media["EX_o2_e"], table["max_uptake:EX_o2_e"][table["fold"].notna()])
    np.testing.assert_array_equal(
        growth[core.growth_reaction], table[f"flux:{core.growth_reaction}"][table["fold"].notna()]
    )

    result = module.main(tmp_path / "table.csv", folds=2, epochs=20)
    assert result["q2"].keys() == {"flux_gnn", "fba", "linear", "quadratic_ridge"}
    for score in result["q2"].values():
        assert len(score["folds"]) == 2
        assert 0.8 < score["pooled"] <= 1
    # The labels are flux balance analysis, and the predictor finds out.
    assert result["q2"]["flux_gnn"]["pooled"] > 0.9999
    assert result["max_abs_sv"] < 1e-9
    assert result["max_bound_violation"] < 1e-9


def test_the_score_counts_every_row_of_every_fold():
    module = example("published_table")
    observed = np.array([1.0, 2.0, 3.0, 6.0])
    assert module.q2(observed, observed) == 1
    assert module.q2(observed, np.full(4, 3.0)) == 0
    assert module.q2(observed, observed + np.array([1.0, 0.0, 0.0, 0.0])) == pytest.approx(1 - 1 / 14)


@pytest.mark.parametrize("missing", ["fold", "flux:Biomass_Ecoli_core", "max_uptake:.*"])
def test_another_table_is_refused(missing: str, core: MetabolicNetwork, tmp_path: Path):
    table = published_like(core, 6)
    write_table(table.loc[:, [re.fullmatch(missing, name) is None for name in table]], tmp_path / "table.csv")
    with pytest.raises(TableError, match=r"lacks 'fold', 'max_uptake:…' or 'flux:Biomass_Ecoli_core'"):
        example("published_table").main(tmp_path / "table.csv")


@pytest.mark.skipif(PUBLISHED_TABLE not in os.environ, reason=f"{PUBLISHED_TABLE} does not name the published table")
def test_published_table():
    # One fold of five and a sixth of the default's epochs: near the linear model, not yet near the end.
    result = example("published_table").main(os.environ[PUBLISHED_TABLE], folds=1, epochs=10)
    assert result["q2"]["flux_gnn"]["pooled"] > 0.98
    assert result["q2"]["linear"]["pooled"] == pytest.approx(0.990, abs=0.002)
    assert result["q2"]["quadratic_ridge"]["pooled"] == pytest.approx(0.997, abs=0.001)
    assert result["max_abs_sv"] < 1e-9
