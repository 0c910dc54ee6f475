import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { connect } from "node:net";
import { expect, it } from "vitest";
import type { Api } from "./create-api.ts";
import { serveApi } from "./serve.ts";

/** An app whose replies wait until they are let go. */
function slowApp(): { app: Api["app"]; asked: Promise<void>; letGo: () => void } {
  const asked = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const fetch = async () => {
    asked.resolve();
    await gate.promise;
    return new Response("late but whole");
  };
  return { app: { fetch } as unknown as Api["app"], asked: asked.promise, letGo: gate.resolve };
}

it("refuses whoever comes after the stop, cuts who has asked nothing, and lets an open request end", async () => {
  const { app, asked, letGo } = slowApp();
  const served = await serveApi({ app, host: "127.0.0.1", port: 0 });
  const open = fetch(served.url);
  await asked;
  const accepted = Promise.withResolvers<unknown>();
  subscribe("net.server.socket", accepted.resolve);
  const silent = connect(served.port, served.host);
  await Promise.all([once(silent, "connect"), accepted.promise]);
  unsubscribe("net.server.socket", accepted.resolve);
  const cut = once(silent, "close");
  silent.on("error", () => {});
  served.stopListening();
  await cut;
  await expect(fetch(served.url)).rejects.toThrow("fetch failed");
  letGo();
  expect(await (await open).text()).toBe("late but whole");
  await served.close({ graceMs: 1000 });
});

it("does nothing for a first request that arrives in the same turn as the stop", async () => {
  let ran = 0;
  const app = { fetch: async () => new Response(String(++ran)) } as unknown as Api["app"];
  const served = await serveApi({ app, host: "127.0.0.1", port: 0 });
  expect(await (await fetch(served.url, { headers: { connection: "close" } })).text()).toBe("1");
  // As a signal that is noticed after the request was read.
  const stop = () => queueMicrotask(served.stopListening);
  subscribe("http.server.request.start", stop);
  try {
    await expect(fetch(served.url)).rejects.toThrow("fetch failed");
  } finally {
    unsubscribe("http.server.request.start", stop);
  }
  expect(ran).toBe(1);
  await served.close();
});

it("says which address it cannot listen on", async () => {
  const { app } = slowApp();
  const served = await serveApi({ app, host: "127.0.0.1", port: 0 });
  await expect(serveApi({ app, host: "127.0.0.1", port: served.port })).rejects.toMatchObject({ code: "configuration_invalid" });
  await served.close();
});
