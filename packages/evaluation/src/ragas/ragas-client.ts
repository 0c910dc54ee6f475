import { FootnoteError, fullJitterMs, throwIfAborted, withRetries } from "@footnote/core";
import type { z } from "zod";
import {
  type RagasMetric,
  type RagasMetricList,
  ragasMetricListSchema,
  ragasProblemSchema,
  type RagasReadiness,
  ragasReadinessSchema,
  type RagasResults,
  ragasResultsSchema,
  type RagasSample,
  type RagasUsage,
} from "./ragas-wire.ts";

export interface RagasClientOptions {
  /** Where the sidecar of services/ragas is, such as `http://127.0.0.1:8790`. */
  url: string;
  /** Its RAGAS_TOKEN, where it has one. */
  token?: string;
  /** Of one request, a try. Default 330,000: longer than the sidecar's own limit, so that it is the one to say what was late. */
  timeoutMs?: number;
  /** Tries after the first one. Default 2. */
  retries?: number;
  /** Longest wait between two tries; a server that asks for more is not asked again. Default 15,000. */
  maxRetryDelayMs?: number;
  /** Samples of one request; more are sent in several, one after another. Default 16. */
  batchSize?: number;
}

export interface RagasClient {
  /**
   * Scores of every sample in order. A sample without a value says why; only what keeps all from being scored is thrown: `configuration_invalid`
   * (no judge model, a wrong token), `invalid_request` (a sample lacks what a metric needs; `details.errors` says where), `timeout`,
   * `upstream_failed`.
   */
  score(request: { metrics: readonly RagasMetric[]; samples: readonly RagasSample[]; signal?: AbortSignal }): Promise<RagasResults>;
  /** What can be scored, what each metric needs, and which models judge. */
  metrics(request?: { signal?: AbortSignal }): Promise<RagasMetricList>;
  /** Whether a judge model is configured and reachable; a sidecar that is not ready says so in the value. */
  ready(request?: { signal?: AbortSignal; timeoutMs?: number }): Promise<RagasReadiness>;
}

interface Call {
  path: string;
  body?: unknown;
  /** Statuses besides 200 whose body is an answer. */
  also?: readonly number[];
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
}

