"""Whether a batch may run: everything that the metrics need is there, and nothing is larger than allowed."""

from collections.abc import Iterator, Sequence
from typing import cast

from footnote_ragas.metrics import SPECS
from footnote_ragas.problem import Issue, ProblemError
from footnote_ragas.schemas import MetricName, Sample, SampleField, ScoreRequest
from footnote_ragas.settings import Settings

MAX_ISSUES = 50
"""More than these help nobody."""


def check_batch(request: ScoreRequest, settings: Settings) -> None:
    """Raises the problem that keeps this batch from running, with every place at once."""
    if len(request.samples) > settings.max_samples:
        raise ProblemError(
            "too_many_samples",
            f"The request has {len(request.samples)} samples of {settings.max_samples} allowed; send them in several requests.",
        )
    issues: list[Issue] = []
    for index, sample in enumerate(request.samples):
        issues.extend(_sample_issues(index, sample, request.metrics, settings))
        if len(issues) >= MAX_ISSUES:
            break
    if issues:
        raise ProblemError(
            "invalid_request",
            "Samples lack what the metrics need, or are too large; `errors` says where.",
            errors=issues[:MAX_ISSUES],
        )


def check_models(request: ScoreRequest, settings: Settings) -> None:
    """Metrics that ask a model need one."""
    judged = [name for name in request.metrics if SPECS[name].judge]
    if judged and settings.judge is None:
        raise ProblemError(
            "judge_not_configured",
            f"No judge model is set and {', '.join(judged)} need one; set RAGAS_JUDGE_URL and RAGAS_JUDGE_MODEL.",
        )
    embedded = [name for name in request.metrics if SPECS[name].embeddings]
    if embedded and settings.embeddings is None:
        raise ProblemError(
            "embeddings_not_configured",
            f"No embeddings model is set and {', '.join(embedded)} need one; set RAGAS_EMBEDDINGS_URL and RAGAS_EMBEDDINGS_MODEL.",
        )


def _sample_issues(index: int, sample: Sample, metrics: Sequence[MetricName], settings: Settings) -> Iterator[Issue]:
    needed: dict[SampleField, MetricName] = {}
    for metric in metrics:
        for field in SPECS[metric].fields:
            needed.setdefault(field, metric)
    for field, metric in needed.items():
        value = cast("str | list[str] | None", getattr(sample, field))
        path: list[str | int] = ["samples", index, field]
        if value is None:
            yield Issue(path=path, code="missing", message=f"{metric} needs it")
        elif isinstance(value, str):
            yield from _text_issues(path, value, metric, settings)
        elif not value:
            yield Issue(path=path, code="empty", message=f"{metric} needs at least one")
        elif len(value) > settings.max_contexts:
            yield Issue(path=path, code="too_many", message=f"has {len(value)} of {settings.max_contexts} allowed")
        else:
            for place, text in enumerate(value):
                yield from _text_issues([*path, place], text, metric, settings)


def _text_issues(path: list[str | int], text: str, metric: MetricName, settings: Settings) -> Iterator[Issue]:
    if not text.strip():
        yield Issue(path=path, code="empty", message=f"{metric} needs text here")
    elif len(text) > settings.max_text_chars:
        yield Issue(path=path, code="too_long", message=f"has {len(text)} characters of {settings.max_text_chars} allowed")
