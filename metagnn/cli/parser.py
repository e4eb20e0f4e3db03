"""What the commands take. Imports nothing heavy: `--help` answers at once."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

MODEL_HELP = "e_coli_core, iJO1366, salmonella, or a file (.xml, .json, .mat, .yml; plain, .gz, .bz2 or .zip)"
CONSTRAINTS = ("steady_state", "soft", "polytope")
KINDS = ("max_uptake", "rates", "present")
COMPOSITIONS = ("fixed", "elemental", "precursor")
STRATEGIES = ("auto", "ddp", "ddp_spawn")
METHODS = ("min_norm", "pfba", "fba")


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; `command` names the one that was chosen."""
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
    return parser


def _version() -> str:
    from importlib.metadata import version

    return f"metagnn {version('metagnn')}"


Commands = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _command(commands: Commands, name: str, text: str, example: str) -> argparse.ArgumentParser:  # type: ignore[valid-type]
    parser: argparse.ArgumentParser = commands.add_parser(  # type: ignore[attr-defined]
        name, help=text, description=text, epilog=f"example: {example}"
    )
    parser.add_argument("--seed", type=_at_least(0), default=0, help="seed of everything random (default 0)")
    return parser


def _growth(parser: argparse.ArgumentParser) -> None:
    growth_help = "the reaction that grows, where the model names none, several or another"
    parser.add_argument("--growth", metavar="REACTION", default=None, help=growth_help)


def _output(parser: argparse.ArgumentParser, what: str, resume: bool = True) -> None:
    parser.add_argument("--out", required=True, metavar=what.upper(), help=f"{what} to write")
    parser.add_argument("--force", action="store_true", help="replace an output that exists")
    if resume:
        parser.add_argument("--resume", action="store_true", help="continue an unfinished run")


def _reproduce(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "reproduce",
        "train on e_coli_core, compare with the baselines, write a table, a figure and results.json",
        "metagnn reproduce --quick --out results",
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="one seed of everything")
    size.add_argument("--full", action="store_true", help="ten seeds, and a hundred repetitions of the composition")
    parser.add_argument("--jobs", type=_at_least(1), default=None, help="processes (default: one per core, at most 8)")
    _output(parser, "folder")


