"""Errors as RFC 9457 problem details, with a closed list of codes."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ProblemCode = Literal[
    "invalid_request",
    "malformed_json",
    "unsupported_media_type",
    "unauthorized",
    "not_found",
    "method_not_allowed",
    "body_too_large",
    "too_many_samples",
    "judge_not_configured",
    "embeddings_not_configured",
    "judge_unreachable",
    "judge_rejected",
    "overloaded",
    "timeout",
    "internal",
]

STATUSES: dict[ProblemCode, int] = {
    "invalid_request": 422,
    "malformed_json": 400,
    "unsupported_media_type": 415,
    "unauthorized": 401,
    "not_found": 404,
    "method_not_allowed": 405,
    "body_too_large": 413,
    "too_many_samples": 413,
    "judge_not_configured": 503,
    "embeddings_not_configured": 503,
    "judge_unreachable": 502,
    "judge_rejected": 502,
    "overloaded": 503,
    "timeout": 504,
    "internal": 500,
}


class Issue(BaseModel):
    """Where a request is wrong, and how; never what it said."""

    model_config = ConfigDict(extra="forbid")

    path: list[str | int] = Field(description="From the body inwards, such as `samples`, 3, `response`.")
    code: str
    message: str


class Problem(BaseModel):
    """RFC 9457."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(examples=["urn:footnote:problem:judge_not_configured"])
    title: str
    status: int
    code: ProblemCode
    detail: str
    requestId: str  # noqa: N815 (the name that Footnote's own API gives it)
    errors: list[Issue] | None = None


class ProblemError(Exception):
    """Becomes a problem response. `detail` is one sentence: what, on what, what to do."""

    def __init__(self, code: ProblemCode, detail: str, *, errors: list[Issue] | None = None, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.code: ProblemCode = code
        self.detail = detail
        self.errors = errors
        self.retry_after = retry_after

    def to_problem(self, request_id: str) -> Problem:
        return Problem(
            type=f"urn:footnote:problem:{self.code}",
            title=self.code.replace("_", " ").capitalize(),
            status=STATUSES[self.code],
            code=self.code,
            detail=self.detail,
            requestId=request_id,
            errors=self.errors,
        )
