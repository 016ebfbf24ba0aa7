"""Eigenvalues of Coulomb matrices."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from amorphology.descriptors.coulomb_matrix import coulomb_matrix, largest_frame
from amorphology.descriptors.frame_descriptor import FrameDescriptor, NamedFrame

__all__ = ["CoulombEigenspectrum"]


class CoulombEigenspectrum(FrameDescriptor):
    """
    Eigenvalues of the Coulomb matrix of a molecule, in the order of falling absolute value [1]_.

    Invariant under translation, rotation, reflection and any order of the atoms. One number an
    atom: different molecules may share them. Frames with fewer atoms than the largest training
    frame are filled up with zeros. See `CoulombMatrix` for the matrix, its units and why frames
    must not be periodic.

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
    >>> CoulombEigenspectrum().fit_transform([molecule("H2O"), molecule("H2")]).shape
    (2, 3)
    """

    def _feature_names(self) -> list[str]:
        return [f"eigenvalue{i}" for i in range(self.n_atoms_max_)]  # the largest first

    def _learn(self, frames: Iterator[NamedFrame]) -> None:
        self.n_atoms_max_ = largest_frame(frames)

    def _vectors(self, frames: Iterator[NamedFrame]) -> Iterator[NDArray[np.float64]]:
        for name, frame in frames:
            eigenvalues = np.linalg.eigvalsh(coulomb_matrix(frame, name, self.n_atoms_max_))
            falling = eigenvalues[np.argsort(-np.abs(eigenvalues), kind="stable")]
            yield np.pad(falling, (0, self.n_atoms_max_ - len(frame)))
