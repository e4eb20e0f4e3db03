import re
from pathlib import Path

import pandas as pd
import pytest

from metagnn.network import MetabolicNetwork

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.filterwarnings("ignore:.*(infeasible|no flux|left out)")
def test_the_python_of_the_readme_runs_as_it_stands(core: MetabolicNetwork, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(code, str(README), "exec"), names)
    fluxes = names["fluxes"]
    assert isinstance(fluxes, pd.DataFrame)
    assert fluxes.shape == (500, 95)
    balanced = core.stoichiometry.to_scipy() @ fluxes.dropna().to_numpy().T
    assert abs(balanced).max() < 1e-9
    assert "max_abs_sv" in capsys.readouterr().out


def test_the_readme_is_short_and_its_commands_are_those_of_ci() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 100
    ci = (README.parent / ".ci" / "run").read_text(encoding="utf-8")
    for command in ("pytest -n 2", "metagnn reproduce", "torch==2.13.0"):
        assert command in text
        assert command in ci
