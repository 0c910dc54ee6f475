"""Limits, errors, cancellation and silence, over real sockets."""

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import httpx2
import pytest
from starlette.types import Message, Receive, Scope, Send

from conftest import Serve
from footnote_ragas.envelope import Envelope
from footnote_ragas.logs import configure_logs, logger
from scripted_judge import KEY, ScriptedJudge

ROOT = Path(__file__).parent.parent
SAMPLE: dict[str, object] = {
    "user_input": "When did the harbour open?",
    "response": "The harbour opened in 1921.",
    "reference": "The harbour opened in 1921.",
    "retrieved_contexts": ["The harbour opened in 1921."],
}


def score(client: httpx2.Client, metrics: list[str], samples: list[dict[str, object]]) -> httpx2.Response:
    return client.post("/v1/score", json={"metrics": metrics, "samples": samples})


def assert_problem(answer: httpx2.Response, status: int, code: str) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, object] = answer.json()
    assert problem["code"] == code
    assert problem["type"] == f"urn:footnote:problem:{code}"
    assert problem["status"] == status
    assert problem["requestId"] == answer.headers["x-request-id"]
    return problem


def wait_until(holds: Callable[[], bool]) -> None:
    """For as long as a busy machine may need."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_it_is_alive_and_ready_when_the_judge_answers(serve: Serve) -> None:
    client = serve()
    assert client.get("/healthz").json() == {"status": "ok"}
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert {name: one["status"] for name, one in answer.json()["dependencies"].items()} == {"judge": "ok", "embeddings": "ok"}


def test_it_is_alive_and_not_ready_without_a_judge(serve: Serve) -> None:
    client = serve(None, None)
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["dependencies"]["judge"]["status"] == "not_configured"
    listed = {one["name"]: one["available"] for one in client.get("/v1/metrics").json()["data"]}
    assert (listed["faithfulness"], listed["answer_relevancy"], listed["rouge_score"]) == (False, False, True)


def test_it_is_not_ready_when_the_judge_refuses_the_key_or_is_gone(serve: Serve, judge: ScriptedJudge) -> None:
    refused = serve(judge_api_key="other").get("/readyz")
    assert refused.status_code == 503
    assert "401" in refused.json()["dependencies"]["judge"]["detail"]
    gone = serve(judge_url="http://127.0.0.1:9/v1", embeddings_url="http://127.0.0.1:9/v1").get("/readyz")
    assert gone.status_code == 503
    assert "does not answer" in gone.json()["dependencies"]["judge"]["detail"]
    assert judge.calls == 0


@pytest.mark.parametrize(("path", "status"), [("status-404", "ok"), ("status-503", "failed"), ("status-429", "failed"), ("text", "ok")])
def test_a_judge_need_not_list_its_models(serve: Serve, judge: ScriptedJudge, path: str, status: str) -> None:
    client = serve(judge_url=judge.url.replace("/v1", f"/{path}/v1"))
    assert client.get("/readyz").json()["dependencies"]["judge"]["status"] == status


def test_an_unexpected_error_is_a_problem_without_its_text_and_is_logged_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        if scope["path"] == "/late":
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise KeyError("sesame")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def call(path: str) -> None:
        await Envelope(fails, None)({"type": "http", "method": "GET", "path": path, "headers": []}, receive, send)

    configure_logs("info")
    try:
        asyncio.run(call("/early"))
        assert sent[0]["status"] == 500
        assert b"sesame" not in sent[1]["body"]
        with pytest.raises(KeyError):
            asyncio.run(call("/late"))
    finally:
        logger.handlers = []
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["error"] for line in lines] == ["KeyError"] * 4
    assert lines[0]["at"][-1].startswith("fails:")
    assert "sesame" not in str(lines)


def test_without_a_judge_only_metrics_that_need_none_run(serve: Serve) -> None:
    client = serve(None, None)
    problem = assert_problem(score(client, ["faithfulness"], [SAMPLE]), 503, "judge_not_configured")
    assert "RAGAS_JUDGE_URL" in str(problem["detail"])
    assert score(client, ["rouge_score"], [SAMPLE]).status_code == 200


def test_without_embeddings_metrics_that_compare_them_do_not_run(serve: Serve) -> None:
    client = serve(embeddings=None)
    assert_problem(score(client, ["answer_relevancy"], [SAMPLE]), 503, "embeddings_not_configured")
    assert score(client, ["faithfulness"], [SAMPLE]).status_code == 200


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"response": None}, ["samples", 1, "response"], "missing"),
        ({"response": " \n"}, ["samples", 1, "response"], "empty"),
        ({"retrieved_contexts": []}, ["samples", 1, "retrieved_contexts"], "empty"),
        ({"retrieved_contexts": ["a", ""]}, ["samples", 1, "retrieved_contexts", 1], "empty"),
        ({"user_input": "x" * 1001}, ["samples", 1, "user_input"], "too_long"),
        ({"retrieved_contexts": ["x"] * 4}, ["samples", 1, "retrieved_contexts"], "too_many"),
    ],
)
def test_what_a_metric_lacks_is_named_with_its_place(serve: Serve, change: dict[str, object], path: list[object], code: str) -> None:
    client = serve(max_text_chars="1000", max_contexts="3")
    problem = assert_problem(score(client, ["faithfulness"], [SAMPLE, SAMPLE | change]), 422, "invalid_request")
    errors = cast("list[dict[str, object]]", problem["errors"])
    assert [(one["path"], one["code"]) for one in errors] == [(path, code)]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        ("{", "application/json", 400, "malformed_json"),
        (b"\xff\xfe", "application/json", 400, "malformed_json"),
        ("[" * 100_000, "application/json", 400, "malformed_json"),
        ("{}", "text/plain", 415, "unsupported_media_type"),
        ("{}", "application/json", 422, "invalid_request"),
        ('{"metrics":["faithfulness"],"samples":[]}', "application/json", 422, "invalid_request"),
        ('{"metrics":[],"samples":[{}]}', "application/json", 422, "invalid_request"),
        ('{"metrics":["truth"],"samples":[{}]}', "application/json", 422, "invalid_request"),
        ('{"metrics":["exact_match","exact_match"],"samples":[{}]}', "application/json", 422, "invalid_request"),
        ('{"metrics":["exact_match"],"samples":[{"response":"\\ud800","reference":"a"}]}', "application/json", 422, "invalid_request"),
        ('{"metrics":["exact_match"],"samples":[{"response":NaN,"reference":"a"}]}', "application/json", 422, "invalid_request"),
        ('{"metrics":["exact_match"],"samples":[{"answer":"sesame"}]}', "application/json", 422, "invalid_request"),
    ],
)
def test_requests_of_the_wrong_shape_are_problems(serve: Serve, body: str | bytes, content_type: str, status: int, code: str) -> None:
    answer = serve(None, None).post("/v1/score", content=body, headers={"content-type": content_type})
    assert_problem(answer, status, code)
    assert "sesame" not in answer.text


def test_unknown_paths_and_methods_are_problems(serve: Serve) -> None:
    client = serve(None, None)
    assert_problem(client.get("/nothing"), 404, "not_found")
    assert_problem(client.get("/v1/score"), 405, "method_not_allowed")


def test_batches_are_limited_in_count_and_bytes(serve: Serve) -> None:
    client = serve(None, None, max_samples="2", max_body_bytes="4096")
    assert_problem(score(client, ["exact_match"], [SAMPLE] * 3), 413, "too_many_samples")
    assert score(client, ["exact_match"], [SAMPLE] * 2).status_code == 200
    assert_problem(score(client, ["exact_match"], [SAMPLE | {"response": "x" * 5000}]), 413, "body_too_large")


def test_a_body_of_unannounced_length_is_cut_off(serve: Serve) -> None:
    client = serve(None, None, max_body_bytes="4096")
    answer = client.post("/v1/score", content=(b"x" * 1000 for _ in range(6)), headers={"content-type": "application/json"})
    assert_problem(answer, 413, "body_too_large")


def test_a_body_that_does_not_arrive_times_out(serve: Serve) -> None:
    client = serve(None, None, request_timeout_seconds="0.3")
    with socket.create_connection(("127.0.0.1", client.base_url.port or 0), timeout=5) as connection:
        connection.sendall(b"POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{")
        assert connection.recv(100).startswith(b"HTTP/1.1 504")


def test_a_token_is_asked_for_where_one_is_set(serve: Serve) -> None:
    client = serve(None, None, token="sesame")
    answer = score(client, ["exact_match"], [SAMPLE])
    assert_problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert client.get("/v1/metrics", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/v1/metrics", headers={"authorization": "Bearer sesame"}).status_code == 200
    assert client.get("/healthz").status_code == 200


def test_a_given_request_id_comes_back_and_a_strange_one_does_not(serve: Serve) -> None:
    client = serve(None, None)
    assert client.get("/healthz", headers={"x-request-id": "abc-1"}).headers["x-request-id"] == "abc-1"
    assert client.get("/healthz", headers={"x-request-id": "a b"}).headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("model", "status", "code", "retry_after"),
    [
        ("status-401", 502, "judge_rejected", None),
        ("status-404", 502, "judge_rejected", None),
        ("status-429", 503, "overloaded", "10"),
        ("status-500", 502, "judge_unreachable", "5"),
    ],
)
def test_a_judge_that_fails_on_everything_fails_the_request(
    serve: Serve, model: str, status: int, code: str, retry_after: str | None
) -> None:
    answer = score(serve(model), ["faithfulness", "context_recall"], [SAMPLE])
    assert_problem(answer, status, code)
    assert answer.headers.get("retry-after") == retry_after


def test_a_judge_that_is_gone_is_named(serve: Serve) -> None:
    client = serve(judge_url="http://127.0.0.1:9/v1")
    assert_problem(score(client, ["faithfulness"], [SAMPLE]), 502, "judge_unreachable")
    partly = score(client, ["faithfulness", "exact_match"], [SAMPLE]).json()["results"][0]["scores"]
    assert partly["exact_match"]["value"] == 1
    assert partly["faithfulness"]["reason"]["code"] == "judge_unreachable"


def test_a_judge_that_sends_elsewhere_is_not_followed(serve: Serve, judge: ScriptedJudge) -> None:
    assert_problem(score(serve("elsewhere"), ["context_recall"], [SAMPLE]), 502, "judge_rejected")
    assert judge.calls == 1


def test_a_slow_judge_costs_a_sample_its_value_and_no_more(serve: Serve) -> None:
    client = serve("slow", sample_timeout_seconds="1")
    scores = score(client, ["faithfulness", "exact_match"], [SAMPLE]).json()["results"][0]["scores"]
    assert scores["faithfulness"]["reason"]["code"] == "timeout"
    assert scores["exact_match"]["value"] == 1
    assert_problem(score(client, ["faithfulness"], [SAMPLE]), 504, "timeout")


def test_the_requests_own_limit_ends_what_is_unfinished(serve: Serve) -> None:
    client = serve("slow", request_timeout_seconds="1")
    scores = score(client, ["exact_match", "faithfulness"], [SAMPLE]).json()["results"][0]["scores"]
    assert scores["exact_match"]["value"] == 1
    assert scores["faithfulness"]["reason"]["code"] == "timeout"


def test_a_bounded_number_of_scores_runs_at_once(serve: Serve, judge: ScriptedJudge) -> None:
    client = serve("brief", concurrency="3")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(score, [client] * 4, [["context_recall"]] * 4, [[SAMPLE] * 5] * 4))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert judge.most_running == 3


def test_requests_beyond_the_bound_are_turned_away_with_a_time_to_come_back(serve: Serve, judge: ScriptedJudge) -> None:
    client = serve("slow", max_requests="1", sample_timeout_seconds="1.5")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(score, client, ["faithfulness", "exact_match"], [SAMPLE])
        wait_until(lambda: judge.calls > 0)
        answer = score(client, ["exact_match"], [SAMPLE])
        assert_problem(answer, 503, "overloaded")
        assert answer.headers["retry-after"] == "2"
        assert first.result().status_code == 200
    assert score(client, ["exact_match"], [SAMPLE]).status_code == 200


def test_a_client_that_leaves_stops_the_work_at_the_judge(serve: Serve, judge: ScriptedJudge) -> None:
    client = serve("slow", concurrency="2")
    body = json.dumps({"metrics": ["faithfulness"], "samples": [SAMPLE] * 10}).encode()
    with socket.create_connection(("127.0.0.1", client.base_url.port or 0), timeout=5) as connection:
        head = f"POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        wait_until(lambda: judge.calls == 2)
    wait_until(lambda: judge.abandoned == 2)
    # Eight more samples were waiting: none of them was asked about.
    time.sleep(0.3)
    assert judge.calls == 2


def test_the_committed_description_of_the_api_is_fresh(serve: Serve) -> None:
    committed = json.loads((ROOT / "openapi.json").read_text(encoding="utf-8"))
    assert serve(None, None).get("/openapi.json").json() == committed
    assert "HTTPValidationError" not in committed["components"]["schemas"]
    assert "application/problem+json" in committed["paths"]["/v1/score"]["post"]["responses"]["422"]["content"]


SPY = """
import os, runpy, socket, sys
connect = socket.socket.connect
def watched(self, address):
    print("CONNECT", address, file=sys.stderr, flush=True)
    return connect(self, address)
