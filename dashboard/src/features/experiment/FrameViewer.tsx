import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import { useCallback, useState } from "react";
import { FrameCanvas } from "./FrameCanvas";
import { blockPsnr, paintHeatMap, SCALE_DB } from "./heatMap";

export type Mode = "wipe" | "side" | "flip" | "map";

const MODES: { id: Mode; text: string }[] = [
  { id: "wipe", text: "Wipe" },
  { id: "side", text: "Side by side" },
  { id: "flip", text: "Flip" },
  { id: "map", text: "PSNR map" },
];

interface Props {
  source: ImageBitmap;
  decoded: ImageBitmap;
  frame: number;
}

/** The source beside its decoded picture, in one of four ways. */
export function FrameViewer({ source, decoded, frame }: Props) {
  const [mode, setMode] = useState<Mode>("wipe");
  const [wipe, setWipe] = useState(50);
  const [isFlipped, setIsFlipped] = useState(false);
  const [isActualSize, setIsActualSize] = useState(false);
  const { width, height } = source;
  const paintSource = useCallback(
    (target: CanvasRenderingContext2D) => target.drawImage(source, 0, 0),
    [source],
  );
  const paintDecoded = useCallback(
    (target: CanvasRenderingContext2D) => target.drawImage(decoded, 0, 0),
    [decoded],
  );
  const paintMap = useCallback(
    (target: CanvasRenderingContext2D) => {
      target.drawImage(source, 0, 0);
      const before = target.getImageData(0, 0, width, height);
      target.drawImage(decoded, 0, 0);
      const after = target.getImageData(0, 0, width, height);
      paintHeatMap(target, blockPsnr(before, after));
    },
    [source, decoded, width, height],
  );
  const sourceCanvas = (
    <FrameCanvas label={`Source, frame ${frame}`} {...{ width, height }} paint={paintSource} />
  );
  const decodedCanvas = (
    <FrameCanvas label={`Decoded, frame ${frame}`} {...{ width, height }} paint={paintDecoded} />
  );
  const map = (
    <FrameCanvas label={`PSNR map of frame ${frame}`} {...{ width, height }} paint={paintMap} />
  );
  const size = isActualSize ? { width: `${width / devicePixelRatio}px` } : { maxWidth: "960px" };
  return (
    <SpaceBetween size="s">
      <div className="filters">
        <SegmentedControl
          label="View"
          selectedId={mode}
          options={MODES}
          onChange={({ detail }) => setMode(detail.selectedId as Mode)}
        />
        <Toggle checked={isActualSize} onChange={({ detail }) => setIsActualSize(detail.checked)}>
          1:1 pixels
        </Toggle>
      </div>
      <section className="frames scroll-box" aria-label="Pictures" tabIndex={0}>
        {mode === "wipe" && (
          <div className="wipe" style={Object.assign({ "--wipe": `${wipe}%` }, size)}>
            {sourceCanvas}
            {decodedCanvas}
          </div>
        )}
        {mode === "side" && (
          <div className="side-by-side">
            <div style={size}>{sourceCanvas}</div>
            <div style={size}>{decodedCanvas}</div>
          </div>
        )}
        {mode === "flip" && <div style={size}>{isFlipped ? decodedCanvas : sourceCanvas}</div>}
        {mode === "map" && <div style={size}>{map}</div>}
      </section>
      {mode === "wipe" && (
        <label className="slider">
          Source on the left, decoded on the right
          <input
            type="range"
            min={0}
            max={100}
            value={wipe}
            onChange={(event) => setWipe(Number(event.target.value))}
          />
        </label>
      )}
      {mode === "flip" && (
        <Toggle checked={isFlipped} onChange={({ detail }) => setIsFlipped(detail.checked)}>
          {isFlipped ? "Decoded" : "Source"}
        </Toggle>
      )}
      {mode === "map" && (
        <div className="map-scale" role="img" aria-label="Scale of the map">
          <span>{SCALE_DB.worst} dB and worse</span>
          <span className="map-ramp" />
          <span>{SCALE_DB.best} dB and better</span>
        </div>
      )}
    </SpaceBetween>
  );
}