def _info(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(commands, "info", "what a model holds, and what it lacks", "metagnn info e_coli_core")
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    _growth(parser)


def _simulate(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "simulate",
        "fluxes of many media by linear programming",
        "metagnn simulate e_coli_core --media media.csv --method min_norm --out labels.csv",
    )
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    _growth(parser)
    parser.add_argument("--media", required=True, metavar="FILE", help="largest uptakes, knockouts; one row a medium")
    parser.add_argument("--method", choices=METHODS, default="min_norm", help="which optimum (default min_norm)")
    parser.add_argument("--jobs", type=_at_least(1), default=1, help="worker processes (default 1)")
    plot_help = "draw growth and the main exchanges, medium by medium (.png, .svg, .pdf)"
    parser.add_argument("--plot", metavar="PICTURE", default=None, help=plot_help)
    _output(parser, "file")


def _train(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "train",
        "train on a table: every flux from media or rates, or growth from lists of what media hold",
        "metagnn train e_coli_core --inputs media.csv --targets labels.csv --out model",
    )
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    _growth(parser)
    parser.add_argument("--inputs", required=True, metavar="FILE", help="media or measured rates, one row a sample")
    parser.add_argument("--targets", required=True, metavar="FILE", help="observed fluxes, empty where not observed")
    kind_help = (
        "what the inputs are: largest uptakes, measured rates, or 1 where a medium holds a nutrient and 0 where not, "
        "for which uptakes are learned from growth (default max_uptake)"
    )
    parser.add_argument("--kind", choices=KINDS, default="max_uptake", help=kind_help)
    parser.add_argument("--constraint", choices=CONSTRAINTS, default=None, help="default steady_state")
    parser.add_argument("--composition", choices=COMPOSITIONS, default=None, help="of biomass (default fixed)")
    parser.add_argument("--epochs", type=_at_least(1), default=None, help="passes over the samples")
    parser.add_argument("--batch-size", type=_at_least(1), default=None, help="samples per step")
    parser.add_argument("--steps", type=_at_least(1), default=None, help="steps of the unrolled splitting")
    parser.add_argument("--accelerator", choices=("auto", "cpu", "cuda"), default="auto", help="default auto")
    parser.add_argument("--plot", metavar="PICTURE", default=None, help="draw the training curves (.png, .svg, .pdf)")
    parser.add_argument("--devices", type=_devices, default=None, help="how many, or auto for all (default 1)")
    parser.add_argument("--strategy", choices=STRATEGIES, default="auto", help="of several devices (default auto)")
    _output(parser, "folder")


def _predict(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "predict",
        "predict every flux with a trained model, of whatever kind",
        "metagnn predict model --inputs media.csv --out fluxes.csv",
    )
    parser.add_argument("folder", metavar="FOLDER", help="what `metagnn train` wrote")
    parser.add_argument("--inputs", required=True, metavar="FILE", help="of the kind and with the columns of the fit")
    parser.add_argument("--model", metavar="MODEL", default=None, help="check that the model was trained on this one")
    _growth(parser)
    parser.add_argument("--targets", metavar="FILE", default=None, help="observed fluxes, to score the predictions")
    parser.add_argument("--plot", metavar="PICTURE", default=None, help="draw predictions against the targets")
    _output(parser, "file", resume=False)


def _map(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "map",
        "draw the fluxes of one row of a table on a map of the network",
        "metagnn map iJO1366 --fluxes fluxes.csv --subsystem 'Citric Acid Cycle' --out map.svg",
    )
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    _growth(parser)
    parser.add_argument("--fluxes", required=True, metavar="FILE", help="what `simulate` or `predict` wrote")
    parser.add_argument("--row", type=_at_least(0), default=0, help="row of the table, counted from 0 (default 0)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--subsystem", metavar="NAME", default=None, help="one subsystem (default: the whole model)")
    what.add_argument("--escher", metavar="MAP.json", default=None, help="a map drawn with Escher, instead of a layout")
    parser.add_argument("--active", action="store_true", help="lay out only reactions that carry flux")
    _output(parser, "file", resume=False)


def _reconcile(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "reconcile",
        "measured rates to every flux, with intervals, composition of biomass and gross errors",
        "metagnn reconcile rates.csv --model e_coli_core --hide EX_co2_e --out results",
    )
    parser.add_argument(
        "file", metavar="FILE", help="measured rates (CSV, Parquet), one row a sample, units in headers"
    )
    parser.add_argument("--model", required=True, metavar="MODEL", help=MODEL_HELP)
    _growth(parser)
    parser.add_argument(
        "--composition", choices=COMPOSITIONS, default="elemental", help="of biomass (default elemental)"
    )
    parser.add_argument(
        "--gamma", type=float, default=None, help="electrons per carbon of biomass (default: the model's)"
    )
    parser.add_argument("--gamma-std", type=float, default=None, help="its standard deviation (default 4 %%)")
    parser.add_argument("--hide", action="append", metavar="EXCHANGE", help="withhold, predict and score (repeatable)")
    present_help = "an exchange that may carry flux though nobody measured it (repeatable)"
    parser.add_argument("--present", action="append", metavar="EXCHANGE", help=present_help)
    energy_help = "whether the model's demand for ATP binds (default free: matter alone decides)"
    parser.add_argument("--energy", choices=("free", "keep"), default="free", help=energy_help)
    parser.add_argument("--all-intervals", action="store_true", help="intervals of every flux, not only of exchanges")
    parser.add_argument(
        "--units", metavar="MAP.yml", default=None, help="column: unit, where a header has none or a wrong one"
    )
    noise_help = "relative deviation of a measurement that comes without one (default 0.05)"
    parser.add_argument("--noise", type=float, default=0.05, help=noise_help)
    plot_help = "draw the picture here too (.png, .svg, .pdf); the folder holds it in any case, as reconciled.png"
    parser.add_argument("--plot", metavar="PICTURE", default=None, help=plot_help)
    _output(parser, "folder")


def _identifiability(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "identifiability",
        "what a list of measurements determines, bounds or leaves free, and what to measure next",
        "metagnn identifiability e_coli_core --measured EX_glc__D_e,EX_o2_e,growth --composition elemental",
    )
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    _growth(parser)
    measured_help = "exchanges, other reactions, growth, co2, alpha, beta, degree_of_reduction; with commas between"
    parser.add_argument("--measured", required=True, metavar="NAMES", help=measured_help)
    parser.add_argument("--composition", choices=COMPOSITIONS, default="fixed", help="what is unknown (default fixed)")
    present_help = "exchanges that carry flux without being measured; all others are absent (default: every one may)"
    parser.add_argument("--present", default=None, metavar="NAMES", help=present_help)
    parser.add_argument("--all", action="store_true", help="every flux, not only exchanges")
    parser.add_argument("--out", default=None, metavar="FILE", help="table to write (.csv, .parquet)")
    parser.add_argument("--force", action="store_true", help="replace an output that exists")


def _bottlenecks(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "bottlenecks",
        "which nutrients and reactions limit growth on each medium, and what more of them is worth",
        "metagnn bottlenecks e_coli_core --media media.csv --out limits.csv",
    )
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    _growth(parser)
    parser.add_argument("--media", required=True, metavar="FILE", help="largest uptakes ≥ 0, one row a medium")
    parser.add_argument("--predictor", metavar="FOLDER", default=None, help="also the gradient of this trained model")
    parser.add_argument("--most", type=_at_least(1), default=20, help="rows of each medium (default 20)")
    _output(parser, "file", resume=False)


def _suggest_medium(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "suggest-medium",
        "the medium on which a cell grows fastest for a given expense",
        "metagnn suggest-medium e_coli_core --prices prices.csv --budget 5,10,20 --out media.csv",
    )
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    _growth(parser)
    prices_help = "price [1/mmol] under every exchange that may be bought, in one row; others keep the model's bounds"
    parser.add_argument("--prices", required=True, metavar="FILE", help=prices_help)
    budget_help = "what may be spent, in prices times mmol/gDW/h; several with commas between"
    parser.add_argument("--budget", required=True, type=_numbers, metavar="NUMBERS", help=budget_help)
    limits_help = "largest uptake [mmol/gDW/h] of some of them, in one row (default: the budget alone limits)"
    parser.add_argument("--limits", metavar="FILE", default=None, help=limits_help)
    _output(parser, "file", resume=False)


BENCHMARKS = (
    "devices",
    "extrapolation",
    "identifiability",
    "inference",
    "labels",
    "projection",
    "reconcile",
    "scaling",
    "startup",
    "training",
    "transfer",
)


def _benchmark(commands: Commands) -> None:  # type: ignore[valid-type]
    parser = _command(
        commands,
        "benchmark",
        "measure speed, or accuracy on unseen media, beside the rivals",
        "metagnn benchmark extrapolation --out results",
    )
    parser.add_argument("name", choices=BENCHMARKS, help="what to measure")
    parser.add_argument("--quick", action="store_true", help="small cases, one seed: to see that it runs")
    transfer = parser.add_argument_group("for transfer")
    transfer.add_argument("--full", action="store_true", help="also train on iJO1366 and try on salmonella")
    only = parser.add_argument_group("for extrapolation")
    only.add_argument("--jobs", type=_at_least(1), default=None, help="processes (default: one per core, at most 8)")
    table_help = "media and fluxes of your own: columns max_uptake:<exchange> and flux:<reaction>"
    only.add_argument("--table", metavar="FILE", default=None, help=table_help)
    only.add_argument("--model", metavar="MODEL", default=None, help=f"of the table: {MODEL_HELP}")
    _output(parser, "folder")


def _devices(text: str) -> int | str:
    return text if text == "auto" else _at_least(1)(text)


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers; expected such as 5,10,20") from None


def _at_least(smallest: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        value = int(text)
        if value < smallest:
            raise argparse.ArgumentTypeError(f"{value} is too small; expected at least {smallest}")
        return value

    convert.__name__ = "whole number"
    return convert


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse a command line; argparse itself prints a line and exits with 2 where it cannot."""
    return build_parser().parse_args(arguments)
