import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { createOpenAiServer, openAiReplySchema } from "./openai-server.ts";
import { containmentJudge } from "./scripted-judge.ts";
import { createUnfaithfulWriter, unfaithfulReply } from "./unfaithful-model.ts";

/**
 * The scripted server as a program, for tests in other languages and for trying things out. It prints its address and serves until it
 * is ended.
 *
 *     node packages/core/src/testing/openai-server-main.ts [--script rules.json] [--unsupported 0.3] [--port 0]
 *
 * rules.json is a list of `{system?, prompt?, reply}`: the first one whose texts stand in a request replies. What no rule matches is judged by
 * containment when it is a judge's prompt, and answered from its sources otherwise, with the share of unsupported sentences that is given.
 */
const { values } = parseArgs({
  options: { script: { type: "string" }, unsupported: { type: "string", default: "0" }, port: { type: "string", default: "0" } },
});
const rulesSchema = z.array(z.strictObject({ system: z.string().default(""), prompt: z.string().default(""), reply: openAiReplySchema }));
const rules = values.script === undefined ? [] : rulesSchema.parse(JSON.parse(await readFile(values.script, "utf8")));
const writer = createUnfaithfulWriter({ share: Number(values.unsupported) });

const server = await createOpenAiServer({
  port: Number(values.port),
  reply(request) {
    const rule = rules.find(({ system, prompt }) => request.system.includes(system) && request.prompt.includes(prompt));
    return rule?.reply ?? containmentJudge(request) ?? unfaithfulReply(writer, request);
  },
});
process.stdout.write(`${server.url}\n`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close());
