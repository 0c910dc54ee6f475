import { pipelineHash, scopes } from "@footnote/core";
import { pipelines } from "@footnote/retrieval";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Service } from "./create-service.ts";
import { openTestService, type TestService, type TestTenant } from "./testing/index.ts";
import { wholeAnswer } from "./verbs/ask.ts";

let opened: TestService;
beforeAll(async () => {
  opened = await openTestService();
});
afterAll(() => opened.close());

/** Tables of a change that is not the change itself: the ledger, kept replies and the audit. */
const aside = new Set(["usage_entries", "idempotency_keys", "audit_log"]);

/** Every row of every table that knows tenants, those of operators' keys and of tenants included. */
async function readTables(): Promise<Map<string, string>> {
  const tables = await opened.superuser(
    `select distinct c.table_name as name from information_schema.columns c join information_schema.tables t
       on t.table_schema = c.table_schema and t.table_name = c.table_name and t.table_type = 'BASE TABLE'
     where c.table_schema = 'public' order by 1`,
  );
  const contents = new Map<string, string>();
  for (const { name } of tables) {
    if (aside.has(String(name))) continue;
    const [row] = await opened.superuser(`select coalesce(string_agg(t::text, '|' order by t::text), '') as rows from "${String(name)}" t`);
    contents.set(String(name), String(row?.rows));
  }
  return contents;
}

interface AuditRow {
  id: number;
  action: string;
  actor: string;
  requestId: string;
}
async function readAudit(after = 0): Promise<AuditRow[]> {
  const rows = await opened.superuser(
    `select id::integer as id, action, actor_type || ' ' || actor_id as actor, request_id from audit_log where id > $1 order by id`,
    [after],
  );
  return rows.map((row) => ({
    id: Number(row["id"]),
    action: String(row["action"]),
    actor: String(row["actor"]),
    requestId: String(row["request_id"]),
  }));
}

/** A tenant with one of everything that verbs work on. */
interface Stage extends TestTenant {
  documentId: Awaited<ReturnType<Service["putDocument"]>>["document"]["id"];
  jobId: Awaited<ReturnType<Service["putDocument"]>>["job"]["id"];
  answerId: Awaited<ReturnType<Service["readAnswer"]>>["id"];
  conversationId: string;
  runId: Awaited<ReturnType<Service["readRun"]>>["id"];
}

const text = "The boiler is guaranteed for seven years.\n";
const file = async () => ({ bytes: Buffer.from(text) });
const cases = async () =>
  JSON.stringify({
    id: "a",
    question: "How long is the boiler guaranteed?",
    answerable: true,
    tags: [],
    spans: [{ document: "boiler", quote: "seven years" }],
  });
const question = { question: "How long is the boiler guaranteed?", collection: "manual" };

async function setUp(): Promise<Stage> {
  const { service, work } = opened;
  const tenant = await opened.tenant();
  const { actor } = tenant;
  await service.putCollection(actor, { collection: "manual" });
  const { document, job } = await service.putDocument(actor, { collection: "manual", externalId: "boiler", read: file });
  await work(tenant.tenantId);
  const answer = await wholeAnswer(await service.ask(actor, question));
  await service.putDataset(actor, { collection: "manual", name: "questions", read: cases });
  const { run } = await service.startEvaluation(actor, { dataset: "questions" });
  return { ...tenant, documentId: document.id, jobId: job.id, answerId: answer.id, conversationId: answer.conversationId, runId: run.id };
}

const turn = { progress: async () => {}, isOver: () => false };
/** The evaluation's job is over: what waits for that may go on. */
async function cancelRun({ actor, runId }: Stage): Promise<void> {
  const { jobId } = await opened.service.readRun(actor, { runId });
  await opened.service.cancelJob(actor, { jobId });
}

interface Scenario {
  /** What has to be there besides the stage. */
  before?(stage: Stage): Promise<unknown>;
  call(options: { requestId: string }, stage: Stage): Promise<unknown>;
}

