import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { z } from "zod";
import { createFakeEmbedder } from "./fake-embedder.ts";

/** A chat request as the server understood it. */
export interface OpenAiChatRequest {
  model: string;
  /** All system messages, joined. */
  system: string;
  /** The last user message. */
  prompt: string;
  stream: boolean;
  /** The name and shape of a JSON reply that was asked for. */
  schema?: { name: string; jsonSchema: unknown };
  authorization?: string;
  /** The body as it came. */
  body: Record<string, unknown>;
}

/** What the server says to one chat request. */
export const openAiReplySchema = z.strictObject({
  /** The reply, in one piece or in the pieces in which it is streamed. Default: nothing. */
  text: z.union([z.string(), z.array(z.string())]).default(""),
  /** Sent before the text as a reasoning model's thoughts. */
  reasoning: z.string().optional(),
  refusal: z.string().optional(),
  /** Null: the stream ends without one. */
  finishReason: z.enum(["stop", "length", "content_filter"]).nullable().default("stop"),
  usage: z
    .strictObject({ prompt_tokens: z.int(), completion_tokens: z.int(), cached_tokens: z.int().default(0) })
    .nullable()
    .optional(),
  /** Another status than 200, with this message as the error. */
  status: z.int().optional(),
  error: z.string().default("The scripted server was told to fail."),
  headers: z.record(z.string(), z.string()).default({}),
  /** Sent as it is in place of a well-formed reply. */
  rawBody: z.string().optional(),
  /** Goes silent, until the client leaves, after this many pieces; 0: before the first. */
  stallAfter: z.int().optional(),
  /** Cuts the connection after this many pieces. */
  cutAfter: z.int().optional(),
  /** Sends an error in mid-stream after this many pieces. */
  failAfter: z.int().optional(),
  delayMs: z.int().default(0),
});
export type OpenAiReply = z.input<typeof openAiReplySchema>;

export interface OpenAiServerOptions {
  /** Says what to reply; `index` counts chat requests from 0. */
  reply(request: OpenAiChatRequest, index: number): OpenAiReply;
  /** Vector of a text for /embeddings. Default: hashed words, 64 dimensions. */
  embed?(text: string): Promise<readonly number[]>;
  /** Names that /models lists. Default `scripted`. */
  models?: readonly string[];
  /** Default 0: a free one. */
  port?: number;
}

export interface OpenAiServer {
  /** What MODEL_URL is set to: ends in /v1. */
  url: string;
  requests: OpenAiChatRequest[];
  /** Texts that were embedded. */
  embedded: string[];
  /** Requests whose client left before their reply had ended. */
  readonly abandoned: number;
  close(): Promise<void>;
}

const chatBody = z.looseObject({
  model: z.string(),
  messages: z.array(
    z.looseObject({ role: z.string(), content: z.union([z.string(), z.array(z.looseObject({ text: z.string().optional() }))]).nullish() }),
  ),
  stream: z.boolean().nullish(),
  response_format: z.looseObject({ json_schema: z.looseObject({ name: z.string(), schema: z.unknown() }).optional() }).nullish(),
});
const embeddingBody = z.looseObject({ model: z.string(), input: z.union([z.string(), z.array(z.string())]) });

/**
 * A local server that speaks enough of the OpenAI API for clients to be tested against it: chat completions (whole and
 * streamed, with JSON schemas, reasoning, refusals, stalls, cuts and errors), embeddings and models. What it says is scripted.
 */
