"""The offline fixer: each rule on the typed fault that it is for."""

import ast
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.offline.changes import changes, place_of, reverted
from adapters.offline.fixer import LAST_FIX, OfflineFixer
from adapters.offline.mends_of_imports import imported
from codec_lab import parameters
from codec_lab.bundle import Bundle
from codec_lab.campaign import HARD_LIMITS
from codec_lab.candidate import Candidate
from codec_lab.errors import NothingLeftToTryError
from codec_lab.experiment import Attempt
from codec_lab.framework import Framework
from codec_lab.limits import Limits
from codec_lab.minds import FixTask
from codec_lab.phase import Phase
from codec_lab.proposal import Fix, FixTool, Mind, Proposal
from codec_lab.verdict import Fault
from tests.unit.builders import NOON

PARENT = '''"""A codec."""

import numpy as np

PARAMETERS = {
    "step": 8,
}
SEARCH_SPACE = {"step": [4, 8, 16]}


def _levels(plane):
    return plane // PARAMETERS["step"]


def _planes(data):
    return data, data, data


def encode(clip, quality):
    return _levels(clip.y).tobytes()


def decode(bitstream):
    data = np.frombuffer(bitstream, np.uint8)
    return _planes(data)
'''
SOUND = PARENT.replace(
    'plane // PARAMETERS["step"]', '(plane + 1) // PARAMETERS["step"]'
)  # the design that every mistake below is made on


def proposal(source: str, packages: tuple[str, ...] = (), limits: Limits | None = None) -> Proposal:
    return Proposal(
        candidate=Candidate(files={"codec.py": source}, packages=packages),
        limits=limits or Limits(),
        mind=Mind.OFFLINE,
        parent_sha256=None,
        change="Rounds.",
        hypothesis="",
    )


def task(source: str, fault: Fault, attempt: int = 1, **changes: object) -> FixTask:
    failed = proposal(source, limits=changes.pop("limits", None))  # type: ignore[arg-type]
    return FixTask.model_validate(
        {
            "proposal": failed,
            "parent": proposal(PARENT),
            "fault": fault,
            "run": 1,
            "attempt": attempt,
            "random_seed": 7,
            "history": (),
            "tried": frozenset({Bundle.of(failed).manifest.bundle_sha256}),
            "known": frozenset(),
            "hard_limits": HARD_LIMITS,
            "hint": None,
            **changes,
        }
    )


def crash(exception: str, message: str, line: int = 0, shown: str = "") -> Fault:
    where = f'  File "codec.py", line {line}, in f\n' if line else ""
    return Fault(
        error_type="CandidateCrashError",
        message=f"encode raised {exception}: {message}",
        direction="encode",
        exception=exception,
        traceback=f"Traceback (most recent call last):\n{where}{exception}: {message}{shown}\n",
    )


def syntax(line: int, said: str) -> Fault:
    return Fault(error_type="CandidateSyntaxError", message=f"codec.py, line {line}: {said}.")


def contract(said: str, direction: str) -> Fault:
    return Fault(error_type="ContractError", message=said, direction=direction)


def source_of(fix: Fix) -> str:
    return fix.proposal.candidate.files["codec.py"]


def line_of(source: str, text: str) -> int:
    return source[: source.index(text)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "fault", "reason"),
    [
        ("clip, quality):", "clip, quality)", "expected ':'", "missing colon"),
        (
            "    return _planes(data)\n",
            "      return _planes(data)\n",
            "unexpected indent",
            "Indents",
        ),
        ('"step"]', "\u201cstep\u201d]", "invalid character", "typographic"),
        ("tobytes()", "tobytes(", "'(' was never closed", "Closes the bracket"),
    ],
)
def test_a_slip_of_syntax_is_mended_and_the_design_stays(
    old: str, new: str, fault: str, reason: str
) -> None:
    broken = SOUND.replace(old, new)
    place = next(
        n
        for n, (a, b) in enumerate(
            zip(SOUND.splitlines(), broken.splitlines(), strict=True), start=1
        )
        if a != b
    )
    fix = OfflineFixer().fix(task(broken, syntax(place, fault)))
    assert ast.dump(ast.parse(source_of(fix))) == ast.dump(
        ast.parse(SOUND.replace('"step"]', "'step']"))
    )
    assert reason in fix.reason


