import StatusIndicator, {
  type StatusIndicatorProps,
} from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import type { Phase, VisitView } from "../../client/models";
import { duration, MISSING, words } from "../../components/format";
import { Numeric } from "../../components/Numeric";
import { wasCaught } from "./runStates";

const MARKS: Record<VisitView["progress"], StatusIndicatorProps.Type> = {
  succeeded: "success",
  failed: "error",
  running: "in-progress",
};

interface Props {
  visits: readonly VisitView[];
  /** Shows the states of this phase alone. */
  phase: Phase | null;
  now: number;
}

/** The states that the run visited, each with a bar at its place in time. */
export function VisitTable({ visits: all, phase, now }: Props) {
  const visits = all
    .map((visit, index) => ({
      ...visit,
      progress: wasCaught(all, index) ? ("failed" as const) : visit.progress,
    }))
    .filter((visit) => phase === null || visit.phase === phase);
  const begin = Math.min(...visits.map((visit) => Date.parse(visit.entered_at)));
  const endOf = (visit: VisitView) => (visit.exited_at ? Date.parse(visit.exited_at) : now);
  const span = Math.max(1, ...visits.map((visit) => endOf(visit) - begin));
  return (
    <Table
      variant="embedded"
      contentDensity="compact"
      wrapLines
      items={visits}
      ariaLabels={{ tableLabel: "States visited" }}
      empty="No state was visited yet."
      columnDefinitions={[
        {
          id: "state",
          header: "State",
          isRowHeader: true,
          width: 190,
          cell: (visit) => (visit.attempt > 1 ? `${visit.state} (${visit.attempt})` : visit.state),
        },
        {
          id: "progress",
          header: "Outcome",
          width: 165,
          minWidth: 165,
          cell: (visit) => <Outcome visit={visit} />,
        },
        {
          id: "duration",
          header: <Numeric>Duration</Numeric>,
          width: 110,
          cell: (visit) => (
            <Numeric>{duration((endOf(visit) - Date.parse(visit.entered_at)) / 1_000)}</Numeric>
          ),
        },
        {
          id: "time",
          header: "In time",
          minWidth: 160,
          cell: (visit) => (
            <Bar
              from={(Date.parse(visit.entered_at) - begin) / span}
              to={(endOf(visit) - begin) / span}
              progress={visit.progress}
            />
          ),
        },
        {
          id: "failures",
          header: "Failed tries",
          minWidth: 260,
          cell: (visit) => visit.failures.join("; ") || MISSING,
        },
      ]}
    />
  );
}

function Outcome({ visit: { state, progress } }: { visit: VisitView }) {
  if (state === "NeedsHuman") {
    return <StatusIndicator type="warning">Asked a person</StatusIndicator>;
  }
  return <StatusIndicator type={MARKS[progress]}>{words(progress)}</StatusIndicator>;
}

interface BarProps {
  from: number;
  to: number;
  progress: VisitView["progress"];
}

function Bar({ from, to, progress }: BarProps) {
  return (
    <svg
      className={`bar ${progress}`}
      viewBox="0 0 100 12"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <rect x={Math.min(99, from * 100)} width={Math.max(1, (to - from) * 100)} height={12} />
    </svg>
  );
}
