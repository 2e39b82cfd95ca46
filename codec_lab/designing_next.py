"""The phase ``DesignNext``: where the next experiment starts; the end of this one."""

from decimal import Decimal

from codec_lab.archive import Archive, with_own
from codec_lab.campaign import Campaign, CampaignChanges, NextDesign
from codec_lab.crowning import crown
from codec_lab.errors import ConfigurationError
from codec_lab.events import DesignNextResult, PhaseRequest
from codec_lab.experiment import Experiment, ExperimentChanges
from codec_lab.phase import Phase, Status
from codec_lab.ports import Clock, Records


def design_next(request: PhaseRequest, *, records: Records, clock: Clock) -> DesignNextResult:
    """Choose the parent of the next design, crown a champion and complete the experiment.

    Raises
    ------
    ConfigurationError
        If the experiment has no candidate.
    """
    experiment = records.experiment(request.experiment_id)
    campaign = records.campaign(experiment.campaign_id)
    archive = Archive(with_own(records.experiments(campaign.campaign_id), experiment))
    chosen = _choose(experiment, campaign, archive)
    records.update_campaign(campaign.campaign_id, CampaignChanges(next_design=chosen))
    incumbent = campaign.champion
    champion = crown(
        experiment,
        records.evaluations(experiment.experiment_id),
        incumbent,
        records.evaluations(incumbent.experiment_id) if incumbent else (),
    )
    if champion is not None:
        records.update_campaign(campaign.campaign_id, CampaignChanges(champion=champion))
    records.update_experiment(
        experiment.experiment_id,
        ExperimentChanges(
            updated_at=clock.now(),
            status=Status.COMPLETED,
            phase=Phase.DESIGN_NEXT,
            needs_human=False,
            usd_per_point=_usd_per_point(experiment, archive),
        ),
    )
    return DesignNextResult(parent_sha256=chosen.parent_sha256, reason=chosen.reason)


def _usd_per_point(experiment: Experiment, archive: Archive) -> Decimal | None:
    """Divide what an experiment cost by the points of BD-rate it gained over its parent."""
    _, *ancestors = archive.lineage(experiment)
    own = experiment.bd_rate_percent
    if own is None or not ancestors or ancestors[0].bd_rate_percent is None:
        return None
    gained = Decimal(str(ancestors[0].bd_rate_percent)) - Decimal(str(own))
    if gained <= 0:
        return None
    cost_usd = experiment.model_cost_usd + (experiment.aws_cost_usd or Decimal(0))
    return (cost_usd / gained).quantize(Decimal("0.000001"))


def _choose(experiment: Experiment, campaign: Campaign, archive: Archive) -> NextDesign:
    # Seeded by the experiment, so that a retry of this state chooses the same parent.
    choice = archive.choose_parent(f"{campaign.random_seed}/{experiment.number}")
    if choice is None:
        return _parent(experiment, "No candidate has a BD-rate yet; this one is the start.")
    return _parent(choice.experiment, choice.reason)


def _parent(experiment: Experiment, reason: str) -> NextDesign:
    if experiment.candidate_sha256 is None or experiment.proposal_key is None:
        raise ConfigurationError(f"{experiment.experiment_id} has no candidate to build on.")
    return NextDesign(
        parent_sha256=experiment.candidate_sha256,
        parent_proposal_key=experiment.proposal_key,
        parent_verdict_key=experiment.verdict_key,
        reason=reason,
    )
