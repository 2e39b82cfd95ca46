"""The state ``Deploy``."""

from typing import TYPE_CHECKING, Any

from codec_lab.deploying import deploy
from codec_lab.events import DeployRequest
from codec_lab.phase import Phase
from lambdas.connections import bench_costs, clock, objects, records
from lambdas.metering import MeteredEnvironment, metered
from lambdas.observability import log_about, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class Environment(MeteredEnvironment):
    """What this function is told."""

    bucket: str
    max_shards: int = 1


environment = Environment.read()


@metered(environment, "deploy")
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Store the candidate's bundle and describe its jobs."""
    request = DeployRequest.model_validate(event)
    log_about(request, context)
    logger.info(Phase.DEPLOY.headline)
    result = deploy(
        request,
        records=records(environment.table),
        objects=objects(environment.bucket),
        clock=clock,
        max_shards=environment.max_shards,
        bench=bench_costs(environment.table, environment.bucket) if environment.on_aws else None,
    )
    logger.info("Deployed bundle %s", result.validation.bundle_sha256[:12])
    return result.model_dump(mode="json")
