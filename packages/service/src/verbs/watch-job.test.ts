import { newId, type TenantActor } from "@footnote/core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openTestService, type TestService } from "../testing/index.ts";

let opened: TestService;
beforeAll(async () => {
  opened = await openTestService();
});
afterAll(() => opened.close());

async function putText(): Promise<{ actor: TenantActor; jobId: ReturnType<typeof newId<"job">> }> {
  const { actor } = await opened.tenant();
  await opened.service.putCollection(actor, { collection: "manual" });
  const bytes = Buffer.from("Line one.\nLine two.\n");
  const { job } = await opened.service.putDocument(actor, { collection: "manual", externalId: "a", read: async () => ({ bytes }) });
  return { actor, jobId: job.id };
}

it("shows a job's changes until it is finished", async () => {
  const { actor, jobId } = await putText();
  const seen: string[] = [];
  for await (const { state } of await opened.service.watchJob(actor, { jobId })) {
    seen.push(state);
    if (state === "queued") void opened.work(actor.tenantId);
  }
  expect(seen[0]).toBe("queued");
  expect(seen.at(-1)).toBe("succeeded");
});

it("refuses to watch an unknown job, and ends for a reader that leaves", async () => {
  const { actor, jobId } = await putText();
  await expect(opened.service.watchJob(actor, { jobId: newId("job") })).rejects.toMatchObject({ code: "not_found" });
  const leave = new AbortController();
  let count = 0;
  for await (const _ of await opened.service.watchJob(actor, { jobId }, { signal: leave.signal })) {
    count++;
    leave.abort();
  }
  expect(count).toBe(1);
});
