"""What holds for every input: shapes, batches, NaN, emptiness."""

import asyncio
import json
import math
from collections.abc import Awaitable, Callable
from typing import cast

import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from footnote_ragas.metrics import SPECS, JudgeModels, create_scorers
from footnote_ragas.problem import ProblemError
from footnote_ragas.schemas import MetricName, ReasonCode, Sample, SampleScores, ScoreRequest
from footnote_ragas.scoring import MESSAGES, Engine, no_score, reason_for, score_of
from footnote_ragas.settings import Settings
from footnote_ragas.validation import MAX_ISSUES, check_batch

LIMITS = Settings(max_samples=5, max_text_chars=100, max_contexts=4)
names = st.lists(st.sampled_from(list(SPECS)), min_size=1, max_size=4, unique=True)
texts = st.one_of(st.none(), st.text(max_size=120))
lists = st.one_of(st.none(), st.lists(st.text(max_size=30), max_size=6))
samples = st.builds(
    Sample,
    id=st.one_of(st.none(), st.text(max_size=10)),
    user_input=texts,
    response=texts,
    reference=texts,
    retrieved_contexts=lists,
    reference_contexts=lists,
    retrieved_context_ids=lists,
    reference_context_ids=lists,
)


@given(st.floats())
def test_a_score_is_a_number_in_range_or_null_with_a_reason(value: float) -> None:
    score = score_of(value)
    text = score.model_dump_json()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    if score.value is None:
        assert score.reason is not None
        assert not math.isfinite(value) or abs(value) > 1
    else:
        assert score.reason is None
        assert -1 <= score.value <= 1
        assert score.value == pytest.approx(value, abs=1e-6)


@given(names, st.lists(samples, min_size=1, max_size=8))
def test_a_batch_passes_exactly_when_every_field_that_is_needed_has_text(metrics: list[MetricName], batch: list[Sample]) -> None:
    def usable(value: object) -> bool:
        if isinstance(value, str):
            return bool(value.strip()) and len(value) <= LIMITS.max_text_chars
        if isinstance(value, list):
            items = cast("list[str]", value)
            return 0 < len(items) <= LIMITS.max_contexts and all(map(usable, items))
        return False

    fits = len(batch) <= LIMITS.max_samples
    complete = all(usable(getattr(sample, field)) for sample in batch for name in metrics for field in SPECS[name].fields)
    try:
        check_batch(ScoreRequest(metrics=metrics, samples=batch), LIMITS)
    except ProblemError as error:
        assert not (fits and complete)
        assert error.code == ("invalid_request" if fits else "too_many_samples")
        for issue in error.errors or []:
            _, index, field, *rest = issue.path
            assert isinstance(index, int)
            value = cast("object", getattr(batch[index], str(field)))
            place = cast("list[str]", value)[int(rest[0])] if rest else value
            assert not usable(place)
    else:
        assert fits
        assert complete


