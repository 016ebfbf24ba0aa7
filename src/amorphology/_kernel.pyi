import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int32]

class InputError(ValueError): ...

def alpha_diagrams(
    positions: _Floats,
    cell: _Floats,
    pbc: tuple[bool, ...],
    weights: _Floats | None = None,
    wanted: tuple[bool, ...] = (True, True, True),
    windings: bool = False,
    min_persistence: float = 0.0,
    n_threads: int = 1,
) -> tuple[list[tuple[_Floats, _Floats, _Ints, _Ints, _Ints, _Ints, _Ints]], _Ints]: ...
def alpha_complex(
    positions: _Floats,
    cell: _Floats,
    pbc: tuple[bool, ...],
    weights: _Floats | None = None,
) -> list[tuple[_Floats, _Ints, _Ints]]: ...
def alpha_rings(
    positions: _Floats,
    cell: _Floats,
    pbc: tuple[bool, ...],
    weights: _Floats | None = None,
    pairs: npt.NDArray[np.int64] | None = None,
    tolerance: float = 0.0,
) -> tuple[_Floats, _Floats, _Ints, _Ints, _Ints, _Ints, npt.NDArray[np.uint8]]: ...
def alpha_cavities(
    positions: _Floats,
    cell: _Floats,
    pbc: tuple[bool, ...],
    weights: _Floats | None = None,
    pairs: npt.NDArray[np.int64] | None = None,
) -> tuple[_Floats, _Floats, _Ints, _Ints, _Ints, _Ints, _Ints, npt.NDArray[np.uint8]]: ...
