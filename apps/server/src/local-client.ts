import { randomUUID } from "node:crypto";
import { toProblem } from "@footnote/api";
import { type Actor, type AnswerEvent as SpokenEvent, FootnoteError, type Id, type IdKind, isId } from "@footnote/core";
import { type AnswerEvent, type Client, evalCaseSchema, evalResultSchema, finishedJobStates } from "@footnote/sdk";
import { type BoundVerb, notFound, type Service, wholeAnswer } from "@footnote/service";
import {
  toAcceptedDocument,
  toAnswer,
  toCandidate,
  toChunk,
  toCollection,
  toCreatedKey,
  toDataset,
  toDocument,
  toJob,
  toKey,
  toPage,
  toPipeline,
  toResult,
  toRun,
  toSearchResponse,
  toTenant,
} from "@footnote/service/wire";

/** What commands and evaluations ask for: a server's client has it, and so has the store of this process. */
export interface FootnoteClient {
  collections: Pick<Client["collections"], "put" | "get" | "list">;
  documents: Pick<Client["documents"], "put" | "list" | "get" | "text" | "chunks" | "delete">;
  jobs: Pick<Client["jobs"], "wait">;
  search: Client["search"];
  answers: Pick<Client["answers"], "create" | "stream" | "trace" | "feedback">;
  conversations: Pick<Client["conversations"], "delete">;
  keys: Client["keys"];
  evals: {
    candidates: Client["evals"]["candidates"];
    datasets: Pick<Client["evals"]["datasets"], "put" | "get">;
    runs: Pick<Client["evals"]["runs"], "create" | "get" | "list" | "results">;
  };
  pipelines: Client["pipelines"];
  admin: Client["admin"];
}

interface Given {
  signal?: AbortSignal | undefined;
  timeoutMs?: number | undefined;
}

