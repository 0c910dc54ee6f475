import { FootnoteError, fullJitterMs, isFootnoteError, throwIfAborted, toFootnoteError, withRetries } from "@footnote/core";
import type { Embedder, Embedding } from "@footnote/core";
import { z } from "zod";
import { validateEmbeddings } from "./validate-embeddings.ts";

export interface OpenAiEmbedderOptions {
  /** Such as `https://api.openai.com/v1`: what comes before `/embeddings`. */
  baseUrl: string;
  /** Sent as a bearer token. Local servers need none. */
  apiKey?: string;
  model: string;
  /** Length of the vectors. Sent to the server when `sendDimensions` is true. */
  dimensions: number;
  /** Default false: most servers have one length per model and refuse the parameter. */
  sendDimensions?: boolean;
  /** Default: made from model and dimensions. */
  spaceId?: string;
  /** Longest input in tokens. Default 8,191. */
  maxTokens?: number;
  /** Texts per request. Default 64. */
  batchSize?: number;
  /** Requests at once. Default 4. */
  concurrency?: number;
  /** For one request, from connecting to the last byte. Default 30,000. */
  timeoutMs?: number;
  /** Tries after the first. Default 3. */
  maxRetries?: number;
  /** Upper bound of the first wait; each further one doubles it up to 30 s. The wait is a random share of it. Default 500. */
  backoffMs?: number;
  /** Longest `Retry-After` that is waited for. Default 60,000. */
  maxRetryAfterMs?: number;
  /** Tokens of a text. Default: an estimate of one token for four bytes, per run of non-blank characters. */
  countTokens?: (text: string) => number;
}

/** Bytes of an answer that are read at most: a server that never stops must not fill the memory. */
const maxAnswerBytes = 256 * 1024 * 1024;

const answerSchema = z.object({
  // A row may hold anything: rows are checked one by one, so that the error can say which.
  data: z.array(z.object({ index: z.int().min(0), embedding: z.array(z.unknown()) })),
});

/**
 * An embedder behind an OpenAI-compatible `/embeddings` route: batched, with a timeout per request, bounded retries with
 * full jitter that honour `Retry-After`, and every row checked. Vectors are brought to length 1.
 */
export function createOpenAiEmbedder(options: OpenAiEmbedderOptions): Embedder {
  const { baseUrl, apiKey, model, dimensions, sendDimensions = false, maxTokens = 8191, batchSize = 64 } = options;
  const { concurrency = 4, timeoutMs = 30_000, maxRetries = 3, backoffMs = 500, maxRetryAfterMs = 60_000 } = options;
  const { countTokens = estimatedTokens } = options;
  const url = new URL(`${baseUrl.replace(/\/+$/u, "")}/embeddings`);
  const space = {
    id: options.spaceId ?? `openai_${model.toLowerCase().replace(/[^a-z0-9]+/gu, "_")}_${dimensions}`,
    dimensions,
    description: `${model} at ${url.host}, ${dimensions} dimensions, L2 norm 1`,
  };
  const closed = new AbortController();

  const attempt = async (texts: readonly string[], signal: AbortSignal): Promise<Embedding[]> => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }) },
      body: JSON.stringify({ model, input: texts, encoding_format: "float", ...(sendDimensions ? { dimensions } : {}) }),
      redirect: "error",
      signal,
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new RefusedError(response.status, retryAfterMs(response.headers.get("retry-after")));
    }
    const parsed = answerSchema.safeParse(await readJson(response));
    if (!parsed.success) throw invalid(space.id, "an answer of another shape");
    const rows: (Embedding | undefined)[] = Array.from({ length: texts.length });
    for (const { index, embedding } of parsed.data.data) {
      if (index >= texts.length || rows[index] !== undefined) throw invalid(space.id, "a row for no text or two for one");
      rows[index] = { vector: unitVector(embedding), tokenCount: Math.min(maxTokens, countTokens(texts[index] ?? "")) };
    }
    return validateEmbeddings({ embeddings: rows, count: texts.length, space });
  };

  const embedBatch = async (texts: readonly string[], signal: AbortSignal): Promise<Embedding[]> => {
    let refusedMs = 0;
    const delayMs = (failure: unknown, failed: number) => {
      if (!toFootnoteError(failure).retryable || refusedMs > maxRetryAfterMs) return null;
      return refusedMs + fullJitterMs(failed, { baseMs: backoffMs, maxMs: 30_000 });
    };
    return await withRetries({ tries: maxRetries + 1, delayMs, signal }, async () => {
      const timeout = AbortSignal.timeout(timeoutMs);
      try {
        return await attempt(texts, AbortSignal.any([signal, timeout]));
      } catch (error) {
        refusedMs = error instanceof RefusedError ? error.retryAfterMs : 0;
        throw described(error, timeout.aborted ? timeoutMs : null, url.host);
      }
    });
  };

  return {
    space,
    capabilities: { maxTokens, deterministic: false, tokenVectors: false, batchSize, languages: [] },
    async embed({ texts, signal }) {
      throwIfAborted(signal);
      if (closed.signal.aborted) throw new FootnoteError("shutting_down", "The embedder is closed; send this to another server.");
      const starts = Array.from({ length: Math.ceil(texts.length / batchSize) }, (_, at) => at * batchSize);
      const results: Embedding[][] = Array.from({ length: starts.length });
      // One batch that fails ends the others: their vectors would be thrown away.
      const failed = new AbortController();
      const stop = AbortSignal.any([failed.signal, closed.signal, ...(signal === undefined ? [] : [signal])]);
      let next = 0;
      const lane = async () => {
        for (let at = next++; at < starts.length; at = next++) {
          const start = starts[at] ?? 0;
          results[at] = await embedBatch(texts.slice(start, start + batchSize), stop);
        }
      };
      try {
        await Promise.all(
          Array.from({ length: Math.min(concurrency, starts.length) }, () =>
            lane().catch((error: unknown) => {
              failed.abort(error);
              throw error;
            }),
          ),
        );
      } catch (error) {
        throwIfAborted(signal);
        throw error;
      }
      return results.flat();
    },
    countTokens,
    async close() {
      closed.abort(new FootnoteError("shutting_down", "The embedder is closed; send this to another server."));
    },
  };
}

