import numpy as np
import numpy.typing as npt

class InputError(ValueError): ...

def alpha_diagrams(
    positions: npt.NDArray[np.float64],
    cell: npt.NDArray[np.float64],
    pbc: tuple[bool, ...],
    min_persistence: float,
) -> list[
    tuple[
        npt.NDArray[np.float64],
        npt.NDArray[np.float64],
        npt.NDArray[np.int32],
        npt.NDArray[np.int32],
        npt.NDArray[np.int32],
        npt.NDArray[np.int32],
    ]
]: ...
def alpha_complex(
    positions: npt.NDArray[np.float64],
    cell: npt.NDArray[np.float64],
    pbc: tuple[bool, ...],
) -> list[tuple[npt.NDArray[np.float64], npt.NDArray[np.int32], npt.NDArray[np.int32]]]: ...
