"""The routes."""

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar, cast

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from footnote_ragas import __version__
from footnote_ragas.body_limit import BodyLimit
from footnote_ragas.envelope import Envelope
from footnote_ragas.judge import create_client, current_usage, probe
from footnote_ragas.metrics import RAGAS_VERSION, SPECS, JudgeModels, create_scorers
from footnote_ragas.problem import Issue, Problem, ProblemCode, ProblemError
from footnote_ragas.schemas import (
    Health,
    Metric,
    MetricList,
    Readiness,
    SampleScores,
    ScoreRequest,
    ScoreResponse,
    Usage,
    Versions,
)
from footnote_ragas.scoring import Engine
from footnote_ragas.settings import Settings
from footnote_ragas.validation import check_batch, check_models

T = TypeVar("T")

PROBE_SECONDS_KEPT = 5.0
"""So that probes do not become the judge's load."""


class Service:
    """What the routes share while the program runs."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        seconds = settings.sample_timeout_seconds
        self.judge = create_client(settings.judge, timeout_seconds=seconds) if settings.judge else None
        self.embeddings = create_client(settings.embeddings, timeout_seconds=seconds) if settings.embeddings else None
        self.engine = Engine(
            create_scorers(
                JudgeModels(
                    judge=(self.judge, settings.judge) if self.judge and settings.judge else None,
                    embeddings=(self.embeddings, settings.embeddings) if self.embeddings and settings.embeddings else None,
                    max_tokens=settings.judge_max_tokens,
                )
            ),
            concurrency=settings.concurrency,
            sample_timeout_seconds=seconds,
        )
        self.running = 0
        self._readiness: tuple[float, Readiness] | None = None
        self._probing = asyncio.Lock()

    @property
    def versions(self) -> Versions:
        judge, embeddings = self.settings.judge, self.settings.embeddings
        return Versions(
            service=__version__,
            ragas=RAGAS_VERSION,
            judge_model=judge.model if judge else None,
            embeddings_model=embeddings.model if embeddings else None,
        )

    async def readiness(self) -> Readiness:
        async with self._probing:
            now = time.monotonic()
            if self._readiness is None or now - self._readiness[0] > PROBE_SECONDS_KEPT:
                judge, embeddings = await asyncio.gather(
                    probe(self.judge, self.settings.judge, "JUDGE"),
                    probe(self.embeddings, self.settings.embeddings, "EMBEDDINGS"),
                )
                # Without embeddings most metrics work; without a judge those that this service is for do not.
                ready = judge.status == "ok" and embeddings.status != "failed"
                dependencies = {"judge": judge, "embeddings": embeddings}
                self._readiness = (
                    time.monotonic(),
                    Readiness.model_validate({"status": "ready" if ready else "not_ready", "dependencies": dependencies}),
                )
            return self._readiness[1]

    async def score(self, request: ScoreRequest) -> ScoreResponse:
        check_batch(request, self.settings)
        check_models(request, self.settings)
        if self.running >= self.settings.max_requests:
            raise ProblemError("overloaded", f"{self.running} requests are running, as many as may; try again soon.", retry_after=2)
        self.running += 1
        began = time.perf_counter()
        usage = Usage()
        token = current_usage.set(usage)
        try:
            results = await self.engine.run(request.metrics, request.samples, timeout_seconds=self.settings.request_timeout_seconds)
        finally:
            current_usage.reset(token)
            self.running -= 1
        raise_common_failure(results)
        return ScoreResponse(results=results, usage=usage, versions=self.versions, seconds=round(time.perf_counter() - began, 3))

    async def close(self) -> None:
        for client in (self.judge, self.embeddings):
            if client is not None:
                await client.close()


COMMON_FAILURES: dict[str, tuple[ProblemCode, str, int | None]] = {
    "judge_unreachable": ("judge_unreachable", "The judge did not answer; check RAGAS_JUDGE_URL, or try again.", 5),
    "judge_failed": ("judge_unreachable", "The judge answers with errors of its own; try again.", 5),
    "judge_rate_limited": ("overloaded", "The judge refuses for its rate limit; try again with less at once.", 10),
    "judge_rejected": (
        "judge_rejected",
        "The judge refuses every call; check RAGAS_JUDGE_API_KEY and RAGAS_JUDGE_MODEL.",
        None,
    ),
    "timeout": ("timeout", "The time limit was over before any value was there; send fewer samples at once.", None),
}


def raise_common_failure(results: list[SampleScores]) -> None:
    """When nothing got a value and all for one reason, the request failed; one value is enough for a result."""
    reasons = {score.reason.code if score.reason else None for result in results for score in result.scores.values()}
    if len(reasons) == 1 and (failure := COMMON_FAILURES.get(reasons.pop() or "")):
        code, detail, retry_after = failure
        raise ProblemError(code, detail, retry_after=retry_after)


async def while_connected(request: Request, work: Coroutine[None, None, T]) -> T:
    """Cancels the work when the client leaves: nobody would read the result, and every judge call costs."""

    async def left() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    working, leaving = asyncio.create_task(work), asyncio.create_task(left())
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


def create_app(settings: Settings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        service = Service(settings)
        app.state.service = service
        yield
        await service.close()

    app = FastAPI(
        title="Footnote's ragas sidecar",
        version=__version__,
        description="ragas's metrics over HTTP. The judge is whatever OpenAI-compatible server the operator configured.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    # Outermost last.
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes, timeout_seconds=settings.request_timeout_seconds)
    app.add_middleware(Envelope, token=settings.token)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_exception)
    _add_routes(app)
    app.openapi = lambda: _openapi(app)
    return app


def _service(request: Request) -> Service:
    return cast("Service", request.app.state.service)


Running = Annotated[Service, Depends(_service)]


def _problems(*statuses: int) -> dict[int | str, dict[str, object]]:
    return {status: {"model": Problem, "description": "RFC 9457"} for status in statuses}


def _add_routes(app: FastAPI) -> None:
    @app.get("/healthz", summary="The process is alive", tags=["health"])
    async def healthz() -> Health:
        return Health(status="ok")

    @app.get(
        "/readyz",
        summary="Whether a judge model is configured and reachable",
        tags=["health"],
        responses={503: {"model": Readiness, "description": "Not ready; `dependencies` says why"}},
    )
    async def readyz(service: Running, response: Response) -> Readiness:
        readiness = await service.readiness()
        if readiness.status != "ready":
            response.status_code = 503
        return readiness

    @app.get("/v1/metrics", summary="What can be scored and what each needs", tags=["scores"], responses=_problems(401))
    async def metrics(service: Running) -> MetricList:
        return MetricList(
            data=[
                Metric(
                    name=name,
                    fields=list(spec.fields),
                    judge=spec.judge,
                    embeddings=spec.embeddings,
                    available=name in service.engine.scorers,
                )
                for name, spec in SPECS.items()
            ],
            versions=service.versions,
        )

    @app.post(
        "/v1/score",
        summary="Scores samples by metrics",
        tags=["scores"],
        responses=_problems(400, 401, 413, 415, 422, 500, 502, 503, 504),
    )
    async def score(body: ScoreRequest, request: Request, service: Running) -> ScoreResponse:
        facts = cast("dict[str, object]", request.state.facts)
        facts |= {"samples": len(body.samples), "metrics": body.metrics}
        response = await while_connected(request, service.score(body))
        facts["usage"] = response.usage.model_dump()
        return response

    del healthz, readyz, metrics, score


async def _on_invalid(request: Request, error: Exception) -> Response:
    """pydantic's own report repeats the input: only places and kinds are passed on."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise ProblemError("unsupported_media_type", "The body is not JSON; send application/json.") from None
    issues = cast("RequestValidationError", error).errors()
    if any(issue["type"] == "json_invalid" for issue in issues):
        raise ProblemError("malformed_json", "The body is not JSON; check it for cut-off or unescaped parts.") from None
    raise ProblemError(
        "invalid_request",
        "The request does not have the shape that /openapi.json describes; `errors` says where.",
        errors=[
            Issue(
                path=[part if isinstance(part, int) else str(part)[:100] for part in issue["loc"][1:]],
                code=issue["type"],
                message=issue["msg"][:500],
            )
            for issue in issues[:50]
        ],
    ) from None


async def _on_http_exception(request: Request, error: Exception) -> Response:
    status = cast("HTTPException", error).status_code
    if status == 404:
        raise ProblemError("not_found", "There is nothing at this path; /openapi.json lists what there is.") from None
    if status == 405:
        raise ProblemError("method_not_allowed", f"{request.method} is not possible here.") from None
    raise ProblemError("malformed_json", "The body is not JSON; check it for cut-off or unescaped parts.") from None


def _openapi(app: FastAPI) -> dict[str, object]:
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schema["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer", "description": "RAGAS_TOKEN, where it is set."}
        }
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                if path.startswith("/v1/"):
                    operation["security"] = [{}, {"bearer": []}]
                for response in operation["responses"].values():
                    content = response.get("content", {})
                    if content.get("application/json", {}).get("schema", {}).get("$ref", "").endswith("/Problem"):
                        content["application/problem+json"] = content.pop("application/json")
        app.openapi_schema = schema
    return app.openapi_schema
