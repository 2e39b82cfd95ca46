import { MISSING, signed } from "./format";

interface Props {
  percent: number | null;
  /** The 95 % interval, where it is known. */
  low?: number | null;
  high?: number | null;
  /** Why the screen ended the experiment before it was measured in full. */
  stopReason?: string | null;
}

/** A BD-rate with its sign and, where it is known, its 95 % interval. */
export function BdRateFigure({ percent, low = null, high = null, stopReason = null }: Props) {
  if (percent === null) {
    return stopReason ? <span title={stopReason}>Screened out</span> : MISSING;
  }
  return (
    <span className="number">
      {signed(percent, 2)} %{" "}
      {low !== null && high !== null && (
        <span className="interval">
          ({signed(low, 1)} … {signed(high, 1)})
        </span>
      )}
    </span>
  );
}

/** The interval of an experiment's BD-rate, as properties of its figure. */
export function rateOf(row: {
  bd_rate_percent: number | null;
  bd_rate_low_percent: number | null;
  bd_rate_high_percent: number | null;
  stop_reason: string | null;
}): Props {
  return {
    percent: row.bd_rate_percent,
    low: row.bd_rate_low_percent,
    high: row.bd_rate_high_percent,
    stopReason: row.stop_reason,
  };
}
