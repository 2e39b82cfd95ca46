"""The packages that a candidate may import."""

from codec_lab.candidate import Candidate
from codec_lab.errors import DesignRejectedError
from codec_lab.model import Model
from codec_lab.proposal import Proposal
from codec_lab.wheel import Wheel, same_package

AVAILABLE = frozenset({"constriction", "numba", "numpy", "scipy"})
"""What the worker's environment has for candidates, in the versions it pins."""


class AllowedPackage(Model):
    """A package that may be installed for a candidate.

    Attributes
    ----------
    wheel : Wheel
        Exactly what is installed.
    purpose : str
        What a codec needs it for.
    """

    wheel: Wheel
    purpose: str


class AllowedPackages(Model):
    """The list of packages that may be installed; its wheels lie in the object store."""

    packages: tuple[AllowedPackage, ...] = ()

    @property
    def wheels(self) -> frozenset[Wheel]:
        """What may be installed."""
        return frozenset(allowed.wheel for allowed in self.packages)

    def named(self, name: str) -> Wheel | None:
        """Find a package by its name, however it is spelt (PEP 503)."""
        return next((one for one in self.wheels if same_package(one.name, name)), None)

    def providing(self, module: str) -> Wheel | None:
        """Find the package that has a module."""
        top = module.partition(".")[0]
        return next((one for one in self.wheels if top in one.modules), None)

    def refusal(self, name: str) -> str:
        """Say in one sentence why a package is not installed."""
        listed = ", ".join(sorted(one.name for one in self.wheels)) or "no package"
        return (
            f"Package {name} is not on the lab's list of allowed packages, which has {listed}; "
            f"every candidate has {', '.join(sorted(AVAILABLE))}."
        )


def refuse_unavailable(proposal: Proposal, allowed: AllowedPackages) -> None:
    """Refuse a proposal that asks for what it cannot get.

    Raises
    ------
    DesignRejectedError
        Naming a package and those there are.
    """
    candidate = proposal.candidate
    names = [
        *_unknown(candidate),
        *(one.name for one in candidate.wheels if one not in allowed.wheels),
    ]
    if names:
        raise DesignRejectedError(allowed.refusal(", ".join(names)), proposal.model_cost_usd)


def _unknown(candidate: Candidate) -> list[str]:
    return sorted(set(candidate.packages) - AVAILABLE)
