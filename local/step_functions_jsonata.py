"""JSONata expressions of state machines, for moto 5.2.5 with jsonata-python 0.7.1.

Replaces ``StringJSONata._eval_body`` (every ``{% … %}``) and the text evaluator behind
``StringVariableSample`` of moto's interpreter, whose evaluator is absent from the package.

moto writes ``$states`` and every variable as JSON text in front of each expression. Here they are
bound as values to a compiled expression instead: a variable that holds a program's source costs
nothing to parse, and quotes in a string cannot break the expression.
"""

from __future__ import annotations

import json
import threading
from functools import lru_cache
from typing import Any

import jsonata
from ministack.services import stepfunctions
from moto.stepfunctions.parser.api import EvaluationFailedEventDetails, HistoryEventType
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
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.eval import states, variable_store
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.jsonata import jsonata as moto_jsonata
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

_STATES_PARTS = ("input", "context", "result", "errorOutput")
_NULL = jsonata.utils.Utils.NULL_VALUE

# A compiled expression keeps its bindings while it is evaluated.
_evaluation_lock = threading.RLock()


class JsonataUndefinedError(Exception):
    """The expression is valid but its result is JSONata's undefined."""


@lru_cache(maxsize=2048)
def _compiled(expression: str) -> Any:
    compiled = jsonata.Jsonata.jsonata(expression)
    compiled.output_convert_nulls = False  # tells null apart from undefined
    stepfunctions._register_sfn_jsonata_functions(compiled)
    return compiled


def evaluate(expression: str, bindings: dict[str, Any]) -> Any:
    """Evaluate a JSONata expression as Step Functions does.

    Parameters
    ----------
    expression
        The text between ``{%`` and ``%}``.
    bindings
        JSON values by variable name, without the dollar sign.

    Raises
    ------
    JsonataUndefinedError
        When the expression has no result.
    Exception
        Whatever the expression raises; jsonata-python has no common root for its errors.
    """
    bound = {name: _NULL if value is None else value for name, value in bindings.items()}
    with _evaluation_lock:
        value = _compiled(expression).evaluate(None, bound)
        if value is None:
            raise JsonataUndefinedError
        # JSON text and back turns the engine's list and null types into plain ones and
        # detaches the result from the variables it was taken from.
        return json.loads(json.dumps(jsonata.utils.Utils.convert_nulls(value)))


def _bindings(expression: str, env: Any) -> dict[str, Any]:
    """Return the variables and the parts of ``$states`` an expression refers to."""
    references = moto_jsonata.extract_jsonata_variable_references(expression)
    store = env.variable_store
    bindings = {**store._outer_scope, **store._inner_scope}
    wanted = [
        part
        for part in _STATES_PARTS
        if "$states" in references
        or any(reference.startswith(f"$states.{part}") for reference in references)
    ]
    data = {part: env.states._states_data.get(part) for part in wanted}
    bindings["states"] = json.loads(to_json_str(data))
    return bindings


def _evaluation_failed(env: Any, cause: str) -> FailureEventException:
    error = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=error,
            event_type=HistoryEventType.EvaluationFailed,
            event_details=EventDetails(
                evaluationFailedEventDetails=EvaluationFailedEventDetails(
                    error=error.error_name, cause=cause, state=env.next_state_name or ""
                )
            ),
        )
    )


def _eval_string_jsonata(component: Any, env: Any) -> None:
    expression = component.expression
    where = f"The JSONata expression '{expression}'"
    if env.next_field_name:
        where += f" specified for the field '{env.next_field_name}'"
    try:
        value = evaluate(expression, _bindings(expression, env))
    except JsonataUndefinedError:
        raise _evaluation_failed(env, f"{where} returned nothing (undefined).") from None
    except Exception as error:
        code = getattr(error, "error", None)
        details = f"{code}: {error}" if isinstance(code, str) else str(error)
        cause = f"{where} threw an error during evaluation. {details}"
        raise _evaluation_failed(env, cause) from error
    env.stack.append(value)


def _eval_text(expression: str) -> Any:
    """Evaluate an expression whose variables are declared in its text (JSONPath's ``$name``)."""
    try:
        return evaluate(expression, {})
    except JsonataUndefinedError:
        return None
    except Exception as error:
        raise moto_jsonata.JSONataException("UNKNOWN", str(error)) from error


def _declarations(bindings: dict[str, Any]) -> str:
    """Declare variables as JSON text; moto leaves quotes inside a string unescaped."""
    return "".join(
        f"{name}:={to_json_str(value, separators=(',', ':'))};" for name, value in bindings.items()
    )


def install() -> None:
    """Put this evaluator in the place of moto's."""
    StringJSONata._eval_body = _eval_string_jsonata
    moto_jsonata._eval_jsonata = _eval_text
    for module in (moto_jsonata, states, variable_store):
        module.encode_jsonata_variable_declarations = _declarations
