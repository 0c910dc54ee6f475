import { createFakeEmbedder } from "./fake-embedder.ts";
import { embedderContract } from "./embedder-contract.ts";

embedderContract("fake", { create: () => createFakeEmbedder() });
