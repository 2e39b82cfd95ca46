import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useState } from "react";
import { useSearchParams } from "wouter";
import { useCampaign } from "../../app/CampaignContext";
import { useCommand } from "../../client/commands";
import type { ExperimentDetail } from "../../client/models";
import { useRefusal } from "../../client/role";
import { Ago } from "../../components/Ago";
import { BdRateFigure, rateOf } from "../../components/BdRateFigure";
import { ExperimentStatus } from "../../components/ExperimentStatus";
import { decimal, dollars, grouped, MISSING, words } from "../../components/format";
import { HumanBadge } from "../../components/HumanBadge";
import { OPERATING_POINT } from "../../components/operatingPoint";
import { PageLink } from "../../components/PageLink";
import { QuestionModal } from "../human/QuestionModal";

/** What an experiment is, where it stands and what it reached. */
export function Summary({ detail }: { detail: ExperimentDetail }) {
  const { reference_anchor: anchor } = useCampaign();
  const row = detail.summary;
  const [isAsked, setIsAsked] = useQuestion(row.needs_human);
  const parent = detail.parent_id ? (
    <PageLink to={`/experiments/${detail.parent_id}`}>{detail.parent_id}</PageLink>
  ) : (
    "The seed"
  );
  return (
    <SpaceBetween size="m">
      <Header
        variant="h1"
        description={row.name}
        actions={
          <SpaceBetween direction="horizontal" size="xs" alignItems="center">
            {row.needs_human && (
              <HumanBadge experiment={row.experiment_id} onOpen={() => setIsAsked(true)} />
            )}
            <PageLinkToLineage experiment={row.experiment_id} />
            <Rerun detail={detail} />
          </SpaceBetween>
        }
      >
        {row.experiment_id}
      </Header>
      <Container>
        <KeyValuePairs
          columns={4}
          items={[
            { label: "Status", value: <ExperimentStatus status={row.status} /> },
            { label: "Phase", value: words(row.phase) },
            {
              label: `BD-rate against ${anchor}`,
              value: <BdRateFigure {...rateOf(row)} />,
            },
            { label: "Goal reached", value: row.tier ?? "None" },
            { label: "Champion on the hidden clips", value: <Champion id={row.experiment_id} /> },
            { label: "Made from", value: parent },
            {
              label: "Quality and rate",
              value:
                row.bitrate_bps === null ? (
                  MISSING
                ) : (
                  <>
                    {decimal(row.psnr_y_db, 2)} dB at {grouped(row.bitrate_bps / 1_000)} kb/s
                    <Box color="text-body-secondary">{words(OPERATING_POINT)}</Box>
                  </>
                ),
            },
            {
              label: "Decode time",
              value:
                detail.decode_cpu_s_per_frame === null
                  ? MISSING
                  : `${grouped(1_000 * detail.decode_cpu_s_per_frame, 1)} CPU ms/frame`,
            },
            { label: "Cost", value: dollars(row.cost_usd) },
            { label: "Updated", value: <Ago at={row.updated_at} /> },
          ]}
        />
      </Container>
      {row.stop_reason && (
        <Alert type="info" header="Screened out">
          {row.stop_reason}
        </Alert>
      )}
      {isAsked && (
        <QuestionModal experimentId={row.experiment_id} onClose={() => setIsAsked(false)} />
      )}
    </SpaceBetween>
  );
}

/** Whether the question is open; from the start where the address of a message leads to it. */
function useQuestion(isAsking: boolean): [boolean, (isOpen: boolean) => void] {
  const [search, setSearch] = useSearchParams();
  const [isOpen, setIsOpen] = useState(isAsking && search.get("question") === "open");
  const open = (shall: boolean) => {
    setIsOpen(shall);
    setSearch(
      (now) => {
        const next = new URLSearchParams(now);
        next.delete("question");
        return next;
      },
      { replace: true },
    );
  };
  return [isOpen, open];
}

/** The campaign's champion, and what decided if it is this one. */
function Champion({ id }: { id: string }) {
  const { champion } = useCampaign();
  if (!champion) {
    return "None so far";
  }
  if (champion.experiment_id !== id) {
    return (
      <PageLink to={`/experiments/${champion.experiment_id}`}>{champion.experiment_id}</PageLink>
    );
  }
  return (
    <>
      <StatusIndicator>This one</StatusIndicator>
      <Box color="text-body-secondary">{champion.reason}</Box>
    </>
  );
}

function PageLinkToLineage({ experiment }: { experiment: string }) {
  return <PageLink to={`/lineage?root=${encodeURIComponent(experiment)}`}>Lineage</PageLink>;
}

function Rerun({ detail }: { detail: ExperimentDetail }) {
  const command = useCommand<ExperimentDetail>();
  const refusal = useRefusal();
  const { experiment_id: id, status, version } = detail.summary;
  const hasEnded = status === "completed" || status === "abandoned";
  return (
    <>
      <Button
        disabled={Boolean(refusal) || !hasEnded}
        disabledReason={refusal || "Only an experiment that has ended runs again."}
        loading={command.isPending}
        onClick={() =>
          command.mutate({
            path: `/experiments/${encodeURIComponent(id)}/rerun`,
            body: { version },
          })
        }
      >
        Run again
      </Button>
      {command.error && (
        <Alert type="error" dismissible onDismiss={command.reset}>
          {command.error.message}
        </Alert>
      )}
    </>
  );
}
