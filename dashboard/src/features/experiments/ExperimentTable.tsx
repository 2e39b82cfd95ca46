import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { memo, useMemo, useState } from "react";
import { useLocation } from "wouter";
import { useHref } from "../../app/campaignChoice";
import type { CampaignView, ExperimentPage, ExperimentRow } from "../../client/models";
import { grouped } from "../../components/format";
import { OPERATING_POINT } from "../../components/operatingPoint";
import { columnsOf } from "./columns";
import { NoRows } from "./NoRows";
import { PAGE_SIZE, type TableQuery } from "./query";
import { TableFilters } from "./TableFilters";

interface Props {
  campaign: CampaignView;
  listing: ExperimentPage | undefined;
  isLoading: boolean;
  sort: string;
  page: number;
  onChange: (changes: Partial<TableQuery>) => void;
  onRefresh: () => void;
  onQuestion: (row: ExperimentRow) => void;
}

/**
 * The rows of a page with their filters, drawn again only when a row has changed: filters and empty
 * state read the address themselves, because drawing all cells takes longer than asking the API.
 */
export const ExperimentTable = memo(function ExperimentTable(props: Props) {
  const { campaign, listing, sort, onChange, onQuestion } = props;
  const [selected, setSelected] = useState<ExperimentRow[]>([]);
  const [, navigate] = useLocation();
  const href = useHref();
  const columns = useMemo(() => columnsOf(campaign, onQuestion), [campaign, onQuestion]);
  const total = listing?.total;
  const compared = selected.map((row) => row.experiment_id).join(",");
  return (
    <Table
      variant="full-page"
      contentDensity="compact"
      stickyHeader
      enableKeyboardNavigation
      stickyColumns={{ first: 1 }}
      trackBy="experiment_id"
      items={listing?.items ?? []}
      columnDefinitions={columns}
      loading={props.isLoading}
      loadingText="Loading experiments"
      totalItemsCount={total as number}
      firstIndex={(props.page - 1) * PAGE_SIZE + 1}
      selectionType="multi"
      selectedItems={selected}
      onSelectionChange={({ detail }) => setSelected(detail.selectedItems)}
      ariaLabels={{
        tableLabel: "Experiments",
        selectionGroupLabel: "Experiments to compare",
        allItemsSelectionLabel: () => "Select all",
        itemSelectionLabel: (_, row) => `Select ${row.experiment_id}`,
      }}
      sortingColumn={{ sortingField: sort.replace("-", "") }}
      sortingDescending={sort.startsWith("-")}
      onSortingChange={({ detail }) =>
        onChange({
          sort: `${detail.isDescending ? "-" : ""}${detail.sortingColumn.sortingField}`,
        })
      }
      header={
        <Header
          variant="awsui-h1-sticky"
          description={`BD-rate on PSNR-Y against ${campaign.reference_anchor}. Bitrate, PSNR, SSIM and VMAF are ${OPERATING_POINT}.`}
          counter={total === undefined ? "" : `(${grouped(total)})`}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button
                disabled={selected.length < 2}
                onClick={() => navigate(href(`/compare?ids=${encodeURIComponent(compared)}`))}
              >
                Compare
              </Button>
              <Button iconName="refresh" ariaLabel="Refresh" onClick={props.onRefresh} />
            </SpaceBetween>
          }
        >
          Experiments
        </Header>
      }
      filter={<TableFilters />}
      pagination={
        <Pagination
          currentPageIndex={props.page}
          pagesCount={Math.max(1, Math.ceil((total ?? 1) / PAGE_SIZE))}
          onChange={({ detail }) => onChange({ page: detail.currentPageIndex })}
          ariaLabels={{
            nextPageLabel: "Next page",
            previousPageLabel: "Previous page",
            pageLabel: (page) => `Page ${page}`,
          }}
        />
      }
      empty={<NoRows />}
    />
  );
});
