import { contextualizeQuestion } from "@footnote/answers";
import { canonicalJson, errorCodes, FootnoteError, sha256 } from "@footnote/core";
import type { EvalTarget } from "@footnote/evaluation";
import { isFootnoteApiError } from "@footnote/sdk";
import { z } from "zod";
import { allPages } from "./all-pages.ts";
import type { FootnoteClient } from "./local-client.ts";

/** Longer than an answer of any shipped pipeline may take: its own caps end it. */
const answerTimeoutMs = 150_000;

/**
 * A collection behind the API as what is evaluated: its documents as they are when this is called. What it throws has the code that the API gave, so
 * that whoever runs cases knows which errors may pass.
 */
export function createClientTarget(options: Parameters<typeof openTarget>[0]): Promise<EvalTarget> {
  return withOwnErrors(async () => {
    const target = await openTarget(options);
    return {
      ...target,
      ask: (request) => withOwnErrors(() => target.ask(request)),
      search: (request) => withOwnErrors(() => target.search(request)),
      readVersion: (request) => withOwnErrors(() => target.readVersion(request)),
      readDocument: (request) => withOwnErrors(() => target.readDocument(request)),
    };
  });
}

/** An error of the API's client is no FootnoteError: without this a model's rate limit would count as an unexpected error and end the run. */
async function withOwnErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isFootnoteApiError(error)) throw error;
    const known = errorCodes.find((code) => code === error.code);
    throw new FootnoteError(known ?? "upstream_failed", error.message, { cause: error, retryable: error.isRetryable });
  }
}

async function openTarget(options: {
  client: FootnoteClient;
  collection: string;
  /** Default: the collection's own. */
  pipeline?: string;
  /** Hash of the documents where the caller knows one that outlives the store. Default: of external ids and versions. */
  corpus?: string;
  /** Deletes each conversation once its answer is read: the collection is somebody's own. Default false. */
  forgets?: boolean;
  signal?: AbortSignal;
}): Promise<EvalTarget> {
  const { client, collection, forgets = false, signal } = options;
  const settings = await client.collections.get(collection, { signal });
  const pipeline = options.pipeline ?? settings.pipeline;
  const known = (await client.pipelines.list({ signal })).data;
  const offered = known.filter(({ name }) => name === pipeline);
  const pipelineHash = pipeline === settings.pipeline ? settings.pipelineHash : offered[0]?.hash;
  if (pipelineHash === undefined) {
    throw new FootnoteError(
      "pipeline_unknown",
      `There is no pipeline ${pipeline}; known are ${[...new Set(known.map(({ name }) => name))].join(", ")}.`,
    );
  }
  const completes = followUpsOf(offered.find(({ hash }) => hash === pipelineHash)) !== "none";
  let listed: Promise<Listed> | undefined;
  const documents = () => (listed ??= listDocuments(client, collection, signal));
  const corpus = options.corpus ?? corpusOf(await documents());
  return {
    pipeline,
    pipelineHash,
    corpus,
    async ask({ question, history, signal }) {
      let conversationId: string | undefined;
      try {
        for (const [turn, asked] of [...history, question].entries()) {
          const request = { question: asked, collection, pipeline, ...(conversationId === undefined ? {} : { conversationId }) };
          const answer = await client.answers.create(request, { signal, timeoutMs: answerTimeoutMs });
          conversationId = answer.conversationId;
          if (turn === history.length) return answer;
        }
      } finally {
        if (forgets && conversationId !== undefined)
          await client.conversations.delete(conversationId, { timeoutMs: 5_000 }).catch(() => undefined);
      }
      throw new FootnoteError("internal", "A conversation ended before its last question.");
    },
    search({ question, history, limit, signal }) {
      // A search has no conversation. Where a model completes follow-ups, the rules' words come nearest to its own.
      const before = history.map((asked) => ({ question: asked }));
      const query = completes ? contextualizeQuestion(question, before) : question;
      return client.search({ query: query.slice(0, 4_000), collection, pipeline, limit }, { signal });
    },
    async readVersion({ documentId, versionId, signal }) {
      const [{ externalId }, text] = await Promise.all([
        client.documents.get(documentId, { signal }),
        client.documents.text(documentId, versionId, { signal }),
      ]);
      return { externalId, text };
    },
    async readDocument({ externalId, signal }) {
      const document = (await documents()).get(externalId);
      return document?.versionId ? await client.documents.text(document.id, document.versionId, { signal }) : null;
    },
  };
}

const followUps = z.object({ followUps: z.object({ type: z.string() }) });

function followUpsOf(pipeline: { spec: Record<string, unknown> } | undefined): string {
  const known = followUps.safeParse(pipeline?.spec);
  return known.success ? known.data.followUps.type : "rules";
}

type Listed = Map<string, { id: string; versionId: string | null }>;

async function listDocuments(client: FootnoteClient, collection: string, signal: AbortSignal | undefined): Promise<Listed> {
  const documents: Listed = new Map();
  for await (const { externalId, id, versionId } of allPages((page) => client.documents.list(collection, page, { signal }))) {
    documents.set(externalId, { id, versionId });
  }
  return documents;
}

const corpusOf = (documents: Listed) => sha256(canonicalJson([...documents].map(([name, { versionId }]) => [name, versionId]).toSorted()));
