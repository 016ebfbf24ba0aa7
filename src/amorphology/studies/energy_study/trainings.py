"""The trainings of a study: each has a name, and shows one thing."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from amorphology.errors import ConfigError
from amorphology.training import TrainingConfig
from amorphology.training.config import (
    CNNConfig,
    DataConfig,
    DescriptorConfig,
    KernelRidgeConfig,
    ModelConfig,
    OptimisationConfig,
    RidgeConfig,
    SplitConfig,
)

__all__ = [
    "COMBINED",
    "FRACTIONS",
    "LENGTHS",
    "MIDPOINTS",
    "MODELS",
    "OPTIONS",
    "PAIRED",
    "PAPER",
    "Training",
    "demo_trainings",
    "find_trainings",
    "of_midpoints",
    "paper_trainings",
]

PAPER, COMBINED, PAIRED = "paper", "combined", "paired"
LENGTHS, MIDPOINTS = "lengths", "midpoints"
"""Options: the paper's histogram; changes to it together; then one more thing at a time."""

OPTIONS = {
    PAPER: "the paper’s",
    "channels": "all homology degrees",
    "per_atom": "counts per atom",
    "blur": "blurred",
    "radius": "radius axes",
    COMBINED: "all changes together",
    PAIRED: "all changes, essential classes paired",
    LENGTHS: "all changes, a length for each degree",
    MIDPOINTS: "all changes, atoms and midpoints",
}
"""What distinguishes each histogram from the paper's, for people."""

ONE_LENGTH = KernelRidgeConfig(kind="kernel_ridge")
LENGTH_EACH = KernelRidgeConfig(
    kind="kernel_ridge", kernel="product", search="leave_one_out", noise="exponential", starts=1
)

MODELS = {"cnn": "CNN", "ridge": "Ridge", "kernel_ridge": "Kernel ridge"}
"""Kinds of models, for people."""

