import type { DiffLine } from "../client/models";

const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)/;

/** Reads a unified diff into lines with their numbers in both files. */
export function linesOf(unified: string): DiffLine[] {
  const lines: DiffLine[] = [];
  let old = 0;
  let fresh = 0;
  let isInHunk = false;
  for (const line of unified.trimEnd().split("\n")) {
    const hunk = HUNK.exec(line);
    if (hunk) {
      isInHunk = true;
      old = Number(hunk[1]);
      fresh = Number(hunk[2]);
      lines.push({ kind: "gap", old: null, new: null, text: line });
    } else if (!isInHunk || line.startsWith("--- ") || line.startsWith("+++ ")) {
      lines.push({ kind: "gap", old: null, new: null, text: line });
    } else if (line.startsWith("+")) {
      lines.push({ kind: "added", old: null, new: fresh++, text: line.slice(1) });
    } else if (line.startsWith("-")) {
      lines.push({ kind: "removed", old: old++, new: null, text: line.slice(1) });
    } else {
      lines.push({ kind: "context", old: old++, new: fresh++, text: line.slice(1) });
    }
  }
  return lines;
}
