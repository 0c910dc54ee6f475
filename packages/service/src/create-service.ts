import type { Actor } from "@footnote/core";
import { createAnalyzers, createRetriever, type Retriever } from "@footnote/retrieval";
import { createCollectionWarnings } from "./collection-warnings.ts";
import type { ServiceContext, VerbContext } from "./service-context.ts";
import { bindVerb, type Verb } from "./verb.ts";
import { ask } from "./verbs/ask.ts";
import { cancelJob } from "./verbs/cancel-job.ts";
import { createKey } from "./verbs/create-key.ts";
import { createOperatorKey } from "./verbs/create-operator-key.ts";
import { createTenant } from "./verbs/create-tenant.ts";
import { createTenantKey } from "./verbs/create-tenant-key.ts";
import { deleteConversation } from "./verbs/delete-conversation.ts";
import { deleteDataset } from "./verbs/delete-dataset.ts";
import { deleteRun } from "./verbs/delete-run.ts";
import { eraseDocument } from "./verbs/erase-document.ts";
import { giveFeedback } from "./verbs/give-feedback.ts";
import { listAudit } from "./verbs/list-audit.ts";
import { listCandidates } from "./verbs/list-candidates.ts";
import { evaluate } from "./verbs/evaluate.ts";
import { listChunks } from "./verbs/list-chunks.ts";
import { listCollections } from "./verbs/list-collections.ts";
import { listDatasets } from "./verbs/list-datasets.ts";
import { listDocuments } from "./verbs/list-documents.ts";
import { listJobs } from "./verbs/list-jobs.ts";
import { listKeys } from "./verbs/list-keys.ts";
import { listPipelines } from "./verbs/list-pipelines.ts";
import { listResults } from "./verbs/list-results.ts";
import { listRuns } from "./verbs/list-runs.ts";
import { listTenants } from "./verbs/list-tenants.ts";
import { putCollection } from "./verbs/put-collection.ts";
import { putDataset } from "./verbs/put-dataset.ts";
import { putDocument } from "./verbs/put-document.ts";
import { putDocuments } from "./verbs/put-documents.ts";
import { putPipeline } from "./verbs/put-pipeline.ts";
import { readAnswer } from "./verbs/read-answer.ts";
import { readCollection } from "./verbs/read-collection.ts";
import { readConversation } from "./verbs/read-conversation.ts";
import { readDataset } from "./verbs/read-dataset.ts";
import { readDocument } from "./verbs/read-document.ts";
import { readDocumentContent } from "./verbs/read-document-content.ts";
import { readDocumentText } from "./verbs/read-document-text.ts";
import { readJob } from "./verbs/read-job.ts";
import { readRun } from "./verbs/read-run.ts";
import { readTrace } from "./verbs/read-trace.ts";
import { readUsage } from "./verbs/read-usage.ts";
import { resolvePipeline } from "./verbs/resolve-pipeline.ts";
import { retryJob } from "./verbs/retry-job.ts";
import { revokeKey } from "./verbs/revoke-key.ts";
import { search } from "./verbs/search.ts";
import { startEvaluation } from "./verbs/start-evaluation.ts";
import { watchJob } from "./verbs/watch-job.ts";

export type Service = ReturnType<typeof createService>;

/** Everything that Footnote can be asked to do, over the parts that do it. */
export function createService(parts: ServiceContext) {
  const analyzers = createAnalyzers();
  const context: VerbContext = {
    ...parts,
    retriever: parts.retriever ?? retrieverOver(parts),
    analyzerFor: ({ index }) => analyzers(index.analyzer.language, index.analyzer.version),
    warnings: createCollectionWarnings(parts),
  };
  const bind = <A extends Actor, I, O>(verb: Verb<A, I, O>) => bindVerb(context, verb);
  return {
    putCollection: bind(putCollection),
    readCollection: bind(readCollection),
    listCollections: bind(listCollections),
    putPipeline: bind(putPipeline),
    listPipelines: bind(listPipelines),
    resolvePipeline: bind(resolvePipeline),

    putDocument: bind(putDocument),
    putDocuments: bind(putDocuments),
    readDocument: bind(readDocument),
    readDocumentContent: bind(readDocumentContent),
    readDocumentText: bind(readDocumentText),
    listDocuments: bind(listDocuments),
    listChunks: bind(listChunks),
    eraseDocument: bind(eraseDocument),

    readJob: bind(readJob),
    listJobs: bind(listJobs),
    watchJob: bind(watchJob),
    cancelJob: bind(cancelJob),
    retryJob: bind(retryJob),

    search: bind(search),
    ask: bind(ask),
    readAnswer: bind(readAnswer),
    readTrace: bind(readTrace),
    giveFeedback: bind(giveFeedback),
    readConversation: bind(readConversation),
    deleteConversation: bind(deleteConversation),

    putDataset: bind(putDataset),
    readDataset: bind(readDataset),
    listDatasets: bind(listDatasets),
    deleteDataset: bind(deleteDataset),
    listCandidates: bind(listCandidates),
    startEvaluation: bind(startEvaluation),
    evaluate: bind(evaluate),
    readRun: bind(readRun),
    listRuns: bind(listRuns),
    listResults: bind(listResults),
    deleteRun: bind(deleteRun),

    createKey: bind(createKey),
    listKeys: bind(listKeys),
    revokeKey: bind(revokeKey),
    listAudit: bind(listAudit),
    readUsage: bind(readUsage),

    createTenant: bind(createTenant),
    listTenants: bind(listTenants),
    createTenantKey: bind(createTenantKey),
    createOperatorKey: bind(createOperatorKey),
  };
}

function retrieverOver({ store, ...parts }: ServiceContext): Retriever {
  const { lexical, dense, chunks, vectors } = store;
  return createRetriever({ ...parts, lexical, dense, chunks, vectors });
}
