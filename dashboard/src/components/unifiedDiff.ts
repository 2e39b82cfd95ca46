import type { DiffLine } from "../client/models";

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

/** Reads a unified diff into lines with their numbers in both files. */
export function linesOf(unified: string): DiffLine[] {
  const lines: DiffLine[] = [];
  // The next line of each file, and how many the hunk still has of it.
  const before = { next: 0, left: 0 };
  const after = { next: 0, left: 0 };
  const take = (side: typeof before) => {
    side.left -= 1;
    side.next += 1;
    return side.next - 1;
  };
  for (const line of unified.trimEnd().split("\n")) {
    const hunk = HUNK.exec(line);
    const text = line.slice(1);
    if (before.left > 0 && line.startsWith("-")) {
      lines.push({ kind: "removed", old: take(before), new: null, text });
    } else if (after.left > 0 && line.startsWith("+")) {
      lines.push({ kind: "added", old: null, new: take(after), text });
    } else if (before.left > 0 && after.left > 0) {
      lines.push({ kind: "context", old: take(before), new: take(after), text });
    } else {
      if (hunk) {
        Object.assign(before, { next: Number(hunk[1]), left: Number(hunk[2] ?? 1) });
        Object.assign(after, { next: Number(hunk[3]), left: Number(hunk[4] ?? 1) });
      }
      lines.push({ kind: "gap", old: null, new: null, text: line });
    }
  }
  return lines;
}
