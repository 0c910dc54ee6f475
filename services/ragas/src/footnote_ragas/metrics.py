"""ragas's metrics behind one interface. What each needs of a sample is stated here and checked before anything runs."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias, cast

import openai
import ragas
from ragas.dataset_schema import SingleTurnSample
from ragas.embeddings.openai_provider import OpenAIEmbeddings
from ragas.llms import llm_factory
from ragas.metrics import collections as rc

# ragas has these four in its older form only.
from ragas.metrics._context_precision import IDBasedContextPrecision, NonLLMContextPrecisionWithReference
from ragas.metrics._context_recall import IDBasedContextRecall, NonLLMContextRecall
from ragas.metrics.base import SingleTurnMetric
from ragas.metrics.result import MetricResult

from footnote_ragas.schemas import MetricName, Sample, SampleField
from footnote_ragas.settings import Endpoint

RAGAS_VERSION = ragas.__version__

Scorer: TypeAlias = Callable[[Sample], Awaitable[float]]


@dataclass(frozen=True)
class MetricSpec:
    """What a metric needs."""

    fields: tuple[SampleField, ...]
    judge: bool = False
    embeddings: bool = False


SPECS: dict[MetricName, MetricSpec] = {
    "faithfulness": MetricSpec(("user_input", "response", "retrieved_contexts"), judge=True),
    "answer_relevancy": MetricSpec(("user_input", "response"), judge=True, embeddings=True),
    "context_precision": MetricSpec(("user_input", "reference", "retrieved_contexts"), judge=True),
    "context_utilization": MetricSpec(("user_input", "response", "retrieved_contexts"), judge=True),
    "context_recall": MetricSpec(("user_input", "reference", "retrieved_contexts"), judge=True),
    "answer_correctness": MetricSpec(("user_input", "response", "reference"), judge=True, embeddings=True),
    "non_llm_context_precision": MetricSpec(("retrieved_contexts", "reference_contexts")),
    "non_llm_context_recall": MetricSpec(("retrieved_contexts", "reference_contexts")),
    "id_based_context_precision": MetricSpec(("retrieved_context_ids", "reference_context_ids")),
    "id_based_context_recall": MetricSpec(("retrieved_context_ids", "reference_context_ids")),
    "non_llm_string_similarity": MetricSpec(("response", "reference")),
    "bleu_score": MetricSpec(("response", "reference")),
    "rouge_score": MetricSpec(("response", "reference")),
    "chrf_score": MetricSpec(("response", "reference")),
    "exact_match": MetricSpec(("response", "reference")),
    "string_present": MetricSpec(("response", "reference")),
    "quoted_spans_alignment": MetricSpec(("response", "retrieved_contexts")),
}


@dataclass(frozen=True)
class JudgeModels:
    """The clients and models behind the metrics that ask a model."""

    judge: tuple[openai.AsyncOpenAI, Endpoint] | None
    embeddings: tuple[openai.AsyncOpenAI, Endpoint] | None
    max_tokens: int


def create_scorers(models: JudgeModels) -> dict[MetricName, Scorer]:
    """A scorer for every metric whose models are configured. Scorers raise whatever ragas raises and may return NaN."""
    scorers: dict[MetricName, Scorer] = {name: _in_thread(scorer) for name, scorer in _without_models().items()}
    if models.judge is None:
        return scorers
    client, endpoint = models.judge
    # Verdicts are structured output: one that does not parse is sent back once with what is wrong with it.
    llm = llm_factory(endpoint.model, client=client, max_tokens=models.max_tokens, max_retries=1)
    scorers["faithfulness"] = _collection("faithfulness", rc.Faithfulness(llm=llm))
    scorers["context_precision"] = _collection("context_precision", rc.ContextPrecision(llm=llm))
    scorers["context_utilization"] = _collection("context_utilization", rc.ContextUtilization(llm=llm))
    scorers["context_recall"] = _collection("context_recall", rc.ContextRecall(llm=llm))
    if models.embeddings is None:
        return scorers
    embedder = OpenAIEmbeddings(models.embeddings[0], model=models.embeddings[1].model)
    scorers["answer_relevancy"] = _collection("answer_relevancy", rc.AnswerRelevancy(llm=llm, embeddings=embedder))
    scorers["answer_correctness"] = _collection("answer_correctness", rc.AnswerCorrectness(llm=llm, embeddings=embedder))
    return scorers


def _without_models() -> dict[MetricName, Scorer]:
    return {
        "non_llm_context_precision": _single_turn("non_llm_context_precision", NonLLMContextPrecisionWithReference()),
        "non_llm_context_recall": _single_turn("non_llm_context_recall", NonLLMContextRecall()),
        "id_based_context_precision": _single_turn("id_based_context_precision", IDBasedContextPrecision()),
        "id_based_context_recall": _single_turn("id_based_context_recall", IDBasedContextRecall()),
        "non_llm_string_similarity": _collection("non_llm_string_similarity", rc.NonLLMStringSimilarity()),
        "bleu_score": _collection("bleu_score", rc.BleuScore()),
        "rouge_score": _collection("rouge_score", rc.RougeScore()),
        "chrf_score": _collection("chrf_score", rc.CHRFScore()),
        "exact_match": _collection("exact_match", rc.ExactMatch()),
        "string_present": _collection("string_present", rc.StringPresence()),
        "quoted_spans_alignment": _collection("quoted_spans_alignment", rc.QuotedSpansAlignment()),
    }


def _inputs(name: MetricName, sample: Sample) -> dict[str, object]:
    return {field: cast("object", getattr(sample, field)) for field in SPECS[name].fields}


def _collection(name: MetricName, metric: rc.BaseMetric) -> Scorer:
    async def score(sample: Sample) -> float:
        # Every metric narrows the signature of its base.
        ascore = cast("Callable[..., Awaitable[MetricResult]]", getattr(metric, "ascore"))  # noqa: B009 (its type is unknown)
        result = await ascore(**_inputs(name, sample))
        return float(cast("float", result.value))

    return score


def _single_turn(name: MetricName, metric: SingleTurnMetric) -> Scorer:
    async def score(sample: Sample) -> float:
        return float(await metric.single_turn_ascore(SingleTurnSample.model_validate(_inputs(name, sample))))

    return score


def _in_thread(scorer: Scorer) -> Scorer:
    """These compute without awaiting anything: on the event loop they would hold every other request."""

    async def score(sample: Sample) -> float:
        return await asyncio.to_thread(lambda: asyncio.run(_plain(scorer, sample)))

    return score


async def _plain(scorer: Scorer, sample: Sample) -> float:
    return await scorer(sample)
