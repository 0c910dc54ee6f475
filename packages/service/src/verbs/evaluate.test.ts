import { type KeyId, type RunId, scopes, type TenantActor } from "@footnote/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createService } from "../create-service.ts";
import { openTestService, type TestService, type TestTenant } from "../testing/index.ts";

let opened: TestService;
let tenant: TestTenant;
beforeAll(async () => {
  opened = await openTestService();
  tenant = await opened.tenant();
  const { service } = opened;
  const { actor, tenantId } = tenant;
  await service.putCollection(actor, { collection: "manual" });
  const bytes = Buffer.from("The boiler is guaranteed for seven years.\nThe valve is checked every spring.\n");
  await service.putDocument(actor, { collection: "manual", externalId: "boiler", read: async () => ({ bytes }) });
  await opened.work(tenantId);
  const cases = ["How long is the boiler guaranteed?", "When is the valve checked?"].map((question, at) => {
    const quote = at === 0 ? "seven years" : "every spring";
    return JSON.stringify({ id: `c${at}`, question, answerable: true, tags: [], spans: [{ document: "boiler", quote }] });
  });
  await service.putDataset(actor, { collection: "manual", name: "questions", read: async () => cases.join("\n") });
});
afterAll(() => opened.close());

async function begin(beginner: TenantActor): Promise<RunId> {
  return (await opened.service.startEvaluation(beginner, { dataset: "questions" })).run.id;
}
const worker = (): TenantActor => ({ type: "system", id: "test", tenantId: tenant.tenantId, scopes, collections: null });

function evaluate(runId: RunId, isOver = false) {
  return opened.service.evaluate(worker(), { runId, progress: async () => {}, isOver: () => isOver });
}
async function newKey(request: { expiresAt?: string } = {}): Promise<Extract<TenantActor, { type: "key" }>> {
  const { record } = await opened.service.createKey(tenant.actor, { scopes: ["ask"], collections: ["manual"], ...request });
  return { type: "key", id: record.id, tenantId: tenant.tenantId, scopes: ["ask"], collections: record.collections };
}

async function* afterRevoking<T>(keyId: KeyId, events: () => AsyncIterable<T>): AsyncGenerator<T> {
  await opened.service.revokeKey(tenant.actor, { keyId });
  yield* events();
}

describe("a run's turn", () => {
  it("asks in the name of whoever began it, who needs no more than the scope ask, and leaves no conversation behind", async () => {
    const runId = await begin(await newKey());
    expect(await evaluate(runId, true)).toBe("more");
    expect(await evaluate(runId)).toBe("done");
    const { data } = await opened.service.listResults(tenant.actor, { runId });
    expect(data.map(({ caseId }) => caseId)).toEqual(["c0", "c1"]);
    expect(data[0]?.body.answer.text).toContain("seven years");
    const audited = (await opened.service.listAudit(tenant.actor, { limit: 100 })).data;
    expect(audited.filter(({ action }) => action === "eval-run.create")).toHaveLength(1);
  });

  it("is refused once the key that began it is revoked or has expired", async () => {
    const expiring = await newKey({ expiresAt: new Date(Date.now() + 500).toISOString() });
    const revoked = await newKey();
    const [first, second] = [await begin(revoked), await begin(expiring)];
    expect(await evaluate(first, true)).toBe("more");
    await opened.service.revokeKey(tenant.actor, { keyId: revoked.id });
    const refused = { code: "unauthorized", retryable: false, message: expect.stringContaining("was revoked or has expired") };
    await expect(evaluate(first)).rejects.toMatchObject(refused);
    await expect.poll(() => evaluate(second, true).catch((error: unknown) => error), { timeout: 20_000 }).toMatchObject(refused);
  });

  it("takes its conversation away also where the key is revoked while it answers", async () => {
    const key = await newKey();
    const runId = await begin(key);
    const { context } = opened;
    const service = createService({
      ...context,
      modelNamed(tenantId, name) {
        const model = context.modelNamed(tenantId, name);
        return model && { ...model, generate: (request) => afterRevoking(key.id, () => model.generate(request)) };
      },
    });
    const run = { runId, progress: async () => {}, isOver: () => false };
    await expect(service.evaluate(worker(), run)).rejects.toMatchObject({ code: "unauthorized" });
    expect(await opened.superuser("select id from conversations where tenant_id = $1", [tenant.tenantId])).toEqual([]);
  });
});
