import { splitSentences } from "../sentences.ts";
import type { OpenAiChatRequest, OpenAiReply } from "./openai-server.ts";

/** A line of JSON in a prompt, read; undefined for any other line. */
function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const words = (text: string) =>
  (
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  ).join(" ");
const holds = (evidence: string, statement: string) => words(statement) !== "" && ` ${words(evidence)} `.includes(` ${words(statement)} `);
const sentencesOf = (text: string) =>
  splitSentences(text)
    .map(({ start, end }) => text.slice(start, end).trim())
    .filter((sentence) => words(sentence) !== "");

/**
 * A judge without a model: a statement is entailed exactly when its words stand in the evidence in their order. It answers the prompts of
 * packages/evaluation's LLM judges and those of ragas (statements, entailment), so that both can be run on answers whose share of
 * unsupported sentences is known. Null for a prompt that is none of these.
 */
export function containmentJudge(request: Pick<OpenAiChatRequest, "prompt" | "schema">): OpenAiReply | null {
  const reply = request.schema ? judgeOurs(request.schema.name, request.prompt) : judgeRagas(request.prompt);
  return reply === null ? null : { text: JSON.stringify(reply) };
}

function judgeOurs(schema: string, prompt: string): object | null {
  const lines = prompt.split("\n");
  if (schema === "statements") {
    const text = jsonOf(lines.find((line) => line.startsWith("Text: "))?.slice("Text: ".length) ?? "");
    return { statements: typeof text === "string" ? sentencesOf(text) : [] };
  }
  const rows = lines.map(jsonOf);
  const evidence = rows.filter((row) => typeof row === "string").join("\n");
  const statements = rows.filter(isStatement);
  if (schema === "entailment") {
    return { verdicts: statements.map(({ id, statement }) => ({ id, reason: "containment", entailed: holds(evidence, statement) })) };
  }
  if (schema === "faults") {
    return {
      verdicts: statements.map(({ id, statement }) => ({
        id,
        reason: "containment",
        fault: holds(evidence, statement) ? "none" : "missing",
      })),
    };
  }
  return null;
}

function isStatement(row: unknown): row is { id: number; statement: string } {
  return (
    typeof row === "object" &&
    row !== null &&
    "id" in row &&
    typeof row.id === "number" &&
    "statement" in row &&
    typeof row.statement === "string"
  );
}

/** ragas 0.4 names the shape that it wants and ends with its input. */
function judgeRagas(prompt: string): object | null {
  const given = jsonOf(/Now perform the same with the following input\s*input: ([\s\S]*?)\s*Output:\s*$/u.exec(prompt)?.[1] ?? "");
  if (typeof given !== "object" || given === null) return null;
  const task = prompt.slice(0, prompt.indexOf("--------EXAMPLES"));
  if (task.includes("NLIStatementOutput") && "context" in given && "statements" in given && Array.isArray(given.statements)) {
    const context = String(given.context);
    const statements = given.statements.map((statement: unknown) => ({
      statement: String(statement),
      reason: "containment",
      verdict: Number(holds(context, String(statement))),
    }));
    return { statements };
  }
  if (task.includes("StatementGeneratorOutput") && "answer" in given) return { statements: sentencesOf(String(given.answer)) };
  return null;
}
