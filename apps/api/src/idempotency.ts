import { actorRef, FootnoteError, sha256 } from "@footnote/core";
import { limits } from "@footnote/sdk";
import type { Store } from "@footnote/storage";
import { z } from "zod";
import type { AnyCall, AnyRoute } from "./route-definition.ts";

const replySchema = z.record(z.string(), z.unknown());

/** Runs a route once for each key of an actor: a repetition gets the kept reply. */
export async function withIdempotency(
  route: AnyRoute,
  call: AnyCall,
  options: { key: string; bytes: Uint8Array<ArrayBuffer> | null; store: Store["idempotency"] },
): Promise<Response> {
  const { key, store } = options;
  if (!/^[\x21-\x7e]+$/.test(key) || key.length > limits.idempotencyKeyLength) {
    throw new FootnoteError("invalid_request", `The Idempotency-Key must be 1 to ${limits.idempotencyKeyLength} visible ASCII characters.`);
  }
  // A body that the handler reads itself is read here, to be hashed, and given to it again.
  const bytes = options.bytes ?? (await call.readBody());
  call.readBody = async () => bytes;
  const { actor } = call;
  const scope = { tenantId: actor.type === "operator" ? null : actor.tenantId, actor: actorRef(actor) };
  const begun = await store.begin(scope, key, hashOf(call.request, bytes));
  switch (begun.type) {
    case "mismatch":
      throw new FootnoteError("idempotency_mismatch", "This Idempotency-Key was used for another request; use a new one.");
    case "in-progress":
      throw new FootnoteError("idempotency_in_progress", "A request with this Idempotency-Key is still running; try again in a moment.", {
        details: { retryAfterSeconds: 1 },
      });
    case "replay": {
      const replayed = route.creates?.replay
        ? await route.creates.replay(begun.body, call)
        : new Response(begun.body, { status: begun.status, headers: { "content-type": "application/json" } });
      replayed.headers.set("idempotency-replayed", "true");
      return replayed;
    }
    case "started": {
      call.idempotency = {
        complete: (reply) => store.complete(scope, key, reply),
        abandon: () => store.abandon(scope, key),
      };
      let response: Response;
      try {
        response = await route.handler(call);
      } catch (error) {
        await call.idempotency.abandon().catch(() => undefined);
        throw error;
      }
      if (route.creates?.manual) return response;
      const text = await response.text();
      const value = replySchema.parse(text === "" ? {} : JSON.parse(text));
      const kept = route.creates?.keep ? route.creates.keep(value) : value;
      await call.idempotency.complete({ status: response.status, body: JSON.stringify(kept) });
      return new Response(text, { status: response.status, headers: response.headers });
    }
  }
}

function hashOf(request: Request, bytes: Uint8Array<ArrayBuffer>): string {
  const { pathname } = new URL(request.url);
  const contentType = request.headers.get("content-type") ?? "";
  // A multipart boundary is drawn anew for each try, so it is taken out of what is hashed.
  const boundary = /boundary="?([^";]+)/i.exec(contentType)?.[1];
  const content = boundary ? Buffer.from(bytes).toString("latin1").replaceAll(boundary, "") : bytes;
  return sha256(`${request.method} ${pathname} ${contentType.split(";")[0] ?? ""} ${sha256(content)}`);
}