export async function createOpenAiServer(options: OpenAiServerOptions): Promise<OpenAiServer> {
  const requests: OpenAiChatRequest[] = [];
  const embedded: string[] = [];
  let abandoned = 0;
  const embedder = createFakeEmbedder();
  const embed =
    options.embed ??
    (async (text: string) => {
      const [embedding] = await embedder.embed({ texts: [text], purpose: "passage" });
      return [...(embedding?.vector ?? [])];
    });

  async function chat(request: IncomingMessage, response: ServerResponse, json: unknown): Promise<void> {
    const chatRequest = readChatRequest(request, json);
    requests.push(chatRequest);
    const reply = openAiReplySchema.parse(options.reply(chatRequest, requests.length - 1));
    if (reply.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, reply.delayMs));
    for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value);
    if (reply.status !== undefined) return sendJson(response, reply.status, { error: { message: reply.error, type: "scripted" } });
    if (reply.rawBody !== undefined) {
      response.writeHead(200, { "content-type": chatRequest.stream ? "text/event-stream" : "application/json" });
      response.end(reply.rawBody);
      return;
    }
    const pieces = typeof reply.text === "string" ? (reply.text === "" ? [] : [reply.text]) : reply.text;
    const scripted: ScriptedReply = {
      reply,
      pieces,
      usage: usageOf(reply, chatRequest, pieces),
      base: { id: `chatcmpl-${requests.length}`, created: 0, model: chatRequest.model },
    };
    return chatRequest.stream ? sendStream(response, scripted) : sendWhole(response, scripted);
  }

  const server = createServer((request, response) => {
    response.on("close", () => {
      if (!response.writableFinished && request.destroyed) abandoned += 1;
    });
    void respond(request, response).catch((error: unknown) => {
      if (response.headersSent) return void response.destroy();
      sendJson(response, 400, {
        error: { message: error instanceof Error ? error.message : String(error), type: "invalid_request_error" },
      });
    });
  });

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", "http://localhost").pathname.replace(/^\/v1/u, "");
    if (request.method === "GET" && path === "/models") {
      const data = (options.models ?? ["scripted"]).map((id) => ({ id, object: "model" }));
      return sendJson(response, 200, { object: "list", data });
    }
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(Buffer.from(part));
    if (request.method === "POST" && path === "/chat/completions")
      return chat(request, response, JSON.parse(Buffer.concat(parts).toString("utf8")));
    if (request.method === "POST" && path === "/embeddings") {
      const { model, input } = embeddingBody.parse(JSON.parse(Buffer.concat(parts).toString("utf8")));
      const texts = typeof input === "string" ? [input] : input;
      embedded.push(...texts);
      const data = await Promise.all(texts.map(async (text, index) => ({ object: "embedding", index, embedding: await embed(text) })));
      return sendJson(response, 200, { object: "list", model, data, usage: { prompt_tokens: texts.length, total_tokens: texts.length } });
    }
    return sendJson(response, 404, { error: { message: "The scripted server has no such address.", type: "invalid_request_error" } });
  }

  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The scripted server has no port.");
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    requests,
    embedded,
    get abandoned() {
      return abandoned;
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function readChatRequest(request: IncomingMessage, json: unknown): OpenAiChatRequest {
  const body = chatBody.parse(json);
  const textsOf = (role: string) =>
    body.messages
      .filter((message) => message.role === role)
      .map(({ content }) => (typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("")));
  const asked = body.response_format?.json_schema;
  return {
    model: body.model,
    system: textsOf("system").join("\n"),
    prompt: textsOf("user").at(-1) ?? "",
    stream: body.stream ?? false,
    ...(asked ? { schema: { name: asked.name, jsonSchema: asked.schema } } : {}),
    ...(request.headers.authorization === undefined ? {} : { authorization: request.headers.authorization }),
    body,
  };
}

interface ScriptedReply {
  reply: z.infer<typeof openAiReplySchema>;
  pieces: readonly string[];
  /** Undefined: none is told. */
  usage: object | undefined;
  base: object;
}

function usageOf({ usage }: ScriptedReply["reply"], { body }: OpenAiChatRequest, pieces: readonly string[]): object | undefined {
  if (usage === null) return undefined;
  return {
    prompt_tokens: usage?.prompt_tokens ?? Math.ceil(JSON.stringify(body["messages"]).length / 4),
    completion_tokens: usage?.completion_tokens ?? Math.ceil(pieces.join("").length / 4),
    prompt_tokens_details: { cached_tokens: usage?.cached_tokens ?? 0 },
  };
}

function sendWhole(response: ServerResponse, { reply, pieces, usage, base }: ScriptedReply): void {
  if (reply.stallAfter !== undefined) return;
  if (reply.cutAfter !== undefined) return void response.destroy();
  const message = {
    role: "assistant",
    content: reply.refusal === undefined ? pieces.join("") : null,
    ...(reply.refusal === undefined ? {} : { refusal: reply.refusal }),
    ...(reply.reasoning === undefined ? {} : { reasoning_content: reply.reasoning }),
  };
  const choices = [{ index: 0, message, finish_reason: reply.finishReason }];
  sendJson(response, 200, { ...base, object: "chat.completion", choices, usage });
}

async function sendStream(response: ServerResponse, { reply, pieces, usage, base }: ScriptedReply): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (data: unknown) =>
    new Promise<void>((resolve) => response.write(`data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`, () => resolve()));
  const chunk = (delta: object, finish: string | null = null) =>
    send({ ...base, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: finish }] });
  await chunk({ role: "assistant" });
  if (reply.reasoning !== undefined) await chunk({ reasoning_content: reply.reasoning });
  for (let at = 0; at <= pieces.length; at++) {
    if (reply.stallAfter === at) return;
    if (reply.cutAfter === at) return void response.destroy();
    if (reply.failAfter === at) {
      await send({ error: { message: reply.error, type: "scripted" } });
      response.end();
      return;
    }
    const piece = pieces[at];
    if (piece !== undefined) await chunk({ content: piece });
  }
  if (reply.refusal !== undefined) await chunk({ refusal: reply.refusal });
  if (reply.finishReason !== null) await chunk({}, reply.finishReason);
  if (usage) await send({ ...base, object: "chat.completion.chunk", choices: [], usage });
  await send("[DONE]");
  response.end();
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}
