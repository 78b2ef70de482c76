"""Check a NRRD or MetaImage file before it is read: what its header claims, and where its voxels lie.

ITK takes memory for what a header announces before it looks whether the file holds it, opens any path that a header
names, and does not notice that packed voxels lack their end. Formats:
http://teem.sourceforge.net/nrrd/format.html and https://itk.org/Wiki/MetaIO/Documentation.
"""

from __future__ import annotations

import bz2
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..Numerics.core.errors import DamagedInput, PainGeneratorError
from ..Numerics.core.image import MOST_VOXELS
from ..Numerics.core.input_files import CHUNK, DEFLATE_RATIO, check_ordinary

_HEADER_BYTES = 1_000_000
"""Number of bytes from the start of a file in which its header is looked for. Our estimate: that of a segmentation
with hundreds of segments has some hundred kilobytes."""
_ANATOMY = "anatomy segmentation"
_NRRD_BYTES = {
    **dict.fromkeys(("signed char", "int8", "int8_t", "uchar", "unsigned char", "uint8", "uint8_t"), 1),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), 2),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), 2),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t", "uint", "unsigned int", "uint32", "uint32_t"), 4),
    **dict.fromkeys(("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"), 8),
    **dict.fromkeys(("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"), 8),
    "float": 4,
    "double": 8,
}
"""Name of a type of values in a NRRD header -> bytes of one value."""
_META_BYTES = {
    "MET_CHAR": 1, "MET_UCHAR": 1, "MET_SHORT": 2, "MET_USHORT": 2, "MET_INT": 4, "MET_UINT": 4, "MET_LONG": 4,
    "MET_ULONG": 4, "MET_LONG_LONG": 8, "MET_ULONG_LONG": 8, "MET_FLOAT": 4, "MET_DOUBLE": 8,
}  # fmt: skip
"""Name of a type of values in a MetaImage header -> bytes of one value."""
_BZIP_RATIO = 50_000
"""Upper bound of the size of data over the size of its form packed by bzip2. Our estimate: 45 million bytes of zeros
are packed into 45 bytes for each of 900000."""


@dataclass(frozen=True)
class _Claim:
    """What a header says of its voxels.

    Parameters
    ----------
    voxels, value_bytes : int
    packing : str
        ``raw``, ``gzip``, ``zlib``, ``bzip2``, ``text``, or ``skipped`` for packed voxels that begin later.
    data_file : str
        Name of the file with the voxels; empty when they follow the header.
    start : int
        Where the header ends, bytes.
    """

    voxels: int
    value_bytes: int
    packing: str
    data_file: str
    start: int


def check_claims(path: Path) -> None:
    """Refuse a NRRD or MetaImage file that claims more than it holds, or whose voxels lie elsewhere.

    Files of other formats pass.

    Parameters
    ----------
    path : Path

    Raises
    ------
    PainGeneratorError
    """
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
    claim = _claim_of_nrrd(head) if head[:4] == b"NRRD" else _claim_of_meta(head, path)
    if claim is None:
        return
    if not 0 < claim.voxels <= MOST_VOXELS:
        raise DamagedInput(
            f"The header of {path} announces {claim.voxels} values, which no label map of a body has.",
            "Copy or make the file again.",
        )
    if _is_list(claim.data_file):
        raise PainGeneratorError(
            f"{path} names several files for its voxels.",
            "Save the segmentation again as one file (.nrrd).",
        )
    source = _beside(path, claim.data_file) if claim.data_file else path
    size = check_ordinary(source, _ANATOMY)
    _check_size(claim, source, size - (0 if claim.data_file else claim.start))


def check_announced(path: Path, values: int) -> None:
    """Refuse an image of any format whose header announces more than the file can hold, however it is packed.

    Parameters
    ----------
    path : Path
    values : int
        Number of values in all voxels.

    Raises
    ------
    PainGeneratorError
    """
    most = DEFLATE_RATIO * check_ordinary(path, _ANATOMY) + CHUNK
    is_alone = path.suffix.lower() not in (".nhdr", ".mhd", ".hdr")
    if values > MOST_VOXELS or (is_alone and values > most):
        raise DamagedInput(
            f"The header of {path} announces {values} values, which the file cannot hold.",
            "Copy or make the file again.",
        )


def _is_list(name: str) -> bool:
    return re.match(r"(?i)list\b", name) is not None or re.search(r"%\d*d", name) is not None


def _beside(path: Path, name: str) -> Path:
    """The file with the voxels, which must lie in the folder of its header."""
    name = re.sub(r"^\.[/\\]", "", name)
    if name in ("", ".", "..") or re.search(r"[/\\\0]", name):
        raise PainGeneratorError(
            f"The header {path} names a file with its voxels that lies elsewhere ({name}).",
            "Put both files into one folder, and let the header name the other one without a folder.",
        )
    found = path.with_name(name)
    if not found.is_file():
        raise DamagedInput(
            f"The anatomy segmentation {path} cannot be read: the file {name} with its voxels is missing.",
            "Copy both files.",
        )
    return found


