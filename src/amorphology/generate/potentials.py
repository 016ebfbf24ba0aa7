"""Interatomic potentials for carbon that LAMMPS brings along."""

import dataclasses

from amorphology.errors import ConfigError

__all__ = ["CARBON_SNAP", "GRAPHENE_POTENTIALS", "Potential", "graphene_potential"]


@dataclasses.dataclass(frozen=True)
class Potential:
    """A potential and how LAMMPS is told to use it.

    Parameters
    ----------
    name : str
        Name by which it is chosen and remembered.
    style : str
        Arguments of LAMMPS's ``pair_style``.
    files : tuple of str
        Its files, in the order in which ``pair_coeff`` wants them.
    """

    name: str
    style: str
    files: tuple[str, ...]

    def commands(self) -> str:
        """Write the commands that choose it, for carbon and files in the working folder."""
        return f"pair_style {self.style}\npair_coeff * * {' '.join(self.files)} C"


_SNAP = "C_SNAP_2021.10.15.quadratic"

CARBON_SNAP = Potential(_SNAP, "snap", (f"{_SNAP}.snapcoeff", f"{_SNAP}.snapparam"))
"""Willman et al., Phys. Rev. B 106, L180101 (2022), fitted to density functional theory."""

GRAPHENE_POTENTIALS = {
    potential.name: potential
    for potential in (
        Potential("rebo2", "rebo", ("CH.rebo",)),
        Potential("airebo", "airebo 3.0", ("CH.airebo",)),
        Potential("lcbop", "lcbop", ("C.lcbop",)),
        Potential("tersoff", "tersoff", ("SiC.tersoff",)),
        Potential("erhart-albe", "tersoff", ("SiC_Erhart-Albe.tersoff",)),
    )
}
"""Potentials in which graphene is the ground state of carbon, by name.

``rebo2``: Brenner et al., J. Phys.: Condens. Matter 14, 783 (2002). ``airebo``: the same with
interactions beyond the bonds, Stuart et al., J. Chem. Phys. 112, 6472 (2000). ``lcbop``: Los and
Fasolino, Phys. Rev. B 68, 024107 (2003). ``tersoff``: Tersoff, Phys. Rev. B 39, 5566 (1989).
``erhart-albe``: Erhart and Albe, Phys. Rev. B 71, 035211 (2005).
"""

# LAMMPS also has Lindsay and Broido's refit of Tersoff's form, made for phonons.
_CHAINS_WIN = ("bnc", "bnc.tersoff", "lindsay-broido")


def graphene_potential(name: str) -> Potential:
    """Look up a potential for graphene.

    Parameters
    ----------
    name : str
        Key of `GRAPHENE_POTENTIALS`.

    Returns
    -------
    Potential

    Raises
    ------
    ConfigError
        When there is none of this name, or it is known to be wrong for a melt.
    """
    choices = ", ".join(GRAPHENE_POTENTIALS)
    if name.lower() in _CHAINS_WIN:
        raise ConfigError(
            f"potential {name!r} was fitted to phonons of the crystal: chains are lower in energy "
            f"than graphene in it (-8.7 against -8.0 eV/atom), so a melt freezes into chains; "
            f"choose one of {choices}"
        )
    if name not in GRAPHENE_POTENTIALS:
        raise ConfigError(f"unknown potential {name!r}: choose one of {choices}")
    return GRAPHENE_POTENTIALS[name]
