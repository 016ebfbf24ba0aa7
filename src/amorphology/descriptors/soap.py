"""Smooth overlap of atomic positions."""

import warnings
from collections.abc import Sequence
from functools import cache
from math import gamma
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray
from scipy.linalg import LinAlgWarning

from amorphology.descriptors.local_environment import (
    Centre,
    LocalEnvironment,
    dscribe_descriptors,
)
from amorphology.errors import ConfigError

__all__ = ["SOAP", "Basis"]

Basis: TypeAlias = Literal["gto", "polynomial"]

L_MAX = 20  # as far as DScribe's spherical harmonics go

MOST_OVERLAP = 0.01
"""Most that the overlaps of radial functions may differ from orthonormal ones."""


class SOAP(LocalEnvironment):
    """
    Power spectrum of the atomic density around an atom, after Bartók, Kondor and Csányi [1]_.

    Each atom within the cut-off, the central one too, is a Gaussian; their sum is expanded in
    radial functions n and spherical harmonics l, m, for each species on its own. The descriptor is
    sum_m c_nlm c_n'lm times pi sqrt(8 / (2 l + 1)), for all pairs of (species, n). It is invariant
    under translation, rotation and reflection, and under another order of equal atoms as far as the
    centre stays the same one. Frames are periodic as their ``pbc`` says. DScribe computes it [2]_.

    Parameters
    ----------
    r_cut
        Radius of the neighbourhood, Angstrom; above 1 for the basis ``"gto"``.
    n_max
        Number of radial functions.
    l_max
        Highest degree of the spherical harmonics, up to 20.
    sigma
        Standard deviation of the Gaussians, Angstrom.
    basis
        Radial functions: ``"gto"``, Gaussians times r^l, or ``"polynomial"``, powers of
        (r_cut - r), slower; both made orthonormal.
    centre
        Number of the atom whose neighbourhood describes the frame, from 0; or ``"average"``: mean
        of the power spectra of all atoms ("outer" average), which needs no choice of an atom and
        does not depend on the order of the atoms or the size of a periodic cell. `per_atom` gives
        all of them.
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
    .. [1] A. P. Bartók, R. Kondor and G. Csányi, "On representing chemical environments", Physical
       Review B 87, 184115 (2013).
    .. [2] L. Himanen et al., "DScribe: Library of descriptors for machine learning in materials
       science", Computer Physics Communications 247, 106949 (2020).

    Examples
    --------
    >>> from ase.build import bulk
    >>> frame = bulk("C", cubic=True)
    >>> SOAP(r_cut=3.0, n_max=4, l_max=2).fit_transform([frame]).shape
    (1, 30)
    """

    def __init__(
        self,
        r_cut: float = 6.0,
        n_max: int = 8,
        l_max: int = 8,
        sigma: float = 0.5,
        basis: Basis = "gto",
        centre: Centre = 0,
        species: Sequence[str] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.r_cut = r_cut
        self.n_max = n_max
        self.l_max = l_max
        self.sigma = sigma
        self.basis = basis
        self.centre = centre
        self.species = species
        self.n_jobs = n_jobs

    def _feature_names(self) -> list[str]:
        # soap_C0_H3_l2: radial function 0 of carbon with radial function 3 of hydrogen at l = 2.
        names = []
        for i, first in enumerate(self.species_):
            for second in self.species_[i:]:
                for l in range(self.l_max + 1):  # noqa: E741 (its name in every text)
                    for n in range(self.n_max):
                        # A species with itself: each pair of radial functions once.
                        start = n if first == second else 0
                        names += [
                            f"soap_{first}{n}_{second}{m}_l{l}" for m in range(start, self.n_max)
                        ]
        return names

    def _check_parameters(self) -> None:
        if int(self.n_max) != self.n_max or self.n_max < 1:
            raise ConfigError(f"n_max is {self.n_max!r}; give a positive whole number")
        if int(self.l_max) != self.l_max or not 0 <= self.l_max <= L_MAX:
            raise ConfigError(f"l_max is {self.l_max!r}; give a whole number from 0 to {L_MAX}")
        if not (np.isfinite(self.sigma) and self.sigma > 0):
            raise ConfigError(f"sigma is {self.sigma!r}; give a positive number of Angstrom")
        if self.basis not in ("gto", "polynomial"):
            raise ConfigError(f"basis is {self.basis!r}; choose gto or polynomial")
        if self.basis == "gto" and self.r_cut <= 1.0:
            raise ConfigError(
                f"r_cut is {self.r_cut!r}; the basis gto begins at 1 Angstrom: give more, or "
                "choose the basis polynomial"
            )

    def _calculator(self) -> Any:
        descriptors = dscribe_descriptors()
        try:
            # What the warning is about, nearly dependent functions, is measured afterwards.
            with warnings.catch_warnings(category=LinAlgWarning, action="ignore"):
                calculator = descriptors.SOAP(
                    r_cut=self.r_cut,
                    n_max=int(self.n_max),
                    l_max=int(self.l_max),
                    sigma=self.sigma,
                    rbf=self.basis,
                    species=self.species_,
                    periodic=True,
                )
                error = self._overlap_error(calculator)
        except (ValueError, np.linalg.LinAlgError) as problem:
            raise ConfigError(self._too_many()) from problem
        if not error < MOST_OVERLAP:
            raise ConfigError(self._too_many())
        return calculator

    def _overlap_error(self, calculator: Any) -> float:
        """How far the radial functions of DScribe are from orthonormal."""
        n_max, l_max = int(self.n_max), int(self.l_max)
        if self.basis == "polynomial":
            points, functions = calculator.get_basis_poly(self.r_cut, n_max)
            weights = _legendre_weights(len(points)) * self.r_cut / 2 * points**2
            overlaps = [functions * weights @ functions.T]
        else:
            overlaps = []
            for l, (alpha, factors) in enumerate(  # noqa: E741
                zip(*calculator.get_basis_gto(self.r_cut, n_max, l_max), strict=True)
            ):
                # Integral of r^(2 l + 2) exp(-(alpha_i + alpha_j) r^2) over r.
                primitive = gamma(l + 1.5) / 2 * np.add.outer(alpha, alpha) ** (-l - 1.5)
                overlaps.append(factors @ primitive @ factors.T)
        return float(np.abs(np.array(overlaps) - np.eye(n_max)).max())

    def _too_many(self) -> str:
        return (
            f"n_max is {self.n_max}; rounding spoils so many radial functions of the basis "
            f"{self.basis} with r_cut {self.r_cut}: lower n_max"
        )


@cache
def _legendre_weights(n_points: int) -> NDArray[np.float64]:
    """Weights of Gauss and Legendre's quadrature between -1 and 1."""
    return leggauss(n_points)[1]