class RefusedError extends Error {
  readonly status: number;
  readonly retryAfterMs: number;
  constructor(status: number, retryAfter: number) {
    super(`HTTP ${status}`);
    this.status = status;
    this.retryAfterMs = retryAfter;
  }
}

function described(error: unknown, timedOutAfterMs: number | null, host: string): FootnoteError {
  if (isFootnoteError(error)) return error;
  if (timedOutAfterMs !== null) {
    return new FootnoteError("embedding_failed", `The embedding server ${host} did not answer within ${timedOutAfterMs} ms; try again.`, {
      cause: error,
    });
  }
  if (error instanceof RefusedError) {
    const { status } = error;
    const retryable = status === 408 || status === 409 || status === 429 || status >= 500;
    const advice = status === 401 || status === 403 ? "check its key" : retryable ? "try again" : "check model and base URL";
    return new FootnoteError("embedding_failed", `The embedding server ${host} answered with status ${status}; ${advice}.`, {
      details: { status },
      retryable,
    });
  }
  return new FootnoteError("embedding_failed", `The embedding server ${host} could not be reached; try again.`, { cause: error });
}

function invalid(space: string, what: string): FootnoteError {
  return new FootnoteError("embedding_invalid", `The embedder of ${space} returned ${what}; nothing was stored.`);
}

/** Seconds or a date, as milliseconds from now; 0 when it says nothing sensible. */
function retryAfterMs(header: string | null): number {
  if (header === null) return 0;
  const ms = /^\d+$/u.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

async function readJson(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxAnswerBytes)
      throw new FootnoteError("embedding_invalid", "The embedding server's answer does not end; nothing was stored.");
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return null;
  }
}

/** What is not a number becomes NaN, which validation refuses. */
function unitVector(values: readonly unknown[]): Float32Array {
  const numbers = Float64Array.from(values, (value) => (typeof value === "number" ? value : Number.NaN));
  let squares = 0;
  for (const value of numbers) squares += value * value;
  const norm = Math.sqrt(squares);
  return Float32Array.from(numbers, (value) => value / norm);
}

function estimatedTokens(text: string): number {
  let tokens = 0;
  for (const [run] of text.matchAll(/\S+/gu)) tokens += Math.ceil(Buffer.byteLength(run) / 4);
  return tokens;
}
