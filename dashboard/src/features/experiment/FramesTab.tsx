import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useSearchParams } from "wouter";
import type { ClipFrames, FramesView } from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { decimal } from "../../components/format";
import { Loaded } from "../../components/Loaded";
import { FrameViewer } from "./FrameViewer";
import { usePicture } from "./usePicture";

/** The frames of a clip, source against decoded. */
export function FramesTab({ path }: { path: string }) {
  const live = useLive<FramesView>(`${path}/frames`, Pace.still);
  return (
    <Loaded of={live} what="frames">
      {({ clips }) => <Clips clips={clips} path={path} />}
    </Loaded>
  );
}

function Clips({ clips, path }: { clips: readonly ClipFrames[]; path: string }) {
  const [search, setSearch] = useSearchParams();
  const shown = clips.filter((one) => one.picture_frames.length > 0);
  const clip = shown.find((one) => one.clip === search.get("clip")) ?? shown[0];
  if (!clip) {
    return (
      <Container>
        <Box textAlign="center">
          There are no pictures yet: the phase Execute keeps some of each clip.
        </Box>
      </Container>
    );
  }
  const options = shown.map((one) => ({ value: one.clip, label: one.clip }));
  const set = (name: string, value: string) =>
    setSearch(
      (now) => {
        const next = new URLSearchParams(now);
        next.set(name, value);
        return next;
      },
      { replace: true },
    );
  const asked = clip.picture_frames.indexOf(Number(search.get("frame") ?? Number.NaN));
  const place = Math.max(0, asked);
  const frame = clip.picture_frames[place] ?? 0;
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={`${clip.width}×${clip.height}, quality ${clip.picture_quality ?? ""}`}
          actions={
            <Select
              ariaLabel="Clip"
              options={options}
              selectedOption={options.find((one) => one.value === clip.clip) ?? null}
              onChange={({ detail }) => set("clip", detail.selectedOption.value ?? "")}
            />
          }
        >
          Frames
        </Header>
      }
    >
      <SpaceBetween size="s">
        <label className="slider">
          Frame {frame}
          {psnrOf(clip, frame)}
          <input
            type="range"
            min={0}
            max={clip.picture_frames.length - 1}
            value={place}
            onChange={(event) =>
              set("frame", String(clip.picture_frames[Number(event.target.value)]))
            }
          />
        </label>
        <Pictures path={path} clip={clip.clip} frame={frame} />
      </SpaceBetween>
    </Container>
  );
}

function psnrOf(clip: ClipFrames, frame: number): string {
  const metrics = clip.metrics.find((one) => one.quality === clip.picture_quality);
  const psnr = metrics?.psnr_y_db[frame];
  return psnr === undefined ? "" : `: PSNR-Y ${decimal(psnr, 2)} dB`;
}

function Pictures({ path, clip, frame }: { path: string; clip: string; frame: number }) {
  const source = usePicture(path, clip, frame, "source");
  const decoded = usePicture(path, clip, frame, "decoded");
  const error = source.error ?? decoded.error;
  if (error) {
    return <Alert type="error">{error.message}</Alert>;
  }
  if (!source.data || !decoded.data) {
    return <Spinner size="large" />;
  }
  return <FrameViewer source={source.data} decoded={decoded.data} frame={frame} />;
}
