import { z } from "zod";
import { FootnoteError } from "./errors.ts";
import type { CompletionRequest, LanguageModel } from "./ports/language-model.ts";

export interface ObjectRequest<T> extends Omit<CompletionRequest, "schema"> {
  /** Names the shape to the provider: letters, digits, `_` and `-`. */
  name: string;
  /** What the reply must be; it is also sent as JSON Schema. */
  schema: z.ZodType<T>;
}

export interface CompletedObject<T> {
  value: T;
  repaired: boolean;
}

/** Characters of a malformed reply that the repair shows the model again. */
const longestShown = 4_000;

/**
 * A reply of a stated shape. One that is not JSON or does not fit is sent back once with what is wrong with it; a second one
 * throws `model_failed` (not retryable: the same prompt fails the same way), as does a refusal at once.
 */
export async function completeObject<T>(model: LanguageModel, request: ObjectRequest<T>): Promise<CompletedObject<T>> {
  const { name, schema, prompt, ...rest } = request;
  if (model.complete === undefined) {
    throw new FootnoteError(
      "configuration_invalid",
      `The model ${model.name} only answers from sources; configure one that completes prompts.`,
    );
  }
  const jsonSchema = z.toJSONSchema(schema, { target: "draft-7" });
  let asked = prompt;
  let wrong = "";
  for (const repaired of [false, true]) {
    const reply = await model.complete({ ...rest, prompt: asked, schema: { name, jsonSchema } });
    if (reply.finishReason === "refusal") {
      throw new FootnoteError("model_failed", `The model ${model.name} refused to reply; rephrase the input or use another model.`, {
        retryable: false,
        details: { reason: "refusal" },
      });
    }
    const object = reply.object ?? jsonIn(reply.text);
    const parsed = schema.safeParse(object);
    if (parsed.success) return { value: parsed.data, repaired };
    wrong = reply.finishReason === "length" ? "it was cut off by the token limit" : problemOf(object, parsed.error);
    asked = `${prompt}\n\nYour last reply could not be used: ${wrong}.\nIt was, as data:\n${JSON.stringify(reply.text.slice(0, longestShown))}\nReply again with the JSON object alone, of the stated shape.`;
  }
  throw new FootnoteError(
    "model_failed",
    `The model ${model.name} replied twice in a shape that was not asked for; use a model that follows JSON schemas.`,
    {
      retryable: false,
      details: { reason: "malformed" },
    },
  );
}

/** What is wrong with a reply, without repeating what it says. */
function problemOf(object: unknown, error: z.ZodError): string {
  if (object === undefined) return "it is not JSON";
  return error.issues
    .slice(0, 5)
    .map(({ path, code }) => `${path.length === 0 ? "the reply" : path.map(String).join(".")} is wrong (${code})`)
    .join("; ");
}

/** JSON in a reply that wraps it in a code fence or in words; undefined when there is none. */
function jsonIn(text: string): unknown {
  const start = text.search(/[[{]/u);
  const end = Math.max(text.lastIndexOf("}"), text.lastIndexOf("]"));
  if (start < 0 || end < start) return undefined;
  try {
    return JSON.parse(text.slice(start, end + 1));
  } catch {
    return undefined;
  }
}
