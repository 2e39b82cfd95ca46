"""A framework change adopted, one refused and one rolled back, by a scripted Claude."""

from __future__ import annotations

import json

from codec_lab.bundle import Bundle
from codec_lab.experiment import Experiment
from codec_lab.phase import Phase, Status
from codec_lab.proposal import FixTool
from tests.local.deployed_lab import PLAIN
from tests.local.scripted_lab import (
    ANALYSIS,
    ScriptedLab,
    edit_candidate,
    edit_parent,
    write_candidate,
)
from tests.unit.claude.fake_service import Reply, Tool

SCREEN = {"clips": 1, "frames": 8, "qualities": 3, "margin_percent": 50}
STEP = "step = 2 + (100 - quality) ** 3 // 12000"
LEVELS = "def step_of(quality):\n    return {} + (100 - quality) ** 3 // 12000\n"
BY_MODULE = PLAIN.replace("import zlib\n", "import zlib\n\nfrom toolbox import levels\n").replace(
    STEP, "step = levels.step_of(quality)"
)
MISTAKEN = PLAIN.replace(STEP, "mistake()\n    step = 4 + (100 - quality) ** 3 // 12000")
CHANGE = [
    "FixValidation",
    "FrameworkTouched",
    "ReplayFramework",
    "JudgeFramework",
    "FrameworkJudged",
]


def modify_framework(text: str, reason: str) -> Reply:
    files = [{"path": "toolbox/levels.py", "text": text}]
    return Reply([Tool("modify_framework", {"files": files, "reason": reason})])


def states_of(lab: ScriptedLab, one: Experiment) -> list[str]:
    return lab.states(one.execution_arn)


def test_a_framework_change_is_adopted_another_refused_and_one_rolled_back(
    scripted_lab: ScriptedLab,
) -> None:
    lab = scripted_lab
    lab.script(
        edit_parent(STEP, "step = 3 + (100 - quality) ** 3 // 12000", "Quantises coarser."),
        ANALYSIS,
        write_candidate(BY_MODULE, "Takes the step from a module of the framework."),
        modify_framework(LEVELS.format(5), "The module is missing; all can use it."),
        ANALYSIS,
        write_candidate(MISTAKEN, "Quantises coarser still."),
        modify_framework(LEVELS.format(1), "Smaller steps for all."),
        Reply([Tool("rollback_framework", {"reason": "The module is not needed."})]),
        edit_candidate("    mistake()\n", "", "There is no mistake."),
        ANALYSIS,
    )

    first, second, third = lab.run(
        "framework", experiments=3, screen=SCREEN, anchors=("x265-medium",)
    )

    assert [one.status for one in (first, second, third)] == [Status.COMPLETED] * 3
    assert [one.framework_version for one in (first, second, third)] == [0, 1, 3]
    assert lab.target.records.campaign("framework").framework_version == 3

    # Adopted: the next bundle has the module, and the candidate needs no other change.
    states = states_of(lab, second)
    at = states.index("FixValidation")
    assert states[at : at + 7] == [*CHANGE, "Deploy", "Validate"]
    failed, healed = lab.target.records.attempts(second.experiment_id, Phase.VALIDATION)
    assert failed.fault is not None
    assert failed.fault.error_type == "CandidateImportError"
    assert (failed.fix_tool, healed.passed) == (FixTool.MODIFY_FRAMEWORK, True)
    assert (failed.fix_outcome or "").startswith("Adopted. Nothing changed for the worse")
    assert failed.candidate_sha256 == healed.candidate_sha256
    key = f"bundles/{healed.bundle_sha256}.zip"
    bundle = Bundle.from_zip(lab.target.objects.get(key), healed.bundle_sha256 or "")
    assert bundle.toolbox == {"toolbox/levels.py": LEVELS.format(5)}
    assert bundle.manifest.framework_version == 1

    # Refused for what it does to the second experiment, then rolled back, then mended.
    states = states_of(lab, third)
    assert states.count("JudgeFramework") == 2
    assert states.count("Deploy") == 3
    refused, undone, mended, passed = lab.target.records.attempts(
        third.experiment_id, Phase.VALIDATION
    )
    assert "framework-0002 went from BD-rate" in (refused.fix_outcome or "")
    assert undone.fault == refused.fault
    assert undone.fix_tool is FixTool.ROLLBACK_FRAMEWORK
    assert undone.fix_outcome == "Adopted. Version 0 is back; it needs no replay."
    assert (mended.fix_tool, passed.passed) == (FixTool.EDIT_CANDIDATE, True)
    assert "Rejected. In the replay framework-0002" in lab.questions[7]

    # What a person sees.
    history = json.loads(lab.command("framework", "--campaign", "framework", "--json"))
    assert history == lab.api("campaigns/framework/framework")
    listed = [(one["version"], one["base_version"], one["outcome"]) for one in history["versions"]]
    assert listed == [(3, 1, "adopted"), (2, 1, "rejected"), (1, 0, "rolled_back")]
    replays = [
        [(one["experiment_id"], one["worse"] is None) for one in version["replays"]]
        for version in history["versions"]
    ]
    assert replays == [
        [],
        [("framework-0001", True), ("framework-0002", False)],
        [("framework-0001", True)],
    ]
    again = history["versions"][2]["replays"][0]
    assert again["before_percent"] == again["after_percent"] == first.screen_bd_rate_percent
    assert {one["author"] for one in history["versions"]} == {"claude"}
    assert "+    return 5 + (100 - quality) ** 3 // 12000\n" in history["versions"][2]["diff"]
    assert "Version 3 is in force" in lab.command("framework", "--campaign", "framework")
    shown = lab.command("show", third.experiment_id)
    assert "modify_framework: Smaller steps for all." in shown
    report = json.loads(lab.command("show", third.experiment_id, "--json"))
    assert report["attempts"][2]["fix_outcome"] == undone.fix_outcome
    assert "framework: version 3" in shown
    assert lab.api(f"experiments/{third.experiment_id}")["framework_version"] == 3
