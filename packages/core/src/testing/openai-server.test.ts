import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createOpenAiServer } from "./openai-server.ts";

const post = async (url: string, body: object) => {
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const text = await response.text();
  const json: ReturnType<typeof JSON.parse> = text.startsWith("{") ? JSON.parse(text) : null;
  return { status: response.status, text, json };
};

it("speaks chat, streams, embeddings and models, and says what is wrong with a request", async () => {
  const server = await createOpenAiServer({ reply: ({ prompt }, index) => ({ text: [`${index}:`, prompt] }) });
  onTestFinished(() => server.close());
  const messages = [
    { role: "system", content: "Be brief." },
    { role: "user", content: [{ type: "text", text: "Hello" }] },
  ];
  const whole = await post(`${server.url}/chat/completions`, { model: "m", messages });
  expect(whole.json).toMatchObject({
    model: "m",
    choices: [{ message: { role: "assistant", content: "0:Hello" }, finish_reason: "stop" }],
  });
  const streamed = await post(`${server.url}/chat/completions`, { model: "m", messages, stream: true });
  const deltas = [...streamed.text.matchAll(/"content":"([^"]*)"/gu)].map(([, text]) => text);
  expect(deltas).toEqual(["1:", "Hello"]);
  expect(streamed.text).toMatch(/"prompt_tokens":.*data: \[DONE\]\n\n$/su);
  expect(server.requests[0]).toMatchObject({ system: "Be brief.", prompt: "Hello", stream: false });
  const embedded = await post(`${server.url}/embeddings`, { model: "e", input: ["a b", "c"] });
  expect(embedded.json.data).toHaveLength(2);
  expect(embedded.json.data[0].embedding).toHaveLength(64);
  expect(server.embedded).toEqual(["a b", "c"]);
  expect(await (await fetch(`${server.url}/models`)).json()).toMatchObject({ data: [{ id: "scripted" }] });
  expect(await post(`${server.url}/chat/completions`, { messages })).toMatchObject({ status: 400 });
  expect(await post(`${server.url}/nowhere`, {})).toMatchObject({ status: 404 });
  expect(server.abandoned).toBe(0);
});

it("runs as a program with rules, a judge and a writer", async () => {
  const folder = await mkdtemp(join(tmpdir(), "footnote-scripted-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const script = join(folder, "rules.json");
  await writeFile(script, JSON.stringify([{ prompt: "fail", reply: { status: 503 } }]));
  const child = spawn(process.execPath, [join(import.meta.dirname, "openai-server-main.ts"), "--script", script, "--unsupported", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill());
  const [line]: Buffer[] = await once(child.stdout, "data");
  const url = `${String(line).trim()}/chat/completions`;
  const ask = (content: string, more: object = {}) => post(url, { model: "m", messages: [{ role: "user", content }], ...more });
  expect(await ask("please fail")).toMatchObject({ status: 503 });
  const schema = { response_format: { type: "json_schema", json_schema: { name: "statements", schema: {} } } };
  expect((await ask('Text: "One is here. Two is there."', schema)).json.choices[0].message.content).toBe(
    '{"statements":["One is here.","Two is there."]}',
  );
  expect(
    (await ask('{"source":1,"text":"Visitors may park behind the building."}\nQuestion: "Where?"')).json.choices[0].message.content,
  ).toBe("Visitors may park behind the building. [1]");
  child.kill();
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
});
