"""Cyclo-octane: which conformations of a ring of eight carbon atoms descriptors tell apart."""

import hashlib
import importlib.metadata
import json
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ase import Atoms
from rich.console import Console

import amorphology
from amorphology.errors import ConfigError
from amorphology.folder_lock import folder_lock
from amorphology.generate.cyclooctane import generate_cyclooctane
from amorphology.generate.cyclooctane_matlab import read_cyclooctane_matlab
from amorphology.homology import alpha_persistence
from amorphology.structures import read_frames, write_frames, write_text
from amorphology.studies.cyclooctane.conformers import label_conformers
from amorphology.studies.cyclooctane.figures import FIGURES, draw_figures
from amorphology.studies.cyclooctane.five_points import PAIRS, POINTS
from amorphology.studies.cyclooctane.report_page import write_page
from amorphology.studies.cyclooctane.results import collect_results
from amorphology.studies.record import StageTime, machine
from amorphology.training.progress import message

__all__ = ["reproduce_cyclooctane"]

SAMPLE, SETTINGS, FIGURE_FOLDER = "conformations.extxyz", "settings.json", "figures"
PAGE, NUMBERS = "report.html", "report.json"
LEAST_CONFORMATIONS = 50
SAID = {
    "seed": "seed",
    "conformations": "number of conformations",
    "source": "source of conformations",
}


def reproduce_cyclooctane(
    out: str | Path,
    *,
    source: str | Path | None = None,
    n_conformations: int = 6040,
    n_jobs: int | None = None,
    seed: int = 0,
    console: Console | None = None,
) -> Path:
    """
    Compare descriptors on the conformations of cyclo-octane, from nothing to a report.

    Sections 2.1 and 3.1 of Minamitani et al. [1]_: conformations of the ring of eight carbon atoms
    with fixed bonds and angles are sampled and labelled, described by Cartesian coordinates, SOAP,
    ACSF, the Coulomb matrix, its eigenvalues and persistence images, and seen on the plane of the
    first two principal components. Every statement of the paper about these planes is checked by a
    measurement. Conformations whose persistence diagrams coincide are found.

    Stopped and called again, the sample is used again, and a finished report is left as it is.

    Parameters
    ----------
    out
        Folder for all results, made if need be: ``report.html``, ``report.json``, ``figures/`` and
        ``conformations.extxyz`` (with labels in ``info["conformer"]``).
    source
        MATLAB file with conformations, such as that of Martin et al. (2010), in place of a sample.
    n_conformations
        How many to make; with `source` the file decides.
    n_jobs
        Threads for diagrams; None takes the cores of this process.
    seed
        All random numbers follow from it.
    console
        Where to show progress; None shows nothing.

    Returns
    -------
    pathlib.Path
        ``report.html``.

    Raises
    ------
    ConfigError
        If an option is out of range, or `out` holds results made with other settings.
    StructureError
        If `source` is no such file.
    MissingDependencyError
        If DScribe is not installed.

    References
    ----------
    .. [1] Minamitani, Obayashi, Shimizu and Watanabe, J. Chem. Phys. 159, 084101 (2023).

    Examples
    --------
    >>> reproduce_cyclooctane("cyclooctane")  # doctest: +SKIP
    PosixPath('cyclooctane/report.html')
    """
    out = Path(out)
    if n_conformations < LEAST_CONFORMATIONS:
        raise ConfigError(
            f"n_conformations is {n_conformations}; ask for at least {LEAST_CONFORMATIONS}, since "
            "fewer show nothing"
        )
    if seed < 0:
        raise ConfigError(f"seed is {seed}; it must not be negative")
    settings: dict[str, Any] = {"seed": seed, "conformations": n_conformations, "source": None}
    if source is not None:
        given = read_cyclooctane_matlab(source)  # before anything is written
        digest = hashlib.sha256(Path(source).read_bytes()).hexdigest()
        settings = {"seed": seed, "conformations": len(given), "source": digest}
    with folder_lock(out, "choose another folder with --out"):
        _check_settings(out, settings)
        message(console, f"1/3 {settings['conformations']:,} conformations")
        frames, sampled = _sample(out, settings, source)
        made_from = _fingerprint(out, settings)
        if _is_reported(out, made_from):
            message(console, f"{out / PAGE}: made from just this sample; nothing to do")
            return out / PAGE
        results, stages = collect_results(
            frames, seed=seed, n_jobs=n_jobs, report=lambda text: message(console, f"2/3 {text}")
        )
        message(console, "3/3 figures and report")
        start = time.perf_counter()
        draw_figures(results, out / FIGURE_FOLDER)
        stages = [sampled, *stages, StageTime("Figures", time.perf_counter() - start, False)]
        known = [stage.seconds for stage in stages if stage.seconds is not None]
        numbers: dict[str, Any] = {
            "study": "cyclo-octane",
            "made_from": made_from,
            "written": time.strftime("%Y-%m-%d %H:%M:%S %z"),
            "seed": seed,
            "source": None if source is None else Path(source).name,
            "machine": machine().as_dict(),
            "versions": _versions(),
            "five_points": {
                "stated": [list(pair) for pair in PAIRS.values()],
                "computed": alpha_persistence(POINTS, dims=(1,))[1].pairs.tolist(),
            },
            **results.as_dict(),
            "stages": [stage.as_dict() for stage in stages],
            "seconds_total": sum(known),
        }
        write_text(out / PAGE, write_page(numbers, out / FIGURE_FOLDER))
        write_text(out / NUMBERS, json.dumps(numbers, indent=2) + "\n")
    for claim in results.claims:
        message(console, f"{claim.verdict}: {claim.descriptor}: {claim.sentence} ({claim.found})")
    message(console, f"report: {out / PAGE}")
    return out / PAGE