def test_code_is_taken_out_of_its_fences_and_prose() -> None:
    broken = f"Here is the codec:\n```python\n{SOUND}```\nIt saves 3 %.\n"
    fix = OfflineFixer().fix(task(broken, syntax(1, "invalid syntax")))
    assert source_of(fix) == SOUND


def test_a_source_that_was_cut_off_gets_the_rest_of_its_parent() -> None:
    broken = SOUND[: SOUND.index("_planes(data)\n", SOUND.index("def decode"))]
    broken = broken.rstrip() + " _planes(("
    fix = OfflineFixer().fix(task(broken, syntax(len(broken.splitlines()), "'(' was never closed")))
    assert source_of(fix) == SOUND


@pytest.mark.parametrize(
    ("source", "fault", "expected"),
    [
        (
            SOUND.replace("_planes(data)\n", "_plane(data)\n").replace(
                "def _plane(", "def _planes("
            ),
            crash("NameError", "name '_plane' is not defined", 25),
            SOUND,
        ),
        (
            SOUND.replace("return (plane", "plane = plane * math.pi\n    return (plane"),
            crash("NameError", "name 'math' is not defined", 12),
            "import math\n",
        ),
        (
            SOUND.replace("(plane + 1)", "(plane + np.product(1))"),
            crash("AttributeError", "module 'numpy' has no attribute 'product'", 12),
            "np.prod(1)",
        ),
        (
            SOUND.replace('["step"]', '["stepp"]'),
            crash("KeyError", "'stepp'", 12),
            SOUND,
        ),
        (
            SOUND.replace("def _levels", "@njit(cache=True)\ndef _levels"),
            crash("TypingError", "Failed in nopython mode pipeline in function '_levels'", 12),
            SOUND,
        ),
        (
            SOUND.replace("clip.y)", "clip.lumma)"),
            crash(
                "AttributeError",
                "'Clip' object has no attribute 'lumma'",
                20,
                ". Did you mean: 'y'?",
            ),
            "_levels(clip.y)",
        ),
    ],
)
def test_a_wrong_word_is_exchanged(source: str, fault: Fault, expected: str) -> None:
    fix = OfflineFixer().fix(task(source, fault))
    assert expected in source_of(fix)
    assert "(plane + " in source_of(fix)


def test_an_exception_takes_its_own_function_back_and_no_other() -> None:
    source = SOUND.replace("return data, data, data", "return data.reshape(3, 5)")
    line = line_of(source, "data.reshape")
    fix = OfflineFixer().fix(task(source, crash("ValueError", "cannot reshape", line)))
    assert source_of(fix) == SOUND
    assert "_planes" in fix.reason
    assert "cannot reshape" in fix.reason


def test_what_goes_back_to_the_parent_but_for_a_comment_is_no_fix() -> None:
    source = PARENT.replace("return data, data", "return data.reshape(3, 5), data")
    source = source.replace("def encode", "# Codes a clip.\ndef encode")
    line = line_of(source, "data.reshape")
    fix = OfflineFixer().fix(task(source, crash("ValueError", "cannot reshape", line)))
    assert "Gives up the design for another step" in fix.reason
    assert parameters.write(source_of(fix), {"step": 8}) == PARENT != source_of(fix)


def test_a_name_that_goes_takes_its_users_with_it() -> None:
    source = SOUND.replace("def _planes", "def _rounded(x):\n    return 1 / 0\n\n\ndef _planes")
    source = source.replace("return data, data", "return _rounded(data), data")
    line = line_of(source, "1 / 0")
    fix = OfflineFixer().fix(task(source, crash("ZeroDivisionError", "division by zero", line)))
    assert ast.dump(ast.parse(source_of(fix))) == ast.dump(ast.parse(SOUND))


