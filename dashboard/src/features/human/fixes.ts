import type { Attempt, PromptView } from "../../client/models";

/** What was tried against a fault: refused answers, the fix if one was made, the next attempt. */
export interface TriedFix {
  attempt: Attempt;
  /** The attempt after it; null where there was none. */
  next: Attempt | null;
  cost_usd: number | null;
}

/** The fixes of a run in the order in which they were tried. */
export function fixesOf(
  attempts: readonly Attempt[],
  run: number,
  prompts: PromptView | undefined,
): TriedFix[] {
  const ofRun = attempts
    .filter((one) => one.run === run)
    .sort((one, other) => one.at.localeCompare(other.at));
  const fixed = ofRun.filter((one) => one.fix_reason !== null || one.rejected_fixes.length > 0);
  // A run's proposals are its design, if it had one, and then its fixes, but for those that
  // changed the lab's framework instead of the candidate.
  const proposed = fixed.filter(
    (one) => one.fix_reason !== null && !one.fix_tool?.endsWith("_framework"),
  );
  const answers = prompts?.entries.filter((one) => one.run === run).slice(-proposed.length) ?? [];
  return fixed.map((attempt) => ({
    attempt,
    next: ofRun[ofRun.indexOf(attempt) + 1] ?? null,
    cost_usd: answers[proposed.indexOf(attempt)]?.cost_usd ?? null,
  }));
}
