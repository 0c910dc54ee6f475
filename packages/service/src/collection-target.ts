import { contextualizeQuestion } from "@footnote/answers";
import { type Answer, canonicalJson, type DocumentId, isId, pipelineHash, sha256, type TenantActor, type VersionId } from "@footnote/core";
import type { EvalTarget } from "@footnote/evaluation";
import { notFound } from "./not-found.ts";
import type { Bound } from "./verb.ts";
import { type ask, wholeAnswer } from "./verbs/ask.ts";
import type { deleteConversation } from "./verbs/delete-conversation.ts";
import type { listDocuments } from "./verbs/list-documents.ts";
import type { readDocument } from "./verbs/read-document.ts";
import type { readDocumentText } from "./verbs/read-document-text.ts";
import type { resolvePipeline } from "./verbs/resolve-pipeline.ts";
import type { search } from "./verbs/search.ts";

interface TargetVerbs {
  ask: Bound<typeof ask>;
  search: Bound<typeof search>;
  resolvePipeline: Bound<typeof resolvePipeline>;
  listDocuments: Bound<typeof listDocuments>;
  readDocument: Bound<typeof readDocument>;
  readDocumentText: Bound<typeof readDocumentText>;
  deleteConversation: Bound<typeof deleteConversation>;
}

/** A collection as what is evaluated, asked through the verbs that people ask through: its documents as they are when this is called. */
export async function openCollectionTarget(options: {
  verbs: TargetVerbs;
  /** In whose name; looked up for each call, so that what is no longer allowed ends. */
  actor(): Promise<TenantActor>;
  /** Who takes away what was asked, also where whoever began it may do nothing any more. */
  forgetter: TenantActor;
  /** A conversation could not be deleted. */
  onLeftBehind(error: unknown): void;
  collection: string;
  /** Default: the collection's own. */
  pipeline?: string;
  /** Hash of the documents as the caller knows it. Null: of their external ids and versions now. */
  corpus: string | null;
  /** Deletes each conversation once its answer is read: the collection is somebody's own. Default true. */
  forgets?: boolean;
  signal: AbortSignal;
}): Promise<EvalTarget> {
  const { verbs, actor, forgetter, onLeftBehind, collection, pipeline, forgets = true } = options;
  const spec = await verbs.resolvePipeline(await actor(), { collection, pipeline }, options);
  let listed: Promise<Listed> | undefined;
  const documents = () => (listed ??= listDocumentsOf(options));
  return {
    pipeline: spec.name,
    pipelineHash: pipelineHash(spec),
    corpus: options.corpus ?? corpusOf(await documents()),
    async ask({ question, history, signal = options.signal }) {
      let conversationId: string | undefined;
      async function turn(asked: string): Promise<Answer> {
        const input = { question: asked, collection, pipeline, conversationId };
        const begun = await verbs.ask(await actor(), input, { signal });
        ({ conversationId } = begun);
        return await wholeAnswer(begun);
      }
      try {
        for (const before of history) await turn(before);
        return await turn(question);
      } finally {
        if (forgets && conversationId !== undefined) await verbs.deleteConversation(forgetter, { conversationId }).catch(onLeftBehind);
      }
    },
    async search({ question, history, limit, signal = options.signal }) {
      // A search has no conversation. Where a model completes follow-ups, the rules' words come nearest to its own.
      const before = history.map((asked) => ({ question: asked }));
      const query = spec.followUps.type === "none" ? question : contextualizeQuestion(question, before);
      return await verbs.search(await actor(), { query: query.slice(0, 4_000), collection, pipeline, limit }, { signal });
    },
    async readVersion({ documentId, versionId, signal = options.signal }) {
      if (!isId("document", documentId)) throw notFound();
      const { document } = await verbs.readDocument(await actor(), { documentId }, { signal });
      const { text } = await verbs.readDocumentText(await actor(), { documentId, version: versionId }, { signal });
      return { externalId: document.externalId, text };
    },
    async readDocument({ externalId, signal = options.signal }) {
      const document = (await documents()).get(externalId);
      if (!document?.versionId) return null;
      const { text } = await verbs.readDocumentText(await actor(), { documentId: document.id, version: document.versionId }, { signal });
      return text;
    },
  };
}

type Listed = Map<string, { id: DocumentId; versionId: VersionId | null }>;

async function listDocumentsOf(options: Parameters<typeof openCollectionTarget>[0]): Promise<Listed> {
  const { verbs, actor, collection, signal } = options;
  const documents: Listed = new Map();
  let cursor: string | undefined;
  do {
    const page = await verbs.listDocuments(await actor(), { collection, limit: 100, cursor }, { signal });
    for (const { externalId, id, versionId } of page.data) documents.set(externalId, { id, versionId });
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return documents;
}

const corpusOf = (documents: Listed) => sha256(canonicalJson([...documents].map(([name, { versionId }]) => [name, versionId]).toSorted()));
