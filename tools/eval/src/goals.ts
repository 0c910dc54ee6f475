/** A figure that is held against what was promised. */
export interface Goal {
  name: string;
  /** At least this much, or at most. */
  type: "at-least" | "at-most";
  goal: number;
  value: number;
  met: boolean;
}

export function atLeast(name: string, goal: number, value: number): Goal {
  return { name, type: "at-least", goal, value, met: value >= goal };
}

export function atMost(name: string, goal: number, value: number): Goal {
  return { name, type: "at-most", goal, value, met: value <= goal };
}

/** One line: `nDCG@10 of default: 0.741, goal ≥ 0.73: met`. */
export function formatGoal({ name, type, goal, value, met }: Goal): string {
  const digits = Number.isInteger(value) && Number.isInteger(goal) ? 0 : 4;
  return `${name}: ${value.toFixed(digits)}, goal ${type === "at-least" ? "≥" : "≤"} ${goal}: ${met ? "met" : "NOT MET"}`;
}
