import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useCampaign } from "../../app/CampaignContext";
import type { HealthView } from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { Ago } from "../../components/Ago";
import { grouped } from "../../components/format";
import { Loaded } from "../../components/Loaded";
import { AlarmTable } from "./AlarmTable";
import { PhaseFailureTable } from "./PhaseFailureTable";

/** How the lab works: its queues, where experiments stop, and the alarms. */
export default function HealthPage() {
  const campaign = useCampaign();
  const path = `/campaigns/${encodeURIComponent(campaign.campaign_id)}/health`;
  const live = useLive<HealthView>(path, Pace.summary);
  return (
    <SpaceBetween size="m">
      <Header variant="h1">Health</Header>
      <Loaded of={live} what="health">
        {(health) => (
          <SpaceBetween size="m">
            <Container header={<Header variant="h2">Queues</Header>}>
              <KeyValuePairs
                columns={4}
                items={[
                  { label: "Experiments queued", value: grouped(health.queued) },
                  { label: "Experiments running", value: grouped(health.running) },
                  { label: "Jobs waiting", value: grouped(health.jobs_waiting) },
                  { label: "Jobs running", value: grouped(health.jobs_running) },
                  { label: "Experiments that need a human", value: grouped(health.needs_human) },
                  { label: "Failures in a row", value: grouped(health.failures_in_a_row) },
                  { label: "Last change", value: <Ago at={health.last_update_at} /> },
                ]}
              />
            </Container>
            <PhaseFailureTable phases={health.phases} />
            <AlarmTable alarms={health.alarms} />
          </SpaceBetween>
        )}
      </Loaded>
    </SpaceBetween>
  );
}
