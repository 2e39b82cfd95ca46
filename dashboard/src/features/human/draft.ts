import { useState } from "react";

export const MAX_HINT = 4_000;

/** A hint in the making, saved with every key, so that closing the window loses nothing. */
export function useDraft(experimentId: string, askedAt: string) {
  const stored = `codec-lab.hint.${experimentId}.${askedAt}`;
  const [text, setText] = useState(() => localStorage.getItem(stored) ?? "");
  return {
    text,
    write: (next: string) => {
      const kept = next.slice(0, MAX_HINT);
      setText(kept);
      localStorage.setItem(stored, kept);
    },
    forget: () => localStorage.removeItem(stored),
  };
}
