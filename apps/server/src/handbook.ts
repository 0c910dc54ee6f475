import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

export const handbookCollection = "handbook";

export interface Handbook {
  documents: string;
  question: string;
}

/** The sample documents of the checkout: examples/handbook/documents and the question that they answer. */
export async function findHandbook(folder: string = join(import.meta.dirname, "../../../examples/handbook")): Promise<Handbook | null> {
  const documents = join(folder, "documents");
  if (!existsSync(documents)) return null;
  const settings = z.object({ question: z.string() }).safeParse(
    await readFile(join(folder, "handbook.json"), "utf8").then(
      (text): unknown => JSON.parse(text),
      () => null,
    ),
  );
  return { documents, question: settings.success ? settings.data.question : "What is this handbook about?" };
}
