"""What an experiment's jobs cost: reserved at its deployment, settled by its verdicts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from codec_lab.charge import Charge, Reserved
from codec_lab.experiment import Experiment
from codec_lab.job import JobKind, JobSpec
from codec_lab.model import Sha256
from codec_lab.phase import Phase
from codec_lab.ports import Clock, Ledger, Records
from codec_lab.spending import CampaignPurse, settle_for_experiment
from codec_lab.stored_evidence import Stored
from codec_lab.tariff import Tariff
from codec_lab.verdict import Verdict

TIME_LIMIT = timedelta(hours=2)
"""From a deployment to the end of its last job, all tries in; a worker ends itself then."""

MARGIN = timedelta(minutes=15)
"""Reserved besides: retries of the deployment itself, clocks that differ, tries after the limit
that end at once."""


class Booking(NamedTuple):
    """What was reserved for the jobs of a deployment, and until when they may run."""

    reserved: Reserved | None = None
    deadline: datetime | None = None


class BenchCosts:
    """Pays for jobs on AWS.

    Parameters
    ----------
    records, ledger, clock
        Where caps and spending are kept.
    tariff : Tariff
        The prices.
    sizes : callable
        Gives the size in bytes of every object under a prefix, by key.
    """

    def __init__(
        self,
        *,
        records: Records,
        ledger: Ledger,
        clock: Clock,
        tariff: Tariff,
        sizes: Callable[[str], Mapping[str, int]],
    ) -> None:
        self._records, self._ledger, self._clock = records, ledger, clock
        self._tariff, self._sizes = tariff, sizes

    def book(
        self,
        experiment: Experiment,
        bundle_sha256: Sha256,
        *,
        shards: int,
        most: Stored,
        stops_campaign: bool = True,
    ) -> Booking:
        """Reserve the most that a validation and an execution in shards can cost.

        A repeated booking of the same bundle in the same run counts once.

        Parameters
        ----------
        most : Stored
            What they can leave in the store.
        stops_campaign : bool
            As of ``CampaignPurse``.

        Raises
        ------
        BudgetExceededError
            If it does not fit under the campaign's caps.
        """
        limit_s = int((TIME_LIMIT + MARGIN).total_seconds())
        # The validation is over before the execution begins: both share the time.
        machines = self._tariff.machines("", limit_s * shards, jobs=shards + 1)
        evidence = self._tariff.objects("", puts=most.objects, stored_bytes=most.size_bytes)
        purse = CampaignPurse(
            experiment.campaign_id,
            records=self._records,
            ledger=self._ledger,
            clock=self._clock,
            stops_campaign=stops_campaign,
        )
        name = f"{experiment.experiment_id}/{experiment.run}/{bundle_sha256[:12]}"
        reserved = purse.reserve(machines.usd + evidence.usd, name=name, what="Measuring")
        return Booking(reserved, self._clock.now() + TIME_LIMIT)

    def settle(self, job: JobSpec, verdicts: Sequence[Verdict], began_at: datetime | None) -> None:
        """Settle a deployment's machines when its last job is over.

        Parameters
        ----------
        job : JobSpec
            That job: a validation, or an execution as a whole.
        verdicts : sequence of Verdict
            Its own, or those of its shards.
        began_at : datetime or None
            When the execution was asked for; none for a validation.
        """
        if job.reserved is None or job.deadline is None:
            return
        stored = {**self._sizes(job.output_prefix), **self._sizes(job.points_prefix)}
        purpose = Phase.VALIDATION if job.kind is JobKind.VALIDATE else Phase.EXECUTION
        charges = [
            *self._machines(job.kind, job.deadline - TIME_LIMIT, verdicts, began_at),
            self._tariff.objects(purpose, puts=len(stored), stored_bytes=sum(stored.values())),
        ]
        self._settle(self._records.experiment(job.experiment_id), job.reserved, charges)

    def settle_replay(
        self, experiment: Experiment, jobs: Sequence[JobSpec], verdicts: Sequence[Verdict]
    ) -> None:
        """Settle a replay's machines and what it stored, for the experiment that asked for it."""
        ends = [verdict.ended_at for verdict in verdicts]
        for job in jobs[:1]:  # they share one booking
            if job.reserved is None or job.deadline is None:
                continue
            machine_s = _seconds(job.deadline - TIME_LIMIT, ends)
            stored = [size for one in jobs for size in self._sizes(one.output_prefix).values()]
            charges = [
                self._tariff.machines("replay", machine_s, jobs=len(ends)),
                self._tariff.objects("replay", puts=len(stored), stored_bytes=sum(stored)),
            ]
            self._settle(experiment, job.reserved, charges)

    def _settle(
        self, experiment: Experiment, reserved: Reserved, charges: Sequence[Charge]
    ) -> None:
        settle_for_experiment(
            experiment, reserved, charges, records=self._records, ledger=self._ledger
        )

    def _machines(
        self,
        kind: JobKind,
        deployed_at: datetime,
        verdicts: Sequence[Verdict],
        began_at: datetime | None,
    ) -> Iterator[Charge]:
        """Measure how long machines were there: from when they were asked for to each verdict."""
        ends = [verdict.ended_at for verdict in verdicts]
        if kind is JobKind.VALIDATE:
            yield self._tariff.machines(Phase.VALIDATION, _seconds(deployed_at, ends), jobs=1)
            return
        began_at = began_at or min(verdict.started_at for verdict in verdicts)
        yield self._tariff.machines(Phase.VALIDATION, _seconds(deployed_at, [began_at]), jobs=1)
        yield self._tariff.machines(Phase.EXECUTION, _seconds(began_at, ends), jobs=len(ends))


def _seconds(began_at: datetime, ends: Sequence[datetime]) -> int:
    return sum(max(0, ceil((end - began_at).total_seconds())) for end in ends)
