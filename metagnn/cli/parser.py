"""Parser of all commands. Imports nothing slow, so that `--help` is fast."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from metagnn.choices import COMPOSITIONS, CONSTRAINTS, INPUTS, METHODS, described
from metagnn.cli.argument_types import at_least, devices, level, numbers
from metagnn.files.table_formats import ENDINGS, NAMES, WRITTEN
from metagnn.studies.benchmarks.registry import BENCHMARKS

MODEL_HELP = "e_coli_core, iJO1366, salmonella, or a file (.xml, .json, .mat, .yml; plain, .gz, .bz2 or .zip)"
TABLE_HELP = (
    f"FILE is a table ({', '.join(ENDINGS)}): one row per sample under a header, units perhaps in a second row; "
    "columns such as sample, strain and notes are labels. Text may have commas, semicolons or tabs between cells, "
    "decimal points or commas, and comments, which are lines that begin with a hash."
)
READS_TABLES = ("simulate", "train", "predict", "map", "reconcile", "bottlenecks", "suggest-medium")
STRATEGIES = ("auto", "ddp", "ddp_spawn")


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands; `command` holds the name of the chosen one."""
    parser = argparse.ArgumentParser(
        prog="metagnn",
        description="Graph networks on metabolic models that obey the laws of matter. Fluxes in mmol/gDW/h.",
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _reproduce(commands)
    _info(commands)
    _simulate(commands)
    _train(commands)
    _predict(commands)
    _reconcile(commands)
    _map(commands)
    _identifiability(commands)
    _bottlenecks(commands)
    _suggest_medium(commands)
    _benchmark(commands)
    _selftest(commands)
    return parser


def _version() -> str:
    from importlib.metadata import version

    return f"metagnn {version('metagnn')}"


Commands = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _command(
    commands: Commands,  # type: ignore[valid-type]
    name: str,
    text: str,
    example: str,
) -> argparse.ArgumentParser:
    described_by = f"{text}. {TABLE_HELP}" if name in READS_TABLES else text
    parser: argparse.ArgumentParser = commands.add_parser(  # type: ignore[attr-defined]
        name, help=text, description=described_by, epilog=f"example: {example}"
    )
    parser.add_argument("--seed", type=at_least(0), default=0, help="random seed (default 0)")
    return parser


def _growth(parser: argparse._ActionsContainer) -> None:
    growth_help = "growth reaction, for a model without one, with several, or with another"
    parser.add_argument("--growth", metavar="REACTION", default=None, help=growth_help)


def _output(parser: argparse.ArgumentParser, what: str, resume: bool = True) -> None:
    parser.add_argument("--out", required=True, metavar=what.upper(), help=f"{what} to write")
    parser.add_argument("--force", action="store_true", help="replace an existing output")
    if resume:
        parser.add_argument("--resume", action="store_true", help="continue an unfinished run")


def _reproduce(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "reproduce",
        "repeat the experiments of the paper on e_coli_core; print tables, write a figure and results.json",
        "metagnn reproduce --quick --out results",
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="one seed")
    size.add_argument("--full", action="store_true", help="ten seeds, and a hundred repetitions of the composition")
    parser.add_argument("--jobs", type=at_least(1), default=None, help="processes (default: one per core, at most 8)")
    _output(parser, "folder")


def _info(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(commands, "info", "print a summary of a model and of what is missing", "metagnn info e_coli_core")
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    _growth(parser)


def _simulate(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "simulate",
        "simulate the fluxes of many media by flux balance analysis",
        "metagnn simulate e_coli_core --media media.csv --method min_norm --out labels.csv",
    )
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    _growth(parser)
    media_help = (
        "largest uptakes, one row per medium; a column `knockout` names reactions or genes that are missing, "
        "separated by ; or , or a space"
    )
    parser.add_argument("--media", required=True, metavar="FILE", help=media_help)
    parser.add_argument("--method", choices=METHODS, default="min_norm", help="type of optimum (default min_norm)")
    parser.add_argument("--jobs", type=at_least(1), default=1, help="worker processes (default 1)")
    plot_help = "draw growth and the main exchange fluxes of every medium (.png, .svg, .pdf)"
    parser.add_argument("--plot", metavar="PICTURE", default=None, help=plot_help)
    _output(parser, "file")


def _train(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "train",
        "train a predictor on tables of inputs and observed fluxes",
        "metagnn train e_coli_core --inputs media.csv --targets labels.csv --out model",
    )
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    _growth(parser)
    parser.add_argument("--inputs", required=True, metavar="FILE", help="media or measured rates, one row per sample")
    parser.add_argument("--targets", required=True, metavar="FILE", help="observed fluxes; empty where not observed")
    _features(parser)
    groups_help = "column of the inputs or features: choices are made by leaving its groups out (strain, source, …)"
    parser.add_argument("--groups", metavar="COLUMN", default=None, help=groups_help)
    estimate_help = "start from simple estimates that the data choose (default auto), or from the network alone (none)"
    parser.add_argument("--estimate", choices=("auto", "none"), default="auto", help=estimate_help)
    kind_help = f"kind of the inputs (default max_uptake). {described(INPUTS)}"
    parser.add_argument("--kind", choices=tuple(INPUTS), default="max_uptake", help=kind_help)
    constraint_help = f"law to enforce (default steady_state). {described(CONSTRAINTS)}"
    parser.add_argument("--constraint", choices=tuple(CONSTRAINTS), default=None, help=constraint_help)
    parser.add_argument("--composition", choices=COMPOSITIONS, default=None, help="biomass composition (default fixed)")
    parser.add_argument("--epochs", type=at_least(1), default=None, help="passes over the training samples")
    parser.add_argument("--batch-size", type=at_least(1), default=None, help="samples per step")
    parser.add_argument("--steps", type=at_least(1), default=None, help="steps of the unrolled splitting")
    parser.add_argument("--accelerator", choices=("auto", "cpu", "cuda"), default="auto", help="device (default auto)")
    parser.add_argument("--plot", metavar="PICTURE", default=None, help="draw the training curves (.png, .svg, .pdf)")
    parser.add_argument("--devices", type=devices, default=None, help="number of devices, or auto for all (default 1)")
    parser.add_argument("--strategy", choices=STRATEGIES, default="auto", help="for several devices (default auto)")
    _output(parser, "folder")


def _predict(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "predict",
        "predict all fluxes with a trained predictor",
        "metagnn predict model --inputs media.csv --out fluxes.csv",
    )
    parser.add_argument("folder", metavar="FOLDER", help="folder written by `metagnn train`")
    parser.add_argument("--inputs", required=True, metavar="FILE", help="inputs with the columns of the training")
    _features(parser)
    level_help = "also write <reaction>_low and <reaction>_high of intervals of this level, such as 0.9"
    parser.add_argument("--level", type=level, default=None, help=level_help)
    parser.add_argument("--model", metavar="MODEL", default=None, help="check that training used this model")
    _growth(parser)
    parser.add_argument("--targets", metavar="FILE", default=None, help="observed fluxes, to score the predictions")
    parser.add_argument("--plot", metavar="PICTURE", default=None, help="draw predicted against observed fluxes")
    _output(parser, "file", resume=False)


def _features(parser: argparse.ArgumentParser) -> None:
    features_help = "what else is known of every row: pH, temperature, strain, …; numbers or labels"
    parser.add_argument("--features", metavar="FILE", default=None, help=features_help)


def _map(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "map",
        "draw the fluxes of one row of a table on a map of the network",
        "metagnn map iJO1366 --fluxes fluxes.csv --subsystem 'Citric Acid Cycle' --out map.svg",
    )
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    _growth(parser)
    parser.add_argument("--fluxes", required=True, metavar="FILE", help="fluxes written by `simulate` or `predict`")
    parser.add_argument("--row", type=at_least(0), default=0, help="row of the table, counted from 0 (default 0)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--subsystem", metavar="NAME", default=None, help="subsystem to draw (default: the whole model)")
    what.add_argument("--escher", metavar="MAP.json", default=None, help="Escher map to use instead of a layout")
    parser.add_argument("--active", action="store_true", help="only lay out reactions that carry flux")
    _output(parser, "file", resume=False)


def _reconcile(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "reconcile",
        "reconcile measured rates: estimate all fluxes, intervals, biomass composition and gross errors",
        "metagnn reconcile rates.csv --model e_coli_core --hide EX_co2_e --out results",
    )
    parser.add_argument("file", metavar="FILE", help=f"measured rates ({NAMES}), one row per sample, units in headers")
    parser.add_argument("--model", required=True, metavar="MODEL", help=MODEL_HELP)
    _growth(parser)
    parser.add_argument(
        "--composition", choices=COMPOSITIONS, default="elemental", help="biomass composition (default elemental)"
    )
    for name, element, ends in (("alpha", "C", (30.0, 45.0)), ("beta", "N", (4.0, 12.0))):
        text = f"least and largest content of cells [mmol {element}/gDW]; a fitted one beyond is reported"
        text += f" (default {ends[0]:g} {ends[1]:g})"
        parser.add_argument(f"--{name}", type=float, nargs=2, metavar=("LOW", "HIGH"), default=ends, help=text)
    parser.add_argument(
        "--gamma", type=float, default=None, help="electrons per carbon of biomass (default: the model's)"
    )
    parser.add_argument("--gamma-std", type=float, default=None, help="standard deviation of --gamma (default 4 %%)")
    parser.add_argument("--hide", action="append", metavar="EXCHANGE", help="withhold, predict and score (repeatable)")
    present_help = "exchange that may carry flux although it was not measured (repeatable)"
    parser.add_argument("--present", action="append", metavar="EXCHANGE", help=present_help)
    energy_help = "keep the demand for ATP of the model, or free it (default free: use mass balances only)"
    parser.add_argument("--energy", choices=("free", "keep"), default="free", help=energy_help)
    parser.add_argument("--all-intervals", action="store_true", help="intervals of all fluxes, not only of exchanges")
    parser.add_argument(
        "--units", metavar="MAP.yml", default=None, help="lines `column: unit`, for missing or wrong units in headers"
    )
    noise_help = "relative deviation of measurements without a given one (default 0.05)"
    parser.add_argument("--noise", type=float, default=0.05, help=noise_help)
    plot_help = "draw the picture also in this file (.png, .svg, .pdf); the folder always gets reconciled.png"
    parser.add_argument("--plot", metavar="PICTURE", default=None, help=plot_help)
    _output(parser, "folder")


def _identifiability(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "identifiability",
        "find which fluxes a list of measurements determines, and what to measure next",
        "metagnn identifiability e_coli_core --measured EX_glc__D_e,EX_o2_e,growth --composition elemental",
    )
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    _growth(parser)
    measured_help = "exchanges, other reactions, growth, co2, alpha, beta, degree_of_reduction; separated by commas"
    parser.add_argument("--measured", required=True, metavar="NAMES", help=measured_help)
    parser.add_argument("--composition", choices=COMPOSITIONS, default="fixed", help="of biomass (default fixed)")
    present_help = "unmeasured exchanges that may carry flux, separated by commas (default: all)"
    parser.add_argument("--present", default=None, metavar="NAMES", help=present_help)
    parser.add_argument("--all", action="store_true", help="report all fluxes, not only exchanges")
    parser.add_argument("--out", default=None, metavar="FILE", help=f"table to write ({', '.join(WRITTEN)})")
    parser.add_argument("--force", action="store_true", help="replace an existing output")


def _bottlenecks(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "bottlenecks",
        "find the nutrients and reactions that limit growth on each medium, and how much more of them would add",
        "metagnn bottlenecks e_coli_core --media media.csv --out limits.csv",
    )
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    _growth(parser)
    parser.add_argument("--media", required=True, metavar="FILE", help="largest uptakes ≥ 0, one row per medium")
    parser.add_argument("--predictor", metavar="FOLDER", default=None, help="add the gradients of this predictor")
    parser.add_argument("--most", type=at_least(1), default=20, help="largest number of rows per medium (default 20)")
    _output(parser, "file", resume=False)


def _suggest_medium(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "suggest-medium",
        "find the medium of fastest growth for a given budget",
        "metagnn suggest-medium e_coli_core --prices prices.csv --budget 5,10,20 --out media.csv",
    )
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    _growth(parser)
    prices_help = "one row with prices [1/mmol] of the exchanges to choose; others keep the bounds of the model"
    parser.add_argument("--prices", required=True, metavar="FILE", help=prices_help)
    budget_help = "largest cost [price · mmol/gDW/h]; separate several by commas"
    parser.add_argument("--budget", required=True, type=numbers, metavar="NUMBERS", help=budget_help)
    limits_help = "one row with largest uptakes [mmol/gDW/h] of priced exchanges (default: no limit but the budget)"
    parser.add_argument("--limits", metavar="FILE", default=None, help=limits_help)
    _output(parser, "file", resume=False)


def _benchmark(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "benchmark",
        "measure speed, or accuracy on unseen media, and compare with other methods",
        "metagnn benchmark extrapolation --out results",
    )
    parser.add_argument("name", choices=tuple(BENCHMARKS), help="benchmark to run")
    arguments = "for models: model files, or folders of them; for measured: names of sets (default: all)"
    parser.add_argument("paths", nargs="*", metavar="MODEL|SET", help=arguments)
    parser.add_argument("--quick", action="store_true", help="small cases and one seed, as a test")
    models = parser.add_argument_group("for models")
    models.add_argument("--media", type=at_least(1), default=None, help="media of every model (default: 200)")
    models.add_argument("--seeds", type=at_least(1), default=None, help="seeds of training (default: 1; measured: 3)")
    transfer = parser.add_argument_group("for transfer")
    transfer.add_argument("--full", action="store_true", help="also train on iJO1366 and test on salmonella")
    measured = parser.add_argument_group("for measured")
    measured.add_argument("--data", metavar="DIR", default=None, help="folder with the published tables")
    parallel = parser.add_argument_group("for extrapolation and measured")
    parallel.add_argument("--jobs", type=at_least(1), default=None, help="processes (default: one per core, at most 8)")
    only = parser.add_argument_group("for extrapolation")
    table_help = "your own media and fluxes, in columns max_uptake:<exchange> and flux:<reaction>"
    only.add_argument("--table", metavar="FILE", default=None, help=table_help)
    only.add_argument("--model", metavar="MODEL", default=None, help=f"model of the table: {MODEL_HELP}")
    _growth(parser.add_argument_group("for models and extrapolation"))
    _output(parser, "folder")


def _selftest(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "selftest",
        "try the promises of metagnn on this machine: balances, bounds, labels, killed runs, copies, threads",
        "metagnn selftest --out report",
    )
    parser.add_argument("--quick", action="store_true", help="fewer cases of every check")
    parser.add_argument("--out", default=None, metavar="FOLDER", help="folder for a report, selftest.json")
    parser.add_argument("--force", action="store_true", help="replace an existing output")


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse a command line; on an error, argparse prints a line and exits with status 2."""
    return build_parser().parse_args(arguments)
