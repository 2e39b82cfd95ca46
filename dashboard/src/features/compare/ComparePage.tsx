import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Multiselect from "@cloudscape-design/components/multiselect";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useSearchParams } from "wouter";
import { useCampaign } from "../../app/CampaignContext";
import type { ExperimentPage } from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { words } from "../../components/format";
import { ComparedCurves } from "./ComparedCurves";

const MOST = 6;
const OFFERED = 100;

/** Several experiments beside each other; which ones stands in the address. */
export default function ComparePage() {
  const [search, setSearch] = useSearchParams();
  const ids = (search.get("ids") ?? "").split(",").filter(Boolean).slice(0, MOST);
  const choose = (next: readonly string[]) =>
    setSearch((now) => {
      const changed = new URLSearchParams(now);
      changed.set("ids", next.join(","));
      return changed;
    });
  return (
    <SpaceBetween size="m">
      <Header variant="h1">Compare</Header>
      <Container>
        <Choice ids={ids} onChoose={choose} />
      </Container>
      {ids.length < 2 ? (
        <Alert type="info">Choose two to {MOST} experiments that were measured.</Alert>
      ) : (
        <ComparedCurves ids={ids} />
      )}
    </SpaceBetween>
  );
}

interface ChoiceProps {
  ids: readonly string[];
  onChoose: (ids: readonly string[]) => void;
}

function Choice({ ids, onChoose }: ChoiceProps) {
  const campaign = useCampaign();
  const query = new URLSearchParams({ sort: "bd_rate_percent", limit: String(OFFERED) });
  const live = useLive<ExperimentPage>(
    `/campaigns/${encodeURIComponent(campaign.campaign_id)}/experiments?${query}`,
    Pace.summary,
  );
  const offered = (live.data?.items ?? [])
    .filter((row) => row.bd_rate_percent !== null || ids.includes(row.experiment_id))
    .map((row) => ({
      value: row.experiment_id,
      label: row.experiment_id,
      description: row.name || words(row.status),
    }));
  const chosen = ids.map(
    (id) => offered.find((one) => one.value === id) ?? { value: id, label: id },
  );
  return (
    <FormField
      stretch
      label="Experiments"
      description={<Box>Those of the best BD-rate first.</Box>}
    >
      <Multiselect
        options={offered}
        selectedOptions={chosen}
        filteringType="auto"
        statusType={live.isFirstLoad ? "loading" : "finished"}
        placeholder="Choose experiments"
        empty="No experiment was measured yet."
        deselectAriaLabel={(option) => `Remove ${option.label}`}
        onChange={({ detail }) =>
          onChoose(detail.selectedOptions.slice(0, MOST).map((option) => option.value ?? ""))
        }
      />
    </FormField>
  );
}
