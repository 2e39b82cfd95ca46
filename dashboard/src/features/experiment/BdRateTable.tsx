import Table from "@cloudscape-design/components/table";
import type { BdRate, ClipResult, Metric } from "../../client/models";
import { decimal, MISSING, signed } from "../../components/format";
import { Numeric } from "../../components/Numeric";

interface Row {
  clip: string;
  rates: readonly BdRate[];
}

interface Props {
  results: readonly ClipResult[];
  metric: Metric;
}

/** BD-rate by clip and anchor, with its interval where it is known. */
export function BdRateTable({ results, metric }: Props) {
  const rows: Row[] = results.map((result) => ({
    clip: result.role === "hidden" ? `${result.clip} (hidden)` : result.clip,
    rates: result.bd_rates.filter((rate) => rate.metric === metric),
  }));
  const anchors = [...new Set(rows.flatMap((row) => row.rates.map((rate) => rate.anchor)))];
  return (
    <Table
      variant="embedded"
      contentDensity="compact"
      items={rows}
      ariaLabels={{ tableLabel: "BD-rate by clip and anchor" }}
      empty="Nothing was measured yet."
      columnDefinitions={[
        { id: "clip", header: "Clip", isRowHeader: true, cell: (row: Row) => row.clip },
        ...anchors.map((anchor) => ({
          id: anchor,
          header: <Numeric>{anchor}</Numeric>,
          cell: (row: Row) => (
            <Numeric>
              <Rate rate={row.rates.find((one) => one.anchor === anchor)} />
            </Numeric>
          ),
        })),
      ]}
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
