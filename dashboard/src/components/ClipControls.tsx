import SegmentedControl from "@cloudscape-design/components/segmented-control";
import Select from "@cloudscape-design/components/select";
import { useSearchParams } from "wouter";
import type { ClipResult, Metric } from "../client/models";
import { METRICS } from "./curves";

/** Which clip, which metric and which scale: all of it in the address. */
export interface View {
  clip: ClipResult;
  metric: Metric;
  isLogarithmic: boolean;
}

export function useClipView(
  results: readonly ClipResult[],
): [View | null, (name: string, value: string) => void] {
  const [search, setSearch] = useSearchParams();
  const set = (name: string, value: string) =>
    setSearch(
      (now) => {
        const next = new URLSearchParams(now);
        next.set(name, value);
        return next;
      },
      { replace: true },
    );
  const clip = results.find((one) => one.clip === search.get("clip")) ?? results[0];
  const metric = METRICS.find((one) => one.metric === search.get("metric"))?.metric;
  const view = clip && {
    clip,
    metric: metric ?? "psnr_y_db",
    isLogarithmic: search.get("scale") !== "linear",
  };
  return [view ?? null, set];
}

interface Props {
  results: readonly ClipResult[];
  view: View;
  onChange: (name: string, value: string) => void;
}

export function ClipControls({ results, view, onChange }: Props) {
  const clips = results.map((one) => ({
    value: one.clip,
    label: one.role === "hidden" ? `${one.clip} (hidden)` : one.clip,
  }));
  const metrics = METRICS.map(({ metric, title }) => ({ value: metric, label: title }));
  return (
    <div className="filters">
      <Select
        ariaLabel="Clip"
        options={clips}
        selectedOption={clips.find((one) => one.value === view.clip.clip) ?? null}
        onChange={({ detail }) => onChange("clip", detail.selectedOption.value ?? "")}
      />
      <Select
        ariaLabel="Metric"
        options={metrics}
        selectedOption={metrics.find((one) => one.value === view.metric) ?? null}
        onChange={({ detail }) => onChange("metric", detail.selectedOption.value ?? "")}
      />
      <SegmentedControl
        label="Scale of the bitrate"
        selectedId={view.isLogarithmic ? "log" : "linear"}
        options={[
          { id: "log", text: "Logarithmic" },
          { id: "linear", text: "Linear" },
        ]}
        onChange={({ detail }) => onChange("scale", detail.selectedId)}
      />
    </div>
  );
}
