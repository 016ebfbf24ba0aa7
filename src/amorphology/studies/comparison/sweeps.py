"""Sensitivity to hyperparameters: those of SOAP beside those of persistence histograms."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amorphology.studies.comparison.rows import Row
from amorphology.training.config import CNNConfig, DescriptorConfig, HDNNPConfig
from amorphology.training.descriptor_config import SOAPConfig

__all__ = ["METHODS", "Setting", "Sweep", "sensitivity_sweeps", "settings_of"]

SOAP_PAPER: dict[str, Any] = {"r_cut": 6.0, "sigma": 0.5, "n_max": 8, "l_max": 8}
PD_PAPER: dict[str, Any] = {
    "bins": 128,
    "range": (0.0, 8.0),
    "blur": 0.0,
    "normalisation": "probability",
}
"""What every sweep starts from, the paper's settings: all but one value stay as they are here."""

FEW: dict[str, dict[str, Sequence[Any]]] = {
    "soap": {"sigma": [0.5, 1.0], "r_cut": [4.0, 6.0], "n_max": [4, 8], "l_max": [4, 8]},
    "pd": {
        "bins": [64, 128],
        "range": [(0.0, 4.0), (0.0, 8.0)],
        "blur": [0.0, 0.2],
        "normalisation": ["probability", "per_atom"],
    },
}
MANY: dict[str, dict[str, Sequence[Any]]] = {
    "soap": {
        "sigma": [0.25, 0.5, 0.75, 1.0],
        "r_cut": [3.0, 4.0, 5.0, 6.0],
        "n_max": [2, 4, 8, 12],
        "l_max": [2, 4, 8, 12],
    },
    "pd": {
        "bins": [32, 64, 96, 128],
        "range": [(0.0, 2.0), (0.0, 4.0), (0.0, 8.0), (0.0, 16.0)],
        "blur": [0.0, 0.05, 0.2, 0.5],
        "normalisation": ["probability", "per_atom"],
    },
}

METHODS = {"soap": "SOAP, HDNNP", "pd": "PD H1, CNN"}
"""Methods of the sweeps, for people."""

TITLES = {
    "sigma": "Width σ (Å)",
    "r_cut": "Cut-off radius (Å)",
    "n_max": "Radial functions",
    "l_max": "Highest degree of harmonics",
    "bins": "Bins along an axis",
    "range": "Range of the axes, from 0 to (Å²)",
    "blur": "Blur (Å²)",
    "normalisation": "Normalisation",
}
WORDS = {"probability": "probability", "per_atom": "per atom"}
SHORT = {"sigma": "s", "r_cut": "r", "n_max": "n", "l_max": "l", "bins": "b", "range": "r"}


@dataclass(frozen=True)
class Setting:
    """
    One value of a sweep.

    Attributes
    ----------
    label
        The value for people.
    row
        Descriptor and model with it.
    is_paper
        Whether it is the paper's value.
    """

    label: str
    row: Row
    is_paper: bool


@dataclass(frozen=True)
class Sweep:
    """
    One hyperparameter, all others at the paper's values.

    Attributes
    ----------
    key
        Its name in a config.
    title
        Name and unit for people.
    method
        ``"soap"`` (with an HDNNP) or ``"pd"`` (with the CNN).
    settings
        Its values, rising.
    """

    key: str
    title: str
    method: str
    settings: tuple[Setting, ...]


def sensitivity_sweeps(*, many: bool) -> tuple[Sweep, ...]:
    """
    List the sweeps, figure 8 of the paper among them.

    Parameters
    ----------
    many
        Whether each has all values that a study at the paper's scale takes.

    Returns
    -------
    tuple of Sweep
        Those of SOAP first. Settings that several of them share have one name.
    """
    values = MANY if many else FEW
    return tuple(
        Sweep(
            key,
            TITLES[key],
            method,
            tuple(
                Setting(_label(value), make(paper | {key: value}), value == paper[key])
                for value in some
            ),
        )
        for method, paper, make in (("soap", SOAP_PAPER, _soap), ("pd", PD_PAPER, _histogram))
        for key, some in values[method].items()
    )


def settings_of(sweeps: Iterable[Sweep]) -> tuple[Row, ...]:
    """
    Collect what is to be trained.

    Parameters
    ----------
    sweeps
        The sweeps.

    Returns
    -------
    tuple of Row
        Each setting once.
    """
    rows = {setting.row.name: setting.row for sweep in sweeps for setting in sweep.settings}
    return tuple(rows.values())


def _soap(values: Mapping[str, Any]) -> Row:
    name = "_".join(["soap", *(f"{SHORT[key]}{value:g}" for key, value in values.items())])
    descriptor = SOAPConfig(kind="soap", **values)
    return Row(name, "SOAP", "HDNNP", descriptor, HDNNPConfig(kind="hdnnp"))


def _histogram(values: Mapping[str, Any]) -> Row:
    name = (
        f"pd_b{values['bins']}_r{values['range'][1]:g}_blur{values['blur']:g}_"
        f"{values['normalisation']}"
    )
    return Row(name, "PD H1", "CNN", DescriptorConfig(**values), CNNConfig())


def _label(value: Any) -> str:
    if isinstance(value, tuple):
        return f"{value[1]:g}"
    return WORDS[value] if isinstance(value, str) else f"{value:g}"
