/** What the gate holds runs to: evals/gates.json. */
export interface GateSettings {
  /** Chance of one false alarm or more in a comparison of two runs that are alike, over every pipeline, metric and slice. */
  familyWiseAlpha: number;
  resamples: number;
  /** A slice with fewer scored cases is shown and not tested. */
  minimumCases: number;
  /** What is compared with the baseline. Other metrics of a run are shown and not judged. */
  metrics: string[];
  floors: Floor[];
  ratios: {
    /** Mean US dollars of an answer, candidate to baseline. */
    usd: { failAbove: number };
    /** Median milliseconds of an answer, each divided by what its machine took for a fixed piece of work; not judged where somebody else kept it busy. */
    milliseconds: RatioBounds & { busyAbove: number };
    /** Processor time of a case. It hardly depends on what else the machine does. */
    cpu: RatioBounds;
  };
}

export interface RatioBounds {
  warnAbove: number;
  failAbove: number;
}

/** A bound on a metric's mean over the cases of a run. */
export interface Floor {
  /** Name of the dataset that it is held on. */
  dataset: string;
  metric: string;
  /** Only cases with this tag. Default: all. */
  slice?: string;
  /** The mean must be at least this… */
  atLeast?: number;
  /** …or above this. */
  above?: number;
  /** Default: every pipeline. */
  pipelines?: string[];
  /** `always` (default): a run without the metric fails. `measured`: held only where the run has the metric, as one of an LLM judge. */
  when?: "always" | "measured";
}
