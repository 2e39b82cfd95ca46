import Alert from "@cloudscape-design/components/alert";
import AppLayoutToolbar from "@cloudscape-design/components/app-layout-toolbar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { Loaded } from "../components/Loaded";
import { CampaignBar } from "./CampaignBar";
import { CampaignContext } from "./CampaignContext";
import { useCampaigns } from "./campaigns";
import { Navigation } from "./Navigation";
import { Pages } from "./Pages";
import { TopBar } from "./TopBar";
import type { useTheme } from "./theme";

interface Props {
  theme: ReturnType<typeof useTheme>;
  onSignOut: () => void;
}

/** Below this width the navigation lies over the page. */
const WIDE = "(min-width: 689px)";

/** The frame around every page: top bar, navigation, the campaign's state, the page. */
export function App({ theme, onSignOut }: Props) {
  const campaigns = useCampaigns();
  const [isNavigationOpen, setIsNavigationOpen] = useState(() => matchMedia(WIDE).matches);
  return (
    <>
      <TopBar theme={theme} onSignOut={onSignOut} />
      <AppLayoutToolbar
        headerSelector="#top-bar"
        toolsHide
        navigationWidth={220}
        navigationOpen={isNavigationOpen}
        onNavigationChange={({ detail }) => setIsNavigationOpen(detail.open)}
        navigation={<Navigation campaigns={campaigns.list} current={campaigns.current} />}
        ariaLabels={{
          navigation: "Pages",
          navigationClose: "Close navigation",
          navigationToggle: "Open navigation",
        }}
        content={
          <Loaded of={campaigns.live} what="campaigns">
            {() =>
              campaigns.current ? (
                <CampaignContext value={campaigns.current}>
                  <SpaceBetween size="m">
                    <CampaignBar campaign={campaigns.current} />
                    <Pages />
                  </SpaceBetween>
                </CampaignContext>
              ) : (
                <NoCampaign name={campaigns.named} />
              )
            }
          </Loaded>
        }
      />
    </>
  );
}

function NoCampaign({ name }: { name: string | null }) {
  return name ? (
    <Alert type="warning" header={`There is no campaign ${name}`}>
      Choose another one on the left.
    </Alert>
  ) : (
    <Alert type="info" header="There is no campaign yet">
      Open one with `lab run`; it appears here as soon as it has begun.
    </Alert>
  );
}