def test_not_more_places_are_named_than_help() -> None:
    batch = ScoreRequest(metrics=["faithfulness"], samples=[Sample()] * 60)
    with pytest.raises(ProblemError) as caught:
        check_batch(batch, Settings(max_samples=100))
    assert len(caught.value.errors or []) == MAX_ISSUES


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["metrics", "samples", "id", "response", "x"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(json_values)
def test_any_json_is_a_request_or_a_validation_error(value: object) -> None:
    try:
        request = ScoreRequest.model_validate_json(json.dumps(value))
    except ValidationError:
        return
    assert request.metrics
    assert request.samples


def run(
    scorer: Callable[[Sample], Awaitable[float]],
    batch: list[Sample],
    *,
    concurrency: int = 3,
    sample_seconds: float = 5,
    seconds: float = 5,
) -> list[SampleScores]:
    async def work() -> list[SampleScores]:
        engine = Engine({"exact_match": scorer}, concurrency=concurrency, sample_timeout_seconds=sample_seconds)
        return await engine.run(["exact_match"], batch, timeout_seconds=seconds)

    return asyncio.run(work())


@given(st.lists(st.sampled_from(["fails", "0.25", "nan", "inf", "7"]), min_size=1, max_size=20), st.integers(1, 5))
def test_results_stand_in_the_order_of_samples_whatever_the_others_do(plan: list[str], concurrency: int) -> None:
    running = most = 0

    async def scorer(sample: Sample) -> float:
        nonlocal running, most
        running += 1
        most = max(most, running)
        # Later ones finish first.
        await asyncio.sleep(0.001 * (len(plan) - int(sample.id or "0")))
        running -= 1
        outcome = sample.response or ""
        if outcome == "fails":
            raise RuntimeError(outcome)
        return float(outcome)

    batch = [Sample(id=str(place), response=outcome) for place, outcome in enumerate(plan)]
    results = run(scorer, batch, concurrency=concurrency)
    assert [result.id for result in results] == [sample.id for sample in batch]
    assert most <= concurrency
    expected = {"fails": "metric_failed", "nan": "not_a_number", "inf": "not_a_number", "7": "out_of_range"}
    for outcome, result in zip(plan, results, strict=True):
        score = result.scores["exact_match"]
        assert score.value == (0.25 if outcome == "0.25" else None)
        assert (score.reason.code if score.reason else None) == expected.get(outcome)


def test_limits_of_time_end_what_runs_and_what_waits() -> None:
    ended: list[str] = []

    async def scorer(sample: Sample) -> float:
        try:
            await asyncio.sleep(0 if sample.id == "quick" else 60)
        except asyncio.CancelledError:
            ended.append(sample.id or "")
            raise
        return 1.0

    batch = [Sample(id="quick"), Sample(id="slow"), Sample(id="waits")]
    for options in ({"sample_seconds": 0.05}, {"seconds": 0.2}):
        ended.clear()
        results = run(scorer, batch, concurrency=1, **options)
        assert [result.scores["exact_match"].value for result in results] == [1.0, None, None]
        assert [cast("object", result.scores["exact_match"].reason) for result in results[1:]] == [no_score("timeout").reason] * 2
        assert ended[0] == "slow"


def test_every_reason_has_a_sentence() -> None:
    for code in MESSAGES:
        assert no_score(code).reason is not None
        assert MESSAGES[code].endswith(".")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("x"), "metric_failed"),
        (TimeoutError(), "timeout"),
        (openai.APIConnectionError.__new__(openai.APIConnectionError), "judge_unreachable"),
    ],
)
def test_the_cause_says_more_than_the_wrapper(error: Exception, expected: ReasonCode) -> None:
    wrapper = RuntimeError("wrapped")
    wrapper.__cause__ = error
    assert reason_for(wrapper) == expected
    # A chain that bites its tail ends.
    error.__cause__ = wrapper
    assert reason_for(wrapper) == expected


@settings(max_examples=25)
@given(
    st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60), st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=4)
)
def test_metrics_without_models_give_a_number_or_a_reason_for_any_text(response: str, reference: str, contexts: list[str]) -> None:
    scorers = create_scorers(JudgeModels(judge=None, embeddings=None, max_tokens=100))
    assert set(scorers) == {name for name, spec in SPECS.items() if not spec.judge}
    sample = Sample(
        response=response,
        reference=reference,
        retrieved_contexts=contexts,
        reference_contexts=[reference],
        retrieved_context_ids=contexts,
        reference_context_ids=[reference],
    )

    async def work() -> list[SampleScores]:
        engine = Engine(scorers, concurrency=4, sample_timeout_seconds=30)
        return await engine.run(list(scorers), [sample], timeout_seconds=60)

    for name, score in asyncio.run(work())[0].scores.items():
        assert (score.value is None) != (score.reason is None), name
        assert score.value is None or 0 <= score.value <= 1, name
