import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withResilience } from "@footnote/answers";
import { createSystemClock, type LanguageModel, type PipelineSpec } from "@footnote/core";
import { createUnfaithfulModel } from "@footnote/core/testing/unfaithful-model";
import { pipelines } from "@footnote/retrieval";
import { generatedPipeline } from "@footnote/server/models";
import { openHandbookStore } from "./handbook-store.ts";

interface RecordedQuestion {
  name: string;
  pipeline: string;
  /** The last one is recorded; the ones before are its conversation. */
  questions: string[];
}

/** One of each kind of answer: what a change may break differs. */
export const recordedQuestions: readonly RecordedQuestion[] = [
  { name: "single-fact", pipeline: "default", questions: ["How long is the warranty of the Skua 3?"] },
  { name: "table", pipeline: "default", questions: ["What does status 409 mean?"] },
  { name: "two-parts", pipeline: "default", questions: ["How large is the home office allowance? And how long does probation last?"] },
  { name: "follow-up", pipeline: "default", questions: ["How long is the warranty of the Skua 3?", "And of the Skua 4?"] },
  { name: "abstention", pipeline: "default", questions: ["Which airline does the company recommend?"] },
  { name: "reranked", pipeline: "hybrid-rrf-rerank", questions: ["When does the on-call rotation change?"] },
  { name: "learned-fusion", pipeline: "learned", questions: ["How many reviewers do changes to the calibration code need?"] },
  { name: "generated", pipeline: "generated", questions: ["What is the daily allowance for meals on domestic trips in 2026?"] },
  { name: "generated-follow-up", pipeline: "generated", questions: ["Where do visitors park?", "How much does it cost there?"] },
];

/** A writer with every fault that an answer's checks must deal with: sentences without support, and a forged footnote. */
function faultyModel(): LanguageModel {
  const writer = createUnfaithfulModel({ share: 0.4, kinds: ["invented", "number", "negation"], name: "scripted-writer" });
  return {
    name: writer.name,
    capabilities: writer.capabilities,
    async *generate(request) {
      for await (const event of writer.generate(request)) {
        if (event.type === "finish") yield { type: "text-delta", text: " As everybody knows, it rains [99]." };
        yield event;
      }
    },
  };
}

/** Asks the sample documents and writes one exported trace for each question into `folder`. Returns the files' names. */
export async function recordTraces(options: {
  folder: string;
  variables: Record<string, string | undefined>;
  log(line: string): void;
  questions?: readonly RecordedQuestion[];
}): Promise<string[]> {
  const { folder, variables, log, questions = recordedQuestions } = options;
  const model = withResilience(faultyModel(), { clock: createSystemClock() });
  const generated: PipelineSpec = generatedPipeline(model.name);
  const learned: PipelineSpec = {
    ...pipelines.default,
    name: "learned",
    reranker: { type: "learned-linear", weights: "fusion@1", candidates: 50 },
  };
  const store = await openHandbookStore({
    pipeline: pipelines.default.name,
    specs: [generated, learned],
    models: [model],
    variables,
    log,
  });
  try {
    await mkdir(folder, { recursive: true });
    const files: string[] = [];
    for (const { name, pipeline, questions: turns } of questions) {
      let conversationId: string | undefined;
      let answerId = "";
      for (const question of turns) {
        const answer = await store.client.answers.create({
          question,
          collection: store.collection,
          pipeline,
          ...(conversationId === undefined ? {} : { conversationId }),
        });
        ({ conversationId, id: answerId } = answer);
      }
      const file = `${name}.json`;
      await writeFile(join(folder, file), `${JSON.stringify(await store.client.answers.trace(answerId))}\n`);
      log(`${file}: ${turns.at(-1)}`);
      files.push(file);
    }
    return files;
  } finally {
    await store.close();
  }
}
