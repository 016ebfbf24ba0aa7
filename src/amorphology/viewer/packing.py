"""Arrays as text that a page carries and a browser unpacks."""

import base64
import gzip
import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["pack_arrays", "smallest_integers", "unpack_arrays"]

_LITTLE_ENDIAN = {"f": "<f4", "i": "<i{}", "u": "<u{}"}


def smallest_integers(values: ArrayLike) -> NDArray[np.integer]:
    """
    Store whole numbers in as few bytes as they need.

    Parameters
    ----------
    values
        Whole numbers of any shape, each within 32 bits.

    Returns
    -------
    numpy.ndarray
        The same numbers and shape; int8, int16 or int32.
    """
    numbers = np.asarray(values, dtype=np.int64)
    for kind in (np.int8, np.int16):
        limits = np.iinfo(kind)
        if not numbers.size or (numbers.min() >= limits.min and numbers.max() <= limits.max):
            return numbers.astype(kind)
    return numbers.astype(np.int32)


def pack_arrays(arrays: Mapping[str, NDArray[np.generic]]) -> str:
    """
    Pack arrays as text: a header in JSON, then their bytes, compressed, in base64.

    Parameters
    ----------
    arrays
        By name; floating-point numbers are kept as float32, integers in 8, 16 or 32 bits as they
        are.

    Returns
    -------
    str
        Text without any character that means something in HTML or JSON. The same arrays give the
        same text.
    """
    header, parts = [], []
    for name, array in arrays.items():
        kind = array.dtype.kind
        little = np.ascontiguousarray(
            array, dtype=_LITTLE_ENDIAN[kind].format(array.dtype.itemsize)
        )
        header.append([name, little.dtype.str.lstrip("<|"), list(array.shape)])
        parts.append(little.tobytes())
    described = json.dumps(header, separators=(",", ":")).encode()
    content = len(described).to_bytes(4, "little") + described + b"".join(parts)
    # No time of writing inside: the same page is the same file.
    return base64.b64encode(gzip.compress(content, compresslevel=9, mtime=0)).decode("ascii")


def unpack_arrays(text: str) -> dict[str, NDArray[np.generic]]:
    """
    Undo `pack_arrays`, as the page does.

    Parameters
    ----------
    text
        What `pack_arrays` returned.

    Returns
    -------
    dict of str to numpy.ndarray
        The arrays by name.
    """
    content = gzip.decompress(base64.b64decode(text))
    start = 4 + int.from_bytes(content[:4], "little")
    arrays: dict[str, NDArray[np.generic]] = {}
    for name, kind, shape in json.loads(content[4:start]):
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(content, f"<{kind}", count, start).reshape(shape)
        start += arrays[name].nbytes
    return arrays
