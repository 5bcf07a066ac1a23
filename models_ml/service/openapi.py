"""Describes the request body: the service parses it itself, so FastAPI cannot derive a description."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter

from models_ml.features.contract import FeatureContract
from models_ml.service.schemas import example_request


def describe_body(
    app: FastAPI, path: str, reader: TypeAdapter[Any], contract: FeatureContract
) -> None:
    """Add the body of a POST, with an example, to the OpenAPI document.

    Args:
        app: The application.
        path: Path of the operation.
        reader: Parses the body.
        contract: Names the columns of the example.
    """
    document = app.openapi()  # FastAPI caches it and serves this object
    schema = reader.json_schema(ref_template="#/components/schemas/{model}")
    document["components"]["schemas"].update(schema.pop("$defs"))
    document["components"]["schemas"]["PredictRequest"] = schema
    document["paths"][path]["post"]["requestBody"] = {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/PredictRequest"},
                "examples": {
                    "real applicant": {
                        "summary": "The first applicant of the published data",
                        "value": example_request(contract),
                    }
                },
            }
        },
    }
