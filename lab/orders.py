"""What a person orders at a terminal: carried out and written down as the dashboard's orders."""

import getpass
import os
from typing import Any
from uuid import uuid4

from codec_lab.campaign import Bounds
from codec_lab.campaigns import Answer
from codec_lab.dashboard.command_models import (
    AnswerAction,
    AnswerCommand,
    Budgets,
    CommandName,
    Versioned,
)
from codec_lab.dashboard.commands import Order
from lab.target import Target


def order_campaign(target: Target, campaign_id: str, command: CommandName) -> None:
    """Order something of a campaign as it is now; errors as of ``Commands.campaign``."""
    body = Versioned(version=target.records.control(campaign_id).version)
    target.commands.campaign(campaign_id, _order(target, command, body))


def order_bounds(target: Target, campaign_id: str, bounds: Bounds) -> None:
    """Set the bounds of a campaign that are given; None takes one away."""
    version = target.records.control(campaign_id).version
    body = Budgets(version=version, **bounds.model_dump(exclude_unset=True))
    target.commands.campaign(campaign_id, _order(target, CommandName.BUDGETS, body))


def order_answer(target: Target, reply: Answer) -> None:
    """Let an experiment go on that waits now; errors as of ``Commands.experiment``."""
    action = AnswerAction.RESUME if reply.hint else AnswerAction.RETRY
    advice = reply.model_dump(include={"hint", "phase"})
    _order_experiment(target, reply.experiment_id, action, **advice)


def order_abandon(target: Target, experiment_id: str) -> None:
    """Give an experiment up that waits now; errors as of ``Commands.experiment``."""
    _order_experiment(target, experiment_id, AnswerAction.ABANDON)


def _order_experiment(
    target: Target, experiment_id: str, action: AnswerAction, **advice: Any
) -> None:
    body = AnswerCommand(
        version=target.records.experiment(experiment_id).run, action=action, **advice
    )
    target.commands.experiment(experiment_id, _order(target, CommandName.ANSWER, body))


def _order(target: Target, command: CommandName, body: Versioned) -> Order:
    return Order(key=uuid4().hex, user=_person(target), command=command, body=body)


def _person(target: Target) -> str:
    """Name who orders: the shell's user, and on AWS the profile."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for its user
        name = f"user {os.getuid()}"
    return f"{name} (lab)" if target.profile is None else f"{name} (lab, profile {target.profile})"
