"""The offline mind really changes the source, the same way for the same seed."""

import ast
import random
from collections.abc import Mapping
from decimal import Decimal
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.attribute_values import attributes_of, item_of
from adapters.offline.designer import OfflineDesigner
from adapters.offline.fixer import OfflineFixer
from adapters.offline.search import suggested
from codec_lab import parameters
from codec_lab.bundle import Bundle
from codec_lab.campaign import HARD_LIMITS
from codec_lab.candidate import Candidate
from codec_lab.errors import DesignRejectedError, NothingLeftToTryError
from codec_lab.experiment import Experiment
from codec_lab.limits import Limits
from codec_lab.minds import DesignTask, FixTask, Trial
from codec_lab.novelty import source_sha256
from codec_lab.phase import MAX_ATTEMPTS
from codec_lab.proposal import Fix, FixTool, Mind, Proposal
from codec_lab.verdict import Fault
from tests.unit.builders import SEED_SOURCE, experiment


def seed(source: str = SEED_SOURCE, limits: Limits | None = None) -> Proposal:
    return Proposal(
        candidate=Candidate(files={"codec.py": source}),
        limits=limits or Limits(),
        mind=Mind.OFFLINE,
        parent_sha256=None,
        change="The seed.",
        hypothesis="",
    )


def design_task(
    number: int = 1, tried: frozenset[str] = frozenset(), **changes: object
) -> DesignTask:
    return DesignTask.model_validate(
        {
            "goal": "",
            "experiment_number": number,
            "attempt": 1,
            "random_seed": 7,
            "parent": seed(),
            "archive": (),
            "tried": tried,
            "limits": Limits(),
            "hint": None,
            **changes,
        }
    )


def fix_task(fault: Fault, attempt: int = 1, **changes: object) -> FixTask:
    return FixTask.model_validate(
        {
            "proposal": seed(),
            "parent": seed(),
            "fault": fault,
            "run": 1,
            "attempt": attempt,
            "random_seed": 7,
            "history": (),
            "tried": frozenset(),
            "known": frozenset(),
            "hard_limits": HARD_LIMITS,
            "hint": None,
            **changes,
        }
    )


CRASH = Fault(error_type="CandidateCrashError", message="IndexError in line 3")


def test_a_design_changes_the_parameters_and_nothing_else() -> None:
    proposal = OfflineDesigner().design(design_task())
    source = proposal.candidate.files["codec.py"]
    before, after = parameters.read(SEED_SOURCE), parameters.read(source)
    assert before.parameters != after.parameters
    assert parameters.write(source, before.parameters) == SEED_SOURCE
    assert proposal.parent_sha256 == seed().candidate.sha256


def test_equal_tasks_give_equal_designs_and_numbers_differ() -> None:
    one, again = (OfflineDesigner().design(design_task(1)) for _ in range(2))
    assert one == again
    designs = {OfflineDesigner().design(design_task(n)).candidate.sha256 for n in range(1, 9)}
    assert len(designs) >= 6


def test_a_candidate_that_was_tried_is_not_proposed_again() -> None:
    tried: set[str] = set()
    for _ in range(20):
        proposal = OfflineDesigner().design(design_task(tried=frozenset(tried)))
        assert proposal.candidate.sha256 not in tried
        tried.add(proposal.candidate.sha256)


def test_a_source_without_parameters_is_no_ground_for_a_design() -> None:
    with pytest.raises(DesignRejectedError, match="declares no PARAMETERS"):
        OfflineDesigner().design(design_task(parent=seed("def encode(clip, quality): ...")))


