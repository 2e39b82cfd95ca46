"""The function that answers questions, as the API starts it."""

import json
import os
from typing import Any

from botocore.exceptions import ClientError

from adapters.service_errors import code_of, store_errors

KEY_VARIABLE = "ANTHROPIC_API_KEY"


class AnsweringFunction:
    """Keeps the port ``Answering``.

    Parameters
    ----------
    function_name : str
        The function.
    secret_arn : str or None
        The secret with the model's key, if not the environment alone has it. Whether it has a
        value is asked, never the value.
    aws_lambda, secretsmanager
        How to reach them.
    """

    def __init__(
        self, function_name: str, secret_arn: str | None, *, aws_lambda: Any, secretsmanager: Any
    ) -> None:
        self._function_name, self._secret_arn = function_name, secret_arn
        self._lambda, self._secretsmanager = aws_lambda, secretsmanager

    def start(self, campaign_id: str, question_id: str) -> None:
        """Begin to answer, and do not wait for it."""
        with store_errors(f"Function {self._function_name}"):
            self._lambda.invoke(
                FunctionName=self._function_name,
                InvocationType="Event",
                Payload=json.dumps({"campaign_id": campaign_id, "question_id": question_id}),
            )

    def is_available(self) -> bool:
        """Tell whether there is a key for the model."""
        if os.environ.get(KEY_VARIABLE, "").strip():
            return True
        if self._secret_arn is None:
            return False
        try:
            with store_errors(f"Secret {self._secret_arn}"):
                secret = self._secretsmanager.describe_secret(SecretId=self._secret_arn)
        except ClientError as error:
            if code_of(error) in {"AccessDeniedException", "ResourceNotFoundException"}:
                return False
            raise
        stages = secret.get("VersionIdsToStages", {}).values()
        return any("AWSCURRENT" in named for named in stages)
