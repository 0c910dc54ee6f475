import type { JobRecord, JobStage, TenantId } from "@footnote/core";

/** A try at a job, as its handler sees it. */
export interface JobTurn<J extends JobRecord = JobRecord> {
  tenantId: TenantId;
  job: J;
  /** Fires when the job was cancelled, is in another worker's hands, or the worker is stopped. */
  signal: AbortSignal;
  /** Says how far the job is; throws where the signal has fired. */
  progress(stage: JobStage, progress: number): void;
  /** True when others should have a turn: then the handler ends with `more`, at its checkpoint. */
  isOver(): boolean;
}

export type TurnOutcome =
  | {
      type: "done";
      /** A deletion's receipt. */
      result?: Record<string, number>;
    }
  /** The job goes back to the end of the queue and continues at its checkpoint. */
  | { type: "more" };

/** How one kind of job is done. A turn begins where the last one, in whatever process, was cut off; work that is done twice leaves what it would have left once. */
export interface JobHandler<J extends JobRecord = JobRecord> {
  firstStage: JobStage;
  run(turn: JobTurn<J>): Promise<TurnOutcome>;
  /** The job ends undone: takes away what it left half made. */
  abandon?(
    tenantId: TenantId,
    job: J,
    /** `lease`: under which the job is held; whoever has lost it may take nothing away. */
    outcome: { state: "failed" | "cancelled"; error: { code: string; message: string }; lease: string },
  ): Promise<void>;
}
