"""What is asked about campaigns."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from codec_lab import documents, keys
from codec_lab.bounds import reached_bounds
from codec_lab.campaign import Control
from codec_lab.dashboard.campaign_views import (
    CampaignList,
    CampaignState,
    CampaignView,
    HealthView,
    LineageView,
    ProgressView,
)
from codec_lab.dashboard.command_models import AuditTrail
from codec_lab.dashboard.experiment_views import ExperimentPage, HumanRequest, HumanRequests
from codec_lab.dashboard.health import health
from codec_lab.dashboard.lineage import lineage
from codec_lab.dashboard.listed_experiment import ListedExperiment
from codec_lab.dashboard.ports import CommandLog, Listing, Operations
from codec_lab.dashboard.progress import progress
from codec_lab.dashboard.roster import Roster
from codec_lab.dashboard.table import Wanted, experiment_page
from codec_lab.phase import Status
from codec_lab.ports import CampaignRuns, Clock, Ledger, ObjectStore, Records
from codec_lab.proposal import Proposal
from codec_lab.tiers import REFERENCE_ANCHOR

SHOWN_COMMANDS = 200
SHOWN_REQUESTS = 20
"""Of one campaign; the total counts all."""


class CampaignQueries:
    """Answers about campaigns.

    Parameters
    ----------
    records, objects, runs, listing, ledger, commands, operations, clock
        Where to look.
    """

    def __init__(  # noqa: PLR0913 - the ports of its answers
        self,
        *,
        records: Records,
        objects: ObjectStore,
        runs: CampaignRuns,
        listing: Listing,
        ledger: Ledger,
        commands: CommandLog,
        operations: Operations,
        clock: Clock,
    ) -> None:
        self._records = records
        self._objects = objects
        self._runs = runs
        self._listing = listing
        self._ledger = ledger
        self._commands = commands
        self._operations = operations
        self._clock = clock

    def list(self) -> CampaignList:
        """Show every campaign, the last created first."""
        return CampaignList(campaigns=tuple(map(self.view, self._listing.campaign_ids())))

    def view(self, campaign_id: str) -> CampaignView:
        """Show a campaign."""
        campaign = self._records.campaign(campaign_id)
        control = self._records.control(campaign_id)
        roster = self._listing.rows(campaign_id)
        counts, best = roster.counts, roster.best
        execution_arn = self._runs.running(campaign_id)
        return CampaignView(
            campaign_id=campaign_id,
            version=control.version,
            goal=campaign.goal,
            mind=campaign.mind,
            created_at=campaign.created_at,
            state=_state(control, counts, is_running=execution_arn is not None),
            experiment_count=campaign.experiment_count,
            experiment_limit=control.experiment_limit,
            spent_usd=float(campaign.model_cost_usd + roster.once(_aws_usd)),
            budget_usd=_float(control.budget_usd),
            daily_budget_usd=_float(control.daily_budget_usd),
            wall_time_limit_s=control.wall_time_limit_s,
            target_bd_rate_percent=control.target_bd_rate_percent,
            bounds_reached=tuple(
                reached_bounds(campaign, control, self._records, self._ledger, self._clock)
            ),
            failures_in_a_row=campaign.failures_in_a_row,
            counts={status: counts[status] for status in Status},
            best_experiment_id=best.experiment_id if best else None,
            best_bd_rate_percent=best.bd_rate_percent if best else None,
            champion=campaign.champion,
            reference_anchor=REFERENCE_ANCHOR,
            execution_arn=execution_arn,
        )

    def page(self, campaign_id: str, wanted: Wanted) -> ExperimentPage:
        """Show a page of the table."""
        return experiment_page(self._rows(campaign_id), wanted)

    def progress(self, campaign_id: str) -> ProgressView:
        """Show how far the campaign came."""
        return self._rows(campaign_id).once(progress)

    def lineage(self, campaign_id: str, root_id: str | None) -> LineageView:
        """Show an experiment's ancestors and their best children."""
        roster = self._rows(campaign_id)
        seed_key = keys.seed(campaign_id)
        seed = None
        if self._objects.exists(seed_key):
            seed = documents.load(self._objects, seed_key, Proposal).candidate.sha256
        return lineage(roster, root_id, seed)

    def health(self, campaign_id: str) -> HealthView:
        """Show how the lab works."""
        campaign = self._records.campaign(campaign_id)
        rows = self._listing.rows(campaign_id)
        return health(campaign, rows, self._operations.jobs(), self._operations.alarms())

    def audit(self, campaign_id: str) -> AuditTrail:
        """Show the last commands."""
        self._records.campaign(campaign_id)
        entries = sorted(self._commands.entries(campaign_id), key=lambda e: e.at, reverse=True)
        return AuditTrail(entries=tuple(entries[:SHOWN_COMMANDS]))

    def human_requests(self) -> HumanRequests:
        """List the experiments of all campaigns that wait for a person."""
        waiting = {
            campaign_id: count
            for campaign_id in self._listing.campaign_ids()
            if (count := self._listing.rows(campaign_id).counts[Status.NEEDS_HUMAN])
        }
        found = [
            HumanRequest(
                experiment_id=experiment.experiment_id,
                campaign_id=experiment.campaign_id,
                version=experiment.run,
                name=ListedExperiment.of(experiment).name,
                phase=reason.phase,
                reason=reason.reason,
                attempts=reason.attempts,
                asked_at=reason.asked_at,
            )
            for campaign_id in waiting
            for experiment in self._records.open_experiments(
                campaign_id, Status.NEEDS_HUMAN, SHOWN_REQUESTS
            )
            for reason in experiment.human_intervention_reasons[-1:]
        ]
        found.sort(key=lambda request: request.asked_at)
        return HumanRequests(total=sum(waiting.values()), items=tuple(found))

    def _rows(self, campaign_id: str) -> Roster:
        rows = self._listing.rows(campaign_id)
        if not rows:
            self._records.campaign(campaign_id)  # one without experiments, or none at all
        return rows


def _float(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


def _aws_usd(rows: Sequence[ListedExperiment]) -> Decimal:
    return sum((row.aws_cost_usd for row in rows if row.aws_cost_usd is not None), Decimal(0))


def _state(control: Control, counts: Mapping[Status, int], *, is_running: bool) -> CampaignState:
    if control.paused:
        under_way = is_running or counts[Status.RUNNING] > 0
        return CampaignState.PAUSING if under_way else CampaignState.PAUSED
    return CampaignState.RUNNING if is_running else CampaignState.IDLE
