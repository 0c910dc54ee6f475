import type { Clock, Embedder, JobEvents, LanguageModel, PipelineSpec, Reranker, TenantId } from "@footnote/core";
import type { Store } from "@footnote/storage";
import type { ApplicationTelemetry } from "@footnote/telemetry";
import type { ApiEnvironment } from "./env.ts";

export interface ApiDependencies {
  store: Store;
  queue: {
    /** A job was written: carry it to the workers now. */
    wake(): void;
    /** Rejects when the queue cannot take jobs. Default: it always can. */
    ping?(signal: AbortSignal): Promise<void>;
  };
  jobEvents: JobEvents;
  embedderFor(space: string): Embedder | undefined;
  rerankers: readonly Reranker[];
  /** Whether a lower-case word is one of general language. Default: nobody knows, and no spelling is corrected. */
  isWord?(word: string): boolean;
  /** The model that a spec of this tenant names. */
  modelNamed(tenantId: TenantId, name: string): LanguageModel | undefined;
  /** Pipelines that this server offers beside the shipped ones. Default: none. */
  pipelines?: readonly PipelineSpec[];
  telemetry: ApplicationTelemetry;
  clock: Clock;
  environment: ApiEnvironment;
}