def test_imports_that_the_bench_lacks_go_or_are_spelt_right() -> None:
    lacking = "codec.py, line 3: the bench has no module cv2 for candidates; there are numpy."
    fault = Fault(error_type="CandidateImportError", message=lacking)
    unused = OfflineFixer().fix(task(f"import cv2\n{SOUND}", fault))
    assert source_of(unused) == SOUND
    misspelt = Fault(
        error_type="CandidateImportError",
        message="raised ModuleNotFoundError: No module named 'nunpy'",
    )
    spelt = OfflineFixer().fix(task(SOUND.replace("import numpy", "import nunpy"), misspelt))
    assert source_of(spelt) == SOUND
    asked = Fault(error_type="CandidateImportError", message="The candidate asks for torch.")
    fix = OfflineFixer().fix(
        task(SOUND, asked, proposal=proposal(SOUND, packages=("numpy", "torch")))
    )
    assert fix.proposal.candidate.packages == ("numpy",)


@pytest.mark.parametrize(
    ("returned", "function", "expected"),
    [
        ("int32 (3, 28, 44)", "decode", "np.clip(np.rint(plane), 0, 255).astype(np.uint8)"),
        ("tuple", "encode", "(_levels(clip.y).tobytes())[0]"),
        ("ndarray", "encode", "bytes(_levels(clip.y).tobytes())"),
    ],
)
def test_another_form_of_the_result_is_converted(
    returned: str, function: str, expected: str
) -> None:
    must = "uint8 (3, 28, 44)" if function == "decode" else "bytes"
    place = " as y" if function == "decode" else ""
    said = f"{function} returned {returned}{place}; it must be {must}"
    fix = OfflineFixer().fix(task(SOUND, contract(said, function)))
    assert expected in source_of(fix)
    ast.parse(source_of(fix))


PAGED = SOUND.replace("import numpy", '"""Codes.\x0c\n\u2028In pages.\n"""\n\nimport numpy', 1)
"""A codec with signs in its docstring that end a line of text but none of Python."""


def test_an_import_is_added_after_the_docstring() -> None:
    tree = ast.parse(imported('"""A page\x0cand another."""\nx = 1\n', "import math"))
    assert ast.get_docstring(tree) == "A page\x0cand another."
    assert isinstance(tree.body[1], ast.Import)


def test_an_import_is_removed_from_its_own_line() -> None:
    fault = Fault(error_type="CandidateImportError", message="No module named 'cv2'")
    paged = PAGED.replace("import numpy", "import cv2\nimport numpy")
    assert source_of(OfflineFixer().fix(task(paged, fault))) == PAGED


def test_a_mend_of_syntax_finds_the_line_that_python_names() -> None:
    broken = PAGED.replace("clip, quality):", "clip, quality)")
    fix = OfflineFixer().fix(task(broken, syntax(line_of(PAGED, "def encode"), "expected ':'")))
    assert source_of(fix) == PAGED
    assert "missing colon" in fix.reason


def test_a_place_is_named_by_the_line_that_python_counts() -> None:
    assert place_of(PAGED, line_of(PAGED, "def decode") + 1) == "decode"


def test_planes_of_a_wrong_shape_take_the_returning_function_back() -> None:
    source = SOUND.replace("_planes(data)\n", "_planes(data[None])\n")
    assert source != SOUND
    said = "decode returned uint8 (1, 3, 4, 6) as y; it must be uint8 (3, 4, 6)"
    fix = OfflineFixer().fix(task(source, contract(said, "decode")))
    assert source_of(fix) == SOUND
    assert "Takes decode back" in fix.reason


def test_a_mend_that_did_not_help_is_not_tried_again() -> None:
    source = SOUND.replace("return _planes(data)", "return _planes(data / 2)")
    said = "decode returned float64 (3, 4, 6) as y; it must be uint8 (3, 4, 6)"
    fault = contract(said, "decode")
    first = OfflineFixer().fix(task(source, fault))
    failed = Attempt(
        experiment_id="default-0001", run=1, phase=Phase.VALIDATION, attempt=1, at=NOON,
        passed=False, fault=fault, fix_tool=first.tool, fix_reason=first.reason,
    )  # fmt: skip
    second = OfflineFixer().fix(
        task(source_of(first), fault, 2, history=(failed,), parent=proposal(PARENT))
    )
    assert second.reason != first.reason
    assert source_of(second) == SOUND