def test_an_exhausted_space_says_so() -> None:
    source = 'PARAMETERS = {"a": 1}\nSEARCH_SPACE = {"a": [1]}\n'
    with pytest.raises(DesignRejectedError, match="search space is exhausted"):
        OfflineDesigner().design(design_task(parent=seed(source)))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("PARAMETERS = {", "does not parse: line 1"),
        ("PARAMETERS = {'a': f()}\nSEARCH_SPACE = {}", "PARAMETERS of codec.py is no literal"),
        ("PARAMETERS = [1]\nSEARCH_SPACE = {}", "must be dict literals"),
        ("PARAMETERS = {}\nSEARCH_SPACE = {'a': [1]}", "names a, which is not in PARAMETERS"),
        ("PARAMETERS = {}\nSEARCH_SPACE = {1: [2], 'b': [3]}", "names a int, which is not in"),
        ("PARAMETERS = {[1]: 2}\nSEARCH_SPACE = {}", "PARAMETERS of codec.py is no literal"),
        (f"PARAMETERS = {{1: 0x{'f' * 400} + 1j}}", "PARAMETERS of codec.py is no literal"),
        (f"PARAMETERS = {dict.fromkeys(range(201))}\nSEARCH_SPACE = {{}}", "has 201 entries"),
        (f"x = {'-' * 50_000}1", "does not parse"),
        (f"x = 1{'+ 1' * 50_000}", "does not parse: maximum recursion depth"),
        ("x = 1\0", "does not parse"),
        *(
            (f"PARAMETERS = {{'a': {value}}}\nSEARCH_SPACE = {{'a': [1]}}", "value for a that")
            for value in ("[1]", "None", "1e999", "1e-300", "9" * 60, repr("x" * 201), "1j", "b''")
        ),
        *(
            (f"PARAMETERS = {{'a': 1}}\nSEARCH_SPACE = {{'a': {space}}}", "needs for a a list of")
            for space in ("5", "(1, 2, 3)", "[]", "(2, 1)", "('x', 'y')", "[[1]]", "(0, 1e999)")
        ),
    ],
)
def test_faulty_declarations_are_named(source: str, message: str) -> None:
    with pytest.raises(DesignRejectedError, match=message):
        parameters.read(source)


def test_a_constant_of_the_codec_s_own_is_neither_searched_nor_lost() -> None:
    source = seed(
        'PARAMETERS = {"a": 1, "taps": [1, 2, 1], 4: (0x10,\n  2), "salt": 0x9E3779B97F4A7C15}\n'
        'SEARCH_SPACE = {"a": [1, 2]}\n'
    )
    assert parameters.of_candidate(source.candidate) == {"a": 1}

    designed = OfflineDesigner().design(design_task(parent=source)).candidate

    assert designed.files["codec.py"] == (
        'PARAMETERS = {\n    "a": 2,\n    "taps": [1, 2, 1],\n    4: (0x10,\n  2),\n'
        '    "salt": 0x9E3779B97F4A7C15,\n}\nSEARCH_SPACE = {"a": [1, 2]}\n'
    )


def test_parameters_are_written_in_their_place_whatever_a_comment_holds() -> None:
    before = "# a page\x0c and a line\u2028 of Unicode\r\nx = 1\r"
    after = 'SEARCH_SPACE = {"a": [1, 2]}\n'
    written = parameters.write(f'{before}PARAMETERS = {{"a": 1}}\n{after}', {"a": 2})
    assert written == f'{before}PARAMETERS = {{\n    "a": 2,\n}}\n{after}'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("DEFAULTS = PARAMETERS = ", ""),
        ("PARAMETERS = ", "; Y = 3"),
        ("X = 'é\u2028'; PARAMETERS = (", ")  # the defaults"),
    ],
)
def test_code_in_the_lines_of_the_parameters_stays(before: str, after: str) -> None:
    rest = f'{after}\nSEARCH_SPACE = {{"a": [1, 2]}}\n'
    written = parameters.write(f'{before}{{"a":\n 1}}{rest}', {"a": 2})
    assert written == f'{before}{{\n    "a": 2,\n}}{rest}'


NUMBERS = st.one_of(
    st.integers(-parameters.LARGEST, parameters.LARGEST),
    st.floats(-parameters.LARGEST, parameters.LARGEST).filter(
        lambda value: value == 0 or abs(value) >= parameters.SMALLEST
    ),
)


@given(
    st.dictionaries(
        st.text("abcdefgh_", min_size=1, max_size=30),
        st.one_of(st.booleans(), NUMBERS),
        min_size=1,
        max_size=12,
    )
)
def test_parameters_of_any_length_read_back(values: dict[str, bool | int | float | str]) -> None:
    source = "import numpy\n\nPARAMETERS = {}\nSEARCH_SPACE = {}\n\n\ndef encode(): ...\n"
    written = parameters.write(source, values)
    ast.parse(written)
    assert parameters.read(written).parameters == values
    kept = experiment(parameters=values)
    assert Experiment.model_validate(attributes_of(item_of(kept))) == kept
    assert written.endswith("\nSEARCH_SPACE = {}\n\n\ndef encode(): ...\n")


def test_a_limit_that_was_hit_is_doubled_up_to_the_hard_limit() -> None:
    fault = Fault(error_type="LimitExceededError", message="encode: 120 s of CPU", limit="cpu_s")
    low = seed(limits=Limits(cpu_s=500, wall_s=600))
    fix = OfflineFixer().fix(fix_task(fault, proposal=low))
    assert fix.tool is FixTool.ADJUST_LIMITS
    assert fix.proposal.limits.cpu_s == 1000
    assert fix.proposal.limits.wall_s == 4000
    assert fix.proposal.candidate == low.candidate
    at_most = seed(limits=HARD_LIMITS)
    assert OfflineFixer().fix(fix_task(fault, proposal=at_most)).tool is FixTool.EDIT_CANDIDATE


