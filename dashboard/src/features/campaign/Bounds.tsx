import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useCommand } from "../../client/commands";
import type { Bound, CampaignView, CostView } from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { useRefusal } from "../../client/role";
import { dollars, duration, grouped } from "../../components/format";

interface Field {
  name: Bound;
  label: string;
  form: RegExp;
  fault: string;
  /** What the text says in other words. */
  meaning?: (text: string) => string;
}

const MONEY = { form: /^(\d{1,7}(\.\d{1,2})?)?$/, fault: "An amount such as 12.50." };

const FIELDS: readonly Field[] = [
  {
    name: "experiment_limit",
    label: "Experiments in all",
    form: /^\d{1,7}$/,
    fault: "A whole number, 0 or more.",
  },
  { name: "budget_usd", label: "Dollars in all", ...MONEY },
  { name: "daily_budget_usd", label: "Dollars in a day (UTC)", ...MONEY },
  {
    name: "wall_time_limit_s",
    label: "Seconds since its creation",
    form: /^\d{0,9}$/,
    fault: "A whole number of seconds.",
    meaning: (text) => (text ? duration(Number(text)) : ""),
  },
  {
    name: "target_bd_rate_percent",
    label: "Target BD-rate, %",
    form: /^(-?\d{1,3}(\.\d+)?)?$/,
    fault: "A percentage such as -12.5.",
  },
];

/** A bound as it is ordered: money as text, so that it stays exact, and null for none. */
function sent({ form }: Field, text: string) {
  return form === MONEY.form ? text || null : text ? Number(text) : null;
}

interface Props {
  campaign: CampaignView;
  path: string;
}

/** Where the campaign begins no more experiments, and when the money is spent at the pace so far. */
export function Bounds({ campaign, path }: Props) {
  const [texts, setTexts] = useState<Partial<Record<Bound, string>>>({});
  const command = useCommand<CampaignView>();
  const refusal = useRefusal();
  const cost = useLive<CostView>(`${path}/cost`, Pace.summary).data;
  const shown = ({ name }: Field) => texts[name] ?? String(campaign[name] ?? "");
  const changed = FIELDS.filter((one) => shown(one) !== String(campaign[one.name] ?? ""));
  const isFaulty = (one: Field) => changed.includes(one) && !one.form.test(shown(one));
  const save = () =>
    command.mutate({
      path: `${path}/budgets`,
      body: {
        version: campaign.version,
        ...Object.fromEntries(changed.map((one) => [one.name, sent(one, shown(one))])),
      },
    });
  return (
    <Container
      header={
        <Header variant="h2" description={<Projection cost={cost} campaign={campaign} />}>
          Bounds
        </Header>
      }
    >
      <SpaceBetween size="m">
        {command.error && (
          <Alert type="error" header="Nothing was changed">
            {command.error.message}
          </Alert>
        )}
        <ColumnLayout columns={3}>
          {FIELDS.map((one) => (
            <FormField
              key={one.name}
              label={one.label}
              constraintText={one.meaning?.(shown(one))}
              errorText={isFaulty(one) ? one.fault : ""}
            >
              <Input
                type="number"
                step="any"
                placeholder={one.name === "experiment_limit" ? "" : "No limit"}
                value={shown(one)}
                onChange={({ detail }) => setTexts({ ...texts, [one.name]: detail.value })}
              />
            </FormField>
          ))}
        </ColumnLayout>
        <Button
          disabled={Boolean(refusal) || changed.some(isFaulty)}
          disabledReason={refusal}
          loading={command.isPending}
          onClick={save}
        >
          Save bounds
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