export function createRagasClient(options: RagasClientOptions): RagasClient {
  const { url, token, timeoutMs = 330_000, retries = 2, maxRetryDelayMs = 15_000, batchSize = 16 } = options;
  const base = url.replace(/\/+$/u, "");
  if (!URL.canParse(base))
    throw new FootnoteError("configuration_invalid", "The address of the ragas sidecar is not a URL; set RAGAS_URL.");

  async function attempt(call: Call, signal: AbortSignal): Promise<unknown> {
    const response = await fetch(`${base}${call.path}`, {
      method: call.body === undefined ? "GET" : "POST",
      headers: {
        accept: "application/json",
        ...(call.body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      redirect: "error",
      signal,
    });
    if (response.ok || call.also?.includes(response.status)) return await readJson(response);
    const { status } = response;
    const problem = ragasProblemSchema.safeParse(await readJson(response));
    throw new RefusedError(
      failureOf(status, problem.success ? problem.data : null),
      // A judge that refuses every call does so again; a 503 without a time to come back is one, too.
      (status === 502 && problem.data?.code !== "judge_rejected") || (status === 503 && response.headers.has("retry-after")),
      Number(response.headers.get("retry-after") ?? 0) * 1000,
    );
  }

  async function request<T>(schema: z.ZodType<T>, call: Call): Promise<T> {
    const { signal } = call;
    const delayMs = (error: unknown, failed: number) => {
      if (!(error instanceof RefusedError) || !error.again || !(error.afterMs <= maxRetryDelayMs)) return null;
      return error.afterMs + fullJitterMs(failed, { baseMs: 250, maxMs: maxRetryDelayMs });
    };
    try {
      return await withRetries({ tries: retries + 1, delayMs, signal }, () => requestOnce(schema, call));
    } catch (error) {
      throw error instanceof RefusedError ? error.failure : error;
    }
  }

  async function requestOnce<T>(schema: z.ZodType<T>, call: Call): Promise<T> {
    const { signal, timeoutMs: limit = timeoutMs } = call;
    const timeout = AbortSignal.timeout(limit);
    let reply: unknown;
    try {
      reply = await attempt(call, signal ? AbortSignal.any([signal, timeout]) : timeout);
    } catch (error) {
      throwIfAborted(signal);
      if (timeout.aborted) {
        throw new FootnoteError("timeout", `The ragas sidecar did not answer within ${limit} ms; send fewer samples at once.`, {
          cause: error,
        });
      }
      throw error instanceof RefusedError ? error : new RefusedError(unreachable(error), true, 0);
    }
    const parsed = schema.safeParse(reply);
    if (parsed.success) return parsed.data;
    throw new FootnoteError("upstream_failed", "The ragas sidecar gave an answer of another shape; run the one of this checkout.", {
      retryable: false,
    });
  }

  return {
    async score({ metrics, samples, signal }) {
      const answers: RagasResults[] = [];
      for (let start = 0; start < Math.max(1, samples.length); start += batchSize) {
        const batch = samples.slice(start, start + batchSize);
        const answer = await request(ragasResultsSchema, { path: "/v1/score", body: { metrics, samples: batch }, signal });
        if (answer.results.length !== batch.length) {
          throw new FootnoteError("upstream_failed", "The ragas sidecar scored another number of samples; run the one of this checkout.", {
            retryable: false,
          });
        }
        answers.push(answer);
      }
      return answers.reduce(merged);
    },
    metrics: ({ signal } = {}) => request(ragasMetricListSchema, { path: "/v1/metrics", signal }),
    ready: ({ signal, timeoutMs: limit = 15_000 } = {}) =>
      request(ragasReadinessSchema, { path: "/readyz", also: [503], timeoutMs: limit, signal }),
  };
}

export function addRagasUsage(one: RagasUsage, other: RagasUsage): RagasUsage {
  return {
    judge_calls: one.judge_calls + other.judge_calls,
    embedding_calls: one.embedding_calls + other.embedding_calls,
    prompt_tokens: one.prompt_tokens + other.prompt_tokens,
    completion_tokens: one.completion_tokens + other.completion_tokens,
  };
}

function merged(one: RagasResults, other: RagasResults): RagasResults {
  return {
    results: [...one.results, ...other.results],
    usage: addRagasUsage(one.usage, other.usage),
    versions: other.versions,
    seconds: one.seconds + other.seconds,
  };
}

class RefusedError extends Error {
  readonly failure: FootnoteError;
  readonly again: boolean;
  readonly afterMs: number;
  constructor(failure: FootnoteError, again: boolean, afterMs: number) {
    super(failure.message);
    this.failure = failure;
    this.again = again;
    this.afterMs = afterMs;
  }
}

const unreachable = (cause: unknown) =>
  new FootnoteError("upstream_failed", "The ragas sidecar could not be reached; start it with pnpm ragas, or check RAGAS_URL.", { cause });

/** The sidecar's own sentence is kept: it names metrics, limits and variables, never a sample. */
function failureOf(status: number, problem: z.infer<typeof ragasProblemSchema> | null): FootnoteError {
  if (!problem) {
    return new FootnoteError("upstream_failed", `What answers at RAGAS_URL gave status ${status} and is no ragas sidecar; check it.`, {
      details: { status },
    });
  }
  const { code, detail, requestId, errors } = problem;
  const details = { status, problem: code, requestId, ...(errors ? { errors } : {}) };
  const message = `The ragas sidecar refused: ${detail}`;
  switch (code) {
    case "judge_not_configured":
    case "embeddings_not_configured":
    case "unauthorized":
    case "judge_rejected":
      return new FootnoteError("configuration_invalid", message, { details });
    case "timeout":
      return new FootnoteError("timeout", message, { details });
    case "overloaded":
      return new FootnoteError("overloaded", message, { details });
    case "judge_unreachable":
    case "internal":
      return new FootnoteError("upstream_failed", message, { details });
    case "invalid_request":
    case "malformed_json":
    case "unsupported_media_type":
    case "not_found":
    case "method_not_allowed":
    case "body_too_large":
    case "too_many_samples":
      return new FootnoteError("invalid_request", message, { details });
  }
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
