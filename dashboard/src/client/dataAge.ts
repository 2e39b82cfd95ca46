import { useQueryClient } from "@tanstack/react-query";
import { useNow } from "../components/Clock";

/** When the oldest data on this page was received, in milliseconds; null before any was. */
export function useDataReceivedAt(): number | null {
  useNow();
  const active = useQueryClient().getQueryCache().findAll({ type: "active" });
  const received = active
    .filter((query) => query.meta?.isPolled && query.state.dataUpdatedAt > 0)
    .map((query) => query.state.dataUpdatedAt);
  return received.length ? Math.min(...received) : null;
}
