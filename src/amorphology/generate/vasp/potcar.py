"""The POTCAR that VASP needs: from the user's own licence, found as ASE finds it, and checked."""

import re
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

from ase import Atoms
from ase.calculators.vasp import Vasp
from ase.config import cfg

from amorphology.errors import ConfigError

__all__ = ["ase_setting", "find_potcar"]


def find_potcar(given: Path | None = None) -> str | None:
    """Find the PAW potential of carbon in the local density approximation.

    Parameters
    ----------
    given : pathlib.Path, optional
        A POTCAR file. By default ASE looks for one in the folder named by VASP_PP_PATH, in the
        version named by VASP_PP_VERSION.

    Returns
    -------
    str or None
        Its text; None when VASP_PP_PATH is not set either.

    Raises
    ------
    ConfigError
        When there is no such file, or it is not carbon alone or not LDA.
    """
    if given is not None:
        if not given.is_file():
            raise ConfigError(f"{given} is not a file: name a POTCAR of carbon, PAW LDA")
        text, source = given.read_text(errors="replace"), str(given)
    else:
        folder = ase_setting(Vasp.VASP_PP_PATH)
        if folder is None:
            return None
        text, source = _from_ase(folder), f"the potential of carbon in {folder}"
    elements = re.findall(r"VRHFIN\s*=\s*([A-Z][a-z]?)\s*:", text)
    functionals = re.findall(r"LEXCH\s*=\s*(\S+)", text)
    if elements != ["C"] or functionals != ["CA"]:
        found = ", ".join(f"{e} {f}" for e, f in zip(elements, functionals, strict=False))
        raise ConfigError(
            f"{source} is not an LDA potential of carbon (found: {found or 'nothing'}; wanted: "
            "C with LEXCH = CA): name the right POTCAR"
        )
    return text


def _from_ase(folder: str) -> str:
    with warnings.catch_warnings(), TemporaryDirectory() as beside:
        warnings.simplefilter("ignore")  # about variables of the environment, see ase_setting
        calculator = Vasp(xc="lda")
        try:
            calculator.initialize(Atoms("C", cell=[1.0, 1.0, 1.0], pbc=True))
        except RuntimeError:
            raise ConfigError(
                f"ASE finds no LDA potential of carbon in {folder} (VASP_PP_PATH): put "
                "potpaw/C/POTCAR there, or set VASP_PP_VERSION=64 for potpaw_LDA.64, or name the "
                "file with --potcar"
            ) from None
        calculator.write_potcar(directory=beside)
        return Path(beside, "POTCAR").read_text(errors="replace")


def ase_setting(name: str) -> str | None:
    """Look up a setting of ASE, in its configuration file or the environment.

    Parameters
    ----------
    name : str
        For example ``"VASP_PP_PATH"``.

    Returns
    -------
    str or None
        Its value; None if it is not set.
    """
    with warnings.catch_warnings():
        # ASE would rather have its file used, but on clusters the environment is what modules set.
        warnings.simplefilter("ignore")
        value = cfg.get(name)
    return None if value is None else str(value)