/** One for each verb: without it this file does not compile. */
const scenarios: Record<keyof Service, Scenario> = {
  putCollection: { call: (options, { actor }) => opened.service.putCollection(actor, { collection: "another" }, options) },
  readCollection: { call: (options, { actor }) => opened.service.readCollection(actor, { collection: "manual" }, options) },
  listCollections: { call: (options, { actor }) => opened.service.listCollections(actor, {}, options) },
  putPipeline: {
    call: (options, { actor }) => opened.service.putPipeline(actor, { spec: { ...pipelines.default, name: "own" } }, options),
  },
  listPipelines: { call: (options, { actor }) => opened.service.listPipelines(actor, {}, options) },
  resolvePipeline: {
    call: async (options, { actor }) =>
      expect(pipelineHash(await opened.service.resolvePipeline(actor, { collection: "manual" }, options))).toBe(
        pipelineHash(pipelines.default),
      ),
  },

  putDocument: {
    call: (options, { actor }) => opened.service.putDocument(actor, { collection: "manual", externalId: "b", read: file }, options),
  },
  putDocuments: {
    call: (options, { actor }) =>
      opened.service.putDocuments(
        actor,
        {
          collection: "manual",
          read: async () => ["c", "d"].map((externalId) => ({ externalId, bytes: async () => (await file()).bytes })),
        },
        options,
      ),
  },
  readDocument: { call: (options, { actor, documentId }) => opened.service.readDocument(actor, { documentId }, options) },
  readDocumentContent: { call: (options, { actor, documentId }) => opened.service.readDocumentContent(actor, { documentId }, options) },
  readDocumentText: { call: (options, { actor, documentId }) => opened.service.readDocumentText(actor, { documentId }, options) },
  listDocuments: { call: (options, { actor }) => opened.service.listDocuments(actor, { collection: "manual" }, options) },
  listChunks: { call: (options, { actor, documentId }) => opened.service.listChunks(actor, { documentId }, options) },
  eraseDocument: { call: (options, { actor, documentId }) => opened.service.eraseDocument(actor, { documentId }, options) },

  readJob: { call: (options, { actor, jobId }) => opened.service.readJob(actor, { jobId }, options) },
  listJobs: { call: (options, { actor }) => opened.service.listJobs(actor, {}, options) },
  watchJob: {
    async call(options, { actor, jobId }) {
      for await (const { state } of await opened.service.watchJob(actor, { jobId }, options)) expect(state).toBe("succeeded");
    },
  },
  cancelJob: {
    call: async (options, { actor, runId }) =>
      opened.service.cancelJob(actor, { jobId: (await opened.service.readRun(actor, { runId })).jobId }, options),
  },
  retryJob: {
    before: cancelRun,
    call: async (options, { actor, runId }) =>
      opened.service.retryJob(actor, { jobId: (await opened.service.readRun(actor, { runId })).jobId }, options),
  },

  search: { call: (options, { actor }) => opened.service.search(actor, { query: "boiler", collection: "manual" }, options) },
  ask: { call: async (options, { actor }) => wholeAnswer(await opened.service.ask(actor, question, options)) },
  readAnswer: { call: (options, { actor, answerId }) => opened.service.readAnswer(actor, { answerId }, options) },
  readTrace: { call: (options, { actor, answerId }) => opened.service.readTrace(actor, { answerId }, options) },
  giveFeedback: { call: (options, { actor, answerId }) => opened.service.giveFeedback(actor, { answerId, rating: "down" }, options) },
  readConversation: { call: (options, { actor, conversationId }) => opened.service.readConversation(actor, { conversationId }, options) },
  deleteConversation: {
    call: (options, { actor, conversationId }) => opened.service.deleteConversation(actor, { conversationId }, options),
  },

  putDataset: {
    call: (options, { actor }) => opened.service.putDataset(actor, { collection: "manual", name: "more", read: cases }, options),
  },
  readDataset: { call: (options, { actor }) => opened.service.readDataset(actor, { name: "questions" }, options) },
  listDatasets: { call: (options, { actor }) => opened.service.listDatasets(actor, {}, options) },
  deleteDataset: { before: cancelRun, call: (options, { actor }) => opened.service.deleteDataset(actor, { name: "questions" }, options) },
  listCandidates: {
    before: ({ actor, answerId }) => opened.service.giveFeedback(actor, { answerId, rating: "down" }),
    call: (options, { actor }) => opened.service.listCandidates(actor, {}, options),
  },
  startEvaluation: { call: (options, { actor }) => opened.service.startEvaluation(actor, { dataset: "questions" }, options) },
  evaluate: {
    call: (options, { actor, runId }) => opened.service.evaluate({ ...actor, scopes }, { runId, ...turn }, options),
  },
  readRun: { call: (options, { actor, runId }) => opened.service.readRun(actor, { runId }, options) },
  listRuns: { call: (options, { actor }) => opened.service.listRuns(actor, {}, options) },
  listResults: { call: (options, { actor, runId }) => opened.service.listResults(actor, { runId }, options) },
  deleteRun: { before: cancelRun, call: (options, { actor, runId }) => opened.service.deleteRun(actor, { runId }, options) },

  createKey: { call: (options, { actor }) => opened.service.createKey(actor, { scopes: ["read"] }, options) },
  listKeys: { call: (options, { actor }) => opened.service.listKeys(actor, {}, options) },
  revokeKey: {
    async call(options, { actor }) {
      const { data } = await opened.service.listKeys(actor, {});
      await opened.service.revokeKey(actor, { keyId: data[0]?.id ?? actor.id }, options);
    },
  },
  listAudit: { call: (options, { actor }) => opened.service.listAudit(actor, {}, options) },
  readUsage: { call: (options, { actor }) => opened.service.readUsage(actor, {}, options) },

  createTenant: { call: (options) => opened.service.createTenant(opened.operator, { name: "another" }, options) },
  listTenants: { call: (options) => opened.service.listTenants(opened.operator, {}, options) },
  createTenantKey: {
    call: (options, { tenantId }) => opened.service.createTenantKey(opened.operator, { tenantId, scopes: ["read"] }, options),
  },
  createOperatorKey: { call: (options) => opened.service.createOperatorKey(opened.operator, { name: "another" }, options) },
};

