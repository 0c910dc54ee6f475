"""A judge and services around it, over real sockets."""

import os
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest
import uvicorn
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

from footnote_ragas.app import create_app
from footnote_ragas.settings import Settings
from scripted_judge import KEY, ScriptedJudge

set_hypothesis_home_dir(Path(__file__).parents[3] / ".cache/ragas/hypothesis")
settings.register_profile("footnote", deadline=None, max_examples=50, database=None, derandomize="CI" in os.environ)
settings.load_profile("footnote")

Serve = Callable[..., httpx2.Client]


@pytest.fixture
def judge() -> Iterator[ScriptedJudge]:
    server = ScriptedJudge()
    server.start()
    yield server
    server.stop()


@contextmanager
def serving(variables: dict[str, str]) -> Generator[httpx2.Client]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(create_app(Settings.read(variables)), log_config=None, access_log=False, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    port = listener.getsockname()[1]
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
        yield client
    server.should_exit = True
    thread.join(timeout=10)
    listener.close()


@pytest.fixture
def serve(judge: ScriptedJudge) -> Iterator[Serve]:
    """Starts a service around the judge; `model` and `embeddings` choose what the judge does, the rest is environment."""
    with ExitStack() as stack:

        def start(model: str | None = "scripted", embeddings: str | None = "embed", **variables: str) -> httpx2.Client:
            environment = {f"RAGAS_{name.upper()}": value for name, value in variables.items()}
            if model is not None:
                environment |= {"RAGAS_JUDGE_URL": judge.url, "RAGAS_JUDGE_MODEL": model, "RAGAS_JUDGE_API_KEY": KEY}
            if embeddings is not None:
                environment |= {
                    "RAGAS_EMBEDDINGS_URL": judge.url,
                    "RAGAS_EMBEDDINGS_MODEL": embeddings,
                    "RAGAS_EMBEDDINGS_API_KEY": KEY,
                }
            return stack.enter_context(serving(environment | {f"RAGAS_{k.upper()}": v for k, v in variables.items()}))

        yield start