/** Each call is one of a verb, in the name of `actor`, which is looked up each time. */
export function createLocalClient(options: { service: Service; actor(): Promise<Actor>; maxUploadBytes: number }): FootnoteClient {
  const { service, actor, maxUploadBytes } = options;

  async function run<I, O>(verb: BoundVerb<I, O>, input: I, { signal, timeoutMs }: Given): Promise<O> {
    const signals = [...(signal ? [signal] : []), ...(timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)])];
    return await verb(await actor(), input, signals.length === 0 ? {} : { signal: AbortSignal.any(signals) });
  }

  async function bytesOf(content: Uint8Array<ArrayBuffer> | string | Blob): Promise<Uint8Array> {
    const bytes = new Uint8Array(await new Blob([content]).arrayBuffer());
    if (bytes.byteLength <= maxUploadBytes) return bytes;
    throw new FootnoteError("payload_too_large", `The body is larger than ${maxUploadBytes} bytes; send less.`, {
      details: { maxBytes: maxUploadBytes },
    });
  }

  return {
    collections: {
      async put(collection, settings = {}, call = {}) {
        const put = await run(service.putCollection, { ...settings, collection }, call);
        return toCollection(put.collection, put.warnings);
      },
      async get(collection, call = {}) {
        const read = await run(service.readCollection, { collection }, call);
        return toCollection(read.collection, read.warnings);
      },
      list: async (page = {}, call = {}) =>
        toPage(await run(service.listCollections, page, call), ({ collection, warnings }) => toCollection(collection, warnings)),
    },
    documents: {
      async put({ collection, externalId, content, mediaType, title, metadata, access }, call = {}) {
        const read = async () => ({
          bytes: await bytesOf(content),
          declared: mediaType,
          ...(title === undefined ? {} : { title }),
          ...(metadata === undefined ? {} : { metadata }),
          ...(access === undefined ? {} : { access }),
        });
        return toAcceptedDocument(await run(service.putDocument, { collection, externalId, read }, call));
      },
      list: async (collection, page = {}, call = {}) =>
        toPage(await run(service.listDocuments, { ...page, collection }, call), (document) => toDocument(document)),
      async get(id, call = {}) {
        const { document, warnings } = await run(service.readDocument, { documentId: known("document", id) }, call);
        return toDocument(document, warnings);
      },
      text: async (id, version, call = {}) =>
        (await run(service.readDocumentText, { documentId: known("document", id), version }, call)).text,
      chunks: async (id, page = {}, call = {}) =>
        toPage(await run(service.listChunks, { ...page, documentId: known("document", id) }, call), toChunk),
      delete: async (id, call = {}) => toJob(await run(service.eraseDocument, { documentId: known("document", id) }, call)),
    },
    jobs: {
      async wait(id, { onUpdate, ...call } = {}) {
        for await (const record of await run(service.watchJob, { jobId: known("job", id) }, call)) {
          const job = toJob(record);
          onUpdate?.(job);
          if (finishedJobStates.has(job.state)) return job;
        }
        call.signal?.throwIfAborted();
        throw notFound();
      },
    },
    search: async (request, call = {}) => toSearchResponse(await run(service.search, request, call)),
    answers: {
      create: async (request, call = {}) => toAnswer(await wholeAnswer(await run(service.ask, request, call))),
      async *stream(request, call = {}) {
        const { events } = await run(service.ask, request, call);
        for await (const event of events) yield toWireEvent(event);
      },
      feedback: async (id, feedback, call = {}) => await run(service.giveFeedback, { ...feedback, answerId: known("answer", id) }, call),
      trace: async (id, call = {}) => await run(service.readTrace, { answerId: known("answer", id) }, call),
    },
    conversations: {
      delete: async (id, call = {}) => await run(service.deleteConversation, { conversationId: id }, call),
    },
    keys: {
      create: async (request, call = {}) => toCreatedKey(await run(service.createKey, request, call)),
      list: async (page = {}, call = {}) => toPage(await run(service.listKeys, page, call), toKey),
      revoke: async (id, call = {}) => toKey(await run(service.revokeKey, { keyId: known("key", id) }, call)),
    },
    evals: {
      candidates: async (page = {}, call = {}) => toPage(await run(service.listCandidates, page, call), toCandidate),
      datasets: {
        async put({ collection, name, cases }, call = {}) {
          const read = async () => new TextDecoder().decode(await bytesOf(cases));
          return toDataset((await run(service.putDataset, { collection, name, read }, call)).dataset);
        },
        async get(name, call = {}) {
          const { dataset, cases } = await run(service.readDataset, { name }, call);
          return { ...toDataset(dataset), cases: evalCaseSchema.array().parse(cases) };
        },
      },
      runs: {
        async create(request, call = {}) {
          const begun = await run(service.startEvaluation, request, call);
          return { run: toRun(begun.run), job: toJob(begun.job) };
        },
        get: async (id, call = {}) => toRun(await run(service.readRun, { runId: known("run", id) }, call)),
        list: async (page = {}, call = {}) => toPage(await run(service.listRuns, page, call), toRun),
        results: async (id, page = {}, call = {}) =>
          toPage(await run(service.listResults, { ...page, runId: known("run", id) }, call), (row) =>
            evalResultSchema.parse(toResult(row)),
          ),
      },
    },
    pipelines: {
      list: async (call = {}) =>
        toPage({ data: await run(service.listPipelines, {}, call), nextCursor: null }, ({ spec, shipped }) => toPipeline(spec, shipped)),
    },
    admin: {
      tenants: {
        create: async (request, call = {}) => toTenant(await run(service.createTenant, request, call)),
        list: async (page = {}, call = {}) => toPage(await run(service.listTenants, page, call), toTenant),
        createKey: async (tenantId, request, call = {}) =>
          toCreatedKey(await run(service.createTenantKey, { ...request, tenantId: known("tenant", tenantId) }, call)),
      },
    },
  };
}

function known<Kind extends IdKind>(kind: Kind, id: string): Id<Kind> {
  if (isId(kind, id)) return id;
  throw notFound();
}

function toWireEvent(event: SpokenEvent): AnswerEvent {
  return event.type === "error" ? { type: "error", problem: toProblem(event.error, randomUUID()) } : event;
}
