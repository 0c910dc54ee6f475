"""ragas's real metrics over HTTP, against a judge whose verdicts are known."""

import random
import re
from typing import cast

import pytest

from conftest import Serve
from footnote_ragas.metrics import SPECS
from scripted_judge import ScriptedJudge, cosine

CONTEXTS = [
    "The harbour opened in 1921. Ships of up to 40 metres may moor there.",
    "A ferry leaves every hour. The crossing takes 25 minutes.",
]
SAMPLE = {
    "id": "harbour",
    "user_input": "When did the harbour open?",
    "response": "The harbour opened in 1921. It was built by monks.",
    "reference": "The harbour opened in 1921.",
    "retrieved_contexts": CONTEXTS,
    "reference_contexts": [CONTEXTS[0]],
    "retrieved_context_ids": ["a", "b"],
    "reference_context_ids": ["a"],
}


def values(body: object, index: int = 0) -> dict[str, float | None]:
    results = cast("list[dict[str, dict[str, dict[str, float | None]]]]", cast("dict[str, object]", body)["results"])
    return {name: score["value"] for name, score in results[index]["scores"].items()}


def test_every_metric_scores_a_sample_as_its_definition_says(serve: Serve) -> None:
    client = serve()
    answer = client.post("/v1/score", json={"metrics": list(SPECS), "samples": [SAMPLE]})
    assert answer.status_code == 200, answer.text
    got = values(answer.json())
    similarity = cosine(str(SAMPLE["response"]), str(SAMPLE["reference"]))
    expected = {
        "faithfulness": 0.5,
        "answer_relevancy": cosine(str(SAMPLE["user_input"]), str(SAMPLE["response"])),
        "context_precision": 1.0,
        "context_utilization": 1.0,
        "context_recall": 1.0,
        # One statement right, one too many: F1 = 2/3.
        "answer_correctness": 0.75 * 2 / 3 + 0.25 * similarity,
        "non_llm_context_precision": 1.0,
        "non_llm_context_recall": 1.0,
        "id_based_context_precision": 0.5,
        "id_based_context_recall": 1.0,
        "exact_match": 0.0,
        "string_present": 1.0,
        "quoted_spans_alignment": 1.0,
        # ROUGE-L: 5 words of 10 and of 5.
        "rouge_score": 2 / 3,
    }
    assert {name: got[name] for name in expected} == pytest.approx(expected, abs=1e-6)
    for name in ("non_llm_string_similarity", "bleu_score", "chrf_score"):
        value = got[name]
        assert value is not None
        assert 0 < value < 1


def scripted_answers(share: float, count: int, seed: int) -> list[dict[str, object]]:
    """Answers of four to six sentences; the stated share of all sentences stands in no context."""
    chance = random.Random(seed)  # noqa: S311
    lengths = [chance.randint(4, 6) for _ in range(count)]
    flags = [place < round(share * sum(lengths)) for place in range(sum(lengths))]
    chance.shuffle(flags)
    samples: list[dict[str, object]] = []
    for number, length in enumerate(lengths):
        facts = [f"Pier {number}-{place} has {chance.randrange(2, 90)} moorings." for place in range(8)]
        said: list[str] = []
        for fact in chance.sample(facts, length):
            wrong = flags.pop()
            said.append(re.sub(r"has \d+", f"has {chance.randrange(100, 900)}", fact) if wrong else fact)
        samples.append({"user_input": "How many moorings?", "response": " ".join(said), "retrieved_contexts": facts})
    return samples


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2, 0.5, 1.0])
def test_a_known_share_of_unsupported_sentences_is_measured_within_five_points(serve: Serve, share: float) -> None:
    samples = scripted_answers(share, 40, seed=7)
    answer = serve().post("/v1/score", json={"metrics": ["faithfulness"], "samples": samples})
    assert answer.status_code == 200, answer.text
    scores = [values(answer.json(), index)["faithfulness"] for index in range(len(samples))]
    mean = sum(score for score in scores if score is not None) / len(scores)
    assert abs((1 - mean) - share) <= 0.05


def test_ragas_is_asked_twice_per_faithfulness_and_the_usage_says_so(serve: Serve, judge: ScriptedJudge) -> None:
    body = serve().post("/v1/score", json={"metrics": ["faithfulness", "exact_match"], "samples": [SAMPLE, SAMPLE]}).json()
    assert judge.calls == 4
    assert body["usage"] == {"judge_calls": 4, "embedding_calls": 0, "prompt_tokens": 400, "completion_tokens": 40}
    assert body["versions"]["ragas"] == "0.4.3"
    assert body["versions"]["judge_model"] == "scripted"
    assert [result["id"] for result in body["results"]] == ["harbour", "harbour"]


def reason(body: object, metric: str) -> str:
    results = cast("dict[str, list[dict[str, dict[str, dict[str, dict[str, str]]]]]]", body)["results"]
    return results[0]["scores"][metric]["reason"]["code"]


@pytest.mark.parametrize(
    ("model", "embeddings", "metric", "expected"),
    [
        ("empty", "embed", "faithfulness", "not_a_number"),
        ("empty", "embed", "context_recall", "not_a_number"),
        ("scripted", "embed-zero", "answer_relevancy", "not_a_number"),
        ("wild", "embed", "context_recall", "out_of_range"),
        ("garbage", "embed", "faithfulness", "judge_output_invalid"),
    ],
)
def test_what_is_no_score_is_null_with_a_reason(serve: Serve, model: str, embeddings: str, metric: str, expected: str) -> None:
    client = serve(model, embeddings)
    answer = client.post("/v1/score", json={"metrics": [metric, "exact_match"], "samples": [SAMPLE]})
    assert answer.status_code == 200, answer.text
    assert "NaN" not in answer.text
    assert values(answer.json()) == {metric: None, "exact_match": 0.0}
    assert reason(answer.json(), metric) == expected


def test_output_that_does_not_parse_is_repaired_once(serve: Serve, judge: ScriptedJudge) -> None:
    answer = serve("garbage-once").post("/v1/score", json={"metrics": ["context_recall"], "samples": [SAMPLE]})
    assert values(answer.json()) == {"context_recall": 1.0}
    assert (judge.calls, judge.repairs) == (2, 1)


def test_bleu_of_texts_with_different_numbers_of_sentences_is_scored_or_says_why(serve: Serve) -> None:
    client = serve(None, None)
    for response in ("One. Two. Three.", "One."):
        sample = {"response": response, "reference": "One. Two."}
        score = client.post("/v1/score", json={"metrics": ["bleu_score"], "samples": [sample]}).json()["results"][0]["scores"]["bleu_score"]
        assert (score["value"] is None) != (score["reason"] is None)


def test_bleu_looks_at_the_first_sentence_only(serve: Serve) -> None:
    """As the README warns: ragas hands its sentences to sacrebleu the wrong way round."""
    reference = "The harbour opened in 1921. It is deep."
    responses = ["The harbour opened in 1921. Ferries are never green.", "Ferries are never green. The harbour opened in 1921."]
    samples = [{"response": response, "reference": reference} for response in responses]
    body = serve(None, None).post("/v1/score", json={"metrics": ["bleu_score"], "samples": samples}).json()
    assert values(body, 0)["bleu_score"] == 1
    assert values(body, 1)["bleu_score"] != 1
