import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useCampaign } from "../../app/CampaignContext";
import { useCommand } from "../../client/commands";
import type { Bound, CampaignView } from "../../client/models";
import { useRefusal } from "../../client/role";
import { Ago } from "../../components/Ago";
import { BdRateFigure } from "../../components/BdRateFigure";
import { grouped, MISSING, words } from "../../components/format";
import { PageLink } from "../../components/PageLink";
import { StatusCounts } from "../../components/StatusCounts";
import { AuditTable } from "./AuditTable";
import { Bounds } from "./Bounds";
import { StopModal } from "./StopModal";

const HELD = "The campaign is paused; resume it instead.";

const MEANINGS: Record<CampaignView["state"], string> = {
  running: "Its machine runs.",
  pausing: "Paused: the running experiment goes on to its end, then nothing follows.",
  paused: "Paused by a person; nothing runs.",
  idle: "Nothing runs, and nobody paused it: start it.",
};

const BOUNDED = "A bound of the campaign is reached.";

const WAYS_ON: Partial<Record<Bound, string>> = {
  experiment_limit: "Allow more below, or run one now.",
  daily_budget_usd: "Raise that bound below, or start it again tomorrow (UTC).",
};

/** Why a campaign that is idle begins no more experiments; null if a start begins one. */
function endOf({ state, bounds_reached: reached, counts }: CampaignView): string | null {
  const [first] = reached;
  if (state !== "idle" || !first) {
    return null;
  }
  const reasons = reached.map((one) => one.reason).join(" ");
  const waysOn = reached.length > 1 ? "Change these bounds below to go on." : WAYS_ON[first.bound];
  const waiting = counts.queued ? "Start takes up what is queued. " : "";
  return `It begins no more experiments. ${reasons} ${waiting}${waysOn ?? "Change that bound below to go on."}`;
}

/** Start, pause, resume and stop a campaign, and what it may use. */
export default function CampaignPage() {
  const campaign = useCampaign();
  const command = useCommand<CampaignView>();
  const refusal = useRefusal();
  const may = { disabled: Boolean(refusal), disabledReason: refusal };
  const [isStopping, setIsStopping] = useState(false);
  const path = `/campaigns/${encodeURIComponent(campaign.campaign_id)}`;
  const order = (name: string) =>
    command.mutate({ path: `${path}/${name}`, body: { version: campaign.version } });
  const isHeld = campaign.state === "paused" || campaign.state === "pausing";
  const end = endOf(campaign);
  const startsNothing = end !== null && !campaign.counts.queued && !campaign.counts.running;
  const runsNone =
    end !== null && campaign.bounds_reached.some((one) => one.bound !== "experiment_limit");
  const isSending = (name: string) =>
    command.isPending && command.variables.path === `${path}/${name}`;
  return (
    <SpaceBetween size="m">
      <Header
        variant="h1"
        description={campaign.goal}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button
              disabled={Boolean(refusal) || campaign.state !== "idle" || startsNothing}
              disabledReason={refusal || (startsNothing ? BOUNDED : "It has been started.")}
              loading={isSending("start")}
              onClick={() => order("start")}
            >
              Start
            </Button>
            <Button
              {...may}
              loading={isSending(isHeld ? "resume" : "pause")}
              onClick={() => order(isHeld ? "resume" : "pause")}
            >
              {isHeld ? "Resume campaign" : "Pause campaign"}
            </Button>
            <Button
              disabled={Boolean(refusal) || isHeld || runsNone}
              disabledReason={refusal || (isHeld ? HELD : BOUNDED)}
              loading={isSending("run-one")}
              onClick={() => order("run-one")}
            >
              Run one now
            </Button>
            <Button {...may} onClick={() => setIsStopping(true)}>
              Stop
            </Button>
          </SpaceBetween>
        }
      >
        Campaign {campaign.campaign_id}
      </Header>
      {command.error && (
        <Alert type="error" header="Nothing was changed" dismissible onDismiss={command.reset}>
          {command.error.message}
        </Alert>
      )}
      <Container header={<Header variant="h2">State</Header>}>
        <SpaceBetween size="m">
          <Box>{end ?? MEANINGS[campaign.state]}</Box>
          <Facts campaign={campaign} />
        </SpaceBetween>
      </Container>
      <Bounds key={campaign.version} campaign={campaign} path={path} />
      <AuditTable path={path} />
      {isStopping && (
        <StopModal
          campaign={campaign.campaign_id}
          onClose={() => setIsStopping(false)}
          onStop={() => {
            order("stop");
            setIsStopping(false);
          }}
        />
      )}
    </SpaceBetween>
  );
}

function Facts({ campaign }: { campaign: CampaignView }) {
  return (
    <KeyValuePairs
      columns={4}
      items={[
        {
          label: "Experiments begun",
          value: `${grouped(campaign.experiment_count)} of ${grouped(campaign.experiment_limit)}`,
        },
        {
          label: "By status",
          value: <StatusCounts counts={campaign.counts} />,
        },
        {
          label: `Best BD-rate against ${campaign.reference_anchor}`,
          value: campaign.best_experiment_id ? (
            <>
              <BdRateFigure percent={campaign.best_bd_rate_percent} /> by{" "}
              <PageLink to={`/experiments/${campaign.best_experiment_id}`}>
                {campaign.best_experiment_id}
              </PageLink>
            </>
          ) : (
            MISSING
          ),
        },
        {
          label: "Champion on the hidden clips",
          value: campaign.champion ? (
            <PageLink to={`/experiments/${campaign.champion.experiment_id}`}>
              {campaign.champion.experiment_id}
            </PageLink>
          ) : (
            "None so far"
          ),
        },
        { label: "Failures in a row", value: campaign.failures_in_a_row },
        { label: "Mind", value: words(campaign.mind) },
        { label: "Experiments running", value: grouped(campaign.counts.running ?? 0) },
        { label: "Created", value: <Ago at={campaign.created_at} /> },
      ]}
    />
  );
}
