import pytest

from amorphology.errors import ConfigError
from amorphology.generate.potentials import CARBON_SNAP, GRAPHENE_POTENTIALS, graphene_potential


def test_commands_name_style_files_and_element():
    assert graphene_potential("rebo2").commands() == "pair_style rebo\npair_coeff * * CH.rebo C"
    name = "C_SNAP_2021.10.15.quadratic"
    assert CARBON_SNAP.commands() == (
        f"pair_style snap\npair_coeff * * {name}.snapcoeff {name}.snapparam C"
    )


def test_potentials_are_found_by_name():
    for name in GRAPHENE_POTENTIALS:
        assert graphene_potential(name).name == name


def test_the_potential_in_which_chains_win_is_refused_with_the_reason():
    for name in ("BNC.tersoff", "bnc", "lindsay-broido"):
        with pytest.raises(ConfigError, match="chains are lower in energy than graphene"):
            graphene_potential(name)


def test_unknown_potentials_are_refused():
    with pytest.raises(ConfigError, match="'snap': choose one of rebo2, airebo"):
        graphene_potential("snap")