def test_chance_is_taken_out_of_a_decoder() -> None:
    source = SOUND.replace(
        "return data, data", "return data + np.random.default_rng().random(), data"
    )
    fault = Fault(
        error_type="RoundTripError",
        message="decode gives another picture the second time",
        direction="decode",
    )
    fix = OfflineFixer().fix(task(source, fault))
    assert "default_rng(0)" in source_of(fix)
    assert fix.reason == "Seeds the random generator."


def test_a_drift_is_searched_by_halves_before_the_design_is_given_up() -> None:
    source = SOUND.replace("data, data, data", "data, data, -data")
    source = source.replace("clip.y)", "clip.y + 3)")
    fault = Fault(error_type="RoundTripError", message="decode gives 9 dB", direction="decode")
    first = OfflineFixer().fix(task(source, fault, 1))
    assert source_of(first) != source
    later = OfflineFixer().fix(task(source, fault, LAST_FIX - 1))
    assert len(changes(later.proposal.candidate, proposal(PARENT).candidate)) == 1
    last = OfflineFixer().fix(task(source, fault, LAST_FIX))
    assert source_of(last) != PARENT
    assert parameters.write(source_of(last), {"step": 8}) == PARENT
    assert "Gives up the design" in last.reason


def test_a_limit_is_raised_once_and_then_the_costly_part_goes() -> None:
    source = SOUND.replace("return data, data", "while True: pass\n    return data, data")
    line = line_of(source, "while True")
    fault = Fault(
        error_type="LimitExceededError",
        message="decode used more than 120 s of CPU time",
        direction="decode",
        limit="cpu_s",
        traceback="Current thread 0x01 (most recent call first):\n"
        f'  File "codec.py", line {line} in _planes\n  File "codec.py", line 25 in decode\n',
    )
    raised = OfflineFixer().fix(task(source, fault))
    assert (raised.tool, raised.proposal.limits.cpu_s) == (FixTool.ADJUST_LIMITS, 240)
    once = Attempt(
        experiment_id="default-0001", run=1, phase=Phase.VALIDATION, attempt=1, at=NOON,
        passed=False, fault=fault, fix_tool=FixTool.ADJUST_LIMITS,
    )  # fmt: skip
    fix = OfflineFixer().fix(task(source, fault, 2, history=(once,), limits=raised.proposal.limits))
    assert source_of(fix) == SOUND


def test_what_prints_without_end_is_silenced() -> None:
    source = SOUND.replace("    return data, data", "    print(data, data)\n    return data, data")
    fault = Fault(error_type="LimitExceededError", message="printed without end", limit="log_bytes")
    at_most = HARD_LIMITS
    fix = OfflineFixer().fix(task(source, fault, limits=at_most))
    assert "print(" not in source_of(fix)


def test_a_person_hears_of_the_fault_when_no_rule_is_left() -> None:
    bare = "def encode(clip, quality): ..."
    broken = proposal("def encode(clip, quality): 1 / 0")
    parent = proposal(bare)
    fault = crash("ZeroDivisionError", "division by zero", 1)
    with pytest.raises(NothingLeftToTryError, match=r"CandidateCrashError.*division by zero"):
        OfflineFixer().fix(task(bare, fault, LAST_FIX, proposal=broken, parent=parent))


LINES = st.lists(st.sampled_from(["def f():", "    a = 1", "    b = 2", "x = 3", ""]), max_size=12)


@given(LINES, LINES)
def test_undoing_every_change_gives_the_parent(before: list[str], after: list[str]) -> None:
    parent, candidate = (
        Candidate(files={"codec.py": "".join(f"{line}\n" for line in lines)})
        for lines in (before, after)
    )
    found = changes(candidate, parent)
    assert reverted(candidate, parent, found) == parent
    assert bool(found) == (candidate != parent)


