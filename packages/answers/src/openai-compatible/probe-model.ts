/** What a model server says of itself, in words for an operator. */
export interface ModelProbe {
  status: "ok" | "warning" | "failed";
  detail: string;
}

/** Asks a server for its list of models, which costs nothing; nothing of ours is sent but the key. Never throws. */
export async function probeModel(options: { url: string; model: string; apiKey?: string; timeoutMs?: number }): Promise<ModelProbe> {
  const { url, model, apiKey, timeoutMs = 5_000 } = options;
  const where = `${model} at ${new URL(url).host}`;
  try {
    const response = await fetch(`${url.replace(/\/$/u, "")}/models`, {
      headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.status === 401 || response.status === 403)
      return { status: "failed", detail: `${where}: the key was refused (${response.status})` };
    if (!response.ok) {
      await response.body?.cancel();
      return {
        status: "warning",
        detail: `${where}: reached, but it does not list its models (${response.status}); the name is unchecked`,
      };
    }
    const body: unknown = await response.json();
    const names = namesIn(body);
    if (names === null)
      return { status: "failed", detail: `${where}: what answers there is not the OpenAI API; the address usually ends in /v1` };
    if (!names.includes(model)) return { status: "warning", detail: `${where}: reached, but its list of models lacks this name` };
    return { status: "ok", detail: `${where} answers` };
  } catch {
    return {
      status: "failed",
      detail: `${where}: nothing answers within ${timeoutMs / 1000} s; check that it runs and that the address is right`,
    };
  }
}

function namesIn(body: unknown): string[] | null {
  if (typeof body !== "object" || body === null || !("data" in body) || !Array.isArray(body.data)) return null;
  return body.data.flatMap((entry: unknown) =>
    typeof entry === "object" && entry !== null && "id" in entry && typeof entry.id === "string" ? [entry.id] : [],
  );
}
