import {
  type Clock,
  type Degradation,
  FootnoteError,
  type Stage,
  type Telemetry,
  type Timings,
  throwIfAborted,
  toFootnoteError,
  withDeadline,
} from "@footnote/core";
import { degradation, type Findings, type SearchContext } from "./search-context.ts";

/** Milliseconds that each kind of step may take. */
export interface StepTimeouts {
  legMs: number;
  rerankMs: number;
  readMs: number;
  transformMs: number;
}

/** What a step does to a search. Its name is that of its timing. */
export interface Step<Name extends Stage | "read" = Stage | "read"> {
  name: Name;
  /** Whether there is anything to do. Default: always. */
  applies?(context: SearchContext): boolean;
  /** Gives what was found. Nothing counts of a step that was given up, so a step uses no result of its own after `signal` fired. */
  run(context: SearchContext, signal: AbortSignal): Promise<Partial<Findings>>;
  /** When it is given up, and what it is called then. Default: never. */
  deadline?: { what: string; timeout: keyof StepTimeouts };
}

/** A step whose failure costs something but not the search: the result says what was served instead. */
export interface OptionalStep extends Step<Stage & Degradation["step"]> {
  fallback: string;
}

/** One of several ways to the same end, in steps that need one another. It is given up, and fails, as a whole. */
export interface Leg {
  name: Degradation["step"];
  applies(context: SearchContext): boolean;
  steps: readonly Step[];
  deadline: { what: string; timeout: keyof StepTimeouts };
  fallback: string;
}

/** Steps in their order. Legs in a list of their own run at once; when none of them found anything, the first one's failure is the search's. */
export type StepList = readonly (Step | OptionalStep | readonly Leg[])[];

export interface StepRunnerOptions {
  clock: Clock;
  timeouts: StepTimeouts;
  telemetry?: Telemetry | undefined;
  signal?: AbortSignal | undefined;
  /** Where the duration of each step is put. */
  timings: Timings;
}

/** Takes a search through its steps: each is timed, given up at its deadline, and fails as it is declared to. */
export async function runSteps(steps: StepList, start: SearchContext, options: StepRunnerOptions): Promise<SearchContext> {
  let context = start;
  for (const step of steps) {
    const found = "run" in step ? await runStep(step, context, options) : await runLegs(step, context, options);
    context = { ...context, ...found };
  }
  return context;
}

async function runStep(step: Step | OptionalStep, context: SearchContext, options: StepRunnerOptions): Promise<Partial<Findings>> {
  if (step.applies?.(context) === false) return {};
  const work = () => timed(step.name, options, () => inTime(step.deadline, options, (signal) => step.run(context, signal)));
  if (!("fallback" in step)) return await work();
  try {
    return await work();
  } catch (error) {
    throwIfAborted(options.signal);
    return { degraded: [...context.degraded, degradation(step.name, toFootnoteError(error), step.fallback)] };
  }
}

async function runLegs(legs: readonly Leg[], context: SearchContext, options: StepRunnerOptions): Promise<Partial<Findings>> {
  const outcomes = await Promise.all(legs.map((leg) => runLeg(leg, context, options)));
  throwIfAborted(options.signal);
  const failures = outcomes.flatMap((outcome) => ("error" in outcome ? [outcome] : []));
  const findings = outcomes.flatMap((outcome) => ("found" in outcome ? [outcome.found] : []));
  const [first] = failures;
  if (first && findings.length === 0) throw first.error;
  const degraded = failures.map(({ leg, error }) => degradation(leg.name, error, leg.fallback));
  return findings.reduce((all, found) => ({ ...all, ...found }), { degraded: [...context.degraded, ...degraded] });
}

type LegOutcome = { found: Partial<Findings> } | { leg: Leg; error: FootnoteError } | { skipped: true };

async function runLeg(leg: Leg, context: SearchContext, options: StepRunnerOptions): Promise<LegOutcome> {
  if (!leg.applies(context)) return { skipped: true };
  try {
    return await inTime(leg.deadline, options, async (signal) => {
      let found: Partial<Findings> = {};
      for (const step of leg.steps) {
        const known = { ...context, ...found };
        if (step.applies?.(known) === false) return { skipped: true };
        found = { ...found, ...(await timed(step.name, options, () => step.run(known, signal))) };
      }
      return { found };
    });
  } catch (error) {
    throwIfAborted(options.signal);
    return { leg, error: toFootnoteError(error) };
  }
}

async function inTime<T>(
  deadline: Step["deadline"],
  { timeouts, clock, signal }: StepRunnerOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (!deadline) return await work(signal ?? new AbortController().signal);
  const { what } = deadline;
  const timeoutMs = timeouts[deadline.timeout];
  const onTimeout = () => new FootnoteError("timeout", `The ${what} took longer than ${timeoutMs} ms; try again.`);
  return await withDeadline({ timeoutMs, clock, onTimeout, signal }, work);
}

async function timed<T>(name: Step["name"], options: StepRunnerOptions, work: () => Promise<T>): Promise<T> {
  const { clock, telemetry, signal, timings } = options;
  const start = clock.now();
  let outcome: "ok" | "error" | "cancelled" = "error";
  try {
    const result = await work();
    outcome = "ok";
    return result;
  } catch (error) {
    if (signal?.aborted) outcome = "cancelled";
    throw error;
  } finally {
    const elapsed = clock.now() - start;
    timings[name] = elapsed;
    if (name !== "read") telemetry?.stage(name, elapsed, outcome);
  }
}
