import { createFakeEmbedder, createScriptedModel, judgeContract } from "@footnote/core/testing";
import { containmentJudge } from "@footnote/core/testing/scripted-judge";
import { createDeterministicJudge } from "./deterministic-judge.ts";
import { createLlmJudge } from "./llm-judge.ts";

const fake = createFakeEmbedder({ dimensions: 256 });

judgeContract("deterministic", {
  create: () =>
    createDeterministicJudge({ embed: async (texts) => (await fake.embed({ texts, purpose: "passage" })).map(({ vector }) => vector) }),
});

judgeContract("language model", {
  create: () =>
    createLlmJudge({
      model: createScriptedModel({
        scripts: [],
        name: "judge",
        completions(request) {
          const reply = containmentJudge({ prompt: request.prompt, schema: { name: request.schema?.name ?? "", jsonSchema: {} } });
          return {
            text: typeof reply?.text === "string" ? reply.text : "",
            usage: { promptTokens: 1, completionTokens: 1, cachedTokens: 0 },
          };
        },
      }),
    }),
});
