import { getConstructionPlans } from "pg-boss";

export const pgBossSchemaName = "pgboss";
export const jobsQueueName = "footnote_jobs";
export const deadLetterQueueName = "footnote_dead";

/** A schema of a library, made by storage's migration with the owner's role; the app role only reads and writes its rows. */
export interface ExtraSchema {
  name: string;
  /** Statements that make it; run once, when the schema does not exist. They bring no BEGIN or COMMIT. */
  sql: string;
}

/**
 * pg-boss's own construction SQL and our two queues. `short`: a job id waits at most once. No retries by pg-boss: a
 * failure goes straight to the dead-letter queue, our backoff (full jitter, which pg-boss lacks) comes before.
 */
export function pgBossSchema(): ExtraSchema {
  const plans = getConstructionPlans(pgBossSchemaName, { createSchema: true });
  // The migration brings its own transaction.
  const body = plans
    .replace(/^\s*BEGIN;/u, "")
    .replace(/COMMIT;\s*$/u, "")
    .trim();
  const queue = (name: string, options: object) =>
    `SELECT ${pgBossSchemaName}.create_queue('${name}', '${JSON.stringify(options)}'::jsonb);`;
  const year = 365 * 24 * 3600;
  const common = { retryLimit: 0, expireInSeconds: 24 * 3600 - 1, retentionSeconds: year, deleteAfterSeconds: year };
  return {
    name: pgBossSchemaName,
    sql: [
      body.endsWith(";") ? body : `${body};`,
      queue(deadLetterQueueName, { policy: "standard", ...common }),
      queue(jobsQueueName, { policy: "short", deadLetter: deadLetterQueueName, ...common }),
    ].join("\n"),
  };
}