def test_five_fixes_lead_to_five_bundles_and_never_to_the_parent() -> None:
    tried = {Bundle.of(seed()).manifest.bundle_sha256}
    for attempt in range(1, MAX_ATTEMPTS + 1):
        fix: Fix = OfflineFixer().fix(fix_task(CRASH, attempt, tried=frozenset(tried)))
        bundle_sha256 = Bundle.of(fix.proposal).manifest.bundle_sha256
        assert bundle_sha256 not in tried
        assert fix.proposal.candidate != seed().candidate
        assert "CandidateCrashError" in fix.reason
        tried.add(bundle_sha256)
    assert len(tried) == MAX_ATTEMPTS + 1


def test_a_fix_repeats_no_candidate_of_another_experiment() -> None:
    first = OfflineFixer().fix(fix_task(CRASH)).proposal.candidate
    said = first.with_file("codec.py", f"# Said.\n{first.files['codec.py']}")
    for known in (first.sha256, source_sha256(said)):
        other = OfflineFixer().fix(fix_task(CRASH, known=frozenset({known})))
        assert source_sha256(other.proposal.candidate) != source_sha256(first)


def test_no_proposal_names_a_hint_that_nobody_read() -> None:
    asked = {"hint": "Use smaller blocks."}
    over = Fault(error_type="LimitExceededError", message="encode: 120 s of CPU", limit="cpu_s")
    low = seed(limits=Limits(cpu_s=500, wall_s=600))
    unused = Fault(error_type="CandidateImportError", message="The bench has no module torch.")
    importing = seed(f"import torch\n{SEED_SOURCE}")
    fixes = [
        OfflineFixer().fix(fix_task(CRASH, **asked)),
        OfflineFixer().fix(fix_task(over, proposal=low, **asked)),
        OfflineFixer().fix(fix_task(unused, proposal=importing, parent=importing, **asked)),
    ]
    made = [fix.proposal for fix in fixes]
    design = OfflineDesigner().design(design_task(**asked))
    assert [one.hint for one in (*made, design)] == [None] * 4


def test_what_no_rule_mends_names_the_fault() -> None:
    bare = seed("def encode(clip, quality): ...")
    with pytest.raises(NothingLeftToTryError, match="cannot mend CandidateCrashError"):
        OfflineFixer().fix(fix_task(CRASH, proposal=bare, parent=bare))


WIDE = """PARAMETERS = {"a": 0.5, "b": 8, "c": 0.5, "d": 0.5, "stage": "fine"}
SEARCH_SPACE = {
    "a": (0.0, 1.0), "b": (0, 20), "c": (0.0, 1.0), "d": (0.0, 1.0), "stage": ["coarse", "fine"]
}
"""


def cost(values: Mapping[str, object]) -> float:
    """A BD-rate with its lowest value, 0, off the middle."""
    a, b, c, d = (float(str(values[name])) for name in "abcd")
    far = (a - 0.8) ** 2 + ((b - 15) / 20) ** 2 + (c - 0.3) ** 2 + (d - 0.9) ** 2
    return 100 * far + (20 if values["stage"] == "fine" else 0)


def searched(random_seed: int, experiments: int) -> list[float]:
    """The lowest cost so far when every parent is the best known."""
    trials: list[Trial] = []
    best, tried = seed(WIDE), set[str]()
    costs: list[float] = []
    for number in range(1, experiments + 1):
        task = design_task(
            number, frozenset(tried), parent=best, trials=tuple(trials), random_seed=random_seed
        )
        found = OfflineDesigner().design(task)
        tried.add(found.candidate.sha256)
        values = parameters.of_candidate(found.candidate)
        assert values is not None
        if not costs or cost(values) < min(costs):
            best = found
        costs.append(cost(values))
        trials.append(Trial(parameters=values, bd_rate_percent=costs[-1]))
    return costs


def test_the_search_learns_where_random_sampling_of_the_space_does_not() -> None:
    declared = parameters.read(WIDE)
    drawn, found = [], []
    for random_seed in range(3):
        generator = random.Random(random_seed)
        points = [parameters.anywhere(declared, generator) for _ in range(40)]
        drawn.append(min(map(cost, points)))
        found.append(searched(random_seed, 40))
    assert fmean(map(min, found)) < fmean(drawn) / 2
    assert all(min(run) < min(run[:10]) for run in found)


