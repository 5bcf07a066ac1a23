"""The HTTP application: what each endpoint does."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version as release_of
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi import Path as PathParameter
from fastapi_offline import FastAPIOffline
from pydantic import BeforeValidator, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError
from starlette.middleware.trustedhost import TrustedHostMiddleware

from models_ml.errors import MissingInputError
from models_ml.features.contract import read_contract
from models_ml.live.compiled_sql import read_live_sql
from models_ml.live.records import json_records, parse_records, to_records
from models_ml.live.scoring import BrokenRecord, LiveScoring
from models_ml.service.auth_and_limits import AccessLog, key_check, read_body
from models_ml.service.batching import Gatherer, TooBusyError
from models_ml.service.config import ServiceSettings
from models_ml.service.current_model import Champion
from models_ml.service.error_responses import Found, add_handlers, refuse
from models_ml.service.openapi import describe_body
from models_ml.service.published_scores import PublishedScores
from models_ml.service.schemas import Predictions, PublishedScore, Refusal, Status, Wording
from models_ml.settings import Settings
from models_ml.warehouse.csv_files import LARGEST, NUMBER

RELEASE = release_of("scorehouse")
PAGE = Path(__file__).with_name("page.html")
LOOPBACK_NAMES = ["localhost", "127.0.0.1"]
REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": Refusal, "description": description}
    for code, description in (
        (401, "The header X-API-Key is missing or wrong"),
        (413, "The body is too large or has too many records"),
        (422, "A record or field is invalid; `loc` names it"),
        (503, "Too many requests are waiting; try again later"),
    )
}


@dataclass(frozen=True)
class Service:
    """Everything the endpoints need.

    Attributes:
        settings: Limits.
        champion: The model.
        scoring: The SQL.
        published: Scores of the last published run.
        wording: Texts of the reason codes.
        reader: Reads and describes records.
    """

    settings: ServiceSettings
    champion: Champion
    scoring: LiveScoring
    published: PublishedScores
    wording: Wording
    reader: TypeAdapter[Any]

    @classmethod
    def start(cls, settings: Settings, service_settings: ServiceSettings) -> Service:
        """Load the model and plan the SQL.

        Raises:
            ScorehouseError: There is no usable model, or the dbt project does not compile.
        """
        contract = read_contract(settings.dictionary)
        return cls(
            settings=service_settings,
            champion=Champion(settings.artifacts, contract),
            scoring=LiveScoring(read_live_sql(settings), contract),
            published=PublishedScores(settings),
            wording=Wording.read(settings.dictionary.with_name("reason_codes.csv"), contract),
            reader=json_records(contract),
        )


def create_app(service: Service) -> FastAPI:
    """The application around a started service."""
    gatherer = Gatherer(service.scoring, service.champion, service.settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        watching = asyncio.create_task(_watch(service))
        yield
        watching.cancel()
        await gatherer.close()

    app = FastAPIOffline(
        title="Scorehouse",
        summary="Credit-default scores of new records, by the SQL and the model of the table.",
        version=RELEASE,
        lifespan=lifespan,
        redoc_url=None,
    )
    open_to_all, with_key = APIRouter(), APIRouter(dependencies=[key_check(service.settings)])
    _add_open(open_to_all, service)
    _add_scores(with_key, service, gatherer)
    app.include_router(open_to_all)
    app.include_router(with_key)
    add_handlers(app)
    describe_body(app, "/predict", service.reader, service.scoring.contract)
    if service.settings.is_loopback:
        # Otherwise a foreign web page could point a name of its own here and read the responses (DNS rebinding).
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK_NAMES)
    app.add_middleware(AccessLog)
    return app


async def _watch(service: Service) -> None:
    """Check for a promoted model regularly; it loads on another thread while requests are served."""
    while True:
        await asyncio.sleep(service.settings.watch_seconds)
        await asyncio.to_thread(service.champion.refresh)


def _add_open(router: APIRouter, service: Service) -> None:
    """Endpoints that reveal nothing about applicants and need no key."""
    page = PAGE.read_bytes()

    @router.get("/", include_in_schema=False)
    async def show_page() -> Response:
        policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
        policy += "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"
        headers = {"content-security-policy": policy, "x-content-type-options": "nosniff"}
        return Response(page, media_type="text/html", headers=headers)

    @router.get("/status", response_model=Status, summary="State of the service")
    async def status() -> Status:
        problem = service.champion.problem
        return Status(
            status="degraded" if problem else "ok",
            model_version=service.champion.scorer.version,
            problem=problem,
            published=service.published.exists,
        )


def _add_scores(router: APIRouter, service: Service, gatherer: Gatherer) -> None:
    """Endpoints that need the key, if one is set."""

    @router.get("/version", responses={401: REFUSALS[401]}, summary="Manifest of the current model")
    async def version() -> dict[str, Any]:
        return {"scorehouse": RELEASE, **service.champion.facts}

    @router.post(
        "/predict",
        response_model=Predictions,
        responses=REFUSALS,
        summary="Score raw credit products of one or many applicants",
    )
    async def predict(request: Request) -> Response:
        body = await read_body(request, service.settings.max_body_bytes)
        try:
            rows = parse_records(body, service.reader, service.scoring.contract)
        except ValidationError as error:
            return refuse(422, *_problems(error))
        request.state.n_records = len(rows)
        if len(rows) > service.settings.max_records:
            most = service.settings.max_records
            message = f"expected at most {most} records, found {len(rows)}; send fewer at a time"
            return refuse(413, (["body", "records"], message, "too_many_records"))
        try:
            result = await gatherer.score(to_records(rows, service.scoring.contract))
        except TooBusyError:
            return refuse(503, (["body"], "too many records are waiting; try again later", "busy"))
        if result.broken:
            return refuse(422, *(_broken(item) for item in result.broken))
        predictions = service.wording.predictions(result.scores)
        text = json.dumps({"predictions": predictions}, allow_nan=False)
        return Response(text, media_type="application/json")

    @router.get(
        "/applicants/{id}",
        response_model=PublishedScore,
        responses={
            **{code: REFUSALS[code] for code in (401, 422)},
            404: {"model": Refusal, "description": "The applicant has no published score"},
            503: {"model": Refusal, "description": "Nothing is published yet"},
        },
        summary="Published score of an applicant",
    )
    def applicant(
        id_: Annotated[
            int, PathParameter(alias="id", ge=0, le=LARGEST), BeforeValidator(_plain_digits)
        ],
    ) -> dict[str, Any]:
        try:
            row = service.published.get(id_)
        except MissingInputError as error:
            raise HTTPException(503, str(error)) from error
        if row is None:
            raise HTTPException(404, f"applicant {id_} has no published score")
        return service.wording.published(row)


def _plain_digits(text: str) -> str:
    """Without this check `` 7``, ``7.0`` and ``0_7`` would all mean applicant 7."""
    if not re.fullmatch(NUMBER, text):
        raise PydanticCustomError("number", "expected a number in plain digits")
    return text


def _broken(record: BrokenRecord) -> Found:
    """What the staging SQL reports about a record."""
    return ["body", "records", record.position, record.column], record.problem, "quarantined"


def _problems(error: ValidationError) -> list[Found]:
    """What is wrong with a body, without its values."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [(["body", *problem["loc"]], problem["msg"], problem["type"]) for problem in found]
