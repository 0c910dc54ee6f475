import { type AnswerEvent, FootnoteError, newId } from "@footnote/core";
import { describe, expect, test } from "vitest";
import { createEventStream, type ServerEvent } from "./event-stream.ts";
import { encodeServerSentEvents } from "./server-sent-events.ts";

const decoder = new TextDecoder();
const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

async function text(stream: ReadableStream<Uint8Array>): Promise<string> {
  let all = "";
  for await (const chunk of stream) all += decoder.decode(chunk, { stream: true });
  return all;
}

async function* numbers(count: number, onStep: (n: number) => void = () => {}): AsyncGenerator<ServerEvent> {
  for (let n = 1; n <= count; n++) {
    onStep(n);
    yield { event: "number", data: { n } };
  }
}

describe("createEventStream", () => {
  test("sends every event as one frame, in order", async () => {
    expect(await text(createEventStream(numbers(2)))).toBe('event: number\ndata: {"n":1}\n\nevent: number\ndata: {"n":2}\n\n');
  });

  test("keeps ids, escapes line breaks and sends odd Unicode whole", async () => {
    const value = "a\nb\r\u2028 😀 \ud800";
    async function* odd(): AsyncGenerator<ServerEvent> {
      yield { event: "odd", data: value, id: "7" };
    }
    const sent = await text(createEventStream(odd()));
    expect(sent.split("\n").slice(0, 2)).toEqual(["id: 7", "event: odd"]);
    expect(JSON.parse(sent.split("\n")[2]?.slice(6) ?? "")).toBe(value);
  });

  test("joins events that are ready together, and cuts the batch at its size", async () => {
    const reader = createEventStream(numbers(2_000)).getReader();
    const sizes: number[] = [];
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      sizes.push(value.length);
    }
    expect(sizes.length).toBeLessThan(8);
    expect(Math.max(...sizes)).toBeLessThan(16_384 + 100);
  });

  test("sends what is there instead of waiting for the next event", async () => {
    let finish = () => {};
    async function* slow(): AsyncGenerator<ServerEvent> {
      yield { event: "first", data: 1 };
      await new Promise<void>((resolve) => (finish = resolve));
      yield { event: "second", data: 2 };
    }
    const reader = createEventStream(slow()).getReader();
    expect(decoder.decode((await reader.read()).value)).toBe("event: first\ndata: 1\n\n");
    const second = reader.read();
    await settle();
    finish();
    expect(decoder.decode((await second).value)).toBe("event: second\ndata: 2\n\n");
    expect((await reader.read()).done).toBe(true);
  });

  test("a paused reader stops the source after one batch", async () => {
    let produced = 0;
    const reader = createEventStream(numbers(1_000_000, (n) => (produced = n))).getReader();
    expect(produced).toBe(0);
    await reader.read();
    await settle();
    await settle();
    expect(produced).toBeGreaterThan(100);
    expect(produced).toBeLessThan(1_000);
    await reader.cancel();
  });

  test("a heartbeat keeps a silent stream open and the event still arrives", async () => {
    let finish = () => {};
    async function* silent(): AsyncGenerator<ServerEvent> {
      await new Promise<void>((resolve) => (finish = resolve));
      yield { event: "late", data: null };
    }
    const reader = createEventStream(silent(), { heartbeatMs: 5 }).getReader();
    expect(decoder.decode((await reader.read()).value)).toBe(":\n\n");
    expect(decoder.decode((await reader.read()).value)).toBe(":\n\n");
    finish();
    let next = "";
    while (!next.includes("late")) next = decoder.decode((await reader.read()).value);
    expect(next).toBe("event: late\ndata: null\n\n");
  });

  test("a reader that leaves ends the source, also one that waits", async () => {
    let left = false;
    const waiting = new AbortController();
    async function* source(): AsyncGenerator<ServerEvent> {
      try {
        yield { event: "first", data: 1 };
        await new Promise<void>((resolve) => waiting.signal.addEventListener("abort", () => resolve()));
      } finally {
        left = true;
      }
    }
    const reader = createEventStream(source(), { onCancel: () => waiting.abort() }).getReader();
    await reader.read();
    const pending = reader.read();
    await settle();
    await reader.cancel();
    expect((await pending).done).toBe(true);
    await settle();
    expect(left).toBe(true);
  });

  test("a signal closes the stream at once, and one that has fired opens none", async () => {
    const controller = new AbortController();
    let cancelled = 0;
    async function* silent(): AsyncGenerator<ServerEvent> {
      await new Promise<void>(() => {});
      yield { event: "never", data: null };
    }
    const reader = createEventStream(silent(), { signal: controller.signal, onCancel: () => (cancelled += 1) }).getReader();
    const pending = reader.read();
    await settle();
    controller.abort();
    expect((await pending).done).toBe(true);
    expect(cancelled).toBe(1);
    expect(await text(createEventStream(numbers(3), { signal: controller.signal }))).toBe("");
  });

  test("a source that throws ends with a problem that holds no internals", async () => {
    async function* failing(): AsyncGenerator<ServerEvent> {
      yield { event: "first", data: 1 };
      throw new Error("connect postgres://user:secret@db");
    }
    const sent = await text(createEventStream(failing()));
    expect(sent).toContain("event: first");
    expect(sent).toContain('event: error\ndata: {"problem":{"code":"internal"');
    expect(sent).not.toContain("secret");
  });

  test("data that JSON cannot hold ends the stream with a problem", async () => {
    async function* circular(): AsyncGenerator<ServerEvent> {
      yield { event: "first", data: 1n };
    }
    expect(await text(createEventStream(circular()))).toContain('"code":"internal"');
  });
});

describe("encodeServerSentEvents", () => {
  async function* answer(): AsyncGenerator<AnswerEvent> {
    yield {
      type: "answer-start",
      answerId: newId("answer"),
      conversationId: newId("conversation"),
      pipeline: "default",
      pipelineHash: "x",
    };
    yield { type: "text-delta", text: "Seven years." };
    yield { type: "error", error: new FootnoteError("timeout", "The model sent nothing; try again.", { details: { host: "inside" } }) };
  }

  test("names each event by its type and sends its fields", async () => {
    const sent = await text(encodeServerSentEvents(answer()));
    expect(sent).toContain('event: text-delta\ndata: {"text":"Seven years."}\n\n');
    expect(sent).toContain('event: error\ndata: {"problem":{"code":"timeout","title":"The model sent nothing; try again."}}');
    expect(sent).not.toContain("inside");
  });

  test("lets the caller choose the wire form", async () => {
    const sent = await text(encodeServerSentEvents(answer(), { toWire: ({ type }) => ({ event: "x", data: type }) }));
    expect(sent).toContain('event: x\ndata: "answer-start"\n\n');
  });
});
