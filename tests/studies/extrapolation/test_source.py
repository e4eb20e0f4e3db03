from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.errors import NetworkError, TableError
from metagnn.fba.simulate import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.studies.extrapolation.source import MediaTable, SparseMedia, read_media_table
from metagnn.studies.harness.samples import SampleStore

SOURCES = [name for name in E_COLI_CORE_RANGES if name != "EX_o2_e"]


def test_sparse_media_hold_every_number_of_carbon_sources_alike() -> None:
    store = SampleStore()
    samples = SparseMedia(24).samples(store, 0)
    counts = (samples.media[SOURCES] > 0).sum(axis=1)
    assert counts.value_counts().to_dict() == {1: 6, 2: 6, 3: 6, 4: 6}
    assert (samples.media["EX_o2_e"] > 0).all()
    assert samples.fluxes.notna().all(axis=None)
    network = store.network("e_coli_core")
    assert np.abs(network.stoichiometry.to_scipy() @ samples.fluxes.to_numpy().T).max() < 1e-7
    assert SparseMedia(24).samples(store, 0) is samples
    again, other = (SparseMedia(24).samples(SampleStore(), seed) for seed in (0, 1))
    pd.testing.assert_frame_equal(again.media, samples.media)
    assert not other.media.equals(samples.media)


@pytest.fixture
def table(core: MetabolicNetwork, tmp_path: Path) -> tuple[pd.DataFrame, pd.DataFrame, Path]:
    media = pd.DataFrame({"EX_glc__D_e": [10.0, 0.0, 5.0], "EX_o2_e": [20.0, 0.0, 2.0]})
    with pytest.warns(UserWarning, match="1 of 3 media are infeasible"):
        fluxes = simulate_fluxes(core, media).fluxes
    return media, fluxes, tmp_path / "table.csv"


def test_both_forms_of_a_table_say_the_same(
    core: MetabolicNetwork, table: tuple[pd.DataFrame, pd.DataFrame, Path]
) -> None:
    media, fluxes, path = table
    growth = core.growth_reaction
    pd.concat([media.add_prefix("max_uptake:"), fluxes[[growth, "EX_o2_e"]].add_prefix("flux:")], axis=1).assign(
        fold=1
    ).to_csv(path, index=False)
    with pytest.warns(UserWarning, match="1 of 3 rows are left out: 1 that no flux can satisfy"):
        prefixed = read_media_table(core, str(path))
    assert list(prefixed.fluxes) == [growth, "EX_o2_e"]
    pd.concat([media, fluxes[[growth]]], axis=1).to_csv(path, index=False)
    with pytest.warns(UserWarning, match="1 of 3 rows"):
        plain = MediaTable(str(path), "e_coli_core").samples(SampleStore(), 5)
    pd.testing.assert_frame_equal(plain.media, prefixed.media)
    pd.testing.assert_frame_equal(plain.fluxes, prefixed.fluxes[[growth]])
    assert len(plain.media) == 2


def test_media_alone_get_labels(core: MetabolicNetwork, table: tuple[pd.DataFrame, pd.DataFrame, Path]) -> None:
    media, fluxes, path = table
    media.to_csv(path, index=False)
    with pytest.warns(UserWarning, match="1 of 3 rows"):
        samples = read_media_table(core, str(path))
    assert np.allclose(samples.fluxes, fluxes.dropna(), atol=1e-9)


def test_growth_of_the_model_can_be_chosen(table: tuple[pd.DataFrame, pd.DataFrame, Path]) -> None:
    media, _, path = table
    media.to_csv(path, index=False)
    source, store = MediaTable(str(path), "e_coli_core", "ATPM"), SampleStore()
    with pytest.warns(UserWarning, match="rows"):
        samples = source.samples(store, 0)
    assert source.settings()["growth"] == "ATPM"
    assert store.network(source.model, source.growth).growth_reaction == "ATPM"
    # All ATP of the sugar, and no cells.
    assert samples.fluxes["ATPM"].min() > 20
    assert samples.fluxes["Biomass_Ecoli_core"].abs().max() < 1e-6


def test_gaps_and_aliases(core: MetabolicNetwork, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    media = pd.DataFrame({"EX_glc__D_e": [10.0, 8.0], "BIOMASS_Ecoli_core_w_GAM": [0.8, np.nan]})
    media.to_csv(path, index=False)
    with pytest.warns(UserWarning, match="1 more with a gap in the targets"):
        samples = read_media_table(core, str(path))
    assert list(samples.fluxes) == [core.growth_reaction]
    assert len(samples.media) == 1


def test_bad_tables_are_named(core: MetabolicNetwork, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"

    def refused(table: dict[str, list[float]], error: type[Exception], match: str) -> None:
        pd.DataFrame(table).to_csv(path, index=False)
        with pytest.raises(error, match=match):
            read_media_table(core, str(path))

    refused({"PGI": [1.0]}, TableError, "has no media; expected columns such as 'max_uptake:EX_glc__D_e'")
    refused({"EX_glc__D_e": [1.0], "PGX": [1.0]}, NetworkError, "'PGX'")
    refused({"max_uptake:EX_glc__D_e": [-1.0]}, TableError, "EX_glc__D_e")
    refused({"EX_glc__D_e": [0.0], "PGI": [1.0]}, TableError, "no row that the network can satisfy")
