"""The judge: one OpenAI-compatible server for verdicts and one for embeddings, and nothing else on the network."""

import json
import ssl
import time
from contextvars import ContextVar
from typing import cast

import httpx2
import openai

from footnote_ragas.schemas import Dependency, Usage
from footnote_ragas.settings import Endpoint

current_usage: ContextVar[Usage | None] = ContextVar("current_usage", default=None)
"""Where the calls of the running request are counted; tasks inherit it."""

PROBE_SECONDS = 5.0


async def _count(response: httpx2.Response) -> None:
    usage = current_usage.get()
    if usage is None:
        return
    embedding = response.request.url.path.endswith("/embeddings")
    if embedding:
        usage.embedding_calls += 1
    else:
        usage.judge_calls += 1
    await response.aread()
    try:
        body = cast("object", json.loads(response.content))
    except ValueError:
        return
    counted = cast("dict[str, object]", body).get("usage") if isinstance(body, dict) else None
    if not isinstance(counted, dict):
        return
    tokens = cast("dict[str, object]", counted)
    prompt, completion = tokens.get("prompt_tokens"), tokens.get("completion_tokens")
    usage.prompt_tokens += prompt if isinstance(prompt, int) else 0
    usage.completion_tokens += completion if isinstance(completion, int) else 0


def create_client(endpoint: Endpoint, *, timeout_seconds: float) -> openai.AsyncOpenAI:
    """Neither proxies nor redirects: what is judged reaches the configured server or nobody."""
    return openai.AsyncOpenAI(
        base_url=endpoint.url,
        api_key=endpoint.api_key.get_secret_value(),
        organization="",
        project="",
        max_retries=2,
        timeout=timeout_seconds,
        http_client=httpx2.AsyncClient(
            timeout=timeout_seconds,
            trust_env=False,
            follow_redirects=False,
            verify=ssl.create_default_context(),
            event_hooks={"response": [_count]},
        ),
    )


async def probe(client: openai.AsyncOpenAI | None, endpoint: Endpoint | None, name: str) -> Dependency:
    """Whether the server answers. It asks for the list of models, which costs nothing; a server without such a list is reachable too."""
    if client is None or endpoint is None:
        return Dependency(
            status="not_configured",
            latency_ms=None,
            detail=f"set RAGAS_{name}_URL and RAGAS_{name}_MODEL",
        )
    began = time.perf_counter()
    status, detail = "ok", f"answers, for the model {endpoint.model}"
    try:
        await client.with_options(max_retries=0, timeout=PROBE_SECONDS).models.list()
    except openai.APIStatusError as error:
        code = error.status_code
        if code in {401, 403}:
            status, detail = "failed", f"refuses the key with status {code}; set RAGAS_{name}_API_KEY"
        elif code >= 500 or code == 429:
            status, detail = "failed", f"answers with status {code}"
        else:
            detail = f"answers, without a list of models, for the model {endpoint.model}"
    except openai.APIConnectionError:
        status, detail = "failed", f"does not answer; check RAGAS_{name}_URL"
    except (openai.OpenAIError, ValueError, TypeError, AttributeError):
        detail = f"answers, without a list of models, for the model {endpoint.model}"
    latency = round((time.perf_counter() - began) * 1000, 1)
    return Dependency(status="ok" if status == "ok" else "failed", latency_ms=latency, detail=detail)