socket.socket.connect = watched
lookup = socket.getaddrinfo
def watched_lookup(host, *rest, **more):
    print("LOOKUP", host, file=sys.stderr, flush=True)
    return lookup(host, *rest, **more)
socket.getaddrinfo = watched_lookup
runpy.run_module("footnote_ragas", run_name="__main__", alter_sys=True)
"""


def test_the_program_speaks_to_the_judge_alone_and_logs_no_content(judge: ScriptedJudge, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(f"{KEY}\n")
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT / "src"),
        "HOME": str(tmp_path),
        "RAGAS_PORT": "0",
        "RAGAS_LOG_LEVEL": "debug",
        "RAGAS_JUDGE_URL": judge.url,
        "RAGAS_JUDGE_MODEL": "garbage",
        "RAGAS_JUDGE_API_KEY_FILE": str(key),
        "RAGAS_EMBEDDINGS_URL": judge.url,
        "RAGAS_EMBEDDINGS_MODEL": "embed",
        "RAGAS_EMBEDDINGS_API_KEY": KEY,
        # Every switch the other way round: ours win.
        "RAGAS_DO_NOT_TRACK": "false",
        "LANGSMITH_TRACING": "true",
        "OPENAI_LOG": "debug",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }
    log = tmp_path / "log"
    with log.open("w") as sink:
        program = subprocess.Popen([sys.executable, "-c", SPY], env=environment, stderr=sink, stdout=sink)  # noqa: S603
    try:
        url = None
        deadline = time.monotonic() + 120
        while url is None and time.monotonic() < deadline and program.poll() is None:
            time.sleep(0.1)
            url = next((json.loads(line)["url"] for line in log.read_text().splitlines() if '"listening"' in line), None)
        assert url is not None, log.read_text()
        with httpx2.Client(base_url=url, timeout=30, trust_env=False) as client:
            sample = SAMPLE | {"response": "Sesame opens it. The harbour opened in 1921.", "reference_contexts": ["The harbour opened."]}
            metrics = ["faithfulness", "context_recall", "answer_correctness", "non_llm_context_recall", "bleu_score", "rouge_score"]
            answer = score(client, metrics, [sample])
            assert answer.status_code == 200, answer.text
            assert client.get("/readyz").status_code == 200
            score(client, ["faithfulness"], [{"response": "Sesame"}])
        program.terminate()
        assert program.wait(timeout=25) == 0
    finally:
        program.kill()
    text = log.read_text()
    lines = text.splitlines()
    port = judge.server.server_address[1]
    assert {line for line in lines if line.startswith("CONNECT")} == {f"CONNECT ('127.0.0.1', {port})"}
    assert {line for line in lines if line.startswith("LOOKUP")} <= {"LOOKUP 127.0.0.1"}
    for secret in ("Sesame", "harbour", "1921", "rather not", KEY):
        assert secret not in text
    others = [line for line in lines if not line.startswith(("CONNECT", "LOOKUP"))]
    assert all(json.loads(line)["message"] for line in others)
    served = [json.loads(line) for line in others if '"/v1/score"' in line]
    assert [line["status"] for line in served] == [200, 422]
    assert served[0]["usage"]["judge_calls"] > 0
