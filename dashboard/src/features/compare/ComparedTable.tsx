import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Table from "@cloudscape-design/components/table";
import type { ReactNode } from "react";
import { BdRateFigure, rateOf } from "../../components/BdRateFigure";
import { decimal, dollars, grouped, MISSING, signed } from "../../components/format";
import { OPERATING_POINT } from "../../components/operatingPoint";
import { PageLink } from "../../components/PageLink";
import type { Compared } from "./ComparedCurves";

interface Row {
  title: string;
  cell: (one: Compared) => ReactNode;
}

const ROWS: Row[] = [
  { title: "Change", cell: ({ detail }) => <p className="plain-text">{detail.change}</p> },
  {
    title: "BD-rate",
    cell: ({ detail: { summary } }) => <BdRateFigure {...rateOf(summary)} />,
  },
  {
    title: "Expected BD-rate",
    cell: ({ detail }) =>
      detail.expected_bd_rate_percent === null
        ? MISSING
        : `${signed(detail.expected_bd_rate_percent, 2)} %`,
  },
  {
    title: "Bitrate (kb/s)",
    cell: ({ detail: { summary } }) =>
      grouped(summary.bitrate_bps === null ? null : summary.bitrate_bps / 1_000),
  },
  { title: "PSNR-Y (dB)", cell: ({ detail: { summary } }) => decimal(summary.psnr_y_db, 2) },
  { title: "SSIM-Y", cell: ({ detail: { summary } }) => decimal(summary.ssim_y, 4) },
  { title: "VMAF", cell: ({ detail: { summary } }) => decimal(summary.vmaf, 1) },
  {
    title: "Decode (CPU ms/frame)",
    cell: ({ detail: { decode_cpu_s_per_frame: seconds } }) =>
      grouped(seconds === null ? null : 1_000 * seconds, 1),
  },
  { title: "Goal reached", cell: ({ detail: { summary } }) => summary.tier ?? "None" },
  { title: "Cost", cell: ({ detail: { summary } }) => dollars(summary.cost_usd) },
];

/** The figures of several experiments, a column for each. */
export function ComparedTable({ compared }: { compared: readonly Compared[] }) {
  const measured = compared.flatMap(({ results }) => results.results);
  const byClip = new Map(measured.map(({ clip, role }) => [clip, role]));
  const anchor = compared[0]?.results.reference_anchor ?? "";
  const rows: Row[] = [
    ...ROWS,
    ...[...byClip].map(([clip, role]) => ({
      title: `BD-rate on ${clip}${role === "hidden" ? " (hidden)" : ""}`,
      cell: ({ results }: Compared) => bdRateOn(results, clip, anchor),
    })),
  ];
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={`BD-rate on PSNR-Y against ${anchor} is what compares codecs. Bitrate, PSNR, SSIM and VMAF are ${OPERATING_POINT}: each codec has them at a rate of its own.`}
        >
          Figures
        </Header>
      }
    >
      <Table
        variant="embedded"
        contentDensity="compact"
        wrapLines
        items={rows}
        ariaLabels={{ tableLabel: "Figures" }}
        columnDefinitions={[
          {
            id: "title",
            header: "Figure",
            isRowHeader: true,
            width: 190,
            cell: (row) => row.title,
          },
          ...compared.map((one) => ({
            id: one.detail.summary.experiment_id,
            header: (
              <PageLink to={`/experiments/${one.detail.summary.experiment_id}`}>
                {one.detail.summary.experiment_id}
              </PageLink>
            ),
            minWidth: 180,
            cell: (row: Row) => row.cell(one),
          })),
        ]}
      />
    </Container>
  );
}

function bdRateOn(view: Compared["results"], clip: string, anchor: string): string {
  const rate = view.results
    .find((one) => one.clip === clip)
    ?.bd_rates.find((one) => one.anchor === anchor && one.metric === "psnr_y_db");
  return rate?.percent == null ? MISSING : `${signed(rate.percent, 2)} %`;
}
