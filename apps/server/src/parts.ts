import { createExtractiveModel, withResilience } from "@footnote/answers";
import { createSystemClock } from "@footnote/core";
import type { Clock, LanguageModel, PipelineSpec, Reranker } from "@footnote/core";
import { tokenMatches } from "@footnote/embedding";
import { openStore } from "@footnote/storage";
import { createTelemetry } from "@footnote/telemetry";
import type { DataFolder } from "./data-folder.ts";
import { createEngine } from "./engine.ts";
import type { Engine } from "./engine.ts";
import type { Environment } from "./env.ts";
import { generatedPipeline, openModel } from "./models.ts";
import { createRerankers } from "./rerankers.ts";

/** What one process works with, before it is put together. */
export interface Parts extends Awaited<ReturnType<typeof openStore>> {
  env: Environment;
  folder: DataFolder;
  telemetry: ReturnType<typeof createTelemetry>;
  clock: Clock;
  engine: Engine;
  /** The extractive model, then the configured one; each of them, and each that is added, `withResilience`, which counts its calls. */
  models: readonly [LanguageModel, ...LanguageModel[]];
  rerankers: readonly Reranker[];
  /** Those that can be asked beside the shipped ones. */
  pipelines: readonly PipelineSpec[];
  close(): Promise<void>;
}

export interface PartsOptions {
  env: Environment;
  folder: DataFolder;
  /** Loads the embedding model while the store opens. Default false: it is loaded when a text is embedded. */
  warm?: boolean;
}

/** Opens the store and makes what answers and ingests with it. Closes the engine with the other parts, also where one cannot be opened. */
export async function openParts(options: PartsOptions & { engine?: Engine }): Promise<Parts> {
  const { env, folder, warm = false, engine = createEngine({ embedWorkers: env.FOOTNOTE_EMBED_WORKERS }) } = options;
  const telemetry = createTelemetry({ level: env.FOOTNOTE_LOG_LEVEL });
  const clock = createSystemClock();
  // Its failure is told by /readyz and by whoever embeds.
  if (warm) engine.embedder.embed({ texts: ["warm-up"], purpose: "query" }).catch(() => {});
  const opened = await openStore({
    dataDir: folder.path,
    spaces: engine.spaces,
    extraSchemas: engine.extraSchemas,
    ...(env.DATABASE_URL ? { databaseUrl: env.DATABASE_URL } : {}),
  }).catch(async (error: unknown) => {
    await engine.close();
    throw error;
  });
  const rerankers = createRerankers({ engine, store: opened.store, modelDir: env.RERANKER_MODEL });
  const close = async () => {
    await Promise.all([engine.close(), rerankers.close()]);
    await opened.store.close();
  };
  try {
    const quoting = createExtractiveModel({ embedder: engine.embedder, analyzerFor: engine.analyzerFor, tokenMatches });
    const extractive = withResilience(quoting, { clock, telemetry });
    const generative = await openModel({ env, role: "MODEL", clock, telemetry });
    return {
      ...opened,
      env,
      folder,
      telemetry,
      clock,
      engine,
      models: generative ? [extractive, generative] : [extractive],
      rerankers: rerankers.list,
      pipelines: generative ? [generatedPipeline(generative.name)] : [],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