def _check_settings(out: Path, settings: dict[str, Any]) -> None:
    path = out / SETTINGS
    if not path.is_file():
        write_text(path, json.dumps(settings, indent=2) + "\n")
        return
    made_with = json.loads(path.read_text(encoding="utf-8"))
    differing = [SAID[name] for name in settings if made_with.get(name) != settings[name]]
    if differing:
        raise ConfigError(
            f"{out} holds a study with another {' and '.join(differing)}; give its settings, or "
            "another folder with --out"
        )


def _sample(
    out: Path, settings: dict[str, Any], source: str | Path | None
) -> tuple[list[Atoms], StageTime]:
    """Make the conformations, unless they are there."""
    path = out / SAMPLE
    what = f"{settings['conformations']:,} conformations"
    start = time.perf_counter()
    reused = path.is_file()
    if not reused:
        if source is None:
            made = generate_cyclooctane(settings["conformations"], seed=settings["seed"])
        else:
            made = read_cyclooctane_matlab(source)
        _write_labelled(path, made)
    # Also what was just made is read back: rounded or not, it is the same at every call.
    frames = read_frames(path)
    seconds = None if reused else time.perf_counter() - start
    return frames, StageTime(what, seconds, reused)


def _write_labelled(path: Path, frames: Sequence[Atoms]) -> None:
    for frame, label in zip(frames, label_conformers(frames), strict=True):
        frame.info["conformer"] = str(label)
    write_frames(path, frames)


def _fingerprint(out: Path, settings: dict[str, Any]) -> str:
    """Say in one word what a report is made from: the same word, the same report."""
    digest = hashlib.sha256(f"{amorphology.__version__} {settings}".encode())
    digest.update((out / SAMPLE).read_bytes())
    return digest.hexdigest()


def _is_reported(out: Path, made_from: str) -> bool:
    if not (out / NUMBERS).is_file():
        return False
    pictures = [
        out / FIGURE_FOLDER / f"{name}.{kind}" for name in FIGURES for kind in ("png", "svg")
    ]
    written = json.loads((out / NUMBERS).read_text(encoding="utf-8")).get("made_from")
    return written == made_from and all(path.is_file() for path in (out / PAGE, *pictures))


def _versions() -> dict[str, str]:
    packages = ("amorphology", "ase", "dscribe", "matplotlib", "numpy", "scikit-learn", "scipy")
    found = {package: importlib.metadata.version(package) for package in packages}
    return {"python": platform.python_version(), **found}
