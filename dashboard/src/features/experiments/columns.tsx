import Badge from "@cloudscape-design/components/badge";
import type { TableProps } from "@cloudscape-design/components/table";
import type { ReactNode } from "react";
import type { CampaignView, ExperimentRow } from "../../client/models";
import { Ago } from "../../components/Ago";
import { BdRateFigure, rateOf } from "../../components/BdRateFigure";
import { ExperimentStatus } from "../../components/ExperimentStatus";
import { decimal, dollars, grouped, MISSING, words } from "../../components/format";
import { HumanBadge } from "../../components/HumanBadge";
import { Numeric } from "../../components/Numeric";
import { PageLink } from "../../components/PageLink";

type Column = TableProps.ColumnDefinition<ExperimentRow>;

const MAX_ATTEMPTS = 5;

/** The columns, those that a narrow screen must show first; sorted by is what an index serves. */
export function columnsOf(
  { champion }: CampaignView,
  openQuestion: (row: ExperimentRow) => void,
): Column[] {
  const text = (id: string, header: string, cell: (row: ExperimentRow) => ReactNode): Column => ({
    id,
    header,
    cell,
  });
  const figure = (id: string, header: string, cell: (row: ExperimentRow) => ReactNode): Column => ({
    id,
    header: <Numeric>{header}</Numeric>,
    cell: (row) => <Numeric>{cell(row)}</Numeric>,
  });
  return [
    {
      ...text("number", "Experiment", (row) => (
        <span className="one-line">
          <PageLink to={`/experiments/${row.experiment_id}`}>{row.experiment_id}</PageLink>
          {row.experiment_id === champion?.experiment_id && <Badge color="green">Champion</Badge>}
        </span>
      )),
      sortingField: "number",
      isRowHeader: true,
    },
    {
      ...figure("bd_rate_percent", "BD-rate", (row) => (
        <div className="over-its-interval">
          <BdRateFigure {...rateOf(row)} />
        </div>
      )),
      sortingField: "bd_rate_percent",
    },
    text("status", "Status", (row) => <ExperimentStatus status={row.status} />),
    text("human", "Human", (row) =>
      row.needs_human ? (
        <HumanBadge experiment={row.experiment_id} onOpen={() => openQuestion(row)} />
      ) : (
        MISSING
      ),
    ),
    {
      ...text("name", "Change", (row) => (
        <span className="two-lines" title={row.name}>
          {row.name || MISSING}
        </span>
      )),
      minWidth: 190,
      maxWidth: 320,
    },
    figure("bitrate", "kb/s", (row) =>
      grouped(row.bitrate_bps === null ? null : row.bitrate_bps / 1_000),
    ),
    figure("psnr", "PSNR-Y", (row) => decimal(row.psnr_y_db, 2)),
    figure("ssim", "SSIM-Y", (row) => decimal(row.ssim_y, 4)),
    figure("vmaf", "VMAF", (row) => decimal(row.vmaf, 1)),
    { ...figure("cost_usd", "Cost", (row) => dollars(row.cost_usd)), sortingField: "cost_usd" },
    {
      ...text("updated_at", "Updated", (row) => <Ago at={row.updated_at} />),
      sortingField: "updated_at",
    },
    text("phase", "Phase", (row) => words(row.phase)),
    figure("attempts", "Attempts", (row) =>
      row.attempts ? `${row.attempts}/${MAX_ATTEMPTS}` : MISSING,
    ),
    text("tier", "Tier", (row) => row.tier ?? MISSING),
  ];
}
