import type { ClipResult, RatePoint } from "../../client/models";

const COLUMNS = [
  "clip",
  "codec",
  "quality",
  "size_bytes",
  "bitrate_bps",
  "psnr_y_db",
  "psnr_u_db",
  "psnr_v_db",
  "psnr_yuv_db",
  "ssim_y",
  "xpsnr_y_db",
  "vmaf",
  "vmaf_neg",
  "encode_cpu_s",
  "decode_cpu_s",
] as const;

function row(clip: string, codec: string, point: RatePoint): string {
  const values: Record<string, unknown> = { ...point, clip, codec };
  return COLUMNS.map((column) => values[column] ?? "").join(",");
}

/** The rate points of an experiment and of its anchors as comma-separated values. */
export function csvOf(experimentId: string, results: readonly ClipResult[]): string {
  const lines = results.flatMap((result) => [
    ...result.points.map((point) => row(result.clip, experimentId, point)),
    ...result.anchors.flatMap((anchor) =>
      anchor.points.map((point) => row(result.clip, anchor.anchor, point)),
    ),
  ]);
  return `${[COLUMNS.join(","), ...lines].join("\n")}\n`;
}

/** Hands a text to the browser as a file. */
export function saveText(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
