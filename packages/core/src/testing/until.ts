/**
 * Resolves once the condition holds. Throws only where it holds so late that something must be wrong: a test that waits for an event
 * passes on a busy machine, too.
 */
export async function until(condition: () => boolean | Promise<boolean>, what = "what the test waits for"): Promise<void> {
  const deadline = Date.now() + 45_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Timed out waiting until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
