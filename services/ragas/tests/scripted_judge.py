"""A judge with known verdicts, OpenAI-compatible: a statement is entailed exactly when its words stand in the context in that order.

`python scripted_judge.py` serves until it is ended and prints its address. The model's name chooses what goes wrong.
"""

import json
import math
import re
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast
from zlib import crc32

DIMENSIONS = 256
SLOW_SECONDS = 20.0
KEY = "judge-key"

Json = dict[str, object]


def words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def sentences(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+", text) if part.strip()]


def contains(context: str, statement: str) -> bool:
    return f" {words(statement)} " in f" {words(context)} "


def embed(text: str) -> list[float]:
    """Counts of words, hashed: the cosine of two texts is that of their word counts, collisions aside."""
    vector = [0.0] * DIMENSIONS
    for word in words(text).split():
        vector[crc32(word.encode()) % DIMENSIONS] += 1.0
    return vector


def cosine(left: str, right: str) -> float:
    one, other = embed(left), embed(right)
    return sum(a * b for a, b in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other))


def _statements(given: Json) -> Json:
    return {"statements": sentences(str(given["answer"]))}


def _entailment(given: Json) -> Json:
    context = str(given["context"])
    return {
        "statements": [
            {"statement": one, "reason": "containment", "verdict": int(contains(context, one))}
            for one in cast("list[str]", given["statements"])
        ]
    }


def _question(given: Json) -> Json:
    response = str(given["response"])
    return {"question": response, "noncommittal": int("i do not know" in words(response))}


def _usefulness(given: Json) -> Json:
    useful = any(contains(str(given["context"]), one) for one in sentences(str(given["answer"])))
    return {"reason": "containment", "verdict": int(useful)}


def _attribution(given: Json) -> Json:
    context = str(given["context"])
    return {
        "classifications": [
            {"statement": one, "reason": "containment", "attributed": int(contains(context, one))}
            for one in sentences(str(given["answer"]))
        ]
    }


def _classification(given: Json) -> Json:
    answer, truth = cast("list[str]", given["answer"]), cast("list[str]", given["ground_truth"])
    known = {words(one) for one in truth}
    said = {words(one) for one in answer}

    def listed(items: list[str]) -> list[Json]:
        return [{"statement": one, "reason": "equality"} for one in items]

    return {
        "TP": listed([one for one in answer if words(one) in known]),
        "FP": listed([one for one in answer if words(one) not in known]),
        "FN": listed([one for one in truth if words(one) not in said]),
    }


ANSWERS: dict[str, Callable[[Json], Json]] = {
    "StatementGeneratorOutput": _statements,
    "NLIStatementOutput": _entailment,
    "AnswerRelevanceOutput": _question,
    "ContextPrecisionOutput": _usefulness,
    "ContextRecallOutput": _attribution,
    "ClassificationWithReason": _classification,
}

EMPTY: dict[str, Json] = {
    "StatementGeneratorOutput": {"statements": []},
    "NLIStatementOutput": {"statements": []},
    "ContextRecallOutput": {"classifications": []},
}


def complete(prompt: str) -> tuple[str, Json]:
    """The kind of output that the prompt asks for, and that output."""
    task = prompt.split("Please return the output in a JSON format", 1)[1]
    names = cast("list[str]", re.findall(r'"title": "(\w+)"', task.split("--------EXAMPLES", 1)[0]))
    kind = next(name for name in reversed(names) if name in ANSWERS)
    given = prompt.rsplit("Now perform the same with the following input\ninput: ", 1)[1].rsplit("\nOutput:", 1)[0]
    return kind, ANSWERS[kind](cast("Json", json.loads(given)))


class ScriptedJudge:
    """The server, with what the tests want to know about it."""

    def __init__(self, port: int = 0) -> None:
        self.calls = 0
        self.running = 0
        self.most_running = 0
        self.abandoned = 0
        self.repairs = 0
        self.lock = threading.Lock()
        judge = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

            def do_GET(self) -> None:
                if self.path.startswith("/status-"):
                    self._send(int(self.path[8:11]), {"error": {"message": "as asked"}})
                elif self.path.startswith("/text/"):
                    self._send(200, {"hello": "there"})
                elif self.headers.get("Authorization") != f"Bearer {KEY}":
                    self._send(401, {"error": {"message": "no"}})
                else:
                    self._send(200, {"object": "list", "data": [{"id": "scripted", "object": "model"}]})

            def do_POST(self) -> None:
                body = cast("Json", json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                with judge.lock:
                    judge.calls += 1
                    judge.running += 1
                    judge.most_running = max(judge.most_running, judge.running)
                try:
                    if self.path.endswith("/embeddings"):
                        self._embeddings(body)
                    else:
                        self._completion(body)
                finally:
                    with judge.lock:
                        judge.running -= 1

            def _embeddings(self, body: Json) -> None:
                given = body["input"]
                texts = [given] if isinstance(given, str) else cast("list[str]", given)
                zero = str(body["model"]) == "embed-zero"
                data = [
                    {"object": "embedding", "index": i, "embedding": [0.0] * DIMENSIONS if zero else embed(text)}
                    for i, text in enumerate(texts)
                ]
                self._send(
                    200,
                    {
                        "object": "list",
                        "data": data,
                        "model": "embed",
                        "usage": {"prompt_tokens": 3, "total_tokens": 3},
                    },
                )

            def _completion(self, body: Json) -> None:
                model = str(body["model"])
                if model == "elsewhere":
                    self.send_response(307)
                    self.send_header("Location", f"{judge.url}/chat/completions?moved=1")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                if model.startswith("status-"):
                    self._send(int(model.removeprefix("status-")), {"error": {"message": "as asked"}})
                    return
                if model == "slow":
                    self._wait(SLOW_SECONDS)
                elif model == "brief":
                    self._wait(0.05)
                messages = cast("list[Json]", body["messages"])
                prompts = [str(one["content"]) for one in messages if "Now perform the same" in str(one["content"])]
                kind, output = complete(prompts[-1])
                text = json.dumps(output)
                if model == "garbage" or (model == "garbage-once" and "validation" not in str(messages).lower()):
                    text = "I would rather not."
                elif model == "garbage-once":
                    with judge.lock:
                        judge.repairs += 1
                elif model == "empty":
                    text = json.dumps(EMPTY[kind])
                elif model == "wild":
                    text = re.sub(r'"(verdict|attributed)": \d', r'"\1": 7', text)
                self._send(
                    200,
                    {
                        "id": "c",
                        "object": "chat.completion",
                        "created": 0,
                        "model": model,
                        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
                        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
                    },
                )

            def _wait(self, seconds: float) -> None:
                """Looks meanwhile whether the caller has left."""
                until = time.monotonic() + seconds
                self.connection.settimeout(0.02)
                while time.monotonic() < until:
                    try:
                        if self.connection.recv(1) == b"":
                            with judge.lock:
                                judge.abandoned += 1
                            break
                    except TimeoutError:
                        continue
                self.connection.settimeout(None)

            def _send(self, status: int, body: Json) -> None:
                payload = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """Callers that leave are part of the tests."""

        self.server = Server(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def start(self) -> None:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


if __name__ == "__main__":
    scripted = ScriptedJudge()
    sys.stdout.write(f"{scripted.url}\n")
    sys.stdout.flush()
    scripted.server.serve_forever()
