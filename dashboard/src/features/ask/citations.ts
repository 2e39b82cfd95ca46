/** A stretch of an answer: plain text, or the name of an experiment that it cites. */
export interface Stretch {
  text: string;
  experiment: boolean;
}

/** Finds the names of cited experiments in an answer; a name within a longer word is none. */
export function stretches(answer: string, experiments: readonly string[]): Stretch[] {
  const names = [...experiments].sort((a, b) => b.length - a.length);
  if (names.length === 0) {
    return [{ text: answer, experiment: false }];
  }
  const either = names.map((name) => name.replace(/[.]/g, "\\.")).join("|");
  return answer
    .split(new RegExp(`(?<![\\w-])(${either})(?![\\w-])`))
    .map((text, index) => ({ text, experiment: index % 2 === 1 }))
    .filter(({ text }) => text !== "");
}
