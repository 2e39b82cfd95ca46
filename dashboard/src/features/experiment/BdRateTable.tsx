import Box from "@cloudscape-design/components/box";
import Table from "@cloudscape-design/components/table";
import type { ReactNode } from "react";
import type { BdRate, MeanBdRate, Metric, ResultsView } from "../../client/models";
import { BdRateFigure } from "../../components/BdRateFigure";
import { decimal, MISSING, signed } from "../../components/format";
import { Numeric } from "../../components/Numeric";

interface Row {
  title: ReactNode;
  cell: (anchor: string) => ReactNode;
}

interface Props {
  view: ResultsView;
  metric: Metric;
}

const MEANS = { development: "Mean", hidden: "Mean of the hidden clips" } as const;

/** BD-rate by clip and anchor, and the means with their intervals where these are known. */
export function BdRateTable({ view, metric }: Props) {
  const results = view.results.map((result) => ({
    ...result,
    rates: result.bd_rates.filter((rate) => rate.metric === metric),
  }));
  const means = view.means.filter((mean) => mean.metric === metric);
  const anchors = [...new Set(results.flatMap(({ rates }) => rates.map((rate) => rate.anchor)))];
  const rowsOf = (role: keyof typeof MEANS): Row[] => {
    const ofRole = results.filter((result) => result.role === role);
    const clips = ofRole.map(({ clip, rates }) => ({
      title: role === "hidden" ? `${clip} (hidden)` : clip,
      cell: (anchor: string) => <Rate rate={rates.find((one) => one.anchor === anchor)} />,
    }));
    const mean = {
      title: <b>{MEANS[role]}</b>,
      cell: (anchor: string) => (
        <Mean mean={means.find((one) => one.role === role && one.anchor === anchor)} />
      ),
    };
    return clips.length ? [...clips, mean] : [];
  };
  return (
    <Table
      variant="embedded"
      contentDensity="compact"
      items={[...rowsOf("development"), ...rowsOf("hidden")]}
      ariaLabels={{ tableLabel: "BD-rate by clip and anchor" }}
      empty="Nothing was measured yet."
      columnDefinitions={[
        { id: "clip", header: "Clip", isRowHeader: true, cell: (row: Row) => row.title },
        ...anchors.map((anchor) => ({
          id: anchor,
          header: <Numeric>{anchor}</Numeric>,
          cell: (row: Row) => <Numeric>{row.cell(anchor)}</Numeric>,
        })),
      ]}
      footer={<WhyNoInterval means={means} />}
    />
  );
}

function Rate({ rate }: { rate: BdRate | undefined }) {
  if (!rate) {
    return MISSING;
  }
  if (rate.percent === null) {
    return <span title={rate.reason ?? ""}>{rate.reason ?? MISSING}</span>;
  }
  return (
    <span title={`Both curves share ${decimal(rate.overlap_percent, 0)} % of the quality range.`}>
      {signed(rate.percent, 2)} %
    </span>
  );
}

function Mean({ mean }: { mean: MeanBdRate | undefined }) {
  if (!mean) {
    return MISSING;
  }
  const { percent, low_percent: low, high_percent: high } = mean;
  return (
    <b>
      <BdRateFigure percent={percent} low={low} high={high} />
    </b>
  );
}

function WhyNoInterval({ means }: { means: readonly MeanBdRate[] }) {
  const reasons = new Set(means.flatMap((mean) => mean.interval_reason ?? []));
  return (
    <Box color="text-body-secondary" fontSize="body-s">
      In brackets: the bootstrap 95 % interval of the mean over the clips.
      {reasons.size > 0 && ` Where it is missing: ${[...reasons].join(", ")}.`}
    </Box>
  );
}
