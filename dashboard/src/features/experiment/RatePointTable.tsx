import Table from "@cloudscape-design/components/table";
import type { ClipResult, RatePoint } from "../../client/models";
import { bytes, decimal, grouped, MISSING } from "../../components/format";
import { Numeric } from "../../components/Numeric";

/** A clip's rate points, each in a row. */
export function RatePointTable({ result }: { result: ClipResult }) {
  const perFrame = (cpu_s: number | null | undefined) =>
    cpu_s == null ? MISSING : grouped((1_000 * cpu_s) / result.frame_count, 1);
  const figure = (id: string, header: string, cell: (point: RatePoint) => string) => ({
    id,
    header: <Numeric>{header}</Numeric>,
    cell: (point: RatePoint) => <Numeric>{cell(point)}</Numeric>,
  });
  return (
    <Table
      variant="embedded"
      contentDensity="compact"
      items={result.points}
      ariaLabels={{ tableLabel: `Rate points on ${result.clip}` }}
      columnDefinitions={[
        { ...figure("quality", "Quality", (point) => String(point.quality)), isRowHeader: true },
        figure("size", "Size", (point) => bytes(point.size_bytes)),
        figure("rate", "Bitrate (kb/s)", (point) => grouped(point.bitrate_bps / 1_000, 1)),
        figure("psnr_y", "PSNR-Y (dB)", (point) => decimal(point.psnr_y_db, 2)),
        figure("psnr_yuv", "PSNR-YUV (dB)", (point) => decimal(point.psnr_yuv_db, 2)),
        figure("ssim", "SSIM-Y", (point) => decimal(point.ssim_y, 4)),
        figure("xpsnr", "XPSNR-Y (dB)", (point) => decimal(point.xpsnr_y_db, 2)),
        figure("vmaf", "VMAF", (point) => decimal(point.vmaf, 1)),
        figure("vmaf_neg", "VMAF-NEG", (point) => decimal(point.vmaf_neg, 1)),
        figure("encode", "Encode (ms)", (point) => perFrame(point.encode_cpu_s)),
        figure("decode", "Decode (ms)", (point) => perFrame(point.decode_cpu_s)),
      ]}
    />
  );
}
