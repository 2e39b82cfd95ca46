"""What a person orders: once, of what was seen, and written down."""

from collections.abc import Callable
from typing import NamedTuple

from codec_lab import campaigns
from codec_lab.campaign import ControlChanges
from codec_lab.campaigns import Answer
from codec_lab.dashboard.command_models import (
    AnswerAction,
    AnswerCommand,
    AuditEntry,
    Budgets,
    CommandName,
    Versioned,
)
from codec_lab.dashboard.ports import CommandLog
from codec_lab.errors import ConfigurationError, ConflictError
from codec_lab.phase import Status
from codec_lab.ports import CampaignRuns, Clock, Executions, Records


class Order(NamedTuple):
    """A command as it arrived.

    Attributes
    ----------
    key : str
        Names the command; the same one again is carried out once.
    user : str
        Who gave it.
    command : CommandName
        Which.
    body : Versioned
        With the version that the person saw.
    """

    key: str
    user: str
    command: CommandName
    body: Versioned


class Commands:
    """Carries out what a person orders, on the same way as the command line.

    Parameters
    ----------
    records, executions, runs, clock
        What it acts on.
    log : CommandLog
        Where it is written down.
    """

    def __init__(
        self,
        *,
        records: Records,
        executions: Executions,
        runs: CampaignRuns,
        log: CommandLog,
        clock: Clock,
    ) -> None:
        self._records = records
        self._executions = executions
        self._runs = runs
        self._log = log
        self._clock = clock

    def campaign(self, campaign_id: str, order: Order) -> None:
        """Carry out a command about a campaign.

        Raises
        ------
        UnknownRecordError
            If there is no such campaign.
        ConflictError
            If its settings are no longer those that the person saw, or the campaign does not
            allow it.
        """
        self._records.campaign(campaign_id)
        self._carry_out(order, campaign_id, campaign_id, self._campaign_act(campaign_id, order))

    def experiment(self, experiment_id: str, order: Order) -> None:
        """Carry out a command about an experiment; errors as for a campaign."""
        campaign_id = self._records.experiment(experiment_id).campaign_id
        act = self._experiment_act(experiment_id, order)
        self._carry_out(order, campaign_id, experiment_id, act)

    def _campaign_act(self, campaign_id: str, order: Order) -> Callable[[], None]:
        records, runs, version, key = self._records, self._runs, order.body.version, order.key

        def act() -> None:
            match order.command:
                case CommandName.START:
                    self._start(campaign_id, version)
                case CommandName.PAUSE:
                    campaigns.set_paused(
                        records, campaign_id, paused=True, version=version, order=key
                    )
                case CommandName.RESUME:
                    campaigns.resume(records, runs, campaign_id, version=version, order=key)
                case CommandName.STOP:
                    campaigns.stop(
                        records,
                        runs,
                        self._executions,
                        campaign_id,
                        clock=self._clock,
                        version=version,
                        order=key,
                    )
                case CommandName.RUN_ONE:
                    campaigns.run_one(records, runs, campaign_id, version=version, order=key)
                case CommandName.BUDGETS:
                    changes = _settings(order.body)
                    campaigns.change_settings(
                        records, campaign_id, changes, version=version, order=key
                    )
                case _:
                    raise ConfigurationError(f"{order.command} is no command of a campaign.")

        return act

    def _start(self, campaign_id: str, version: int) -> None:
        control = self._records.control(campaign_id)
        if control.version != version:
            raise ConflictError(f"The settings of campaign {campaign_id} have just been changed.")
        campaigns.refuse_paused(campaign_id, control)
        campaigns.start(self._runs, campaign_id)

    def _experiment_act(self, experiment_id: str, order: Order) -> Callable[[], None]:
        def act() -> None:
            try:
                self._change_experiment(experiment_id, order)
            except ConflictError:
                experiment = self._records.experiment(experiment_id)
                if experiment.last_order != order.key:
                    raise
                # It met its own effect: it was interrupted before or after the execution's start.
                if experiment.status is Status.QUEUED:
                    self._executions.start(experiment)

        return act

    def _change_experiment(self, experiment_id: str, order: Order) -> None:
        records, executions, clock = self._records, self._executions, self._clock
        run, key = order.body.version, order.key
        match order.body:
            case AnswerCommand(action=AnswerAction.ABANDON):
                campaigns.abandon(records, experiment_id, clock=clock, run=run, order=key)
            case AnswerCommand() as reply:
                campaigns.answer(
                    Answer(experiment_id=experiment_id, hint=reply.hint, phase=reply.phase),
                    records=records,
                    executions=executions,
                    clock=clock,
                    run=run,
                    order=key,
                )
            case _:
                campaigns.rerun(records, executions, experiment_id, clock=clock, run=run, order=key)

    def _carry_out(
        self, order: Order, campaign_id: str, subject_id: str, act: Callable[[], None]
    ) -> None:
        entry = AuditEntry(
            key=order.key,
            command=order.command,
            campaign_id=campaign_id,
            subject_id=subject_id,
            user=order.user,
            at=self._clock.now(),
            request=order.body.model_dump_json(exclude_unset=True),
            done=False,
            refusal=None,
        )
        earlier = self._log.begin(entry)
        if earlier is not None:
            if _content(earlier) != _content(entry):
                raise ConfigurationError(
                    f"The Idempotency-Key {order.key} belongs to another command; use a new one."
                )
            if earlier.refusal is not None:
                raise ConflictError(earlier.refusal)
            if earlier.done:
                return
        # One that was begun and never finished was interrupted: it is carried out now.
        try:
            act()
        except ConfigurationError as error:
            self._log.finish(entry.model_copy(update={"refusal": str(error)}))
            raise
        self._log.finish(entry.model_copy(update={"done": True}))


def _content(entry: AuditEntry) -> tuple[str, ...]:
    return entry.command, entry.subject_id, entry.user, entry.request


def _settings(body: Versioned) -> ControlChanges:
    assert isinstance(body, Budgets)
    given = body.model_dump(exclude={"version"}, exclude_unset=True)
    if given.get("experiment_limit", 0) is None:
        raise ConfigurationError("experiment_limit must be a number.")
    return ControlChanges.model_validate(given)
