"""What descriptors of an atom's neighbourhood that DScribe computes have in common."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from ase.geometry import complete_cell
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from amorphology.descriptors.frame_descriptor import FrameDescriptor, NamedFrame, named_frames
from amorphology.errors import ConfigError, MissingDependencyError, StructureError

__all__ = ["Centre", "LocalEnvironment", "dscribe_descriptors"]

Centre: TypeAlias = int | Literal["average"]

ATOMS_A_BLOCK = 4096
"""Atoms handed to a worker at a time: 0.1 s of work or more, to 10 MB of vectors that come back."""

SAME_PLACE = 1e-8
"""Largest difference of the coordinates of atoms on one place, Angstrom or parts of the cell."""

MOST_BINS = 10**7
"""Cubes of the cut-off's size that a frame may span; DScribe keeps a list for each of them."""


class LocalEnvironment(FrameDescriptor):
    """
    Base of SOAP and ACSF: a vector for each atom, from the atoms within a cut-off.

    A subclass has the parameters `r_cut`, `centre`, `species` and `n_jobs`, and makes the DScribe
    object that computes.
    """

    r_cut: float
    centre: Centre
    species: Sequence[str] | None
    n_jobs: int | None
    species_: tuple[str, ...]

    def per_atom(self, frames: Iterable[Atoms]) -> Iterator[NDArray[np.float64]]:
        """
        Describe every atom of frames, one frame after the other.

        Frames are taken from `frames` only as fast as results are asked for, so memory stays
        bounded however many there are. `centre` plays no part.

        Parameters
        ----------
        frames
            Frames; any iterable.

        Yields
        ------
        numpy.ndarray
            float64 (n_atoms, n_features) for each frame, atoms in the order of the frame.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `fit` was not called.
        ConfigError, StructureError, MissingDependencyError
            As for `fit`.
        """
        check_is_fitted(self)
        yield from self._computed(named_frames(frames), None)

    @abstractmethod
    def _check_parameters(self) -> None:
        """Raise ConfigError about parameters of the subclass."""

    @abstractmethod
    def _calculator(self) -> Any:
        """DScribe's object for `species_`, periodic, that returns float64 for each atom."""

    def _learn(self, frames: Iterator[NamedFrame]) -> None:
        if not (np.isfinite(self.r_cut) and self.r_cut > 0):
            raise ConfigError(f"r_cut is {self.r_cut!r}; give a positive number of Angstrom")
        if self.centre != "average" and not (_is_whole(self.centre) and self.centre >= 0):
            raise ConfigError(
                f'centre is {self.centre!r}; give the number of an atom, from 0, or "average"'
            )
        if self.n_jobs is not None and not (_is_whole(self.n_jobs) and self.n_jobs >= 1):
            raise ConfigError(f"n_jobs is {self.n_jobs!r}; give 1 or more")
        self._check_parameters()
        given = self.species
        if given is not None:
            unknown = [symbol for symbol in given if atomic_numbers.get(symbol, 0) < 1]
            if unknown or not given:
                raise ConfigError(
                    f"species is {given!r}; give chemical symbols, or None to learn them"
                )
            self.species_ = _by_number(given)
        seen: set[str] = set()
        for name, frame in frames:
            seen.update(frame.symbols)
            self._prepared(name, frame, self.centre, None if given is None else self.species_)
        if given is None:
            self.species_ = _by_number(seen)
        self._calculator()

    def _vectors(self, frames: Iterator[NamedFrame]) -> Iterator[NDArray[np.float64]]:
        yield from self._computed(frames, self.centre)

    def _computed(
        self, frames: Iterator[NamedFrame], centre: Centre | None
    ) -> Iterator[NDArray[np.float64]]:
        """Vector of one centre or of the average of a frame, or with None of all its atoms."""
        calculator = self._calculator()
        prepared = (self._prepared(name, frame, centre, self.species_) for name, frame in frames)
        n_jobs = self.n_jobs or 1
        if n_jobs == 1:
            for frame in prepared:
                yield _describe(calculator, frame, centre)
            return
        # DScribe holds Python's global lock, so that threads would wait for each other.
        with Parallel(n_jobs=n_jobs) as workers:
            for block in _blocks(prepared, n_jobs * ATOMS_A_BLOCK):
                yield from workers(delayed(_describe)(calculator, frame, centre) for frame in block)

    def _prepared(
        self, name: str, frame: Atoms, centre: Centre | None, species: Sequence[str] | None
    ) -> Atoms:
        """
        Copy what DScribe needs of a frame, with all that it would stumble over mended or refused.

        Atoms outside the cell are brought into it: DScribe's list of periodic images takes atoms to
        be inside and silently misses neighbours otherwise. Cell vectors of directions that are not
        periodic are replaced, since it asks for three independent ones.
        """
        if species is not None:
            unknown = sorted(set(frame.symbols) - set(species))
            if unknown:
                raise StructureError(
                    f"{name}: holds {', '.join(unknown)}, unknown to a descriptor of "
                    f"{', '.join(species)}; fit with frames that have them, or set species"
                )
        if isinstance(centre, int) and centre >= len(frame):
            raise StructureError(
                f"{name}: has {len(frame)} atoms, so that there is no centre {centre} (counted "
                "from 0); choose another centre"
            )
        cell = complete_cell(np.where(frame.pbc[:, None], frame.cell.array, 0.0))
        positions, coordinates = frame.positions, frame.positions
        if frame.pbc.any():
            coordinates = np.linalg.solve(cell.T, positions.T).T
            outside = np.where(frame.pbc, np.floor(coordinates), 0.0)
            positions = positions - outside @ cell
            coordinates = coordinates - outside
        spread = np.ptp(positions, axis=0)
        if np.prod(np.maximum(spread / self.r_cut, 1.0)) > MOST_BINS:
            raise StructureError(
                f"{name}: atoms are spread over {spread.max():.3g} Angstrom, too far apart to look "
                "for neighbours; remove the stray atoms"
            )
        # A coordinate of -1e-20 plus 1 is 1, the same place as 0.
        tree = cKDTree(
            np.where(frame.pbc, coordinates % 1.0, coordinates),
            boxsize=frame.pbc.astype(np.float64) if frame.pbc.any() else None,
        )
        pairs = tree.query_pairs(SAME_PLACE)
        if pairs:
            first, second = min(pairs)
            raise StructureError(
                f"{name}: atoms {first} and {second} are on one place; remove one of them"
            )
        return Atoms(frame.numbers, positions, cell=cell, pbc=frame.pbc)


def dscribe_descriptors() -> Any:
    """
    Import DScribe.

    Returns
    -------
    module
        ``dscribe.descriptors``.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        import dscribe.descriptors
    except ImportError:
        raise MissingDependencyError(
            'SOAP and ACSF need DScribe; install it with `pip install "amorphology[descriptors]"`'
        ) from None
    return dscribe.descriptors


def _describe(calculator: Any, frame: Atoms, centre: Centre | None) -> NDArray[np.float64]:
    if isinstance(centre, int):
        one: NDArray[np.float64] = calculator.create(frame, centers=[centre])[0]
        return one
    vectors: NDArray[np.float64] = calculator.create(frame)
    return vectors if centre is None else vectors.mean(axis=0)


def _blocks(frames: Iterable[Atoms], n_atoms: int) -> Iterator[list[Atoms]]:
    """Consecutive frames that together have at least so many atoms."""
    block: list[Atoms] = []
    for frame in frames:
        block.append(frame)
        if sum(map(len, block)) >= n_atoms:
            yield block
            block = []
    if block:
        yield block


def _by_number(symbols: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(symbols), key=atomic_numbers.__getitem__))


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
