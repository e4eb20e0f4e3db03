import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cobra.io
import numpy as np
import pandas as pd
import pytest

from metagnn.cli import main

COMMANDS = (
    *("info", "simulate", "train", "predict", "reproduce", "benchmark", "reconcile", "map", "identifiability"),
    *("bottlenecks", "suggest-medium"),
)
MEDIA = pd.DataFrame({"EX_glc__D_e": np.linspace(2, 10, 8), "EX_o2_e": np.linspace(20, 4, 8)})


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple]:
    """Run a command in an empty folder with `media.csv` and `labels.csv`; answers exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    MEDIA.to_csv("media.csv", index=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(arguments)
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def write(name: str, text: str) -> None:
    Path(name).write_text(text)


def model_file(change: Callable[[cobra.Model], object], name: str = "model.json") -> str:
    model = cobra.io.load_model("textbook")
    change(model)
    cobra.io.save_json_model(model, name)
    return name


def crossed(name: str) -> str:
    document = json.loads(Path(model_file(lambda m: None)).read_text())
    next(entry for entry in document["reactions"] if entry["id"] == "PFK").update(lower_bound=5, upper_bound=1)
    write(name, json.dumps(document))
    return name


def refused(result: tuple[int, str, str], *parts: str) -> None:
    code, _, err = result
    assert code == 2, err
    lines = err.strip().splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith("metagnn: error: ")
    for part in parts:
        assert part in lines[0], lines[0]


def test_a_user_gets_from_media_to_predictions(run: Callable[..., tuple]) -> None:
    code, out, err = run("simulate", "e_coli_core", "--media", "media.csv", "--out", "labels.csv")
    assert (code, err) == (0, "")
    assert "8 of 8" in out
    labels = pd.read_csv("labels.csv")
    assert list(labels.columns[:2]) == ["status", "ACALD"]
    train = [
        "train",
        "e_coli_core",
        "--inputs",
        "media.csv",
        "--targets",
        "labels.csv",
        "--epochs",
        "2",
        "--steps",
        "6",
    ]
    code, out, err = run(*train, "--out", "model")
    assert code == 0
    # Two epochs fit nothing, and the command says so.
    (line,) = err.splitlines()
    assert "a linear ridge regression" in line
    assert "flux_error" in out
    assert not Path("model/unfinished").exists()
    code, out, err = run("predict", "model", "--inputs", "media.csv", "--out", "fluxes.csv", "--model", "e_coli_core")
    assert (code, err) == (0, "")
    assert "max |S·v|" in out
    fluxes = pd.read_csv("fluxes.csv")
    assert fluxes.shape == (8, 96)
    assert set(fluxes["status"]) == {"ok"}


def test_the_seed_decides(run: Callable[..., tuple]) -> None:
    run("simulate", "e_coli_core", "--media", "media.csv", "--out", "labels.csv")
    train = [
        "train",
        "e_coli_core",
        "--inputs",
        "media.csv",
        "--targets",
        "labels.csv",
        "--epochs",
        "1",
        "--steps",
        "4",
    ]
    for folder, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert run(*train, "--seed", seed, "--out", folder)[0] == 0
        assert run("predict", folder, "--inputs", "media.csv", "--out", f"{folder}.csv")[0] == 0
    a, b, c = (Path(f"{name}.csv").read_text() for name in "abc")
    assert a == b != c


def test_infeasible_media_keep_their_row_and_are_counted(run: Callable[..., tuple]) -> None:
    media = MEDIA.copy()
    media.loc[3] = 0.0
    media.to_csv("media.csv", index=False)
    code, out, err = run("simulate", "e_coli_core", "--media", "media.csv", "--out", "labels.csv")
    assert code == 0
    assert "7 of 8" in out
    assert "1 of 8 media are infeasible" in err
    labels = pd.read_csv("labels.csv")
    assert labels["status"][3] == "infeasible"
    assert labels.iloc[3, 1:].isna().all()


def test_open_carbon_sources_are_printed(run: Callable[..., tuple]) -> None:
    MEDIA[["EX_o2_e"]].to_csv("media.csv", index=False)
    _, out, _ = run("simulate", "e_coli_core", "--media", "media.csv", "--out", "labels.csv")
    assert "open carbon sources missing in the table: EX_glc__D_e (up to 10 mmol/gDW/h)" in out


def test_info_says_what_a_model_holds(run: Callable[..., tuple]) -> None:
    code, out, _ = run("info", "e_coli_core")
    assert code == 0
    for part in ("72", "95", "Biomass_Ecoli_core", "42.5555", "5.4528", "4.109", "[mmol/gDW]"):
        assert part in out


def test_info_says_what_a_model_lacks(run: Callable[..., tuple]) -> None:
    def strip(model: cobra.Model) -> None:
        model.objective = {}
        model.remove_reactions(list(model.exchanges))

    code, out, _ = run("info", model_file(strip))
    assert code == 0
    assert "no objective" in out
    assert "none: no medium can be set" in out


def test_info_shows_the_notes_and_other_commands_say_them(run: Callable[..., tuple]) -> None:
    def spoil(model: cobra.Model) -> None:
        model.metabolites.glc__D_e.formula = "C6H12O6*"

    code, out, err = run("info", model_file(spoil))
    assert (code, err) == (0, "")
    assert "1 formula not understood, counted as unknown: 'glc__D_e' ('C6H12O6*')" in out
    assert "0 of 73 checkable" in out
    assert "0.873922" in out
    code, out, err = run("simulate", "model.json", "--media", "media.csv", "--out", "labels.csv")
    assert (code, err) == (0, "")
    assert "note on reading e_coli_core: 1 formula not understood" in out


def test_growth_can_be_chosen_by_every_command(run: Callable[..., tuple]) -> None:
    name = model_file(lambda m: setattr(m, "objective", {}))
    chosen = ("--growth", "Biomass_Ecoli_core")
    code, out, _ = run("info", name, *chosen)
    assert code == 0
    assert "42.5555" in out
    code, _, err = run("simulate", name, "--media", "media.csv", "--out", "labels.csv", *chosen)
    assert (code, err) == (0, "")
    refused(run("info", name, "--growth", "Biomass"), "`growth`: 'Biomass' is no reaction", "Biomass_Ecoli_core")
    for command in COMMANDS:
        code, out, _ = run(command, "--help")
        assert code == 0
        assert ("--growth" in out) is (command != "reproduce")


MODELS: dict[str, tuple[Callable[[], str], tuple[str, ...]]] = {
    "unknown name": (lambda: "iJO1367", ("'iJO1367'", "did you mean 'iJO1366'")),
    "no file": (lambda: "there.json", ("no model file", "there.json")),
    "no model": (lambda: (write("x.json", '{"a": 1}'), "x.json")[1], ("x.json", "cannot be read as a model")),
    "empty": (lambda: (write("x.xml", ""), "x.xml")[1], ("'x.xml' is empty",)),
    "truncated": (
        lambda: (write("y.json", Path(model_file(lambda m: None)).read_text()[:5000]), "y.json")[1],
        ("y.json", "truncated"),
    ),
    "no objective": (lambda: model_file(lambda m: setattr(m, "objective", {})), ("no objective",)),
    "objective of several": (
        lambda: model_file(lambda m: setattr(m, "objective", {m.reactions.ATPM: 1, m.reactions.CS: 1})),
        ("2 reactions", "'ATPM'", "expected one growth reaction"),
    ),
    "growth closed": (
        lambda: model_file(lambda m: setattr(m.reactions.Biomass_Ecoli_core, "bounds", (0, 0))),
        ("growth reaction 'Biomass_Ecoli_core' of e_coli_core is closed by its bounds [0, 0]",),
    ),
    "nothing grows": (
        lambda: model_file(lambda m: m.remove_reactions(["GLNS", "EX_gln__L_e"])),
        ("cannot grow by 'Biomass_Ecoli_core' even with every exchange open: nothing makes 'gln__L_c'",),
    ),
    "another format": (lambda: Path(model_file(lambda m: None)).rename("model.xml").name, ("it holds JSON, not SBML",)),
    "bounds contradict": (lambda: crossed("z.json"), ("bounds of 'PFK' are [5, 1]; expected numbers with lower ≤",)),
    "no exchanges": (lambda: model_file(lambda m: m.remove_reactions(list(m.exchanges))), ("no exchange reactions",)),
}


USELESS = ("growth closed", "nothing grows", "no exchanges", "no objective", "another format", "bounds contradict")


@pytest.mark.parametrize("case", USELESS)
def test_every_command_refuses_a_model_of_no_use(run: Callable[..., tuple], case: str) -> None:
    make, parts = MODELS[case]
    name = make()
    write("prices.csv", "EX_glc__D_e\n1\n")
    write("rates.csv", "EX_glc__D_e [mmol/gDW/h],growth [1/h]\n-10,0.8\n-5,0.4\n")
    write("table.csv", "EX_glc__D_e,PFK\n" + "10,1\n5,2\n" * 6)
    commands = (
        ("train", name, "--inputs", "media.csv", "--targets", "media.csv"),
        ("reconcile", "rates.csv", "--model", name),
        ("identifiability", name, "--measured", "growth"),
        ("bottlenecks", name, "--media", "media.csv"),
        ("suggest-medium", name, "--prices", "prices.csv", "--budget", "5"),
        ("benchmark", "extrapolation", "--quick", "--model", name, "--table", "table.csv"),
    )
    before = sorted(Path().iterdir())
    for command in commands:
        refused(run(*command, "--out", "out.csv"), *parts)
        assert sorted(Path().iterdir()) == before, command


def test_media_without_a_label_end_with_the_commonest_reason(run: Callable[..., tuple]) -> None:
    name = model_file(lambda m: setattr(m.reactions.ATPM, "lower_bound", 500))
    code, out, err = run("simulate", name, "--media", "media.csv", "--out", "labels.csv")
    assert code == 1
    assert "0 of 8" in out
    assert err.strip().splitlines()[-1] == "metagnn: error: no medium has a label; 8 of 8: infeasible"
    code, _, err = run("bottlenecks", name, "--media", "media.csv", "--out", "limits.csv")
    assert code == 2
    assert "'media.csv' holds no medium with an optimum (8 without)" in err
    assert not Path("limits.csv").exists()


@pytest.mark.parametrize("case", MODELS)
def test_bad_models_are_refused_in_one_line(run: Callable[..., tuple], case: str) -> None:
    make, parts = MODELS[case]
    refused(run("simulate", make(), "--media", "media.csv", "--out", "labels.csv"), *parts)
    assert not Path("labels.csv").exists()


TABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "unknown exchange": ("EX_glc_e\n1\n", ("'EX_glc_e' is no exchange of e_coli_core; did you mean 'EX_glc__D_e'?",)),
    "duplicated": ("EX_o2_e,EX_o2_e\n1,2\n", ("'EX_o2_e'", "more than once")),
    "no exchange": ("PFK\n1\n", ("'PFK' is a reaction of e_coli_core but no exchange",)),
    "negative": ("EX_glc__D_e,EX_o2_e\n1,1\n1,-2\n", ("'EX_o2_e' in row 1 is negative (-2.0)",)),
    "NaN": ("EX_o2_e,EX_glc__D_e\n1,2\n3,\n", ("'EX_glc__D_e' in row 1 is NaN",)),
    "infinite": ("EX_glc__D_e,EX_o2_e\n1,inf\n", ("infinite",)),
    "empty": ("", ("empty",)),
    "no rows": ("EX_o2_e\n", ("no rows",)),
    "text": ("EX_o2_e\n1\nmuch\n", ("EX_o2_e", "'much'")),
}


@pytest.mark.parametrize("case", TABLES)
@pytest.mark.parametrize("command", ["simulate", "train", "predict"])
def test_bad_tables_are_refused_in_one_line(run: Callable[..., tuple], trained: Path, command: str, case: str) -> None:
    text, parts = TABLES[case]
    write("bad.csv", text)
    arguments = {
        "simulate": ["simulate", "e_coli_core", "--media", "bad.csv", "--out", "out.csv"],
        "train": [
            "train",
            "e_coli_core",
            "--inputs",
            "bad.csv",
            "--targets",
            str(trained / "labels.csv"),
            "--out",
            "o",
        ],
        "predict": ["predict", str(trained / "model"), "--inputs", "bad.csv", "--out", "out.csv"],
    }[command]
    refused(run(*arguments), *parts)
    assert not Path("out.csv").exists()
    assert not Path("o").exists()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    MEDIA.to_csv(folder / "media.csv", index=False)
    files = ["--inputs", str(folder / "media.csv"), "--targets", str(folder / "labels.csv")]
    assert main(["simulate", "e_coli_core", "--media", files[1], "--out", files[3]]) == 0
    quick = ["--epochs", "1", "--steps", "4"]
    assert main(["train", "e_coli_core", *files, *quick, "--out", str(folder / "model")]) == 0
    return folder


def test_too_few_samples_are_refused(run: Callable[..., tuple], trained: Path) -> None:
    MEDIA[:3].to_csv("few.csv", index=False)
    pd.read_csv(trained / "labels.csv")[:3].to_csv("targets.csv", index=False)
    refused(
        run("train", "e_coli_core", "--inputs", "few.csv", "--targets", "targets.csv", "--out", "o"),
        "3 of 3 rows can be used",
        "at least 5",
    )


def test_targets_with_nothing_observed_are_refused(run: Callable[..., tuple]) -> None:
    pd.DataFrame({"PFK": [np.nan] * 8, "CS": [np.nan] * 8}).to_csv("targets.csv", index=False)
    train = ["train", "e_coli_core", "--inputs", "media.csv", "--targets", "targets.csv", "--out", "o"]
    refused(run(*train), "`targets` has no observed value")


def test_media_that_are_all_infeasible_cannot_train(run: Callable[..., tuple], trained: Path) -> None:
    (MEDIA * 0).to_csv("media.csv", index=False)
    train = ["train", "e_coli_core", "--inputs", "media.csv", "--targets", str(trained / "labels.csv"), "--out", "o"]
    code, _, err = run(*train)
    assert code == 2
    assert "0 of 8 rows can be used" in err


def test_unbounded_media_keep_their_row_and_status(run: Callable[..., tuple]) -> None:
    def open_up(model: cobra.Model) -> None:
        for reaction in model.reactions:
            reaction.bounds = (-np.inf if reaction.lower_bound < 0 else 0.0, np.inf)
        for exchange in model.exchanges:
            exchange.bounds = (-np.inf, np.inf)

    code, _, err = run("simulate", model_file(open_up), "--media", "media.csv", "--out", "labels.csv")
    assert code == 1
    assert err.strip().splitlines()[-1] == "metagnn: error: no medium has a label; 8 of 8: unbounded"


def test_a_model_without_formulas_is_refused_by_an_unknown_composition_alone(
    run: Callable[..., tuple], trained: Path
) -> None:
    def strip(model: cobra.Model) -> None:
        for metabolite in model.metabolites:
            metabolite.formula = None

    files = ["--inputs", "media.csv", "--targets", str(trained / "labels.csv"), "--epochs", "1", "--steps", "4"]
    elemental = ["--kind", "rates", "--composition", "elemental"]
    refused(run("train", model_file(strip), *files, *elemental, "--out", "o"), "no C balance", "no formula")
    assert run("train", "model.json", *files, "--out", "p")[0] == 0
    code, _, err = run("train", "model.json", *files, "--constraint", "soft", "--out", "q")
    assert code == 0
    assert "no C balance" in err


def test_outputs_are_not_overwritten_without_force(run: Callable[..., tuple], trained: Path) -> None:
    write("labels.csv", "mine")
    simulate = ["simulate", "e_coli_core", "--media", "media.csv", "--out", "labels.csv"]
    refused(run(*simulate), "'labels.csv' exists", "--force", "--resume")
    assert Path("labels.csv").read_text() == "mine"
    assert run(*simulate, "--force")[0] == 0
    train = [
        "train",
        "e_coli_core",
        "--inputs",
        "media.csv",
        "--targets",
        "labels.csv",
        "--out",
        str(trained / "model"),
    ]
    refused(run(*train), "exists", "--force")
    predict = ["predict", str(trained / "model"), "--inputs", "media.csv", "--out", "labels.csv"]
    refused(run(*predict), "exists")
    Path("results").mkdir()
    write("results/mine.txt", "mine")
    refused(run("reproduce", "--quick", "--out", "results"), "'results' exists")


def test_an_output_that_cannot_be_written_is_refused_before_any_work(run: Callable[..., tuple]) -> None:
    write("file", "")
    refused(run("simulate", "e_coli_core", "--media", "media.csv", "--out", "file/labels.csv"), "cannot be written")
    refused(run("simulate", "e_coli_core", "--media", "media.csv", "--out", "labels.txt"), "unknown ending")


def test_a_saved_model_knows_its_network(run: Callable[..., tuple], trained: Path) -> None:
    other = model_file(lambda m: m.reactions.PFK.knock_out())
    predict = ["predict", str(trained / "model"), "--inputs", "media.csv", "--out", "out.csv", "--model", other]
    refused(run(*predict), "was trained on", "e_coli_core")


def test_a_damaged_checkpoint_is_refused(run: Callable[..., tuple], trained: Path) -> None:
    config = json.loads((trained / "model" / "config.json").read_text())
    assert config["inputs"] == "max_uptake"
    Path("copy").mkdir()
    for file in (trained / "model").iterdir():
        Path("copy", file.name).write_bytes(file.read_bytes())
    weights = Path("copy/weights.safetensors")
    weights.write_bytes(weights.read_bytes()[:-100])
    refused(run("predict", "copy", "--inputs", "media.csv", "--out", "out.csv"), "weights.safetensors", "damaged")
    refused(run("predict", "nowhere", "--inputs", "media.csv", "--out", "out.csv"), "'nowhere' is no saved predictor")


def test_a_resumed_training_must_know_its_job(run: Callable[..., tuple], trained: Path) -> None:
    Path("o/unfinished").mkdir(parents=True)
    write("o/unfinished/job.json", "{}")
    train = ["train", "e_coli_core", "--inputs", "media.csv", "--targets", str(trained / "labels.csv"), "--out", "o"]
    refused(run(*train, "--resume"), "is damaged: job.json cannot be read", "--force")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(run: Callable[..., tuple], command: str) -> None:
    code, out, _ = run(command, "--help")
    assert code == 0
    assert "--seed" in out
    assert "example: metagnn" in out.replace("\n", " ")


def test_help_and_import_load_nothing_heavy() -> None:
    check = (
        "import sys, metagnn, metagnn.cli\n"
        "try: metagnn.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'cobra', 'torch_geometric', 'lightning', 'pandas', 'numpy'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    finished = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


def test_a_spreadsheet_of_another_country_is_read_and_said(run: Callable[..., tuple]) -> None:
    text = (
        "Sample;Strain;EX_glc__D_e;EX_o2_e;knockout\n;;mmol/gDW/h;mmol/gDW/h;\na;K-12;7,5;20;\nb;wt;5;20,0;PGI, b1849\n"
    )
    Path("european.csv").write_bytes(text.encode("utf-16"))
    code, _, err = run("simulate", "e_coli_core", "--media", "european.csv", "--out", "labels.csv")
    assert code == 0
    assert err.splitlines() == [
        "metagnn: note: 'european.csv' was read as semicolon-separated with decimal comma, UTF-16, units in row 2, "
        "strain as label"
    ]
    labels = pd.read_csv("labels.csv")
    assert list(labels.columns[:3]) == ["sample", "strain", "status"]
    assert np.allclose(-labels["EX_glc__D_e"], [7.5, 5.0])


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        ("m.csv", b"EX_glc__D_e,EX_o2_e\nTrue,1\n", ["'m.csv', line 2", "'EX_glc__D_e'", "'True' is no number"]),
        ("m.csv", b"EX_glc__D_e;EX_o2_e\n1.000,5;2\n", ["line 2", "'EX_glc__D_e'", "thousands separators"]),
        ("m.csv", b"EX_glc__D_e EX_o2_e\n1 2\n", ["the delimiter cannot be told"]),
        ("m.csv", b"EX_glc__D_e,EX_o2_e\n1,2,3\n", ["line 2: 3 cells; expected 2"]),
        ("m.csv", b"PAR1", ["'m.csv' is no .csv file but Parquet"]),
        ("m.xlsx", b"EX_glc__D_e\n1\n", ["'m.xlsx' does not begin as a .xlsx file"]),
    ],
)
def test_a_table_that_cannot_be_read_is_one_line(
    run: Callable[..., tuple], name: str, content: bytes, parts: list[str]
) -> None:
    pytest.importorskip("openpyxl") if name.endswith("xlsx") else None
    Path(name).write_bytes(content)
    refused(run("simulate", "e_coli_core", "--media", name, "--out", "labels.csv"), *parts)
    assert not Path("labels.csv").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("glukose,O2\n1,2\n", "column 'glukose': no exchange of e_coli_core is 'glukose'; did you mean EX_glc__D_e"),
        ("glucose [g/L],O2\n1,2\n", "column 'glucose [g/L]': expected mmol/gDW/h"),
        ("glucose,glc\n1,2\n", "columns 'glucose' and 'glc' both name EX_glc__D_e"),
        ("glucose,O2\n1,-2\n", "uptake of 'EX_o2_e' in row 0 is negative"),
    ],
)
def test_an_error_names_the_file_in_one_line(tmp_path: Path, capsys, text: str, message: str):
    media = tmp_path / "m.csv"
    media.write_text(text)
    assert main(["simulate", "e_coli_core", "--media", str(media), "--out", str(tmp_path / "o.csv")]) == 2
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 1
    assert err[0].startswith(f"metagnn: error: '{media}': {message}")
    assert not (tmp_path / "o.csv").exists()


def test_media_without_growth_are_counted_and_said(tmp_path: Path, capsys):
    media = tmp_path / "m.csv"
    media.write_text("glucose,O2,NH4\n10,20,0\n5,10,0\n")
    assert main(["simulate", "e_coli_core", "--media", str(media), "--out", str(tmp_path / "o.csv")]) == 0
    out, err = capsys.readouterr()
    assert "0 of 2" in next(line for line in out.splitlines() if "media that grow" in line)
    assert err == "metagnn: warning: no medium lets the model grow: all growth is 0\n"


def test_targets_that_do_not_vary_end_no_training_and_warnings_come_once(tmp_path: Path, capsys):
    inputs, targets = tmp_path / "i.csv", tmp_path / "t.csv"
    inputs.write_text("glucose,O2\n" + "".join(f"{5 + row / 4},15\n" for row in range(20)))
    targets.write_text("glucose,mu\n" + "-5,0.4\n" * 20)
    given = ["--inputs", str(inputs), "--targets", str(targets), "--epochs", "1", "--out", str(tmp_path / "model")]
    assert main(["train", "e_coli_core", *given]) == 0
    out, err = capsys.readouterr()
    assert "no column that varies" in out
    assert err.count("no word gives the direction") == 1
