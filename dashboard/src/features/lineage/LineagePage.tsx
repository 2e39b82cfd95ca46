import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useSearchParams } from "wouter";
import { useCampaign } from "../../app/CampaignContext";
import type { LineageView } from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { grouped } from "../../components/format";
import { Loaded } from "../../components/Loaded";
import { PageLink } from "../../components/PageLink";
import { LineageTree } from "./LineageTree";

/** The descent of an experiment, or of the best one. */
export default function LineagePage() {
  const campaign = useCampaign();
  const [search] = useSearchParams();
  const root = search.get("root");
  const query = root ? `?root=${encodeURIComponent(root)}` : "";
  const live = useLive<LineageView>(
    `/campaigns/${encodeURIComponent(campaign.campaign_id)}/lineage${query}`,
    Pace.summary,
  );
  return (
    <SpaceBetween size="m">
      <Header
        variant="h1"
        description="Ancestors are joined by the thick line; around them are their best other children."
        actions={root ? <PageLink to="/lineage">Show the best one's</PageLink> : undefined}
      >
        {root ? `Lineage of ${root}` : "Lineage of the best"}
      </Header>
      <Loaded of={live} what="lineage">
        {(view) => (
          <Container>
            {view.nodes.length ? (
              <SpaceBetween size="s">
                <LineageTree nodes={view.nodes} />
                {view.hidden_ancestors > 0 && (
                  <Box color="text-body-secondary">
                    {grouped(view.hidden_ancestors)} earlier ancestors are not shown; the lineage of
                    the first one here goes on from there.
                  </Box>
                )}
                {view.hidden_children > 0 && (
                  <Box color="text-body-secondary">
                    {grouped(view.hidden_children)} more children are not shown.
                  </Box>
                )}
              </SpaceBetween>
            ) : (
              <Box textAlign="center" padding="l">
                No experiment was measured yet, so there is no best one.
              </Box>
            )}
          </Container>
        )}
      </Loaded>
    </SpaceBetween>
  );
}
