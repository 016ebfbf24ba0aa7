"""Atom-centred symmetry functions."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from amorphology.descriptors.local_environment import (
    Centre,
    LocalEnvironment,
    dscribe_descriptors,
)
from amorphology.errors import ConfigError

__all__ = ["ACSF"]

RADIAL = tuple((8.0, 1.0 + 0.25 * step) for step in range(12))
"""Gaussians every 0.25 Angstrom, as wide as they are apart: eta = 1 / (2 * 0.25^2)."""

ANGULAR = tuple(
    (eta, zeta, sign) for eta in (0.1, 0.4) for zeta in (1.0, 4.0, 16.0) for sign in (1.0, -1.0)
)
"""Broad to narrow maxima about 0 (lambda 1) and 180 degrees (-1), over near and nearer triples."""


class ACSF(LocalEnvironment):
    """
    Radial and angular symmetry functions of an atom's neighbourhood, after Behler [1]_.

    With f(r) = (cos(pi r / r_cut) + 1) / 2 up to the cut-off and 0 beyond it, and theta the angle
    at atom i between its neighbours j and k:

    - G1 = sum_j f(r_ij), always there;
    - G2 = sum_j exp(-eta (r_ij - r_s)^2) f(r_ij);
    - G3 = sum_j cos(kappa r_ij) f(r_ij);
    - G4 = sum_jk 2^(1 - zeta) (1 + lambda cos theta)^zeta exp(-eta (r_ij^2 + r_ik^2 + r_jk^2))
      f(r_ij) f(r_ik) f(r_jk);
    - G5, as G4 without the two factors of r_jk.

    The sums are taken for each species j, or pair of species j, k, on its own; each pair of
    neighbours counts once (in Behler's paper twice). Invariant under translation, rotation and
    reflection, and under another order of equal atoms as far as the centre stays the same one.
    Frames are periodic as their ``pbc`` says. DScribe computes them [2]_.

    The defaults suit energies of solid and liquid carbon: twelve G2 every 0.25 Angstrom from 1 to
    3.75 Angstrom, as wide as they are apart (such an even grid is called "shifted" in [3]_), and
    twelve G4 with zeta = 1, 4, 16, lambda = 1, -1 and two widths in the distances. With few wide
    functions to 6 Angstrom, errors of a network there are more than twice as large.

    Parameters
    ----------
    r_cut
        Radius of the neighbourhood, Angstrom.
    g2
        Pairs of eta (1/Angstrom^2) and r_s (Angstrom).
    g3
        Values of kappa (1/Angstrom).
    g4
        Triples of eta (1/Angstrom^2), zeta and lambda. zeta is a positive whole number: other
        powers are undefined where rounding brings 1 + lambda cos theta below 0, as on a straight
        line of atoms. lambda is 1 or -1.
    g5
        Triples as for `g4`.
    centre
        Number of the atom whose neighbourhood describes the frame, from 0; or ``"average"``: mean
        over all atoms, which does not depend on the order of the atoms or the size of a periodic
        cell. `per_atom` gives all of them.
    species
        Chemical symbols that may occur; None learns them from the training frames.
    n_jobs
        Worker processes; None is 1. They take seconds to start, which pays off for more than a
        minute of work.

    Attributes
    ----------
    species_ : tuple of str
        Chemical symbols by atomic number.

    References
    ----------
    .. [1] J. Behler, "Atom-centered symmetry functions for constructing high-dimensional neural
       network potentials", Journal of Chemical Physics 134, 074106 (2011).
    .. [2] L. Himanen et al., "DScribe: Library of descriptors for machine learning in materials
       science", Computer Physics Communications 247, 106949 (2020).
    .. [3] M. Gastegger, L. Schwiedrzik, M. Bittermann, F. Berzsenyi and P. Marquetand, "wACSF:
       Weighted atom-centered symmetry functions as descriptors in machine learning potentials",
       Journal of Chemical Physics 148, 241709 (2018).

    Examples
    --------
    >>> from ase.build import bulk
    >>> ACSF().fit_transform([bulk("C", cubic=True)]).shape
    (1, 25)
    """

    def __init__(
        self,
        r_cut: float = 4.0,
        g2: Sequence[tuple[float, float]] = RADIAL,
        g3: Sequence[float] = (),
        g4: Sequence[tuple[float, float, float]] = ANGULAR,
        g5: Sequence[tuple[float, float, float]] = (),
        centre: Centre = 0,
        species: Sequence[str] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.r_cut = r_cut
        self.g2 = g2
        self.g3 = g3
        self.g4 = g4
        self.g5 = g5
        self.centre = centre
        self.species = species
        self.n_jobs = n_jobs

    def _feature_names(self) -> list[str]:
        # Such as g2_C_eta2_rs1.5 and g4_C_H_eta0.01_zeta4_lambda-1.
        names = []
        for species in self.species_:
            names.append(f"g1_{species}")
            names += [f"g2_{species}_eta{eta:g}_rs{distance:g}" for eta, distance in self.g2]
            names += [f"g3_{species}_kappa{kappa:g}" for kappa in self.g3]
        for i, first in enumerate(self.species_):
            for second in self.species_[: i + 1]:
                for kind, triples in (("g4", self.g4), ("g5", self.g5)):
                    names += [
                        f"{kind}_{second}_{first}_eta{eta:g}_zeta{zeta:g}_lambda{sign:g}"
                        for eta, zeta, sign in triples
                    ]
        return names

    def _check_parameters(self) -> None:
        for name, width in (("g2", 2), ("g4", 3), ("g5", 3)):
            for row in getattr(self, name):
                if np.shape(row) != (width,) or not np.isfinite(row).all() or row[0] < 0:
                    raise ConfigError(
                        f"{name} holds {row!r}; give {width} finite numbers each, eta first and "
                        "not below 0"
                    )
        if not (np.ndim(self.g3) == 1 and np.isfinite(np.asarray(self.g3, np.float64)).all()):
            raise ConfigError(f"g3 is {self.g3!r}; give a list of finite numbers")
        for eta, zeta, sign in (*self.g4, *self.g5):
            if zeta < 1 or int(zeta) != zeta or sign not in (1, -1):
                raise ConfigError(
                    f"g4 or g5 holds {(eta, zeta, sign)}; zeta is a positive whole number and "
                    "lambda 1 or -1"
                )

    def _calculator(self) -> Any:
        return dscribe_descriptors().ACSF(
            r_cut=self.r_cut,
            g2_params=list(self.g2) or None,
            g3_params=list(self.g3) or None,
            g4_params=list(self.g4) or None,
            g5_params=list(self.g5) or None,
            species=self.species_,
            periodic=True,
        )
