import re
from pathlib import Path

import pytest

from metagnn.choices import COMPOSITIONS, CONSTRAINTS, INPUTS
from metagnn.cli import main, parser
from metagnn.datasets import uniform_media
from metagnn.datasets.noise import add_white_noise
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork

TRAIN = ["train", "e_coli_core", "--inputs", "rates.csv", "--targets", "growth.csv", "--out", "model"]


@pytest.mark.parametrize(
    ("option", "value"), [("--composition", "elementel"), ("--kind", "rate"), ("--constraint", "steady")]
)
def test_an_unknown_choice_exits_with_2_and_names_the_known(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main([*TRAIN, option, value])
    assert stop.value.code == 2
    err = capsys.readouterr().err
    assert value in err
    known = {"--composition": COMPOSITIONS, "--kind": INPUTS, "--constraint": CONSTRAINTS}[option]
    assert all(name in err for name in known)


def test_the_help_says_what_every_choice_means(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["train", "--help"])
    assert stop.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    for name, meaning in (INPUTS | CONSTRAINTS).items():
        assert f"{name}: {meaning}" in shown


def test_devices_are_a_number_or_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert (parser.parse(TRAIN).devices, parser.parse(TRAIN).strategy) == (None, "auto")
    several = parser.parse([*TRAIN, "--devices", "2", "--strategy", "ddp", "--accelerator", "cpu"])
    assert (several.devices, several.strategy, several.accelerator) == (2, "ddp", "cpu")
    assert parser.parse([*TRAIN, "--devices", "auto"]).devices == "auto"
    for wrong in (["--devices", "0"], ["--devices", "all"], ["--strategy", "dpp"]):
        with pytest.raises(SystemExit) as stop:
            main([*TRAIN, *wrong])
        assert stop.value.code == 2
        assert wrong[1] in capsys.readouterr().err


def test_quick_and_full_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        parser.parse(["reproduce", "--quick", "--full", "--out", "results"])
    assert stop.value.code == 2
    assert "not allowed with argument" in capsys.readouterr().err
    for forms in ([], ["--quick"], ["--full"]):
        chosen = parser.parse(["reproduce", *forms, "--out", "results"])
        assert (chosen.quick, chosen.full) == ("--quick" in forms, "--full" in forms)


def test_training_on_rates_prints_the_composition_and_the_co2(
    core: MetabolicNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    # Less oxygen than usual would leave some media without a flux.
    ranges = E_COLI_CORE_RANGES | {"EX_glc__D_e": (5.0, 10.0), "EX_o2_e": (15.0, 20.0)}
    truth = simulate_fluxes(core, uniform_media(ranges, 12, seed=0)).fluxes
    noisy = add_white_noise(truth[[*core.exchanges, core.growth_reaction]], 0.05, seed=1)
    noisy[list(core.exchanges)].to_csv("rates.csv", index=False)
    noisy[[core.growth_reaction]].to_csv("growth.csv", index=False)
    quick = ["--epochs", "3", "--steps", "4"]
    assert main([*TRAIN, "--kind", "rates", "--composition", "elemental", "--epochs", "30", "--steps", "4"]) == 0
    out = capsys.readouterr().out
    assert "trained 30 epochs" in out
    assert "biomass composition" in out
    assert "beta [mmol N/gDW]" in out
    (row,) = (row for row in out.splitlines() if "alpha [mmol C/gDW]" in row)
    alpha, low, high = map(float, re.findall(r"[0-9]+\.[0-9]+", row))
    assert low < alpha < high
    # Thirty steps from the model's own.
    assert alpha == pytest.approx(42.56, rel=0.2)
    assert "mean CO2 evolution by carbon balance [mmol/gDW/h]" in out
    assert "mean CO2 evolution by exchange flux, largest difference" in out
    assert main([*TRAIN[:-1], "fixed", "--composition", "fixed", "--kind", "rates", *quick]) == 0
    out = capsys.readouterr().out
    assert "biomass composition" not in out
    assert "CO2 evolution by carbon balance" in out


def test_a_benchmark_refuses_what_belongs_to_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("startup", "extrapolation"):
        assert main(["benchmark", name, "--full", "--out", str(tmp_path / "out")]) == 2
        assert f"`--full` belongs to the benchmarks hostile and transfer, not to '{name}'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
