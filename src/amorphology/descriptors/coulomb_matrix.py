"""Coulomb matrices of molecules."""

from collections.abc import Iterator
from typing import Literal, TypeAlias

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from amorphology.descriptors.frame_descriptor import FrameDescriptor, NamedFrame
from amorphology.errors import ConfigError, StructureError

__all__ = ["CoulombMatrix", "Permutation", "coulomb_matrix", "largest_frame"]

Permutation: TypeAlias = Literal["none", "sorted_l2"]

PERMUTATIONS = ("none", "sorted_l2")


class CoulombMatrix(FrameDescriptor):
    """
    Coulomb repulsion between all pairs of nuclei of a molecule, row by row [1]_.

    The element of atoms i and j is Z_i Z_j / R_ij, that of an atom with itself 0.5 Z_i^2.4.
    Distances are in Angstrom; in atomic units elements off the diagonal would be 0.529 times as
    large. Invariant under translation, rotation and reflection. Frames with fewer
    atoms than the largest training frame are filled up with rows and columns of zeros.

    Only for frames without periodic boundaries: the sum over the images of an atom diverges, and
    its Ewald sum is not offered.

    Parameters
    ----------
    permutation
        ``"none"``: rows in the order of the atoms; another order is another descriptor.
        ``"sorted_l2"``: rows and columns in the order of falling Euclidean norm of the rows, which
        makes it invariant under another order of the atoms. It jumps where two norms cross.

    Attributes
    ----------
    n_atoms_max_ : int
        Number of atoms of the largest training frame.

    References
    ----------
    .. [1] M. Rupp, A. Tkatchenko, K.-R. Müller and O. A. von Lilienfeld, "Fast and accurate
       modeling of molecular atomization energies with machine learning", Physical Review Letters
       108, 058301 (2012).

    Examples
    --------
    >>> from ase.build import molecule
    >>> CoulombMatrix().fit_transform([molecule("H2O"), molecule("H2")]).shape
    (2, 9)
    """

    def __init__(self, permutation: Permutation = "none") -> None:
        self.permutation = permutation

    def _feature_names(self) -> list[str]:
        atoms = range(self.n_atoms_max_)
        return [f"coulomb_{i}_{j}" for i in atoms for j in atoms]

    def _learn(self, frames: Iterator[NamedFrame]) -> None:
        if self.permutation not in PERMUTATIONS:
            raise ConfigError(
                f"permutation is {self.permutation!r}; choose {' or '.join(PERMUTATIONS)}"
            )
        self.n_atoms_max_ = largest_frame(frames)

    def _vectors(self, frames: Iterator[NamedFrame]) -> Iterator[NDArray[np.float64]]:
        for name, frame in frames:
            matrix = coulomb_matrix(frame, name, self.n_atoms_max_)
            if self.permutation == "sorted_l2":
                # Stable, so that rows of equal norm keep the order of their atoms.
                order = np.argsort(-np.linalg.norm(matrix, axis=1), kind="stable")
                matrix = matrix[np.ix_(order, order)]
            yield np.pad(matrix, (0, self.n_atoms_max_ - len(frame))).ravel()


def largest_frame(frames: Iterator[NamedFrame]) -> int:
    """
    Count the atoms of the largest frame, and see that each frame has a Coulomb matrix.

    Parameters
    ----------
    frames
        Names and frames.

    Returns
    -------
    int
        Number of atoms.

    Raises
    ------
    StructureError
        As for `coulomb_matrix`.
    """
    return max(len(coulomb_matrix(frame, name)) for name, frame in frames)


def coulomb_matrix(frame: Atoms, name: str, n_atoms_max: int | None = None) -> NDArray[np.float64]:
    """
    Coulomb matrix of a molecule.

    Parameters
    ----------
    frame
        The molecule.
    name
        What to call it in an error message.
    n_atoms_max
        Most atoms it may have.

    Returns
    -------
    numpy.ndarray
        float64 (n_atoms, n_atoms), charges in units of the elementary charge, distances in
        Angstrom.

    Raises
    ------
    StructureError
        If it is periodic, has more than `n_atoms_max` atoms, or two atoms are on one place.
    """
    if frame.pbc.any():
        raise StructureError(
            f"{name}: is periodic, for which no Coulomb matrix is offered (its Ewald sum is not); "
            "set pbc to false for a molecule, or use SOAP or ACSF"
        )
    if n_atoms_max is not None and len(frame) > n_atoms_max:
        raise StructureError(
            f"{name}: has {len(frame)} atoms, more than the {n_atoms_max} of the largest training "
            "frame; fit with a frame as large as the largest"
        )
    charges = frame.numbers.astype(np.float64)
    distances = np.linalg.norm(frame.positions[:, None] - frame.positions, axis=2)
    np.fill_diagonal(distances, 1.0)
    if not distances.all():
        first, second = np.argwhere(distances == 0.0)[0]
        raise StructureError(
            f"{name}: atoms {first} and {second} are on one place; remove one of them"
        )
    matrix: NDArray[np.float64] = np.outer(charges, charges) / distances
    np.fill_diagonal(matrix, 0.5 * charges**2.4)
    return matrix
