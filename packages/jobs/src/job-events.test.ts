import { newId } from "@footnote/core";
import { expect, test } from "vitest";
import { createJobEvents } from "./job-events.ts";

test("a job is read once for all who ask at the same time, anew after an update, and for each tenant apart", async () => {
  const events = createJobEvents();
  const job = { tenantId: newId("tenant"), jobId: newId("job") };
  const ends: (() => void)[] = [];
  const read = () => new Promise<null>((resolve) => void ends.push(() => resolve(null)));
  const first = [events.share(job, read), events.share(job, read)];
  expect(ends).toHaveLength(1);
  // Another tenant's question about the same id must not be answered with this tenant's job.
  const foreign = events.share({ ...job, tenantId: newId("tenant") }, read);
  expect(ends).toHaveLength(2);
  events.publish({ jobId: job.jobId, state: "running", stage: "embed", progress: 0.5 });
  const fresh = events.share(job, read);
  expect(ends).toHaveLength(3);
  ends[0]?.();
  await Promise.all(first);
  // The end of the old read does not throw the new one away.
  const joined = events.share(job, read);
  expect(ends).toHaveLength(3);
  for (const end of ends) end();
  await Promise.all([foreign, fresh, joined]);
  const later = events.share(job, read);
  expect(ends).toHaveLength(4);
  ends[3]?.();
  await later;
});

test("a read that fails fails for who shared it and is tried again by the next", async () => {
  const events = createJobEvents();
  const job = { tenantId: newId("tenant"), jobId: newId("job") };
  const failing = () => Promise.reject(new Error("gone"));
  await expect(Promise.allSettled([events.share(job, failing), events.share(job, failing)])).resolves.toEqual([
    expect.objectContaining({ status: "rejected" }),
    expect.objectContaining({ status: "rejected" }),
  ]);
  expect(await events.share(job, async () => null)).toBeNull();
});
