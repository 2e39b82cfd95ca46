"""Parsing of state machine definitions, for moto 5.2.5.

Replaces ``Preprocessor.__init__`` (its scope stack is a class attribute, so one bad definition
would spoil every later parse) and ``ExecutionWorker._get_evaluation_entrypoint``: parsing the
lab's definitions takes longer than running them, so a parsed program is kept and lent to one
execution at a time. ``_create_state_machine`` and ``_update_state_machine`` of MiniStack 1.5.33
are wrapped to refuse a definition the interpreter cannot parse, as AWS does. An error of a Map's
iteration keeps its name.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
    iteration_worker,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

_MAX_CAUSE_CHARS = 500


class ProgramPool:
    """Parsed programs by definition; each is used by one execution at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: defaultdict[str, list[Any]] = defaultdict(list)

    def take(self, definition: str) -> Any:
        """Return an idle program of a definition, or parse a new one."""
        with self._lock:
            if idle := self._idle[definition]:
                return idle.pop()
        return AmazonStateLanguageParser.parse(definition)[0]

    def give_back(self, definition: str, program: Any) -> None:
        """Make a program available to the next execution of its definition."""
        with self._lock:
            self._idle[definition].append(program)


PROGRAMS = ProgramPool()


def _fresh_scope(original: Callable[..., None]) -> Callable[..., None]:
    def init(preprocessor: Any, *args: Any, **kwargs: Any) -> None:
        original(preprocessor, *args, **kwargs)
        preprocessor._query_language_per_scope = []

    return init


def _take_program(worker: Any) -> Any:
    definition = worker._evaluation_details.state_machine_details.definition
    worker.program = PROGRAMS.take(definition)
    return worker.program


def _validated(handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def handle(data: Any) -> Any:
        if definition := data.get("definition"):
            try:
                PROGRAMS.give_back(definition, PROGRAMS.take(definition))
            except Exception as error:  # noqa: BLE001 - the parser raises bare ValueError and more
                return stepfunctions.error_response_json(
                    "InvalidDefinition",
                    f"Invalid State Machine Definition: {str(error)[:_MAX_CAUSE_CHARS]}",
                    400,
                )
        return handler(data)

    return handle


def _named_no_choice(original: Callable[..., None]) -> Callable[..., None]:
    """Raise States.NoChoiceMatched where moto raises a bare RuntimeError."""

    def eval_state(state: Any, env: Any) -> None:
        try:
            original(state, env)
        except RuntimeError as error:
            if "No branching option" not in str(error.args):
                raise
            kind = StatesErrorNameType.StatesNoChoiceMatched
            raise FailureEventException(
                FailureEvent(
                    env=env,
                    error_name=StatesErrorName(typ=kind),
                    event_type=HistoryEventType.TaskFailed,
                    event_details=EventDetails(
                        taskFailedEventDetails=TaskFailedEventDetails(
                            error=kind.to_name(), cause="No choice rule matched and no Default"
                        )
                    ),
                )
            ) from error

    return eval_state


def _any_error_name(error_name: str | None) -> Any:
    """Name the error of a Map's iteration, which may be one of Step Functions' own."""
    name = CustomErrorName(error_name=None)  # given it, refuses States.TaskFailed and the like
    name.error_name = error_name
    return name


def install() -> None:
    """Put this parsing in the place of moto's and validate definitions on create and update."""
    Preprocessor.__init__ = _fresh_scope(Preprocessor.__init__)
    ExecutionWorker._get_evaluation_entrypoint = _take_program
    iteration_worker.CustomErrorName = _any_error_name
    StateChoice._eval_state = _named_no_choice(StateChoice._eval_state)
    stepfunctions._create_state_machine = _validated(stepfunctions._create_state_machine)
    stepfunctions._update_state_machine = _validated(stepfunctions._update_state_machine)
