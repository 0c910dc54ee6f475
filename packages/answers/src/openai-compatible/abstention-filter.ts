import { abstentionForm } from "../prompts/answer-prompt.ts";

/**
 * Holds the beginning of a model's text until it is certain that it is not the abstention form; of a text that is, nothing comes out, however
 * much follows it.
 */
export function createAbstentionFilter(): { push(delta: string): string; readonly abstained: boolean; end(): string } {
  let held = "";
  let decided = false;
  let abstained = false;
  return {
    push(delta) {
      if (abstained) return "";
      if (decided) return delta;
      held += delta;
      const begun = held.trimStart();
      if (begun.startsWith(abstentionForm)) {
        abstained = true;
        return "";
      }
      if (abstentionForm.startsWith(begun)) return "";
      decided = true;
      return held;
    },
    get abstained() {
      return abstained;
    },
    end() {
      return decided || abstained ? "" : held;
    },
  };
}
