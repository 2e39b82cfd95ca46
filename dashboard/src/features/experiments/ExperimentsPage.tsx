import SpaceBetween from "@cloudscape-design/components/space-between";
import { useCallback, useState } from "react";
import { useCampaign } from "../../app/CampaignContext";
import type { ExperimentPage, ExperimentRow } from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { ErrorBanner } from "../../components/ErrorBanner";
import { QuestionModal } from "../human/QuestionModal";
import { ExperimentTable } from "./ExperimentTable";
import { pathOf, useTableQuery } from "./query";
import { useTableShortcuts } from "./shortcuts";

/** The campaign's experiments, a page at a time from the server, and the questions to a person. */
export function ExperimentsPage() {
  const campaign = useCampaign();
  const [query, change] = useTableQuery();
  const live = useLive<ExperimentPage>(pathOf(campaign.campaign_id, query), Pace.list);
  const [asked, setAsked] = useState<string | null>(null);
  const openQuestion = useCallback((row: ExperimentRow) => setAsked(row.experiment_id), []);
  useTableShortcuts();
  return (
    <SpaceBetween size="s">
      <ErrorBanner of={live} what="experiments" />
      <ExperimentTable
        campaign={campaign}
        listing={live.data}
        isLoading={live.isFirstLoad}
        sort={query.sort}
        page={query.page}
        onChange={change}
        onRefresh={live.refresh}
        onQuestion={openQuestion}
      />
      {asked && <QuestionModal experimentId={asked} onClose={() => setAsked(null)} />}
    </SpaceBetween>
  );
}
