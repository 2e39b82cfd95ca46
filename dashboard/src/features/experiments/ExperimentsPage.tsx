import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useCallback, useMemo, useState } from "react";
import { useLocation } from "wouter";
import { useCampaign } from "../../app/CampaignContext";
import { useHref } from "../../app/campaignChoice";
import type { ExperimentPage, ExperimentRow } from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { ErrorBanner } from "../../components/ErrorBanner";
import { grouped } from "../../components/format";
import { QuestionModal } from "../human/QuestionModal";
import { columnsOf } from "./columns";
import { PAGE_SIZE, pathOf, useTableQuery } from "./query";
import { useTableShortcuts } from "./shortcuts";
import { TableFilters } from "./TableFilters";

/** The table of a campaign's experiments, a page at a time from the server. */
export function ExperimentsPage() {
  const campaign = useCampaign();
  const [query, change] = useTableQuery();
  const live = useLive<ExperimentPage>(pathOf(campaign.campaign_id, query), Pace.list);
  const [asked, setAsked] = useState<string | null>(null);
  const [selected, setSelected] = useState<ExperimentRow[]>([]);
  const [, navigate] = useLocation();
  const href = useHref();
  useTableShortcuts();

  const openQuestion = useCallback((row: ExperimentRow) => setAsked(row.experiment_id), []);
  const columns = useMemo(() => columnsOf(campaign, openQuestion), [campaign, openQuestion]);
  const total = live.data?.total;
  const isNarrowed = Boolean(query.q || query.status || query.phase);
  const isDescending = query.sort.startsWith("-");
  const compared = selected.map((row) => row.experiment_id).join(",");
  return (
    <SpaceBetween size="s">
      <ErrorBanner of={live} what="experiments" />
      <Table
        variant="full-page"
        contentDensity="compact"
        stickyHeader
        enableKeyboardNavigation
        stickyColumns={{ first: 1 }}
        trackBy="experiment_id"
        items={live.data?.items ?? []}
        columnDefinitions={columns}
        loading={live.isFirstLoad}
        loadingText="Loading experiments"
        totalItemsCount={total as number}
        firstIndex={(query.page - 1) * PAGE_SIZE + 1}
        selectionType="multi"
        selectedItems={selected}
        onSelectionChange={({ detail }) => setSelected(detail.selectedItems)}
        ariaLabels={{
          tableLabel: "Experiments",
          selectionGroupLabel: "Experiments to compare",
          allItemsSelectionLabel: () => "Select all",
          itemSelectionLabel: (_, row) => `Select ${row.experiment_id}`,
        }}
        sortingColumn={{ sortingField: query.sort.replace("-", "") }}
        sortingDescending={isDescending}
        onSortingChange={({ detail }) =>
          change({
            sort: `${detail.isDescending ? "-" : ""}${detail.sortingColumn.sortingField}`,
          })
        }
        header={
          <Header
            variant="awsui-h1-sticky"
            counter={total === undefined ? "" : `(${grouped(total)})`}
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button
                  disabled={selected.length < 2}
                  onClick={() => navigate(href(`/compare?ids=${encodeURIComponent(compared)}`))}
                >
                  Compare
                </Button>
                <Button iconName="refresh" ariaLabel="Refresh" onClick={live.refresh} />
              </SpaceBetween>
            }
          >
            Experiments
          </Header>
        }
        filter={<TableFilters query={query} matches={total} onChange={change} />}
        pagination={
          <Pagination
            currentPageIndex={query.page}
            pagesCount={Math.max(1, Math.ceil((total ?? 1) / PAGE_SIZE))}
            onChange={({ detail }) => change({ page: detail.currentPageIndex })}
            ariaLabels={{
              nextPageLabel: "Next page",
              previousPageLabel: "Previous page",
              pageLabel: (page) => `Page ${page}`,
            }}
          />
        }
        empty={
          isNarrowed ? (
            <NoMatch onClear={() => change({ q: "", status: "", phase: "" })} />
          ) : (
            <Box textAlign="center" padding="l">
              No experiment yet. Start the campaign on the page Campaign to run the first one.
            </Box>
          )
        }
      />
      {asked && <QuestionModal experimentId={asked} onClose={() => setAsked(null)} />}
    </SpaceBetween>
  );
}

function NoMatch({ onClear }: { onClear: () => void }) {
  return (
    <Box textAlign="center" padding="l">
      <SpaceBetween size="s">
        <b>No experiment matches</b>
        <Button onClick={onClear}>Clear filters</Button>
      </SpaceBetween>
    </Box>
  );
}
