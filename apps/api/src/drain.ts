import { FootnoteError } from "@footnote/core";

export interface Drain {
  readonly draining: boolean;
  /** Fires when open streams have to end now, with `shutting_down` as its reason. */
  readonly signal: AbortSignal;
  /** Counts one request or stream as open until the returned function is called. */
  enter(): () => void;
  /** Refuses new work, waits up to `graceMs` for what is open, then fires `signal` and waits a moment longer. */
  start(options: { graceMs: number }): Promise<void>;
}

/** How long streams have to send their last event after the signal. */
const lastEventMs = 2_000;

export function createDrain(): Drain {
  const ending = new AbortController();
  let draining = false;
  let open = 0;
  let idle: (() => void) | null = null;
  const untilIdle = (ms: number) =>
    new Promise<void>((resolve) => {
      if (open === 0) return resolve();
      const timer = setTimeout(resolve, ms);
      idle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  return {
    get draining() {
      return draining;
    },
    signal: ending.signal,
    enter() {
      let left = false;
      open += 1;
      return () => {
        if (left) return;
        left = true;
        open -= 1;
        if (open === 0) idle?.();
      };
    },
    async start({ graceMs }) {
      draining = true;
      await untilIdle(Math.max(0, graceMs - lastEventMs));
      ending.abort(new FootnoteError("shutting_down", "The server is stopping; connect again in a moment."));
      await untilIdle(Math.min(graceMs, lastEventMs));
    },
  };
}
