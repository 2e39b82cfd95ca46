import type { CampaignList, CampaignView } from "../client/models";
import { type Live, Pace, useLive } from "../client/polling";
import { useNamedCampaign } from "./campaignChoice";

interface Campaigns {
  live: Live<CampaignList>;
  list: readonly CampaignView[];
  /** The campaign that the address names, otherwise the last created. */
  current: CampaignView | null;
  named: string | null;
}

/** Every campaign, and the one that the page is about. */
export function useCampaigns(): Campaigns {
  const live = useLive<CampaignList>("/campaigns", Pace.list);
  const named = useNamedCampaign();
  const list = live.data?.campaigns ?? [];
  const current = named ? list.find((one) => one.campaign_id === named) : list[0];
  return { live, list, current: current ?? null, named };
}
