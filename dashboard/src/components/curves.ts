import type { ClipResult, Metric, RatePoint } from "../client/models";
import { anchorColour, candidateColour } from "./codecColours";

/** A rate–distortion curve with its colour. */
export interface Curve {
  name: string;
  colour: string;
  points: readonly RatePoint[];
}

export const METRICS: { metric: Metric; title: string; digits: number }[] = [
  { metric: "psnr_y_db", title: "PSNR-Y (dB)", digits: 2 },
  { metric: "psnr_yuv_db", title: "PSNR-YUV (dB)", digits: 2 },
  { metric: "ssim_y", title: "SSIM-Y", digits: 4 },
  { metric: "xpsnr_y_db", title: "XPSNR-Y (dB)", digits: 2 },
  { metric: "vmaf", title: "VMAF", digits: 1 },
  { metric: "vmaf_neg", title: "VMAF-NEG", digits: 1 },
];

/** The curves of a clip: the anchors' first, then those of one or several candidates. */
export function curvesOf(
  clip: ClipResult,
  candidates: readonly { name: string; points: readonly RatePoint[] }[],
): Curve[] {
  return [
    ...clip.anchors.map((anchor) => ({
      name: anchor.anchor,
      colour: anchorColour(anchor.anchor),
      points: anchor.points,
    })),
    ...candidates.map((candidate, index) => ({
      ...candidate,
      colour: candidateColour(index),
    })),
  ];
}

/** The value of a metric at a rate point. */
export function metricOf(point: RatePoint, metric: Metric): number | null {
  return (point as unknown as Record<string, number | null>)[metric] ?? null;
}
