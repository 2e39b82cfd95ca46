import Box from "@cloudscape-design/components/box";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useCampaign } from "../../app/CampaignContext";
import type { CostView } from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { dollars, grouped, MISSING, words } from "../../components/format";
import { Loaded } from "../../components/Loaded";
import { ShareTable } from "./ShareTable";

/** What the campaign spent on its mind, in parts. */
export default function CostPage() {
  const campaign = useCampaign();
  const path = `/campaigns/${encodeURIComponent(campaign.campaign_id)}/cost`;
  const live = useLive<CostView>(path, Pace.summary);
  return (
    <SpaceBetween size="m">
      <Header
        variant="h1"
        description="What calls to a model cost; the bench's own time is not part of it."
      >
        Cost
      </Header>
      <Loaded of={live} what="cost">
        {(cost) => <Shown cost={cost} />}
      </Loaded>
    </SpaceBetween>
  );
}

function Shown({ cost }: { cost: CostView }) {
  return (
    <SpaceBetween size="m">
      <Container>
        <KeyValuePairs
          columns={4}
          items={[
            {
              label: "Spent",
              value: `${dollars(cost.total_usd)}${cost.budget_usd === null ? ", no budget" : ` of ${dollars(cost.budget_usd)}`}`,
            },
            { label: "Per experiment", value: dollars(cost.usd_per_experiment) },
            { label: "Per point of BD-rate saved", value: dollars(cost.usd_per_percent_saved) },
            {
              label: "Experiments the budget still allows",
              value: cost.experiments_left === null ? MISSING : grouped(cost.experiments_left),
            },
          ]}
        />
      </Container>
      {cost.total_usd === 0 && (
        <Box color="text-body-secondary">Nothing was spent: the offline search calls no model.</Box>
      )}
      <ColumnLayout columns={2}>
        <ShareTable title="By model" shares={cost.by_model} />
        <ShareTable title="By phase" shares={cost.by_phase} name={words} />
        <ShareTable title="By status" shares={cost.by_status} name={words} />
        <ShareTable title="By day" shares={cost.by_day} />
      </ColumnLayout>
    </SpaceBetween>
  );
}
