"""A candidate whose results are its parent's again: nothing was learnt, the result is void."""

from collections.abc import Sequence

from codec_lab.errors import UnchangedResultError
from codec_lab.verdict import ClipResult, Fault, RatePoint


def fault_of_equality(
    results: Sequence[ClipResult], of_parent: Sequence[ClipResult]
) -> Fault | None:
    """Find out whether a change has changed anything.

    The same pictures at fewer bytes are progress, and so are other pictures at the same size.

    Parameters
    ----------
    results, of_parent : sequence of ClipResult
        Full measurements of a candidate and of its parent.

    Returns
    -------
    Fault or None
        An ``UnchangedResultError`` if, at every point of the same clips and qualities, each
        bitstream is the parent's byte by byte, or each decoded picture and size is.
    """
    mine, parents = _points(results), _points(of_parent)
    if not mine or mine.keys() != parents.keys():
        return None
    pairs = [(mine[at], parents[at]) for at in mine]
    if all(_same_bytes(*pair) for pair in pairs):
        what = "every bitstream is byte by byte its parent's"
    elif all(_same_pictures(*pair) for pair in pairs):
        what = "every decoded picture and every size is its parent's"
    else:
        return None
    return Fault(
        error_type=UnchangedResultError.__name__,
        message=f"The change has no effect: at all {len(pairs)} rate points {what}.",
    )


def _points(results: Sequence[ClipResult]) -> dict[tuple[str, int], RatePoint]:
    return {
        (result.clip_sha256, point.quality): point for result in results for point in result.points
    }


def _same_bytes(one: RatePoint, other: RatePoint) -> bool:
    return one.bitstream_sha256 is not None and one.bitstream_sha256 == other.bitstream_sha256


def _same_pictures(one: RatePoint, other: RatePoint) -> bool:
    return (
        one.decoded_sha256 is not None
        and one.decoded_sha256 == other.decoded_sha256
        and one.size_bytes == other.size_bytes
    )
