"""A person's hint reaches the model, and is found where its prompt is kept."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from codec_lab.phase import Status
from codec_lab.proposal import Mind
from tests.browser.deployed_lab import STUBBORN_LINES, DeployedLab, Visit, until
from tests.unit.claude.fake_service import Reply, Tool

DOCSTRING = '    """Encode a clip at quality 0..100."""\n'
QUESTION = "May a group of pictures be shorter?"
HINT = "Code the last group with the frames it has."


def edits(old: str, new: str, **words: Any) -> dict[str, Any]:
    return {"files": [], "edits": [{"file": "codec.py", "old": old, "new": new}], **words}


def test_the_hint_is_in_the_kept_prompt_of_the_next_fix(lab: DeployedLab, visit: Visit) -> None:
    design = edits(
        DOCSTRING,
        DOCSTRING + STUBBORN_LINES + "    quality = max(quality - 1, 0)\n",
        change="Refuse short groups.",
        hypothesis="Longer groups cost less.",
        expected_bd_rate_percent=-1.0,
    )
    lab.service.script += [
        Reply([Tool("edit_parent", design)]),
        Reply([Tool("ask_human", {"question": QUESTION})]),
    ]
    lab.open("taught", mind=Mind.CLAUDE)
    lab.target.campaign_executions.start("taught")
    page = visit("/experiments?campaign=taught")
    page.get_by_role("button", name="Human needed: taught-0001").click(timeout=60_000)
    expect(page.get_by_role("dialog")).to_contain_text(QUESTION)
    expect(page.get_by_role("dialog")).to_contain_text("It goes into the next prompt")
    page.get_by_label("Hint for the mind").fill(HINT)
    mend = edits(STUBBORN_LINES, "", reason="Codes short groups, too.", change="Short groups.")
    analysis = {"analysis": "It held.", "lessons": "Groups may be short."}
    lab.service.script += [
        Reply([Tool("edit_candidate", mend)]),
        Reply([Tool("write_analysis", analysis)]),
    ]
    page.get_by_role("button", name="Resume with hint").click()
    records = lab.target.records
    until(lambda: records.experiment("taught-0001").status is Status.COMPLETED)
    page.goto(f"{lab.cloud.endpoint_url}/admin/experiments/taught-0001?campaign=taught&tab=code")
    page.get_by_role("button", name=re.compile("^Run 2.*Short groups")).click()
    expect(page.locator("pre", has_text=HINT)).to_be_visible()
    expect(page.get_by_text("A person's hint")).to_be_visible()
