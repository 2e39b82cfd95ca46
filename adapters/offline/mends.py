"""The mends that rules know for typed faults, most particular first."""

from collections.abc import Callable, Iterator

from adapters.offline import mends_of_imports, mends_of_results, mends_of_syntax, mends_of_words
from adapters.offline.evidence import Evidence
from adapters.offline.mend import Mend
from codec_lab.candidate import Candidate

_Rule = Callable[[Candidate, Candidate, Evidence], Iterator[Mend]]

_RULES: dict[str, tuple[_Rule, ...]] = {
    "CandidateSyntaxError": (mends_of_syntax.mends,),
    "CandidateImportError": (mends_of_imports.mends, mends_of_words.mends),
    "CandidateCrashError": (mends_of_imports.missing_imports, mends_of_words.mends),
    "ContractError": (mends_of_results.mends,),
    "RoundTripError": (mends_of_results.repeatable,),
    "LimitExceededError": (mends_of_results.quiet,),
}


def mends(candidate: Candidate, parent: Candidate, evidence: Evidence) -> Iterator[Mend]:
    """Give the mends for a fault; each is a changed candidate whose source parses."""
    for rule in _RULES.get(evidence.fault.error_type, ()):
        for mend in rule(candidate, parent, evidence):
            if mend.candidate != candidate and mend.parses:
                yield mend