describe("a verb", () => {
  let shared: Stage;
  beforeAll(async () => {
    shared = await setUp();
  });

  it("has a scenario", () => {
    expect(Object.keys(scenarios).toSorted()).toEqual(Object.keys(opened.service).toSorted());
  });

  it.each(Object.entries(scenarios))(
    "%s leaves audit rows by its actor where it changes something, and none elsewhere",
    async (name, scenario) => {
      const { operator } = opened;
      const verb = new Map(Object.entries(opened.service)).get(name);
      if (!verb) throw new Error(`There is no verb ${name}.`);
      const stage = verb.audits.length === 0 ? shared : await setUp();
      await scenario.before?.(stage);
      const before = await readTables();
      const seen = (await readAudit()).at(-1)?.id ?? 0;
      const requestId = `walk-${name}`;
      await scenario.call({ requestId }, stage);
      const after = await readTables();
      const changed = [...after].filter(([table, rows]) => rows !== before.get(table)).map(([table]) => table);
      const rows = await readAudit(seen);
      const changes = verb.audits.length > 0;
      expect(changes ? [] : changed).toEqual([]);
      expect({ changed: changed.length > 0, audited: rows.length > 0 }).toEqual({ changed: changes, audited: changes });
      const { type, id } = verb.scope === "operator" ? operator : stage.actor;
      // Each question of an evaluation is a request of its own.
      const requests = name === "evaluate" ? rows.map((row) => row.requestId) : [requestId];
      for (const row of rows) {
        expect(verb.audits).toContain(row.action);
        expect(row.actor).toBe(`${type} ${id}`);
        expect(requests).toContain(row.requestId);
      }
    },
  );
});
