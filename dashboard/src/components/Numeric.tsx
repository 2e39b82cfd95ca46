import type { ReactNode } from "react";

/** A figure in a table: to the right, its digits under each other. */
export function Numeric({ children }: { children: ReactNode }) {
  return <div className="number-cell">{children}</div>;
}
