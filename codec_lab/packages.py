"""The packages that a candidate may import."""

from codec_lab.errors import DesignRejectedError
from codec_lab.proposal import Proposal

AVAILABLE = frozenset({"constriction", "numba", "numpy", "scipy"})
"""What the worker's environment has for candidates, in the versions it pins."""


def refuse_unavailable(proposal: Proposal) -> None:
    """Refuse a proposal that asks for a package the worker does not have.

    Raises
    ------
    DesignRejectedError
        Naming the packages and those there are.
    """
    missing = sorted(set(proposal.candidate.packages) - AVAILABLE)
    if missing:
        raise DesignRejectedError(
            f"The candidate asks for {', '.join(missing)}; "
            f"there are only {', '.join(sorted(AVAILABLE))}.",
            proposal.model_cost_usd,
        )
