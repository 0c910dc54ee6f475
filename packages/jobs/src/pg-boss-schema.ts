import { getConstructionPlans } from "pg-boss";

export const pgBossSchemaName = "pgboss";
export const jobsQueueName = "footnote_jobs";

/** A schema of a library, made by storage's migration with the owner's role; the app role only reads and writes its rows. */
export interface ExtraSchema {
  name: string;
  /** Statements that make it or change it; run once. They bring no BEGIN or COMMIT. */
  sql: string;
}

/**
 * pg-boss's own construction SQL with our queue, then what was changed of it since; stores remember each step by its text, so a step is never edited.
 * `short`: a job id waits at most once.
 */
export function pgBossSchemas(): ExtraSchema[] {
  const plans = getConstructionPlans(pgBossSchemaName, { createSchema: true });
  // The migration brings its own transaction.
  const body = plans
    .replace(/^\s*BEGIN;/u, "")
    .replace(/COMMIT;\s*$/u, "")
    .trim();
  const deadLetter = "footnote_dead";
  const queue = (name: string, options: object) =>
    `SELECT ${pgBossSchemaName}.create_queue('${name}', '${JSON.stringify(options)}'::jsonb);`;
  const year = 365 * 24 * 3600;
  const common = { retryLimit: 0, expireInSeconds: 24 * 3600 - 1, retentionSeconds: year, deleteAfterSeconds: year };
  const first = [
    body.endsWith(";") ? body : `${body};`,
    queue(deadLetter, { policy: "standard", ...common }),
    queue(jobsQueueName, { policy: "short", deadLetter, ...common }),
  ];
  // The queue only delivers: what fails is in the job's row. Deliveries under way when the program was updated are found by their job rows.
  const withoutDeadLetters = [
    `UPDATE ${pgBossSchemaName}.queue SET dead_letter = NULL WHERE name = '${jobsQueueName}';`,
    `DELETE FROM ${pgBossSchemaName}.job WHERE name = '${deadLetter}' OR state = 'active';`,
    `UPDATE ${pgBossSchemaName}.job SET dead_letter = NULL;`,
    `SELECT ${pgBossSchemaName}.delete_queue('${deadLetter}');`,
  ];
  return [first, withoutDeadLetters].map((statements) => ({ name: pgBossSchemaName, sql: statements.join("\n") }));
}
