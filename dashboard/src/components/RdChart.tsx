import * as Plot from "@observablehq/plot";
import { useCallback } from "react";
import type { Metric } from "../client/models";
import { Chart } from "./Chart";
import { type Curve, METRICS, metricOf } from "./curves";
import { decimal, grouped } from "./format";

interface Props {
  clip: string;
  metric: Metric;
  curves: readonly Curve[];
  isLogarithmic: boolean;
}

interface Dot {
  curve: string;
  kbps: number;
  value: number;
}

/** Of a logarithmic scale: 1, 2 and 5 times each power of ten within the rates. */
function ticksBetween(dots: readonly Dot[]): number[] {
  const rates = dots.map((dot) => dot.kbps);
  const [low, high] = [Math.min(...rates), Math.max(...rates)];
  const ticks: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
    ticks.push(...[power, 2 * power, 5 * power].filter((tick) => low <= tick && tick <= high));
  }
  return ticks;
}

/** Quality against rate; a curve's colour is pinned to its name. */
export function RdChart({ clip, metric, curves, isLogarithmic }: Props) {
  const { title, digits } = METRICS.find((one) => one.metric === metric) ?? {
    title: metric,
    digits: 3,
  };
  const dots: Dot[] = curves.flatMap((curve) =>
    curve.points.flatMap((point) => {
      const value = metricOf(point, metric);
      return value === null ? [] : [{ curve: curve.name, kbps: point.bitrate_bps / 1_000, value }];
    }),
  );
  // The drawing changes with what it shows, not with each look at the API.
  const shown = JSON.stringify([dots, curves.map(({ name, colour }) => [name, colour])]);
  const make = useCallback((): Plot.PlotOptions => {
    const [points, colours] = JSON.parse(shown) as [Dot[], [string, string][]];
    return {
      x: {
        type: isLogarithmic ? "log" : "linear",
        label: `Bitrate (kb/s)${isLogarithmic ? ", logarithmic" : ""}`,
        tickFormat: (kbps: number) => grouped(kbps, kbps < 1 ? 1 : 0),
        ticks: isLogarithmic ? ticksBetween(points) : 5,
      },
      y: { label: title, nice: true },
      color: {
        legend: true,
        domain: colours.map(([name]) => name),
        range: colours.map(([, colour]) => colour),
      },
      marks: [
        Plot.line(points, {
          x: "kbps",
          y: "value",
          z: "curve",
          stroke: "curve",
          strokeWidth: 2,
          marker: "dot",
          sort: "kbps",
        }),
        Plot.tip(
          points,
          Plot.pointer({
            x: "kbps",
            y: "value",
            fill: "var(--surface)",
            title: (dot: Dot) =>
              `${dot.curve}\n${grouped(dot.kbps)} kb/s\n${decimal(dot.value, digits)}`,
          }),
        ),
      ],
    };
  }, [shown, isLogarithmic, title, digits]);
  return (
    <Chart
      label={`${title} against bitrate on ${clip}: ${curves.map((one) => one.name).join(", ")}`}
      make={make}
    >
      <table>
        <caption>Rate points on {clip}</caption>
        <tbody>
          {dots.map((dot) => (
            <tr key={`${dot.curve} ${dot.kbps}`}>
              <th scope="row">{dot.curve}</th>
              <td>{grouped(dot.kbps)} kb/s</td>
              <td>{decimal(dot.value, digits)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Chart>
  );
}
