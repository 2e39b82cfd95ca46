"""Every route of the dashboard's API, so that a new one is tested without being named."""

import json

from local.settings import REPOSITORY_ROOT

PATHS = json.loads((REPOSITORY_ROOT / "dashboard" / "openapi.json").read_text())["paths"]
ROUTES = [(method.upper(), path) for path, methods in PATHS.items() for method in methods]
LOOKS = [path for method, path in ROUTES if method == "GET"]
ORDERS = [path for method, path in ROUTES if method == "POST"]

_FILLED = {
    "{campaign_id}": "default",
    "{experiment_id}": "default-0001",
    "{name}": "decoder.zip",
    "{clip}": "hall",
    "{index}": "0",
    "{side}": "source",
}


def filled(path: str) -> str:
    """Put names into an address."""
    for name, value in _FILLED.items():
        path = path.replace(name, value)
    assert "{" not in path, f"say in tests/routes.py what {path} is asked with"
    return path