def test_the_estimator_stays_in_the_space_and_repeats_itself() -> None:
    declared = parameters.read(WIDE)
    generator = random.Random(1)
    points = [parameters.anywhere(declared, generator) for _ in range(30)]
    # As the table keeps them: 1.0 comes back as 1.
    trials = [
        Trial.model_validate({"parameters": {**p, "a": 1}, "bd_rate_percent": cost(p)})
        for p in points
    ]
    outside = Trial(parameters={**points[0], "b": 99}, bd_rate_percent=-500)
    known = [*trials, outside]
    first, again = (suggested(declared, known, seed=3) for _ in range(2))
    assert first == again != suggested(declared, known, seed=4)
    assert list(first) == list(declared.parameters)
    for name in "abcd":
        low, high = declared.space[name]
        assert low <= first[name] <= high  # type: ignore[operator]
    assert first["stage"] in {"coarse", "fine"}


REAL = """PARAMETERS = {"step": 0.5, "scale": 0.5, "k": 1}
SEARCH_SPACE = {"step": [0.5, 1.0, 2.0], "scale": (0.0, 2.0), "k": [1, 2, 3]}
"""


def test_values_of_the_table_are_written_with_the_type_that_the_source_declares() -> None:
    kept = {"step": Decimal(1), "scale": Decimal(2), "k": Decimal(2)}
    trials = tuple(
        Trial.model_validate({"parameters": {**kept, "k": n % 3 + 1}, "bd_rate_percent": n})
        for n in range(9)
    )
    assert all(type(value) is int for value in trials[0].parameters.values())
    designs = [
        OfflineDesigner().design(design_task(n, parent=seed(REAL), trials=trials))
        for n in range(1, 60)
    ]
    assert "Drawn by the search (recombination)" in " ".join(one.hypothesis for one in designs)
    drawn = [parameters.read(one.candidate.files["codec.py"]).parameters for one in designs]
    assert {1.0, 2.0} <= {values["step"] for values in drawn}
    for values in drawn:
        assert [type(value) for value in values.values()] == [float, float, int]


def test_a_value_that_stays_is_written_as_in_the_parent() -> None:
    declared = parameters.read(
        'PARAMETERS = {"s": 1.0, "t": 1}\nSEARCH_SPACE = {"s": [1, 2], "t": (0.0, 2.0)}\n'
    )
    for name, written in declared.parameters.items():
        assert repr(parameters.as_declared(declared, name, 1)) == repr(written)
        assert repr(parameters.as_declared(declared, name, 1.0)) == repr(written)


NARROW = """PARAMETERS = {"weight": 2e-5, "share": 0.50004}
SEARCH_SPACE = {"weight": (1e-5, 4e-5), "share": (0.50003, 0.50007)}
"""


def test_what_is_drawn_from_a_narrow_range_lies_in_it_and_differs() -> None:
    declared = parameters.read(NARROW)
    generator = random.Random(1)
    points = [parameters.anywhere(declared, generator) for _ in range(20)]
    points += [parameters.step(declared, generator, changes=2) for _ in range(20)]
    trials = [Trial(parameters=point, bd_rate_percent=n) for n, point in enumerate(points)]
    found = [suggested(declared, trials, seed=number) for number in range(10)]
    for made in (points[:20], points[20:], found):
        for name, (low, high) in declared.space.items():
            values = [float(point[name]) for point in made]
            assert all(float(low) <= value <= float(high) for value in values)
            assert len(set(values)) > len(values) / 2


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (0.123456, 0.0, 1.0, 0.1235),
        (12.345678, 0, 100.0, 12.3457),
        (2.345678e-5, 1e-5, 4e-5, 2.346e-5),
        (0.30001, 0.30001, 1.2, 0.30001),
        (0.50006, 0.0, 0.50006, 0.50006),
        (1.5, 1.5, 1.5, 1.5),
    ],
)
def test_a_drawn_number_keeps_the_digits_that_count(
    value: float, low: float, high: float, expected: float
) -> None:
    assert parameters.rounded(value, low, high) == expected


def test_every_kind_of_move_is_made() -> None:
    trials = tuple(
        Trial(parameters={**parameters.read(WIDE).parameters, "a": n / 10}, bd_rate_percent=n)
        for n in range(10)
    )
    said = {
        OfflineDesigner().design(design_task(n, parent=seed(WIDE), trials=trials)).hypothesis
        for n in range(1, 40)
    }
    kinds = ("step", "swap", "recombination", "estimator")
    assert said == {f"Drawn by the search ({kind}); it predicts nothing." for kind in kinds}
