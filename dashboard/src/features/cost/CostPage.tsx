import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useCampaign } from "../../app/CampaignContext";
import type { CostView, ExperimentCost, ServiceShare } from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { bytes, dollars, grouped, words } from "../../components/format";
import { Loaded } from "../../components/Loaded";
import { PageLink } from "../../components/PageLink";
import { ShareTable } from "./ShareTable";

const SERVICES: Record<string, string> = {
  batch: "Batch",
  lambda: "Lambda",
  step_functions: "Step Functions",
  dynamodb: "DynamoDB",
  s3: "S3",
};

/** What the campaign spent, in parts. */
export default function CostPage() {
  const campaign = useCampaign();
  const path = `/campaigns/${encodeURIComponent(campaign.campaign_id)}/cost`;
  const live = useLive<CostView>(path, Pace.summary);
  return (
    <SpaceBetween size="m">
      <Header
        variant="h1"
        description="What calls to a model and AWS cost, by the campaign's account."
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
            { label: "Calls to a model", value: dollars(cost.model_usd) },
            { label: "AWS", value: cost.aws_reason ?? dollars(cost.aws_usd) },
            { label: "Reserved besides", value: dollars(cost.reserved_usd) },
            { label: "Per experiment", value: dollars(cost.usd_per_experiment) },
            {
              label: "Per point of BD-rate saved",
              value:
                cost.usd_per_percent_saved === null
                  ? "No point was saved yet"
                  : dollars(cost.usd_per_percent_saved),
            },
            {
              label: "Experiments the budget still allows",
              value: experimentsLeft(cost),
            },
          ]}
        />
      </Container>
      <ShareTable
        title="Calls to a model"
        part="Role and model"
        shares={cost.by_model}
        name={(share) => `${words(share.role)}: ${share.model}`}
        empty="No model was called: the offline mind costs nothing."
        figures={[
          { header: "Calls", cell: (share) => grouped(share.calls) },
          { header: "Input tokens", cell: (share) => grouped(share.input_tokens) },
          { header: "Written to the cache", cell: (share) => grouped(share.cache_write_tokens) },
          { header: "Read from the cache", cell: (share) => grouped(share.cache_read_tokens) },
          { header: "Output tokens", cell: (share) => grouped(share.output_tokens) },
        ]}
      />
      <ColumnLayout columns={2}>
        <ShareTable
          title="AWS"
          part="Service"
          shares={cost.by_service}
          name={(share) => SERVICES[share.service] ?? share.service}
          empty={cost.aws_reason ?? "Nothing yet."}
          figures={[{ header: "Used", cell: used }]}
        />
        <ShareTable title="By phase" shares={cost.by_phase} name={(share) => words(share.label)} />
        <ShareTable
          title="By day"
          part="Day (UTC)"
          description="With what is reserved."
          shares={cost.by_day}
          name={(share) => share.label}
        />
        <ShareTable
          title="By status"
          part="Status"
          shares={cost.by_status}
          name={(share) => words(share.label)}
          figures={[{ header: "Experiments", cell: (share) => grouped(share.count) }]}
        />
      </ColumnLayout>
      <ShareTable
        title="Dearest experiments"
        part="Experiment"
        shares={cost.dearest}
        empty="No experiment has cost anything."
        name={(share) => (
          <PageLink to={`/experiments/${share.experiment_id}`}>{share.experiment_id}</PageLink>
        )}
        figures={[
          { header: "Model", cell: (share) => dollars(share.model_usd) },
          ...(cost.aws_reason
            ? []
            : [{ header: "AWS", cell: (share: ExperimentCost) => dollars(share.aws_usd) }]),
        ]}
      />
    </SpaceBetween>
  );
}

/** How many experiments the budget still pays, or why that is not known. */
function experimentsLeft(cost: CostView): string {
  if (cost.experiments_left !== null) {
    return grouped(cost.experiments_left);
  }
  return cost.budget_usd === null ? "No budget is set" : "Not known before the first cost";
}

/** What was used of a service, in its own units. */
function used({ count, amounts }: ServiceShare): string {
  const parts = Object.entries(amounts).map(([name, value]) => amountOf(name, value));
  return parts.join(", ") || grouped(count);
}

function amountOf(name: string, value: number): string {
  if (name === "stored_bytes") {
    return `${bytes(value)} stored`;
  }
  return `${grouped(value)} ${name.replace(/_s$/, " seconds").replaceAll("_", " ")}`;
}
