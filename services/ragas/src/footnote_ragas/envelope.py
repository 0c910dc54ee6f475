"""What surrounds every request: its id, the bearer token, errors as problems, one log line."""

import re
import secrets
import time
from dataclasses import dataclass

from pydantic import SecretStr
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from footnote_ragas.logs import logger, where
from footnote_ragas.problem import STATUSES, ProblemError

OPEN_PATHS = frozenset({"/healthz", "/readyz", "/openapi.json"})
"""Probes and whoever generates a client hold no token."""

CLIENT_CLOSED_REQUEST = 499


def problem_response(error: ProblemError, request_id: str) -> Response:
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.code == "unauthorized":
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        error.to_problem(request_id).model_dump_json(exclude_none=True),
        status_code=STATUSES[error.code],
        media_type="application/problem+json",
        headers=headers,
    )


@dataclass
class Envelope:
    """ASGI middleware; the outermost one."""

    app: ASGIApp
    token: SecretStr | None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        headers = dict[bytes, bytes](scope["headers"])
        request_id = _request_id(headers.get(b"x-request-id", b""))
        facts: dict[str, object] = {"request_id": request_id, "method": scope["method"], "path": scope["path"][:100]}
        scope.setdefault("state", {})["facts"] = facts
        # Set while the response is sent, so that its type is not narrowed to what it was before.
        sent: dict[str, int] = {}

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent["status"] = message["status"]
                message["headers"] = [*message.get("headers", []), (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            try:
                self._authorize(scope["path"], headers.get(b"authorization", b""))
                await self.app(scope, receive, send_with_id)
            except ProblemError as error:
                facts["code"] = error.code
                await problem_response(error, request_id)(scope, receive, send_with_id)
        except ClientDisconnect:
            sent["status"] = CLIENT_CLOSED_REQUEST
        except Exception as error:
            # Its message may quote a sample: the log has its kind and place only.
            facts |= {"error": type(error).__name__, "at": where(error.__traceback__)}
            logger.error("unexpected error", extra=facts)
            if sent:
                raise
            problem = ProblemError("internal", "An unexpected error occurred; the request id leads to its log entry.")
            await problem_response(problem, request_id)(scope, receive, send_with_id)
        finally:
            facts |= {"status": sent.get("status"), "milliseconds": round((time.perf_counter() - began) * 1000, 1)}
            quiet = scope["path"] in OPEN_PATHS and sent.get("status") == 200
            (logger.debug if quiet else logger.info)("request", extra=facts)

    def _authorize(self, path: str, header: bytes) -> None:
        if self.token is None or path in OPEN_PATHS:
            return
        scheme, _, given = header.partition(b" ")
        expected = self.token.get_secret_value().encode()
        if scheme.lower() != b"bearer" or not secrets.compare_digest(given.strip(), expected):
            raise ProblemError("unauthorized", "The bearer token is missing or wrong; send the one in RAGAS_TOKEN.")


def _request_id(given: bytes) -> str:
    text = given.decode("ascii", errors="replace")
    return text if re.fullmatch(r"[A-Za-z0-9._-]{1,100}", text) else f"req_{secrets.token_hex(12)}"
