import StatusIndicator, {
  type StatusIndicatorProps,
} from "@cloudscape-design/components/status-indicator";
import type { Status } from "../client/models";
import { words } from "./format";

const MARKS: Record<Status, StatusIndicatorProps.Type> = {
  queued: "pending",
  running: "in-progress",
  completed: "success",
  needs_human: "warning",
  abandoned: "stopped",
};

/** Where an experiment stands: an icon and a word. */
export function ExperimentStatus({ status }: { status: Status }) {
  return <StatusIndicator type={MARKS[status]}>{words(status)}</StatusIndicator>;
}