def _check_size(claim: _Claim, source: Path, there: int) -> None:
    """Refuse voxels that the file cannot hold, or whose packed form has no end."""
    needed = claim.voxels * claim.value_bytes
    ratio = {"gzip": DEFLATE_RATIO, "zlib": DEFLATE_RATIO, "skipped": DEFLATE_RATIO, "bzip2": _BZIP_RATIO}
    most = ratio[claim.packing] * there + CHUNK if claim.packing in ratio else there
    if claim.packing == "text":
        # Each value takes a digit and a space; the last one needs no space.
        most = (there + 1) // 2 * claim.value_bytes
    if needed > most:
        raise _cut_off(source, needed, max(there, 0))
    if claim.packing in ("gzip", "zlib", "bzip2"):
        with source.open("rb") as file:
            file.seek(claim.start if not claim.data_file else 0)
            found = _unpacked_size(file, claim.packing, needed)
        if found < 0:
            raise DamagedInput(
                f"{source} is damaged or cut off: its packed voxels have no end.", "Copy or make the file again."
            )
        if found < needed:
            raise _cut_off(source, needed, found)


def _cut_off(path: Path, needed: int, there: int) -> DamagedInput:
    return DamagedInput(
        f"{path} is cut off: {needed} bytes of voxels are announced, and {there} are there.",
        "Copy or make the file again.",
    )


def _unpacked_size(file: Any, packing: str, needed: int) -> int:
    """Number of bytes that packed voxels unpack to, to the end of their packed form; -1 when only that end is missing.

    Unpacking stops when there is far more than needed.
    """
    size, rest, unpacker = 0, b"", _unpacker(packing)
    try:
        while size <= needed + CHUNK:
            if unpacker.eof:
                rest = unpacker.unused_data or file.read(CHUNK)
                if size >= needed or not rest:
                    return size
                unpacker = _unpacker(packing)
            data = rest or (file.read(CHUNK) if getattr(unpacker, "needs_input", True) else b"")
            part = unpacker.decompress(data, CHUNK)
            if not data and not part and not unpacker.eof:
                return -1 if size >= needed else size
            size += len(part)
            rest = getattr(unpacker, "unconsumed_tail", b"")
    except (OSError, zlib.error):
        return -1
    return size


def _unpacker(packing: str) -> Any:
    # With these bits zlib recognizes both its own form and that of gzip.
    return bz2.BZ2Decompressor() if packing == "bzip2" else zlib.decompressobj(wbits=47)


def _claim_of_nrrd(head: bytes) -> _Claim | None:
    """The claim of a NRRD header; None when ITK has to say what is wrong with it."""
    end = re.search(rb"\r?\n\r?\n", head)
    text = head[: end.start() if end else len(head)].decode("utf-8", "replace")
    fields: dict[str, str] = {}
    for line in text.splitlines()[1:]:
        name, mark, value = line.partition(": ")
        if mark and not line.startswith("#") and ":=" not in name:
            fields.setdefault(name.strip().lower().replace("datafile", "data file"), value.strip())
    value_bytes = _NRRD_BYTES.get(fields.get("type", "").lower())
    voxels = _product(fields.get("sizes", ""))
    if value_bytes is None or voxels is None:
        return None
    packing = {"gz": "gzip", "bz2": "bzip2", "txt": "text", "ascii": "text", "hex": "text"}.get(
        fields.get("encoding", "raw").lower(), fields.get("encoding", "raw").lower()
    )
    skips = [fields.get(name, "0") for name in ("line skip", "lineskip", "byte skip", "byteskip")]
    if packing in ("gzip", "bzip2") and any(skip != "0" for skip in skips):
        packing = "skipped"
    return _Claim(voxels, value_bytes, packing, fields.get("data file", ""), end.end() if end else len(head))


def _claim_of_meta(head: bytes, path: Path) -> _Claim | None:
    """The claim of a MetaImage header; None for another file."""
    if not path.name.lower().endswith((".mha", ".mhd")):
        return None
    end = re.search(rb"(?m)^\s*ElementDataFile\s*=[^\n]*\n?", head)
    text = head[: end.end() if end else len(head)].decode("utf-8", "replace")
    fields = dict(re.findall(r"(?m)^\s*(\w+)\s*=\s*(.*?)\s*$", text))
    value_bytes = _META_BYTES.get(fields.get("ElementType", "").upper())
    voxels = _product(fields.get("DimSize", ""))
    if value_bytes is None or voxels is None or end is None:
        return None
    is_packed = fields.get("CompressedData", "false").lower().startswith("t")
    is_text = fields.get("BinaryData", "true").lower().startswith("f")
    name = fields.get("ElementDataFile", "")
    return _Claim(
        voxels * (_product(fields.get("ElementNumberOfChannels", "1")) or 1),
        value_bytes,
        "zlib" if is_packed else "text" if is_text else "raw",
        "" if name.upper() == "LOCAL" else name,
        end.end(),
    )


def _product(words: str) -> int | None:
    """The product of whole numbers; None when the words are no such numbers."""
    if not re.fullmatch(r"\d{1,12}(\s+\d{1,12})*", words.strip()):
        return None
    return int(np.prod([int(word) for word in words.split()], dtype=object))
