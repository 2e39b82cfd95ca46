import { useCallback } from "react";
import { useSearchParams } from "wouter";

const PARAMETER = "campaign";

/** The campaign that the address names, if it names one. */
export function useNamedCampaign(): string | null {
  const [search] = useSearchParams();
  return search.get(PARAMETER);
}

/** Makes addresses within the dashboard that stay with the campaign this one names. */
export function useHref(): (path: string) => string {
  const campaign = useNamedCampaign();
  return useCallback(
    (path) => {
      if (!campaign) {
        return path;
      }
      const [address = "", query = ""] = path.split("?", 2);
      const search = new URLSearchParams(query);
      search.set(PARAMETER, campaign);
      return `${address}?${search}`;
    },
    [campaign],
  );
}
