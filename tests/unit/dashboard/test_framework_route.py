"""The versions of the framework as the API lists them."""

from typing import Any

import pytest

from codec_lab.change_sets import ChangeSet, Outcome
from tests.unit.builders import NOON, opened

CHANGE = ChangeSet(
    campaign_id="default",
    version=1,
    base_version=0,
    author="claude",
    experiment_id="default-0001",
    reason="A scan for all.",
    diff="+ORDER = 1",
    overlay_key="campaigns/default/framework-1.json",
    proposed_at=NOON,
)


@pytest.fixture
def begun(api: Any) -> Any:
    opened(api.records, api.objects, api.clock)
    return api


def test_the_versions_are_listed_with_author_reason_diff_and_outcome(begun: Any) -> None:
    second = CHANGE.model_copy(update={"version": 2, "outcome": Outcome.REJECTED})
    for change in (CHANGE, second):
        begun.change_sets.create(change)
    begun.change_sets.put_in_force(CHANGE)

    answered = begun.ask("/api/campaigns/default/framework", groups="[viewer]")

    assert answered.status == 200
    assert answered.data["in_force"] == 1
    assert [one["version"] for one in answered.data["versions"]] == [2, 1]
    assert answered.data["versions"][0]["outcome"] == "rejected"
    shown = {name: answered.data["versions"][1][name] for name in ("author", "reason", "diff")}
    assert shown == {"author": "claude", "reason": "A scan for all.", "diff": "+ORDER = 1"}


def test_a_campaign_that_nobody_knows_has_no_framework(begun: Any) -> None:
    assert begun.ask("/api/campaigns/other/framework").status == 404
