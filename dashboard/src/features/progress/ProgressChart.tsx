import * as Plot from "@observablehq/plot";
import { useCallback } from "react";
import type { ProgressPoint, ProgressView } from "../../client/models";
import { Chart } from "../../components/Chart";
import { signed, words } from "../../components/format";
import { rateDomain } from "./rateDomain";

/** What progress is drawn over. */
export interface Axis {
  id: string;
  text: string;
  label: string;
  of: (point: ProgressPoint) => number | Date;
}

export const AXES: readonly Axis[] = [
  { id: "number", text: "Experiment", label: "Experiment", of: (point) => point.number },
  { id: "time", text: "Time", label: "Time", of: (point) => new Date(point.at) },
  { id: "cost", text: "Dollars", label: "Dollars spent", of: (point) => point.spent_usd },
];

const FAILED = ["needs_human", "abandoned"];
/** Height in pixels of the lane of the failures, between the scale and the upper edge. */
const LANE = 28;
const LONGEST_TABLE = 200;

interface Props {
  progress: ProgressView;
  axis: Axis;
}

export function ProgressChart({ progress, axis }: Props) {
  const shown = JSON.stringify(progress);
  const make = useCallback((): Plot.PlotOptions => {
    const { points, best, reference_anchor: anchor } = JSON.parse(shown) as ProgressView;
    const measured = points.filter((point) => point.bd_rate_percent !== null);
    const failed = points.filter(
      (point) => point.bd_rate_percent === null && FAILED.includes(point.status),
    );
    const domain = rateDomain(measured.map((point) => point.bd_rate_percent as number));
    const hasZero = domain !== null && domain[0] <= 0 && domain[1] >= 0;
    const inLane = { x: axis.of, frameAnchor: "top", dy: LANE / 2 } as const;
    const last = points.at(-1);
    const lastBest = best.at(-1);
    const steps =
      last && lastBest
        ? [...best, { ...lastBest, number: last.number, at: last.at, spent_usd: last.spent_usd }]
        : best;
    const title = (point: ProgressPoint) =>
      [
        point.experiment_id,
        words(point.status),
        ...(point.bd_rate_percent === null ? [] : [`${signed(point.bd_rate_percent, 2)} %`]),
      ].join("\n");
    return {
      x: {
        label: axis.label,
        nice: true,
        ...(axis.id === "number"
          ? {
              tickFormat: (value: number) => (Number.isInteger(value) ? String(value) : ""),
              ticks: Math.min(8, points.length),
            }
          : {}),
      },
      // Without a measurement there is no scale, and so no axis.
      y: domain
        ? {
            domain,
            nice: true,
            label: `BD-rate against ${anchor} (%)`,
            insetTop: failed.length ? LANE : 0,
          }
        : { domain: [0, 1], axis: null, grid: false },
      ...(domain ? {} : { height: 74 + LANE }),
      marks: [
        ...(hasZero ? [Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.5 })] : []),
        ...(failed.length
          ? [
              Plot.text(["failed"], {
                frameAnchor: "top-left",
                textAnchor: "end",
                lineAnchor: "middle",
                dx: -8,
                dy: LANE / 2,
                fill: "var(--failure)",
              }),
            ]
          : []),
        Plot.dot(measured, {
          x: axis.of,
          y: "bd_rate_percent",
          r: measured.length > 300 ? 2 : 4,
          fill: "#7d8998",
          fillOpacity: measured.length > 300 ? 0.5 : 0.9,
        }),
        Plot.dot(failed, {
          ...inLane,
          symbol: "times",
          stroke: "var(--failure)",
          strokeWidth: 1.5,
          r: failed.length > 300 ? 2 : 4,
        }),
        Plot.line(steps, {
          x: axis.of,
          y: "bd_rate_percent",
          curve: "step-after",
          stroke: "#e07f00",
          strokeWidth: 2.5,
        }),
        Plot.dot(best, { x: axis.of, y: "bd_rate_percent", r: 4.5, fill: "#e07f00" }),
        Plot.tip(
          measured,
          Plot.pointer({ x: axis.of, y: "bd_rate_percent", title, fill: "var(--surface)" }),
        ),
        Plot.tip(failed, Plot.pointer({ ...inLane, title, fill: "var(--surface)" })),
      ],
    };
  }, [shown, axis]);
  const experiments = progress.total === 1 ? "one experiment" : `${progress.total} experiments`;
  return (
    <Chart label={`BD-rate of ${experiments} by ${axis.text}`} make={make}>
      <table>
        <caption>The best so far</caption>
        <tbody>
          {progress.best.slice(-LONGEST_TABLE).map((point) => (
            <tr key={point.experiment_id}>
              <th scope="row">{point.experiment_id}</th>
              <td>{signed(point.bd_rate_percent, 2)} %</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Chart>
  );
}
