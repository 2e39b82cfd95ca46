import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useSearchParams } from "wouter";
import type {
  AttemptList,
  ExperimentDetail,
  HistoryView,
  Phase,
  PromptView,
} from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { useNow } from "../../components/Clock";
import { MISSING, signed } from "../../components/format";
import { Loaded } from "../../components/Loaded";
import { FixTable } from "../human/FixTable";
import { fixesOf } from "../human/fixes";
import { PhaseGraph } from "./PhaseGraph";
import { fixCount, phaseNodes } from "./runStates";
import { VisitTable } from "./VisitTable";

interface Props {
  detail: ExperimentDetail;
  path: string;
}

/** How the run goes: the machine's phases, its states in time, the fixes, and the idea behind it. */
export function RunTab({ detail, path }: Props) {
  const isMoving = detail.summary.status === "running" || detail.summary.status === "queued";
  const pace = isMoving ? Pace.live : Pace.summary;
  const history = useLive<HistoryView>(`${path}/history`, pace);
  const attempts = useLive<AttemptList>(`${path}/attempts`, pace);
  const hasFixes = attempts.data?.attempts.some((one) => one.fix_reason !== null);
  const prompts = useLive<PromptView>(
    hasFixes ? `${path}/prompt` : null,
    isMoving ? Pace.summary : Pace.still,
  );
  const now = useNow();
  const [search, setSearch] = useSearchParams();
  const selected = search.get("phase") as Phase | null;
  const select = (phase: Phase | null) =>
    setSearch((before) => {
      const next = new URLSearchParams(before);
      if (phase) {
        next.set("phase", phase);
      } else {
        next.delete("phase");
      }
      return next;
    });
  const tried = attempts.data?.attempts ?? [];
  const run = detail.summary.version;
  const fixes = fixesOf(tried, run, prompts.data);
  return (
    <SpaceBetween size="m">
      <Container
        header={
          <Header
            variant="h2"
            description="Choose a phase to see its states alone."
            actions={
              detail.execution_url ? (
                <Link href={detail.execution_url} external>
                  Step Functions execution
                </Link>
              ) : undefined
            }
          >
            Phases of run {run}
          </Header>
        }
      >
        <Loaded of={history} what="history">
          {({ visits }) => (
            <SpaceBetween size="m">
              <PhaseGraph
                nodes={phaseNodes(visits, now)}
                fixes={{
                  validation: fixCount(tried, run, "validation"),
                  execution: fixCount(tried, run, "execution"),
                }}
                selected={selected}
                onSelect={select}
              />
              <VisitTable visits={visits} phase={selected} now={now} />
            </SpaceBetween>
          )}
        </Loaded>
      </Container>
      {fixes.length > 0 && (
        <Container>
          <FixTable fixes={fixes} isLoading={attempts.isFirstLoad} />
        </Container>
      )}
      <Idea detail={detail} />
    </SpaceBetween>
  );
}

function Idea({ detail }: { detail: ExperimentDetail }) {
  const expected = detail.expected_bd_rate_percent;
  const text = (value: string | null) => <p className="plain-text">{value || MISSING}</p>;
  return (
    <Container header={<Header variant="h2">Idea and finding</Header>}>
      <KeyValuePairs
        columns={1}
        items={[
          { label: "Change", value: text(detail.change) },
          { label: "Hypothesis, before any measurement", value: text(detail.hypothesis) },
          {
            label: "Expected BD-rate",
            value: expected === null ? MISSING : <Box>{signed(expected, 2)} %</Box>,
          },
          { label: "Analysis, after the measurement", value: text(detail.analysis) },
          ...(detail.hint
            ? [{ label: "A person's hint for this run", value: text(detail.hint) }]
            : []),
        ]}
      />
    </Container>
  );
}
