from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metagnn.errors import TableError
from metagnn.network import MetabolicNetwork
from metagnn.studies.measured.published_fluxes import (
    GEROSA_FILE,
    GEROSA_FLUXES,
    GEROSA_SOURCES,
    GLUCOSE,
    LEAVE_RATE_OUT,
    LEAVE_SOURCE_OUT,
    LOW_TO_HIGH,
    NANCHEN_FILE,
    NANCHEN_FLUXES,
    gerosa_case,
    nanchen_case,
    read_gerosa,
    read_nanchen,
)


def with_deviations(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(**{f"{name}_std": 0.1 * table[name].abs() for name in table if name != "sample"})


def nanchen_table() -> pd.DataFrame:
    """Chemostats whose fluxes are proportional to glucose uptake: growth rates in four groups."""
    growth = np.array([0.05, 0.06, 0.1, 0.2, 0.21, 0.4])
    uptake = 1.0 + 14.0 * growth
    fluxes = {name: (1 + k) / 10 * uptake for k, name in enumerate(NANCHEN_FLUXES)}
    return with_deviations(pd.DataFrame({"growth": growth, GLUCOSE: -uptake, **fluxes}))


def gerosa_table() -> pd.DataFrame:
    """One sample a source, on two of the sources."""
    rows = [
        {"sample": name, "growth": 0.4 + 0.1 * at}
        | {source: -5.0 if at == k else 0.0 for k, source in enumerate(GEROSA_SOURCES)}
        | dict.fromkeys(GEROSA_FLUXES, 1.0 + at)
        for at, name in enumerate(("glucose", "acetate"))
    ]
    return with_deviations(pd.DataFrame(rows))


def test_nanchen_leaves_growth_rates_out_and_predicts_high_uptakes(core: MetabolicNetwork) -> None:
    case = nanchen_case(core, nanchen_table())
    assert (case.samples.uptakes[GLUCOSE] > 0).all()
    assert set(case.scored) == {*NANCHEN_FLUXES, core.growth_reaction}
    assert [test.tolist() for _, test in case.splits[LEAVE_RATE_OUT]] == [[0, 1], [2], [3, 4], [5]]
    ((train, test),) = case.splits[LOW_TO_HIGH]
    assert case.samples.uptakes[GLUCOSE].iloc[train].max() < 3.0 <= case.samples.uptakes[GLUCOSE].iloc[test].min()
    assert (case.samples.deviations > 0).all(axis=None)


def test_gerosa_leaves_every_source_out(iJO1366: MetabolicNetwork) -> None:
    case = gerosa_case(iJO1366, gerosa_table())
    assert case.samples.uptakes.to_numpy().sum(axis=1).tolist() == [5.0, 5.0]
    assert case.scored == GEROSA_FLUXES
    assert iJO1366.growth_reaction in case.samples.targets
    folds = case.splits[LEAVE_SOURCE_OUT]
    assert [case.samples.groups[test].tolist() for _, test in folds] == [["acetate"], ["glucose"]]


def test_files_are_read_and_a_lost_column_is_named(tmp_path: Path) -> None:
    nanchen_table().to_csv(tmp_path / NANCHEN_FILE, index=False)
    gerosa_table().to_csv(tmp_path / GEROSA_FILE, index=False)
    assert read_nanchen(tmp_path)[0].name == NANCHEN_FILE
    assert read_gerosa(tmp_path)[0].name == GEROSA_FILE
    nanchen_table().drop(columns="PGI_std").to_csv(tmp_path / NANCHEN_FILE, index=False)
    with pytest.raises(TableError, match="lacks the column 'PGI_std'"):
        read_nanchen(tmp_path)
