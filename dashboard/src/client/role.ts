import type { SessionView } from "./models";
import { Pace, useLive } from "./polling";

/** Why this person may give no orders; empty for operators. */
export function useRefusal(): string {
  const session = useLive<SessionView>("/session", Pace.still).data;
  return session?.role === "viewer" ? "A viewer looks on; an operator gives orders." : "";
}
