"""Write the API's description, from which the dashboard's client types are made."""

from pathlib import Path

from lambdas.dashboard.resolver import openapi_document

DOCUMENT = Path(__file__).resolve().parent.parent / "dashboard" / "openapi.json"

if __name__ == "__main__":
    DOCUMENT.write_text(openapi_document(), encoding="utf-8")
