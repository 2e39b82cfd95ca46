"""A change of the framework: proposed, adopted or refused, rolled back."""

import pytest

from codec_lab import documents, keys
from codec_lab.bundle import Bundle
from codec_lab.change_sets import Outcome
from codec_lab.errors import (
    CandidateCrashError,
    DesignRejectedError,
    StoreUnavailableError,
)
from codec_lab.events import (
    JudgeRequest,
)
from codec_lab.framework import SHIPPED, Framework
from codec_lab.job import JobKind
from codec_lab.judging import judge
from codec_lab.phase import Phase
from codec_lab.proposal import FixTool
from codec_lab.replaying import REPLAYED
from codec_lab.verdict import Fault
from tests.unit.builders import clip_result, verdict
from tests.unit.framework_steps import CRASH, ID, MODULE, X265, Steps


def test_a_proposed_version_is_replayed_on_the_last_experiments(steps: Steps) -> None:
    fixed = steps.fix(files=MODULE)

    assert fixed.framework_version == 1
    assert [job.experiment_id for job in fixed.replays] == ["default-0002", "default-0003"]
    assert len(fixed.replays) == REPLAYED
    for job in fixed.replays:
        assert job.kind is JobKind.VALIDATE
        assert job.output_prefix == f"experiments/{job.experiment_id}/replay-1/"
        bundle = Bundle.from_zip(steps.objects.get(job.bundle_key), job.bundle_sha256)
        assert bundle.toolbox == MODULE
        assert bundle.manifest.framework_version == 1
    change = steps.change(1)
    assert change.outcome is Outcome.PROPOSED
    assert (change.author, change.experiment_id) == ("offline", ID)
    assert (change.base_version, change.reason) == (0, "A scan for all.")
    assert "+++ after/toolbox/scan.py\n@@ -0,0 +1 @@\n+ORDER = 1\n" in change.diff
    assert steps.records.campaign("default").framework_version == 0


def test_an_adopted_module_reaches_the_next_bundle(steps: Steps) -> None:
    result = steps.adopt(MODULE)

    assert (result.adopted, result.redeploy) == (True, True)
    change = steps.change(1)
    assert change.outcome is Outcome.ADOPTED
    assert [(one.before_percent, one.after_percent) for one in change.replays] == [
        (-2, -2),
        (-3, -3),
    ]
    job = steps.deploy(2)
    bundle = Bundle.from_zip(steps.objects.get(job.bundle_key), job.bundle_sha256)
    assert bundle.toolbox == MODULE
    assert steps.records.experiment(ID).framework_version == 1
    [attempt] = steps.records.attempts(ID, Phase.VALIDATION)
    assert attempt.fix_tool is FixTool.MODIFY_FRAMEWORK
    assert attempt.fix_diff == change.diff
    assert attempt.fix_outcome == (
        "Adopted. Nothing changed for the worse in the replay of 2 experiments."
    )


def test_what_touches_no_module_leaves_the_fault_to_the_next_fix(steps: Steps) -> None:
    result = steps.adopt({"prompts/fix.md": "Read the log."})

    assert (result.adopted, result.redeploy) == (True, False)
    assert (result.error_type, result.message) == (CRASH.error_type, CRASH.message)
    first, second = steps.records.attempts(ID, Phase.VALIDATION)
    assert (first.fix_outcome or "").startswith("Adopted.")
    assert (second.attempt, second.passed, second.fault) == (2, False, CRASH)
    steps.fix(2, {"prompts/fix.md": "Read it twice."})
    assert steps.task.framework.guidance("fix") == "Read the log."
    assert [change.version for change in steps.task.change_sets] == [1]


def test_an_adopted_margin_decides_the_next_screen(steps: Steps) -> None:
    assert steps.adopt({"screening.json": '{"margin_percent": 2}'}).adopted
    steps.records.attempt_rows.clear()
    job = steps.deploy(1)
    found = verdict(job).model_copy(update={"screen": (clip_result("hall", {X265: 0.0}),)})
    documents.save(steps.objects, job.verdict_key, found)

    assert judge(JudgeRequest(job=job), **steps.ports).stopped
    assert "the margin is 2." in (steps.records.experiment(ID).stop_reason or "")


def test_judging_again_decides_nothing_anew(steps: Steps) -> None:
    fixed = steps.fix(files=MODULE)
    steps.replay(fixed.replays)
    first = steps.judge(fixed)
    decided = steps.change(1)
    steps.replay(fixed.replays, n3=50.0)

    assert steps.judge(fixed) == first
    assert steps.change(1) == decided


