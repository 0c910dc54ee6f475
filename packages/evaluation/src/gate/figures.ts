/** How figures of the gate are written, the same in every report. */
export const formatScore = (value: number | null): string => (value === null || Number.isNaN(value) ? "–" : value.toFixed(3));

export function formatChange(value: number): string {
  const digits = Math.abs(value).toFixed(3);
  return digits === "0.000" ? "0.000" : `${value < 0 ? "−" : "+"}${digits}`;
}

export const formatP = (p: number): string => (p < 0.001 ? "< 0.001" : p.toFixed(3));

export const formatInterval = ({ low, high }: { low: number; high: number }): string => `[${formatChange(low)}, ${formatChange(high)}]`;

/** Money and time beside their ratio: `1.20 ×`, or why there is none. */
export function formatRatio(ratio: number | null): string {
  if (ratio === null) return "not compared";
  return Number.isFinite(ratio) ? `${ratio.toFixed(2)} ×` : "∞ ×";
}

export const formatAmount = (what: keyof typeof ratioName, value: number): string =>
  what === "usd" ? `$${value.toFixed(4)}` : `${value.toFixed(1)} ms`;

export const ratioName = { usd: "cost, mean", milliseconds: "time, median", cpu: "processor time, mean" } as const;

export const ratioState = {
  ok: "",
  warning: "more than usual",
  failed: "FAILED",
  busy: "not judged: a busy machine",
  "not-compared": "",
} as const;

/** What a run is called: `default on handbook`. */
export const formatRun = ({ pipeline, dataset }: { pipeline: string; dataset: string }): string => `${pipeline} on ${dataset}`;

/** A metric over the cases of a slice: `abstention (unanswerable)`. */
export const formatMetric = ({ metric, slice }: { metric: string; slice: string }): string =>
  slice === "all" ? metric : `${metric} (${slice})`;

/** A place in a document as it is shown beside a source. */
export const formatPlace = ({ document, start, end }: { document: string; start: number; end: number }): string =>
  `${document} ${start}–${end}`;
