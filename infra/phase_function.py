"""The function behind a state."""

import re
from collections.abc import Mapping, Sequence

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.definition import Definition
from infra.lab_function import LabFunction
from infra.settings import InfraSettings


def module_of(state: str) -> str:
    """Name the handler's module of a state: ``JudgeValidation`` is in ``judge_validation``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", state).lower()


class PhaseFunction(LabFunction):
    """A function that bears the name of its state.

    Parameters
    ----------
    scope : Construct
        Place in the construct tree.
    state : str
        The state that calls it; also the construct's name.
    definition : Definition
        The state machine of that state, which says how long the function may take.
    code, layers, environment, settings, memory_mib
        As of ``LabFunction``.
    """

    def __init__(
        self,
        scope: Construct,
        state: str,
        *,
        definition: Definition,
        code: lambda_.Code,
        layers: Sequence[lambda_.ILayerVersion],
        environment: Mapping[str, str],
        settings: InfraSettings,
        memory_mib: int = 512,
    ) -> None:
        super().__init__(
            scope,
            state,
            module=module_of(state),
            timeout_s=definition.timeout_s(state),
            code=code,
            layers=layers,
            environment=environment,
            settings=settings,
            memory_mib=memory_mib,
        )
        self.state = state

    @property
    def substitution(self) -> dict[str, str]:
        """The function's ARN by its name in the state machine's file."""
        return {f"{self.state}FunctionArn": self.function.function_arn}