def test_of_two_changes_of_one_version_the_second_is_refused(steps: Steps) -> None:
    first = steps.fix(files=MODULE)
    second = steps.fix(2, {"lessons.md": "Small steps."})
    for fixed in (first, second):
        steps.replay(fixed.replays)

    assert steps.judge(first).adopted
    assert not steps.judge(second).adopted
    assert steps.change(2).outcome_reason == ("Version 0, which it changes, is no longer in force.")
    assert steps.records.campaign("default").framework_version == 1


def test_a_rollback_brings_the_version_before_back_as_a_new_one(steps: Steps) -> None:
    steps.adopt({"lessons.md": "Small steps."})
    steps.adopt(MODULE, 2)
    steps.fail(3)

    result = steps.adopt(None, 3)

    assert (result.adopted, result.redeploy) == (True, False)  # that bundle has failed already
    rollback = steps.change(3)
    assert (rollback.base_version, rollback.restores, rollback.replays) == (2, 1, ())
    assert "-ORDER = 1\n" in rollback.diff
    assert steps.change(2).outcome is Outcome.ROLLED_BACK
    assert steps.change(2).outcome_reason == "By version 3: It was the module."
    assert steps.change(1).outcome is Outcome.ADOPTED
    campaign = steps.records.campaign("default")
    assert (campaign.framework_version, campaign.framework_key) == (3, steps.change(1).overlay_key)
    steps.adopt(None, 4)
    assert steps.records.campaign("default").framework_key is None
    with pytest.raises(DesignRejectedError, match="no change to roll back"):
        steps.fix(5)


def test_attempts_of_the_other_phase_are_remembered(steps: Steps) -> None:
    [first] = steps.records.attempts(ID, Phase.VALIDATION)
    steps.records.put_attempt(first.model_copy(update={"bundle_sha256": "f" * 64}))
    steps.records.put_attempt(first.model_copy(update={"attempt": 2}))
    steps.adopt(MODULE, 2)
    crash = {"phase": Phase.EXECUTION, "bundle_sha256": "e" * 64}
    steps.records.put_attempt(first.model_copy(update=crash))

    rollback = steps.fix(1, phase=Phase.EXECUTION)
    result = steps.judge(rollback, Phase.EXECUTION)  # as attempt 2, like the one that failed

    assert (result.adopted, result.redeploy) == (True, False)


def test_after_a_rollback_the_fault_is_that_of_the_bundle_that_is_back(steps: Steps) -> None:
    steps.adopt(MODULE)
    job = steps.deploy(2)
    other = Fault(error_type="CandidateCrashError", message="In scan.py.")
    documents.save(steps.objects, job.verdict_key, verdict(job, fault=other))
    with pytest.raises(CandidateCrashError):
        judge(JudgeRequest(job=job), **steps.ports)

    result = steps.adopt(None, 2)

    assert (result.redeploy, result.message) == (False, CRASH.message)
    faults = [attempt.fault for attempt in steps.records.attempts(ID, Phase.VALIDATION)]
    assert faults == [CRASH, other, CRASH]


def test_a_change_that_changes_nothing_is_refused(steps: Steps) -> None:
    with pytest.raises(DesignRejectedError, match="leaves the framework as it is"):
        steps.fix(files={"lessons.md": ""})
    assert steps.change_sets.of("default") == []


def test_an_adoption_that_was_interrupted_is_finished_when_the_experiment_ends(
    steps: Steps,
) -> None:
    fixed = steps.fix(files=MODULE)
    steps.replay(fixed.replays)
    steps.change_sets.fails_after_putting_in_force = True
    with pytest.raises(StoreUnavailableError):
        steps.judge(fixed)

    assert steps.end(9).rolled_back is None

    change = steps.change(1)
    assert change.outcome is Outcome.ADOPTED
    assert change.outcome_reason.endswith("in the replay of 2 experiments.")
    assert [one.after_percent for one in change.replays] == [-2, -3]
    assert steps.judge(fixed).adopted


def test_a_version_that_nobody_judged_is_refused_when_its_experiment_has_ended(
    steps: Steps,
) -> None:
    steps.fix(files=MODULE)
    steps.end(3)
    assert steps.change(1).outcome is Outcome.PROPOSED  # it still runs
    steps.end(9, succeeded=False)
    assert steps.change(1).outcome is Outcome.REJECTED
    assert steps.change(1).outcome_reason == "Its experiment ended before the replay was judged."
    assert steps.records.campaign("default").framework_version == 0


def test_versions_are_kept_whole(steps: Steps) -> None:
    steps.fix(files=MODULE)
    kept = documents.load(steps.objects, keys.framework("default", 1), Framework)
    assert kept == Framework(version=1, files=MODULE)
    assert SHIPPED.files == {}
