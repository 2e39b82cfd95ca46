import Select from "@cloudscape-design/components/select";
import SideNavigation, {
  type SideNavigationProps,
} from "@cloudscape-design/components/side-navigation";
import { useLocation, useSearchParams } from "wouter";
import type { CampaignView, QuestionList } from "../client/models";
import { Pace, useLive } from "../client/polling";
import { useHref, useNamedCampaign } from "./campaignChoice";

const PAGES: [string, string][] = [
  ["/progress", "Progress"],
  ["/experiments", "Experiments"],
  ["/compare", "Compare"],
  ["/lineage", "Lineage"],
  ["/campaign", "Campaign"],
  ["/cost", "Cost"],
  ["/health", "Health"],
];

const ASK: [string, string] = ["/ask", "Ask the lab"];

interface Props {
  campaigns: readonly CampaignView[];
  current: CampaignView | null;
}

/** The pages on the left, and the campaign they are about where there are several. */
export function Navigation({ campaigns, current }: Props) {
  const [location, navigate] = useLocation();
  const href = useHref();
  const canAsk = useCanAsk(current);
  const pages = canAsk ? [...PAGES, ASK] : PAGES;
  const active = pages.find(([path]) => location.startsWith(path))?.[0] ?? "/progress";
  const items: SideNavigationProps.Item[] = pages.map(([path, text]) => ({
    type: "link",
    text,
    href: path,
  }));
  return (
    <SideNavigation
      activeHref={active}
      items={items}
      itemsControl={campaigns.length > 1 ? <CampaignSelect campaigns={campaigns} /> : undefined}
      onFollow={(event) => {
        event.preventDefault();
        navigate(href(event.detail.href));
      }}
    />
  );
}

/** Whether somebody answers questions; where nobody does, there is no page to ask on. */
function useCanAsk(campaign: CampaignView | null): boolean {
  const path = campaign && `/campaigns/${encodeURIComponent(campaign.campaign_id)}/questions`;
  return useLive<QuestionList>(path, Pace.still).data?.available ?? false;
}

function CampaignSelect({ campaigns }: { campaigns: readonly CampaignView[] }) {
  const named = useNamedCampaign();
  const [, setSearch] = useSearchParams();
  const options = campaigns.map((one) => ({ value: one.campaign_id, label: one.campaign_id }));
  return (
    <Select
      options={options}
      selectedOption={options.find((one) => one.value === named) ?? options[0] ?? null}
      ariaLabel="Campaign"
      onChange={({ detail }) =>
        setSearch((search) => {
          const next = new URLSearchParams(search);
          next.set("campaign", detail.selectedOption.value ?? "");
          return next;
        })
      }
    />
  );
}
