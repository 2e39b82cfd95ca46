"""Functions that pay for themselves where AWS runs them."""

import time
from collections.abc import Callable
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, cast

import boto3

from adapters.aws_usage import Usage
from codec_lab.errors import StoreUnavailableError
from codec_lab.function_costs import FunctionCosts, Invocation
from lambdas.connections import function_costs
from lambdas.environment import FunctionEnvironment
from lambdas.observability import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

Handler = Callable[[dict[str, Any], "LambdaContext"], dict[str, Any]]


class MeteredEnvironment(FunctionEnvironment):
    """What a metered function is told."""

    table: str
    on_aws: bool = False


def metered(
    environment: MeteredEnvironment,
    purpose: str,
    costs_of: Callable[[str], FunctionCosts] = function_costs,
) -> Callable[[Handler], Handler]:
    """Reserve the most that an invocation can cost, and settle what it used.

    A reservation that cannot be settled, because the table is away, stays: what the function did is
    not done again for that.

    Parameters
    ----------
    environment : MeteredEnvironment
        Whether AWS runs the function.
    purpose : str
        The phase that pays.
    costs_of : callable
        Gives what pays, by the table's name.
    """

    def decorate(handler: Handler) -> Handler:
        if not environment.on_aws:
            return handler

        @wraps(handler)
        def run(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
            usage, costs = _usage(), costs_of(environment.table)
            invocation = Invocation(
                experiment_id=event.get("job", event)["experiment_id"],
                purpose=purpose,
                request_id=context.aws_request_id,
                timeout_s=context.get_remaining_time_in_millis() / 1000,
                memory_mib=int(context.memory_limit_in_mb),
            )
            usage.used.clear()
            began = time.monotonic()
            reserved = costs.begin(invocation)
            try:
                return handler(event, context)
            finally:
                try:
                    costs.end(invocation, reserved, time.monotonic() - began, usage.used)
                except StoreUnavailableError as error:
                    logger.warning("The cost of this invocation stays reserved: %s", error)

        return run

    return decorate


@cache
def _usage() -> Usage:
    """Count what the clients ask for; those of the default session, which are made after this."""
    usage = Usage()
    boto3.setup_default_session()
    usage.watch(cast("boto3.Session", boto3.DEFAULT_SESSION).events)
    return usage
