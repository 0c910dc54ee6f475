"""What goes over the wire. A sample's fields have ragas's own names."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

MetricName = Literal[
    "faithfulness",
    "answer_relevancy",
    "context_precision",
    "context_utilization",
    "context_recall",
    "answer_correctness",
    "non_llm_context_precision",
    "non_llm_context_recall",
    "id_based_context_precision",
    "id_based_context_recall",
    "non_llm_string_similarity",
    "bleu_score",
    "rouge_score",
    "chrf_score",
    "exact_match",
    "string_present",
    "quoted_spans_alignment",
]

SampleField = Literal[
    "user_input",
    "response",
    "reference",
    "retrieved_contexts",
    "reference_contexts",
    "retrieved_context_ids",
    "reference_context_ids",
]

ReasonCode = Literal[
    "not_a_number",
    "out_of_range",
    "timeout",
    "judge_unreachable",
    "judge_rejected",
    "judge_rate_limited",
    "judge_failed",
    "judge_output_invalid",
    "metric_failed",
]


def _well_formed(text: str) -> str:
    """JSON can spell half a surrogate pair; no model can be sent one."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("is not well-formed Unicode") from None
    return text


Text = Annotated[str, AfterValidator(_well_formed)]
ShortText = Annotated[Text, Field(max_length=200)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Sample(Strict):
    """One question with what was answered and retrieved. Which fields a metric needs, `GET /v1/metrics` says."""

    id: ShortText | None = None
    user_input: Text | None = None
    response: Text | None = None
    reference: Text | None = None
    retrieved_contexts: list[Text] | None = None
    reference_contexts: list[Text] | None = None
    retrieved_context_ids: list[ShortText] | None = None
    reference_context_ids: list[ShortText] | None = None


class ScoreRequest(Strict):
    metrics: list[MetricName] = Field(min_length=1)
    samples: list[Sample] = Field(min_length=1)

    @field_validator("metrics")
    @classmethod
    def _each_once(cls, value: list[MetricName]) -> list[MetricName]:
        if len(set(value)) != len(value):
            raise ValueError("names a metric twice")
        return value


class Reason(BaseModel):
    """Why there is no value."""

    code: ReasonCode
    message: str


class Score(BaseModel):
    """`value` is null exactly where `reason` is not."""

    value: float | None = Field(description="In −1…1; only the cosines of embeddings fall below 0.")
    reason: Reason | None = None


class SampleScores(BaseModel):
    id: str | None = Field(description="As the request gave it.")
    scores: dict[MetricName, Score]


class Usage(BaseModel):
    """What the request cost at the judge, calls that led to no value included."""

    judge_calls: int = 0
    embedding_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Versions(BaseModel):
    """Everything here that can change a value."""

    service: str
    ragas: str
    judge_model: str | None
    embeddings_model: str | None


class ScoreResponse(BaseModel):
    results: list[SampleScores] = Field(description="One per sample, in the order of the request.")
    usage: Usage
    versions: Versions
    seconds: float


class Metric(BaseModel):
    name: MetricName
    fields: list[SampleField] = Field(description="What a sample must have.")
    judge: bool
    embeddings: bool
    available: bool = Field(description="Whether the models that it needs are configured.")


class MetricList(BaseModel):
    data: list[Metric]
    versions: Versions


class Health(BaseModel):
    status: Literal["ok"]


class Dependency(BaseModel):
    status: Literal["ok", "failed", "not_configured"]
    latency_ms: float | None
    detail: str


class Readiness(BaseModel):
    status: Literal["ready", "not_ready"]
    dependencies: dict[Literal["judge", "embeddings"], Dependency]
