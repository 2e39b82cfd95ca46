import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useSearchParams } from "wouter";
import { useCampaign } from "../../app/CampaignContext";
import type { ProgressView } from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { Ago } from "../../components/Ago";
import { BdRateFigure } from "../../components/BdRateFigure";
import { grouped, MISSING } from "../../components/format";
import { Loaded } from "../../components/Loaded";
import { PageLink } from "../../components/PageLink";
import { StatusCounts } from "../../components/StatusCounts";
import { AXES, type Axis, ProgressChart } from "./ProgressChart";
import { ReportButton } from "./ReportButton";

/** How far the campaign came: a dot for each experiment and the line of the best so far. */
export default function ProgressPage() {
  const campaign = useCampaign();
  const path = `/campaigns/${encodeURIComponent(campaign.campaign_id)}/progress`;
  const live = useLive<ProgressView>(path, Pace.summary);
  return (
    <SpaceBetween size="m">
      <Header
        variant="h1"
        description={campaign.goal}
        actions={<ReportButton campaign={campaign.campaign_id} />}
      >
        Progress
      </Header>
      <Loaded of={live} what="progress">
        {(progress) => <Shown progress={progress} />}
      </Loaded>
    </SpaceBetween>
  );
}

function Shown({ progress }: { progress: ProgressView }) {
  const campaign = useCampaign();
  const [search, setSearch] = useSearchParams();
  const axis = (AXES.find((one) => one.id === search.get("by")) ?? AXES[0]) as Axis;
  const best = progress.best.at(-1);
  const measured = progress.points.filter((point) => point.bd_rate_percent !== null);
  return (
    <SpaceBetween size="m">
      <Container>
        <KeyValuePairs
          columns={4}
          items={[
            {
              label: `Best BD-rate against ${progress.reference_anchor}`,
              value: best ? (
                <>
                  <BdRateFigure percent={best.bd_rate_percent} /> by{" "}
                  <PageLink to={`/experiments/${best.experiment_id}`}>
                    {best.experiment_id}
                  </PageLink>
                </>
              ) : (
                MISSING
              ),
            },
            { label: "Found", value: <Ago at={best?.at} /> },
            { label: "Experiments", value: grouped(progress.total) },
            {
              label: "By status",
              value: <StatusCounts counts={campaign.counts} />,
            },
          ]}
        />
      </Container>
      <Container
        header={
          <Header
            variant="h2"
            description="A dot is an experiment, the line the best so far; lower is better. Failures lie in the lane on top."
            actions={
              <SegmentedControl
                label="Horizontal axis"
                selectedId={axis.id}
                options={AXES.map(({ id, text }) => ({ id, text }))}
                onChange={({ detail }) =>
                  setSearch((now) => {
                    const next = new URLSearchParams(now);
                    next.set("by", detail.selectedId);
                    return next;
                  })
                }
              />
            }
          >
            BD-rate over experiments
          </Header>
        }
      >
        {progress.points.length ? (
          <ProgressChart progress={progress} axis={axis} />
        ) : (
          <Box textAlign="center" padding="l">
            No experiment yet. Start the campaign on the page Campaign.
          </Box>
        )}
      </Container>
      {progress.total > progress.points.length && (
        <Box color="text-body-secondary">
          Drawn are {grouped(progress.points.length)} of {grouped(progress.total)} experiments:
          every best one, and an even choice of the others.
        </Box>
      )}
      {measured.length === 0 && progress.points.length > 0 && (
        <Box color="text-body-secondary">No experiment was measured on every clip yet.</Box>
      )}
    </SpaceBetween>
  );
}