FRACTIONS = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Parts of the training set that learning curves are taken at, beside all of it."""

SEEDS = 3
ENSEMBLE = 5

# Of the demo's ten runs of carbon two are never seen, one says when to stop, and seven are learned
# from; the same parts of the runs, or frames, everywhere else.
BY_RUN = SplitConfig(by="run", validation=0.1, test=0.2)
RANDOM = SplitConfig(by="random", validation=0.1, test=0.2)


def of_midpoints(histogram: DescriptorConfig) -> DescriptorConfig:
    """
    Change a histogram of carbon atoms to one of midpoints, of bonds and of second neighbours.

    Parameters
    ----------
    histogram
        Of several degrees, over radii.

    Returns
    -------
    DescriptorConfig
        With a range and a blur for midpoints, which are closer together.
    """
    degrees = histogram.homology
    assert isinstance(degrees, list)
    return histogram.model_copy(
        update={
            "points": "bond_midpoints",
            "bond_cutoff": 2.6,
            "bond_weight": 0.25,
            "range": [(0.0, 2.2) for _ in degrees],
            "blur": 0.06,
        }
    )


class Named(Protocol):
    """A training of any study."""

    @property
    def name(self) -> str:
        """Its own name."""

    @property
    def family(self) -> str:
        """What it shares with those that differ in the seed only."""


T = TypeVar("T", bound=Named)


@dataclass(frozen=True)
class Training:
    """
    One training of a study.

    Attributes
    ----------
    shows
        Why it is done.
    option
        Key of `OPTIONS`.
    descriptors
        What the model sees, one descriptor or more.
    model, split, optimisation, ensemble, fraction
        Settings, see `amorphology.training.TrainingConfig`.
    seed
        Of the split, the first weights and the order of frames.
    without_middle
        Whether frames with energies in the middle are left out of the training.
    """

    shows: str
    option: str
    descriptors: tuple[DescriptorConfig, ...]
    model: ModelConfig = field(default=CNNConfig())
    seed: int = 0
    split: SplitConfig = field(default=BY_RUN)
    optimisation: OptimisationConfig = field(default=OptimisationConfig())
    ensemble: int = 1
    fraction: float | None = None
    without_middle: bool = False

    @property
    def family(self) -> str:
        """Name without the seed: trainings of one family differ in nothing else."""
        parts = [self.model.kind, self.option]
        if self.split.by == "random":
            parts.append("random")
        if self.fraction is not None:
            parts.append(f"1_of_{round(1 / self.fraction)}")
        if self.without_middle:
            parts.append("without_middle")
        if self.ensemble > 1:
            parts.append("ensemble")
        return "_".join(parts)

    @property
    def name(self) -> str:
        """Name, and name of its folder, for example ``"cnn_paper_seed0"``."""
        return f"{self.family}_seed{self.seed}"

    @property
    def title(self) -> str:
        """The model for people."""
        title = MODELS[self.model.kind]
        return f"{self.ensemble} × {title}" if self.ensemble > 1 else title

    def config(
        self,
        folder: Path,
        frames: Sequence[Path],
        middle: tuple[float, float] | None,
        cache: Path,
    ) -> TrainingConfig:
        """
        Write down the settings.

        Parameters
        ----------
        folder
            Of the run.
        frames
            Files to learn from.
        middle
            Energies that are left out `without_middle`, eV/atom.
        cache
            Folder where counted pairs are kept that other trainings count, too; used for several
            descriptors, whose diagrams take minutes.

        Returns
        -------
        TrainingConfig
            What `amorphology.training.train` is called with.
        """
        return TrainingConfig(
            out=str(folder),
            seed=self.seed,
            data=DataConfig(
                frames=[str(path) for path in frames],
                fraction=self.fraction,
                exclude_energies=middle if self.without_middle else None,
            ),
            split=self.split,
            descriptor=self.descriptors[0],
            also=list(self.descriptors[1:]),
            cache=str(cache) if len(self.descriptors) > 1 else None,
            model=self.model,
            ensemble=self.ensemble,
            optimisation=self.optimisation,
        )


def demo_trainings(
    descriptors: Mapping[str, tuple[DescriptorConfig, ...]],
    optimisation: OptimisationConfig,
    seed: int,
) -> tuple[Training, ...]:
    """
    List what takes minutes: the paper's network, and one model past it.

    Parameters
    ----------
    descriptors
        Histograms of each option, by the keys of `OPTIONS`.
    optimisation
        Of the networks.
    seed
        Of the trainings.

    Returns
    -------
    tuple of Training
        The paper's way first.
    """
    return (
        Training(
            "the paper’s network, whole runs held out",
            PAPER,
            descriptors[PAPER],
            seed=seed,
            optimisation=optimisation,
        ),
        Training(
            "all changes together",
            MIDPOINTS,
            descriptors[MIDPOINTS],
            LENGTH_EACH,
            seed=seed,
            optimisation=optimisation,
        ),
    )


def paper_trainings(
    descriptors: Mapping[str, tuple[DescriptorConfig, ...]],
    optimisation: OptimisationConfig,
    seed: int,
) -> tuple[Training, ...]:
    """
    List all trainings of a study at the paper's scale.

    Parameters
    ----------
    descriptors, optimisation, seed
        As for `demo_trainings`; three seeds are taken, from this one on.

    Returns
    -------
    tuple of Training
        The paper's way first.
    """
    cnn, ridge = CNNConfig(), RidgeConfig(kind="ridge")
    one_length = [option for option in OPTIONS if option not in (LENGTHS, MIDPOINTS)]

    def some(
        shows: str | None,
        model: ModelConfig,
        options: Iterable[str],
        seeds: int = 1,
        *,
        split: Literal["run", "random"] = "run",
        fractions: Iterable[float | None] = (None,),
        without_middle: bool = False,
        ensemble: int = 1,
    ) -> list[Training]:
        return [
            Training(
                shows or f"whole runs held out; histogram: {OPTIONS[option]}",
                option,
                descriptors[option],
                model,
                seed + number,
                BY_RUN if split == "run" else RANDOM,
                optimisation,
                ensemble,
                fraction,
                without_middle,
            )
            for option in options
            for fraction in fractions
            for number in range(seeds)
        ]

    curve = "a part of the training frames: learning curve"
    gap = "no energies from the middle of the range: interpolation"
    random = "single frames held out at random"
    return (
        *some("the paper’s network, whole runs held out", cnn, [PAPER], SEEDS),
        *some(None, ONE_LENGTH, one_length, SEEDS),
        *some(None, LENGTH_EACH, [LENGTHS, MIDPOINTS], SEEDS),
        *some(None, ridge, [PAPER, PAIRED], SEEDS),
        *some(None, cnn, [PAIRED], SEEDS),
        *some("spread of five networks as uncertainty", cnn, [PAIRED], ensemble=ENSEMBLE),
        *some(random, cnn, [PAPER], SEEDS, split="random"),
        *some(random, ONE_LENGTH, [PAPER], SEEDS, split="random"),
        *some(random, LENGTH_EACH, [MIDPOINTS], SEEDS, split="random"),
        *some(gap, cnn, [PAPER], without_middle=True),
        *some(gap, LENGTH_EACH, [MIDPOINTS], without_middle=True),
        *some(curve, cnn, [PAPER], fractions=FRACTIONS),
        *some(curve, ONE_LENGTH, [PAPER], fractions=FRACTIONS),
        *some(curve, LENGTH_EACH, [MIDPOINTS], fractions=FRACTIONS),
        *some(curve, ridge, [PAIRED], fractions=FRACTIONS),
    )


def find_trainings(trainings: Sequence[T], names: Iterable[str]) -> list[T]:
    """
    Look up trainings.

    Parameters
    ----------
    trainings
        Of a study.
    names
        Names of trainings, or of families for all their seeds.

    Returns
    -------
    list
        In the order of the study, each once.

    Raises
    ------
    ConfigError
        If there is none of a name.
    """
    names = list(names)
    known = [*(one.name for one in trainings), *(one.family for one in trainings)]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            mend = f"did you mean {near[0]}?" if near else "`--list` names those it has"
            raise ConfigError(f"{name}: this study has no such training; {mend}")
    return [one for one in trainings if one.name in names or one.family in names]
