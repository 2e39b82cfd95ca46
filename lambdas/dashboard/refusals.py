"""Every refusal as one sentence of JSON."""

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from codec_lab.dashboard.campaign_views import CampaignView
from codec_lab.dashboard.experiment_views import ExperimentDetail
from codec_lab.dashboard.problems import Problem, ProblemKind
from codec_lab.errors import (
    CodecLabError,
    ConfigurationError,
    ConflictError,
    StoreUnavailableError,
    UnknownRecordError,
)
from lambdas.dashboard.access import ForbiddenError, UnauthorizedError
from lambdas.dashboard.application import app
from lambdas.observability import logger


class RefusedError(CodecLabError):
    """A refusal that is known already.

    Parameters
    ----------
    problem : Problem
        What is answered.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


STATUS = {
    ProblemKind.UNAUTHORIZED: 401,
    ProblemKind.FORBIDDEN: 403,
    ProblemKind.NOT_FOUND: 404,
    ProblemKind.CONFLICT: 409,
    ProblemKind.TOO_LARGE: 413,
    ProblemKind.INVALID: 422,
    ProblemKind.INTERNAL: 500,
    ProblemKind.UNAVAILABLE: 503,
}
_KINDS: tuple[tuple[type[Exception], ProblemKind], ...] = (
    (UnauthorizedError, ProblemKind.UNAUTHORIZED),
    (ForbiddenError, ProblemKind.FORBIDDEN),
    (UnknownRecordError, ProblemKind.NOT_FOUND),
    (ConflictError, ProblemKind.CONFLICT),
    (ConfigurationError, ProblemKind.INVALID),
    (StoreUnavailableError, ProblemKind.UNAVAILABLE),
)


def refusal(problem: Problem) -> Response[str]:
    """Make the answer that refuses."""
    return Response(
        status_code=STATUS[problem.error],
        content_type="application/json",
        body=problem.model_dump_json(),
    )


@app.not_found
def no_such_route(_error: NotFoundError) -> Response[str]:
    """Refuse an address that is no route."""
    return refusal(Problem(error=ProblemKind.NOT_FOUND, message="There is no such address."))


def stale(error: ConflictError, current: CampaignView | ExperimentDetail) -> RefusedError:
    """Refuse an order about what is no longer so, and show how things stand."""
    problem = Problem(error=ProblemKind.CONFLICT, message=str(error), current=current)
    return RefusedError(problem)


def invalid_request(error: RequestValidationError) -> Response[str]:
    """Name the first thing in a request that cannot be understood, without repeating it."""
    fault = error.errors()[0]
    where = " ".join(str(part) for part in fault["loc"])
    message = f"{where} cannot be used: {fault['msg']}."
    return refusal(Problem(error=ProblemKind.INVALID, message=message))


def failed(error: Exception) -> Response[str]:
    """Refuse for a reason that is known, or log one that is not and keep it from the answer."""
    if isinstance(error, RefusedError):
        return refusal(error.problem)
    for cause, kind in _KINDS:
        if isinstance(error, cause):
            return refusal(Problem(error=kind, message=str(error)))
    logger.exception("A request failed")
    message = "Something unforeseen failed; the function's log tells what."
    return refusal(Problem(error=ProblemKind.INTERNAL, message=message))


app.exception_handler(RequestValidationError)(invalid_request)
app.exception_handler(Exception)(failed)
