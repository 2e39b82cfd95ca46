"""Seam: random tokens beside JSON Web Tokens, for MiniStack 1.5.33.

On one machine nobody signs in: the address that is printed carries a random token for each role.
Wraps ``apigateway._validate_jwt_authorizer``, which hands the same claims to the function as it
does for a token of the user pool; any other token must be one of the pool.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from ministack.services import apigateway


def install(tokens: Mapping[str, str]) -> None:
    """Let the tokens in, each with its role."""
    validate = apigateway._validate_jwt_authorizer

    async def validate_token(
        route: Any, authorizer: Any, headers: Any, query_params: Any
    ) -> tuple[Any, Any, Any]:
        source = authorizer.get("identitySource", [])
        given = apigateway._extract_token_from_identity_source(source, headers, query_params) or ""
        for role, token in tokens.items():
            if hmac.compare_digest(given.encode(), token.encode()):
                return {"sub": role, "username": role, "cognito:groups": [role]}, [], None
        answer: tuple[Any, Any, Any] = await validate(route, authorizer, headers, query_params)
        return answer

    apigateway._validate_jwt_authorizer = validate_token
