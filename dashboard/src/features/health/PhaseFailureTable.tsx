import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Table from "@cloudscape-design/components/table";
import type { HealthView } from "../../client/models";
import { decimal, grouped, MISSING, words } from "../../components/format";
import { Numeric } from "../../components/Numeric";

/** How often each phase stopped an experiment. */
export function PhaseFailureTable({ phases }: { phases: HealthView["phases"] }) {
  return (
    <Container header={<Header variant="h2">Failures by phase</Header>}>
      <Table
        variant="embedded"
        contentDensity="compact"
        items={phases}
        trackBy="phase"
        ariaLabels={{ tableLabel: "Failures by phase" }}
        empty="No experiment yet."
        columnDefinitions={[
          { id: "phase", header: "Phase", isRowHeader: true, cell: (one) => words(one.phase) },
          {
            id: "reached",
            header: <Numeric>Experiments that reached it</Numeric>,
            cell: (one) => <Numeric>{grouped(one.experiments)}</Numeric>,
          },
          {
            id: "stopped",
            header: <Numeric>Stopped there</Numeric>,
            cell: (one) => <Numeric>{grouped(one.stopped)}</Numeric>,
          },
          {
            id: "rate",
            header: <Numeric>Failure rate</Numeric>,
            cell: (one) => (
              <Numeric>
                {one.experiments
                  ? `${decimal((100 * one.stopped) / one.experiments, 1)} %`
                  : MISSING}
              </Numeric>
            ),
          },
        ]}
      />
    </Container>
  );
}
