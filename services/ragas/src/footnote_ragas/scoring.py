"""Scores a batch: every metric of every sample, a bounded number at once, each with a time limit, until the request's is over."""

import asyncio
import math
from collections.abc import Mapping

import openai
from instructor.core.exceptions import InstructorRetryException
from pydantic import ValidationError

from footnote_ragas.metrics import Scorer
from footnote_ragas.schemas import MetricName, Reason, ReasonCode, Sample, SampleScores, Score

ROUNDING = 1e-6
"""By so much arithmetic may leave −1…1."""

MESSAGES: dict[ReasonCode, str] = {
    "not_a_number": "ragas returned no number: the judge found nothing to judge, or an embedding has no direction.",
    "out_of_range": "ragas returned a value outside of −1…1: the judge's verdicts are not 0 and 1.",
    "timeout": "The time limit was over before ragas returned a value.",
    "judge_unreachable": "The judge did not answer.",
    "judge_rejected": "The judge refused the call; check its key and model.",
    "judge_rate_limited": "The judge refused the call for its rate limit; ask for less at once.",
    "judge_failed": "The judge answered with an error of its own.",
    "judge_output_invalid": "The judge's output was not what ragas asks for, also after one repair.",
    "metric_failed": "ragas failed on this sample.",
}


def score_of(value: float) -> Score:
    """NaN and infinities have no place in JSON and none in a mean."""
    if not math.isfinite(value):
        return no_score("not_a_number")
    if abs(value) > 1 + ROUNDING:
        return no_score("out_of_range")
    return Score(value=min(1.0, max(-1.0, value)))


def no_score(code: ReasonCode) -> Score:
    return Score(value=None, reason=Reason(code=code, message=MESSAGES[code]))


def reason_for(error: BaseException) -> ReasonCode:
    """ragas lets through what the libraries below it raise; the cause says more than the wrapper."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    for item in chain:
        match item:
            case openai.APITimeoutError() | TimeoutError():
                return "timeout"
            case openai.APIConnectionError():
                return "judge_unreachable"
            case openai.RateLimitError():
                return "judge_rate_limited"
            case openai.APIStatusError():
                return "judge_rejected" if item.status_code < 500 else "judge_failed"
            case _:
                continue
    if any(isinstance(item, InstructorRetryException | ValidationError) for item in chain):
        return "judge_output_invalid"
    return "metric_failed"


class Engine:
    """Runs scorers; what bounds them is shared by all requests."""

    def __init__(self, scorers: Mapping[MetricName, Scorer], *, concurrency: int, sample_timeout_seconds: float) -> None:
        self.scorers = scorers
        self._slots = asyncio.Semaphore(concurrency)
        self._sample_timeout_seconds = sample_timeout_seconds

    async def _score(self, name: MetricName, sample: Sample) -> Score:
        async with self._slots:
            try:
                async with asyncio.timeout(self._sample_timeout_seconds):
                    return score_of(await self.scorers[name](sample))
            # Whatever ragas raises on one sample is that sample's result; its text may quote the sample.
            except Exception as error:  # noqa: BLE001
                return no_score(reason_for(error))

    async def run(self, metrics: list[MetricName], samples: list[Sample], *, timeout_seconds: float) -> list[SampleScores]:
        """In the samples' order. What is unfinished at the end is cancelled and counts as timed out; a cancelled caller cancels all."""
        tasks = {(index, name): asyncio.create_task(self._score(name, sample)) for index, sample in enumerate(samples) for name in metrics}
        try:
            await asyncio.wait(tasks.values(), timeout=timeout_seconds)
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
        return [
            SampleScores(
                id=sample.id,
                scores={name: _settled(tasks[index, name]) for name in metrics},
            )
            for index, sample in enumerate(samples)
        ]


def _settled(task: asyncio.Task[Score]) -> Score:
    return no_score("timeout") if task.cancelled() else task.result()
