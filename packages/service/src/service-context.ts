import type {
  ActorRef,
  Clock,
  Embedder,
  JobEvents,
  KeyId,
  LanguageModel,
  LexicalAnalyzer,
  PipelineSpec,
  Reranker,
  Telemetry,
  TenantActor,
  TenantId,
} from "@footnote/core";
import type { Judges } from "@footnote/evaluation";
import type { Retriever } from "@footnote/retrieval";
import type { Store } from "@footnote/storage";
import type { CollectionWarnings } from "./collection-warnings.ts";

/** What verbs work on, made by the composition root. */
export interface ServiceContext {
  store: Store;
  queue: {
    /** A job was written: carry it to the workers now. */
    wake(): void;
  };
  jobEvents: JobEvents;
  /** What a file is, from its bytes first; null: nothing that can be read. */
  detectMediaType(file: { bytes: Uint8Array; declared?: string; fileName: string }): string | null;
  embedderFor(space: string): Embedder | undefined;
  rerankers: readonly Reranker[];
  /** Whether a lower-case word is one of general language. Default: nobody knows, and no spelling is corrected. */
  isWord?(word: string): boolean;
  modelNamed(tenantId: TenantId, name: string): LanguageModel | undefined;
  /** Pipelines that this server offers beside the shipped ones. Default: none. */
  pipelines?: readonly PipelineSpec[];
  /** A stored actor with what it may do now; throws `unauthorized` where it may do nothing any more. */
  actorOf(tenantId: TenantId, ref: ActorRef): Promise<TenantActor>;
  /** A key was revoked: whoever remembers it forgets it now. */
  forgetKey(id: KeyId): void;
  /** Who scores the answers of evaluations. */
  judges: Judges;
  /** Default: retrieval over the store. A replay gives back what was found then. */
  retriever?: Retriever;
  telemetry: Telemetry;
  clock: Clock;
}

/** With what verbs share among calls. */
export interface VerbContext extends ServiceContext {
  retriever: Retriever;
  /** The analyzer of a pipeline's index. */
  analyzerFor(spec: PipelineSpec): LexicalAnalyzer;
  warnings: CollectionWarnings;
}
