import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator, {
  type StatusIndicatorProps,
} from "@cloudscape-design/components/status-indicator";
import { useCommand } from "../client/commands";
import { useDataReceivedAt } from "../client/dataAge";
import type { CampaignState, CampaignView } from "../client/models";
import { useRefusal } from "../client/role";
import { Ago } from "../components/Ago";
import { dollars, words } from "../components/format";

const MARKS: Record<CampaignState, StatusIndicatorProps.Type> = {
  running: "in-progress",
  pausing: "pending",
  paused: "stopped",
  idle: "info",
};

/** The campaign's state, Pause or Resume, what it spent, and how old the data on the page are. */
export function CampaignBar({ campaign }: { campaign: CampaignView }) {
  const command = useCommand<CampaignView>();
  const receivedAt = useDataReceivedAt();
  const refusal = useRefusal();
  const isHeld = campaign.state === "paused" || campaign.state === "pausing";
  const order = isHeld ? "resume" : "pause";
  return (
    <SpaceBetween size="xs">
      <section className="campaign-bar" aria-label="Campaign">
        <StatusIndicator type={MARKS[campaign.state]}>
          <b>{campaign.campaign_id}</b> {words(campaign.state).toLowerCase()}
        </StatusIndicator>
        <Button
          iconName={isHeld ? "play" : "pause"}
          loading={command.isPending}
          disabled={Boolean(refusal)}
          disabledReason={refusal}
          onClick={() =>
            command.mutate({
              path: `/campaigns/${encodeURIComponent(campaign.campaign_id)}/${order}`,
              body: { version: campaign.version },
            })
          }
        >
          {isHeld ? "Resume" : "Pause"}
        </Button>
        <Box color="text-body-secondary">
          Spent <span className="number">{dollars(campaign.spent_usd)}</span>
          {campaign.budget_usd === null ? ", no budget" : ` of ${dollars(campaign.budget_usd)}`}
        </Box>
        <Box color="text-body-secondary">
          {receivedAt === null ? (
            "Waiting for data"
          ) : (
            <>
              Data received <Ago at={receivedAt} />
            </>
          )}
        </Box>
      </section>
      {command.error && (
        <Alert type="error" header="Nothing was changed" dismissible onDismiss={command.reset}>
          {command.error.message}
        </Alert>
      )}
    </SpaceBetween>
  );
}
