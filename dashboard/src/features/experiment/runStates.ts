import type { Attempt, Phase, VisitView } from "../../client/models";

/** A node of the run graph: a phase with all the states that belong to it. */
export interface PhaseNode {
  phase: Phase;
  title: string;
  progress: "pending" | "running" | "succeeded" | "failed";
  /** Stays in the state that does the phase's work. */
  count: number;
  seconds: number | null;
}

const TITLES: Record<Phase, string> = {
  design: "Design",
  deploy: "Deploy",
  validation: "Validate",
  execution: "Execute",
  analysis: "Analyze",
  design_next: "Design next",
};

/** The phases in the order in which the machine visits them. */
export const PHASES = Object.keys(TITLES) as Phase[];

/** Phases whose faults a mind may fix: the machine goes back to Deploy from there. */
export const FIXED_PHASES: readonly Phase[] = ["validation", "execution"];

function secondsOf(visits: readonly VisitView[], now: number): number | null {
  if (!visits.length) {
    return null;
  }
  return visits.reduce((sum, one) => {
    const end = one.exited_at ? Date.parse(one.exited_at) : now;
    return sum + Math.max(0, end - Date.parse(one.entered_at)) / 1_000;
  }, 0);
}

/** Folds the states that a run visited into its phases; it failed at the one that stopped it. */
export function phaseNodes(visits: readonly VisitView[], now: number): PhaseNode[] {
  const stoppedAt = phaseThatStopped(visits);
  return PHASES.map((phase) => {
    const own = visits.filter((visit) => visit.phase === phase);
    const last = own.at(-1);
    return {
      phase,
      title: TITLES[phase],
      progress: phase === stoppedAt ? "failed" : (last?.progress ?? "pending"),
      count: Math.max(0, ...own.map((visit) => visit.attempt)),
      seconds: secondsOf(own, now),
    };
  });
}

/** The phase that sent the run to a person; the history keeps it when the question is answered. */
function phaseThatStopped(visits: readonly VisitView[]): Phase | null {
  const asked = visits.findIndex((visit) => visit.state === "FlagHuman");
  const before = asked < 0 ? [] : visits.slice(0, asked);
  return before.findLast((visit) => visit.phase !== null)?.phase ?? null;
}

/** Whether a stay ended by an error that sent the run to a fix or to a person. */
export function wasCaught(visits: readonly VisitView[], index: number): boolean {
  const next = visits[index + 1]?.state ?? "";
  const isFollowedUp = next.endsWith("AttemptsLeft") || next === "FlagHuman";
  return isFollowedUp && (visits[index]?.failures.length ?? 0) > 0;
}

/** How often a mind fixed a phase's fault in a run. */
export function fixCount(attempts: readonly Attempt[], run: number, phase: Phase): number {
  return attempts.filter((one) => one.run === run && one.phase === phase && one.fix_reason !== null)
    .length;
}
