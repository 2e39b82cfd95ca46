"""The phase ``DesignNext``: where the next experiment starts; the end of this one."""

import random

from codec_lab.campaign import Campaign, CampaignChanges, NextDesign
from codec_lab.errors import ConfigurationError
from codec_lab.events import DesignNextResult, PhaseRequest
from codec_lab.experiment import Experiment, ExperimentChanges
from codec_lab.phase import Phase, Status
from codec_lab.ports import Clock, Records, StatusPage
from codec_lab.publishing import publish

ELITE_SHARE = 0.7
"""How often the best candidate is the parent; otherwise one of the runners-up explores."""

RUNNERS_UP = 4


def design_next(
    request: PhaseRequest, *, records: Records, status_page: StatusPage, clock: Clock
) -> DesignNextResult:
    """Choose the parent of the next design and complete the experiment.

    Raises
    ------
    ConfigurationError
        If the experiment has no candidate.
    """
    experiment = records.experiment(request.experiment_id)
    campaign = records.campaign(experiment.campaign_id)
    chosen = _choose(experiment, campaign, records)
    records.update_campaign(campaign.campaign_id, CampaignChanges(next_design=chosen))
    records.update_experiment(
        experiment.experiment_id,
        ExperimentChanges(
            updated_at=clock.now(),
            status=Status.COMPLETED,
            phase=Phase.DESIGN_NEXT,
            needs_human=False,
        ),
    )
    publish(campaign.campaign_id, records=records, status_page=status_page)
    return DesignNextResult(parent_sha256=chosen.parent_sha256, reason=chosen.reason)


def _choose(experiment: Experiment, campaign: Campaign, records: Records) -> NextDesign:
    ranked = records.best_experiments(campaign.campaign_id, 1 + RUNNERS_UP)
    if not ranked:
        return _parent(experiment, "No candidate has a BD-rate yet; this one is the start.")
    # Seeded by the experiment, so that a retry of this state chooses the same parent.
    generator = random.Random(f"{campaign.random_seed}/{experiment.number}")  # noqa: S311
    if len(ranked) == 1 or generator.random() < ELITE_SHARE:
        best = ranked[0]
        return _parent(best, f"{best.experiment_id} is the best so far{_rate(best)}.")
    other = generator.choice(ranked[1:])
    return _parent(other, f"{other.experiment_id}{_rate(other)} is explored beside the best.")


def _rate(experiment: Experiment) -> str:
    percent = experiment.bd_rate_percent
    return "" if percent is None else f" (BD-rate {percent:+.1f} %)"


def _parent(experiment: Experiment, reason: str) -> NextDesign:
    if experiment.candidate_sha256 is None or experiment.proposal_key is None:
        raise ConfigurationError(f"{experiment.experiment_id} has no candidate to build on.")
    return NextDesign(
        parent_sha256=experiment.candidate_sha256,
        parent_proposal_key=experiment.proposal_key,
        reason=reason,
    )
