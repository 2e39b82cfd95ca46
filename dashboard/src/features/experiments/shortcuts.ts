import { useEffect } from "react";

/** `/` goes to the filter, `n` to the next experiment that needs a human. */
export function useTableShortcuts(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) {
        return;
      }
      if (event.key === "/") {
        event.preventDefault();
        document.querySelector<HTMLInputElement>("[data-filter] input")?.focus();
      } else if (event.key === "n") {
        nextBadge()?.focus();
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.matches("input, textarea, select") || target.closest("[role=dialog]") !== null)
  );
}

function nextBadge(): HTMLElement | undefined {
  const badges = [...document.querySelectorAll<HTMLElement>("[data-human]")];
  const current = badges.indexOf(document.activeElement as HTMLElement);
  return badges[(current + 1) % badges.length];
}
