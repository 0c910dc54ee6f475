import { readFile } from "node:fs/promises";
import { gateCommentMarker } from "@footnote/evaluation/reports";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { inCheckout } from "./shared-folder.ts";

const workflow = await readFile(inCheckout(".github/workflows/eval-gate.yml"), "utf8");
const ruleset = z
  .object({ rules: z.array(z.object({ type: z.string(), parameters: z.record(z.string(), z.unknown()).optional() })) })
  .parse(JSON.parse(await readFile(inCheckout("infra/github/ruleset.json"), "utf8")));

/** The lines of a job of the workflow. */
function job(name: string): string {
  return new RegExp(`^ {2}${name}:\\n((?: {4}.*\\n|\\n)+)`, "mu").exec(workflow)?.[1] ?? "";
}

describe("the workflow of the gate", () => {
  it("has the job that the rule requires, by its name", () => {
    const required = ruleset.rules.find(({ type }) => type === "required_status_checks")?.parameters?.["required_status_checks"];
    // 15368 is the app of GitHub Actions: a status of the same name that somebody else sets does not count.
    expect(required).toEqual([{ context: "eval-gate", integration_id: 15_368 }]);
    expect(job("eval-gate")).toMatch(/^ {4}name: eval-gate$/mu);
    expect(job("eval-gate")).toContain("pnpm@12.21.0 eval gate ");
  });

  it("asks owners about every file that decides what passes", async () => {
    const review = ruleset.rules.find(({ type }) => type === "pull_request")?.parameters;
    expect(review).toMatchObject({ require_code_owner_review: true });
    const owned = (await readFile(inCheckout(".github/CODEOWNERS"), "utf8")).split("\n").flatMap((line) => /^\/\S+/u.exec(line) ?? []);
    expect(owned).toEqual(["/.github/", "/evals/", "/infra/github/"]);
  });

  it("runs code of a pull request without a token that may write", () => {
    expect(workflow).toMatch(/^permissions: \{\}$/mu);
    expect(workflow).not.toContain("pull_request_target");
    expect(job("eval-gate")).toMatch(/permissions:\n {6}contents: read\n {4}steps/u);
    expect(job("eval-gate")).toContain("persist-credentials: false");
    expect(job("comment")).toMatch(/permissions:\n {6}pull-requests: write\n {4}steps/u);
    expect(job("comment")).not.toMatch(/checkout|pnpm|npx/u);
    expect(job("comment")).toContain("head.repo.full_name == github.repository");
  });

  it("pins every action by its commit, and puts no text of others into a script", () => {
    for (const [, pin = ""] of workflow.matchAll(/uses: (\S+)/gu)) expect(pin).toMatch(/^actions\/[a-z-]+@[0-9a-f]{40}$/u);
    for (const [, script = ""] of workflow.matchAll(/run: \|\n((?: {10}.*\n)+)/gu)) expect(script).not.toContain("${{");
  });

  it("finds its own comment by the report's first line", () => {
    expect(job("comment")).toContain(`startswith("${gateCommentMarker}")`);
  });
});