FAULT_TYPES = (
    "CandidateSyntaxError", "CandidateImportError", "CandidateCrashError", "ContractError",
    "LimitExceededError", "RoundTripError",
)  # fmt: skip
SAID = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "codec.py, line 12: invalid syntax.",
            "codec.py, line 999: expected ':'.",
            "raised NameError: name '_levels' is not defined",
            "raised AttributeError: module 'numpy' has no attribute 'float'",
            "No module named 'numpy.linalgg'",
            "decode returned int32 (3, 4, 6) as y; it must be uint8 (3, 4, 6)",
            "encode returned list; it must return bytes",
            "decode gives another picture the second time",
            "raised KeyError: 'step'",
            "cannot cache function '_levels': no locator available",
            "assignment destination is read-only",
        ]
    ),
)
TRACEBACKS = st.one_of(
    st.text(max_size=60),
    st.builds(
        '  File "{}", line {}, in f\n'.format,
        st.sampled_from(["codec.py", "other.py", "absent.py", "<string>"]),
        st.integers(0, 99),
    ),
)
SOURCES = st.one_of(
    st.text(max_size=80),
    st.sampled_from([PARENT, SOUND, f"```\n{SOUND}", SOUND[:200], SOUND.replace("    ", "\t")]),
)


@given(
    st.builds(
        Fault,
        error_type=st.sampled_from(FAULT_TYPES),
        message=SAID,
        direction=st.sampled_from([None, "encode", "decode"]),
        exception=st.sampled_from([None, "KeyError", "TypingError", "SIGABRT"]),
        limit=st.sampled_from([None, "cpu_s", "memory_bytes", "log_bytes"]),
        traceback=TRACEBACKS,
    ),
    SOURCES,
    SOURCES,
    st.integers(1, 5),
)
def test_any_fault_of_any_source_ends_in_a_new_bundle_or_a_question(
    fault: Fault, source: str, extra: str, attempt: int
) -> None:
    failed = Proposal.model_validate(
        {
            **proposal(source).model_dump(),
            "candidate": {"files": {"codec.py": source, "other.py": extra}},
        }
    )
    broken = task(
        source, fault, attempt, proposal=failed,
        tried=frozenset({Bundle.of(failed).manifest.bundle_sha256}),
    )  # fmt: skip
    with contextlib.suppress(NothingLeftToTryError):
        fix = OfflineFixer().fix(broken)
        assert fix.reason
        assert Bundle.of(fix.proposal).manifest != Bundle.of(failed).manifest
        assert fix.proposal.candidate != broken.parent.candidate


def test_a_module_of_the_framework_that_raises_is_rolled_back_once() -> None:
    framework = Framework(version=2, files={"toolbox/scan.py": "ORDER = ()\n"})
    frames = '  File "codec.py", line 9, in encode\n  File "toolbox/scan.py", line 1, in f\n'
    fault = crash("IndexError", "no order").model_copy(update={"traceback": frames})
    fix = OfflineFixer().fix(task(SOUND, fault, framework=framework))
    assert fix.tool is FixTool.ROLLBACK_FRAMEWORK
    assert fix.framework is None
    assert fix.reason.startswith(
        "Takes the framework's last change back after CandidateCrashError in toolbox/scan.py: "
    )
    tried = Attempt(
        experiment_id="default-0001",
        run=1,
        phase=Phase.VALIDATION,
        attempt=1,
        at=NOON,
        passed=False,
        fix_tool=FixTool.ROLLBACK_FRAMEWORK,
    )
    again = OfflineFixer().fix(task(SOUND, fault, framework=framework, history=(tried,)))
    assert again.tool is FixTool.EDIT_CANDIDATE
    own = crash("IndexError", "no order", line_of(SOUND, "def encode") + 1)
    other = OfflineFixer().fix(task(SOUND, own, framework=framework))
    assert other.tool is FixTool.EDIT_CANDIDATE
