import { createContext, useContext } from "react";
import type { CampaignView } from "../client/models";

export const CampaignContext = createContext<CampaignView | null>(null);

/** The campaign that the page is about. */
export function useCampaign(): CampaignView {
  const campaign = useContext(CampaignContext);
  if (!campaign) {
    throw new Error("useCampaign outside of a campaign");
  }
  return campaign;
}
