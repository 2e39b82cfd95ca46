import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useCommand } from "../../client/commands";
import type { CampaignView, CostView } from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { useRefusal } from "../../client/role";
import { dollars, grouped } from "../../components/format";

interface Props {
  campaign: CampaignView;
  path: string;
}

/** What the campaign may use, and when that is spent at the pace so far. */
export function Budgets({ campaign, path }: Props) {
  const [limit, setLimit] = useState(String(campaign.experiment_limit));
  const [hasBudget, setHasBudget] = useState(campaign.budget_usd !== null);
  const [budget, setBudget] = useState(String(campaign.budget_usd ?? 10));
  const command = useCommand<CampaignView>();
  const refusal = useRefusal();
  const cost = useLive<CostView>(`${path}/cost`, Pace.summary).data;
  const isCount = /^\d{1,7}$/.test(limit);
  const isMoney = !hasBudget || /^\d{1,7}(\.\d{1,2})?$/.test(budget);
  const save = () =>
    command.mutate({
      path: `${path}/budgets`,
      body: {
        version: campaign.version,
        experiment_limit: Number(limit),
        budget_usd: hasBudget ? budget : null,
      },
    });
  return (
    <Container
      header={
        <Header variant="h2" description={<Projection cost={cost} campaign={campaign} />}>
          Budgets
        </Header>
      }
    >
      <SpaceBetween size="m">
        {command.error && (
          <Alert type="error" header="Nothing was changed">
            {command.error.message}
          </Alert>
        )}
        <ColumnLayout columns={2}>
          <FormField
            label="Experiments in all"
            errorText={isCount ? "" : "A whole number, 0 or more."}
          >
            <Input
              type="number"
              inputMode="numeric"
              value={limit}
              onChange={({ detail }) => setLimit(detail.value)}
            />
          </FormField>
          <SpaceBetween size="xs">
            <FormField
              label="Dollars for calls to a model"
              errorText={isMoney ? "" : "An amount such as 12.50."}
            >
              <Input
                type="number"
                inputMode="decimal"
                disabled={!hasBudget}
                value={hasBudget ? budget : ""}
                onChange={({ detail }) => setBudget(detail.value)}
              />
            </FormField>
            <Checkbox checked={!hasBudget} onChange={({ detail }) => setHasBudget(!detail.checked)}>
              No limit on dollars
            </Checkbox>
          </SpaceBetween>
        </ColumnLayout>
        <Button
          disabled={Boolean(refusal) || !isCount || !isMoney}
          disabledReason={refusal}
          loading={command.isPending}
          onClick={save}
        >
          Save budgets
        </Button>
      </SpaceBetween>
    </Container>
  );
}

function Projection({ cost, campaign }: { cost: CostView | undefined; campaign: CampaignView }) {
  const left = Math.max(0, campaign.experiment_limit - campaign.experiment_count);
  const allowed = `${grouped(left)} more ${left === 1 ? "experiment is" : "experiments are"} allowed`;
  if (cost?.experiments_left == null || cost.usd_per_experiment == null) {
    return `${allowed}.`;
  }
  const money = grouped(cost.experiments_left);
  return `${allowed}; the dollars last for ${money} at ${dollars(cost.usd_per_experiment)} each.`;
}
