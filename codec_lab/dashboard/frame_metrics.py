"""Per-frame metrics as the worker stores them: arrays of NumPy's format 1.0 in a zip file.

The format is described in the NumPy Enhancement Proposal 1, "A simple file format for NumPy
arrays". The functions of the dashboard have no NumPy, and need none for these short vectors.
"""

import ast
import io
import struct
import sys
import zipfile
from array import array

from codec_lab.errors import ConfigurationError

_MAGIC = b"\x93NUMPY\x01\x00"


def read_arrays(data: bytes) -> dict[str, tuple[tuple[float, ...], ...]]:
    """Read the arrays of a file that ``numpy.savez_compressed`` wrote.

    Parameters
    ----------
    data : bytes
        The file; its arrays are of little-endian float64, in C order, of one or two dimensions.

    Returns
    -------
    dict of str to tuple of tuple of float
        The columns of each array by its name; a vector has one.

    Raises
    ------
    ConfigurationError
        If it is no such file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {
                name.removesuffix(".npy"): _columns(archive.read(name))
                for name in archive.namelist()
            }
    except (zipfile.BadZipFile, ValueError, KeyError, SyntaxError, struct.error) as error:
        raise ConfigurationError(f"The per-frame metrics cannot be read: {error}.") from error


def _columns(data: bytes) -> tuple[tuple[float, ...], ...]:
    if not data.startswith(_MAGIC):
        raise ValueError("this is no array of format 1.0")
    start = len(_MAGIC)
    (length,) = struct.unpack_from("<H", data, start)
    header = ast.literal_eval(data[start + 2 : start + 2 + length].decode("latin-1"))
    shape = header["shape"]
    if header["descr"] != "<f8" or header["fortran_order"] or len(shape) not in {1, 2}:
        raise ValueError(f"an array of {header} was not expected")
    values = array("d")
    values.frombytes(data[start + 2 + length :])
    if sys.byteorder == "big":
        values.byteswap()
    width = shape[1] if len(shape) == 2 else 1
    if len(values) != shape[0] * width:
        raise ValueError(f"it holds {len(values)} numbers, its shape is {shape}")
    return tuple(tuple(values[column::width]) for column in range(width))
