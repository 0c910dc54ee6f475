import type { z } from "zod";
import { FootnoteApiError } from "./api-error.ts";
import { problemSchema } from "./schemas/common.ts";

export interface ClientOptions {
  /** Where the server is, such as `http://127.0.0.1:8787`. */
  url: string;
  key?: string;
  /** Default: the global fetch. An API in the same process gives `(request) => app.fetch(request)`. */
  fetch?: (request: Request) => Promise<Response>;
  /** Until the reply's head; of a JSON reply, until its end. Default 60,000. */
  timeoutMs?: number;
  /** Tries after the first one, of calls that may be repeated. Default 4. */
  retries?: number;
  /** Longest wait between two tries, also when the server asks for more. Default 10,000. */
  maxRetryDelayMs?: number;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  timeoutMs?: number | undefined;
}
export interface CreateOptions extends CallOptions {
  /** Default: a new one, so that a retry does not create twice. */
  idempotencyKey?: string | undefined;
}
interface Call extends CallOptions {
  json?: unknown;
  body?: Uint8Array<ArrayBuffer> | string | Blob | FormData;
  headers?: Record<string, string>;
  /** Whether it may be sent twice. Default: every method but POST. */
  repeatable?: boolean;
}

/** The calls of one server: tries again what may be repeated, ends what takes too long, turns failures into `FootnoteApiError`. */
export function createTransport(options: ClientOptions) {
  const { url, key, timeoutMs: defaultTimeoutMs = 60_000, retries = 4, maxRetryDelayMs = 10_000 } = options;
  const send = options.fetch ?? ((request: Request) => globalThis.fetch(request));

  async function call<T>(method: string, path: string, request: Call, read: (response: Response) => Promise<T>): Promise<T> {
    const repeatable = request.repeatable ?? method !== "POST";
    for (let attempt = 0; ; attempt++) {
      try {
        return await once(method, path, request, read);
      } catch (error) {
        request.signal?.throwIfAborted();
        if (!(error instanceof FootnoteApiError) || !error.isRetryable || attempt >= retries) throw error;
        // 429 and 503 were refused before any work; anything else may have been done.
        if (!repeatable && error.status !== 429 && !(error.status === 503 && error.retryAfterMs !== null)) throw error;
        const backoffMs = Math.random() * Math.min(maxRetryDelayMs, 200 * 2 ** attempt);
        await sleep(Math.min(maxRetryDelayMs, error.retryAfterMs ?? backoffMs), request.signal);
      }
    }
  }

  async function once<T>(method: string, path: string, request: Call, read: (response: Response) => Promise<T>): Promise<T> {
    request.signal?.throwIfAborted();
    const timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), timeoutMs);
    const signal = request.signal ? AbortSignal.any([request.signal, timeout.signal]) : timeout.signal;
    const body = request.json === undefined ? request.body : JSON.stringify(request.json);
    try {
      const response = await send(
        new Request(new URL(path, url), {
          method,
          signal,
          headers: {
            accept: "application/json",
            ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
            ...(request.json === undefined ? {} : { "content-type": "application/json" }),
            ...request.headers,
          },
          ...(body === undefined ? {} : { body }),
        }),
      );
      if (!response.ok) throw await problemOf(method, path, response);
      return await read(response);
    } catch (error) {
      if (error instanceof FootnoteApiError) throw error;
      request.signal?.throwIfAborted();
      if (timeout.signal.aborted) {
        throw new FootnoteApiError({
          status: 0,
          code: "timeout",
          message: `The server did not answer ${method} ${path} within ${timeoutMs} ms.`,
          cause: error,
        });
      }
      throw new FootnoteApiError({
        status: 0,
        code: "connection_failed",
        message: `The server at ${url} does not answer; check that it runs.`,
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async function json<S extends z.ZodType>(schema: S, method: string, path: string, request: Call = {}): Promise<z.infer<S>> {
    return call(method, path, request, async (response) => {
      const parsed = schema.safeParse(await response.json());
      if (parsed.success) return parsed.data;
      throw new FootnoteApiError({
        status: response.status,
        code: "invalid_response",
        message: `The reply to ${method} ${path} has another form than this client knows; update it.`,
        requestId: response.headers.get("x-request-id"),
        cause: parsed.error,
      });
    });
  }
  const nothing = (method: string, path: string, request: Call = {}) =>
    call(method, path, request, async (response) => {
      await response.body?.cancel();
    });
  const create = (given: CreateOptions = {}): Call => ({
    signal: given.signal,
    timeoutMs: given.timeoutMs,
    repeatable: true,
    headers: { "idempotency-key": given.idempotencyKey ?? randomKey() },
  });

  return { send, call, json, nothing, create };
}

async function problemOf(method: string, path: string, response: Response): Promise<FootnoteApiError> {
  const text = await response.text().catch(() => "");
  let parsed: unknown = null;
  try {
    parsed = JSON.parse(text);
  } catch {
    // A proxy's own page: only its status says something.
  }
  const problem = problemSchema.safeParse(parsed);
  return new FootnoteApiError({
    status: response.status,
    code: problem.success ? problem.data.code : "unknown",
    message: problem.success
      ? (problem.data.detail ?? problem.data.title)
      : `The server answered ${method} ${path} with status ${response.status}.`,
    problem: problem.success ? problem.data : null,
    requestId: response.headers.get("x-request-id"),
    retryAfterMs: retryAfterMs(response.headers.get("retry-after")),
  });
}

/** `Retry-After` in seconds or as a date (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | null, nowMs: number = Date.now()): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

function randomKey(): string {
  return Array.from(globalThis.crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
