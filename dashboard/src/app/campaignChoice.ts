import { useCallback } from "react";
import { useLocationProperty } from "wouter/use-browser-location";

const PARAMETER = "campaign";

/** The campaign that the address names, if it names one. */
export function useNamedCampaign(): string | null {
  // Not by useSearchParams: a change of another parameter would draw every link again.
  return useLocationProperty(() => new URLSearchParams(location.search).get(PARAMETER));
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
