import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest


def finished(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, with pipes: what a solver prints from C appears in no other way."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False
    )


@pytest.fixture
def media(tmp_path: Path) -> pd.DataFrame:
    """Media of which one cannot be lived in, so that every way through the solver is taken."""
    table = pd.DataFrame({"EX_glc__D_e": [5.0, 10.0, 0.1], "EX_o2_e": [20.0, 5.0, 0.0]})
    table.to_csv(tmp_path / "media.csv", index=False)
    return table


@pytest.mark.parametrize("method", ["fba", "pfba", "min_norm"])
def test_a_command_in_a_pipe_prints_its_table_and_nothing_else(tmp_path: Path, media: pd.DataFrame, method: str):
    command = ["-m", "metagnn", "simulate", "e_coli_core", "--media", "media.csv", "--method", method]
    done = finished(tmp_path, *command, "--out", "labels.csv")
    assert done.returncode == 0, done.stderr
    title, *table = done.stdout.splitlines()
    assert title == "→ labels.csv"
    assert all(line[0] in "┏┃┡│└" for line in table)
    assert "2 of 3" in done.stdout
    assert pd.read_csv(tmp_path / "labels.csv")["status"].tolist() == ["optimal", "optimal", "infeasible"]


def test_the_library_prints_nothing(tmp_path: Path, media: pd.DataFrame):
    program = (
        "import metagnn, pandas as pd\n"
        "network = metagnn.load_network('e_coli_core')\n"
        "for method in ('fba', 'pfba', 'min_norm'):\n"
        "    metagnn.simulate_fluxes(network, pd.read_csv('media.csv'), method=method)\n"
    )
    done = finished(tmp_path, "-W", "ignore", "-c", program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
