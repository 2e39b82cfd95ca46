import { useSyncExternalStore } from "react";

const TICK_MS = 1_000;

/** The time in whole seconds, as milliseconds: one clock for every age on the page. */
export function useNow(): number {
  return useSyncExternalStore(watch, now);
}

function watch(notify: () => void): () => void {
  const timer = setInterval(notify, TICK_MS);
  return () => clearInterval(timer);
}

function now(): number {
  return Math.floor(Date.now() / TICK_MS) * TICK_MS;
}
