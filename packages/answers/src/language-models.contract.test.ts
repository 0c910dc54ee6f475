import { createSystemClock } from "@footnote/core";
import { createFakeEmbedder, createScriptedModel, languageModelContract, scriptText } from "@footnote/core/testing";
import { createOpenAiServer } from "@footnote/core/testing/openai-server";
import { createUnfaithfulModel, createUnfaithfulWriter, unfaithfulReply } from "@footnote/core/testing/unfaithful-model";
import { createExtractiveModel } from "./extractive/extractive-model.ts";
import { createOpenAiCompatibleModel } from "./openai-compatible/openai-compatible-model.ts";
import { plainTerms } from "./terms.ts";
import { withResilience } from "./with-resilience.ts";

const nothing = async () => {};
const said = scriptText(["The boiler is guaranteed ", "for seven years [1]."]);

languageModelContract("OpenAI-compatible", {
  async create() {
    const writer = createUnfaithfulWriter({ share: 0 });
    const server = await createOpenAiServer({
      reply: (request) => (request.stream ? unfaithfulReply(writer, request) : { text: "Yes." }),
    });
    return {
      model: withResilience(createOpenAiCompatibleModel({ url: server.url, model: "scripted" }), { clock: createSystemClock() }),
      close: () => server.close(),
    };
  },
});

languageModelContract("extractive", {
  create: async () => ({
    model: createExtractiveModel({
      embedder: createFakeEmbedder(),
      analyzerFor: () => ({ language: "en", version: 1, terms: plainTerms, analyze: () => ({ termIds: [], frequencies: [], length: 0 }) }),
    }),
    close: nothing,
  }),
});

languageModelContract("writer of tests", { create: async () => ({ model: createUnfaithfulModel({ share: 0 }), close: nothing }) });

languageModelContract("script", {
  create: async () => ({ model: createScriptedModel({ scripts: [said], completions: [{ text: "Yes." }] }), close: nothing }),
  skip: { "says nothing where nothing can be said": "it says what its script says, whatever the sources" },
});
