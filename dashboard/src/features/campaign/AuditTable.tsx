import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import type { AuditEntry, AuditTrail } from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { Ago } from "../../components/Ago";
import { words } from "../../components/format";
import { Loaded } from "../../components/Loaded";

/** Who ordered what and when, and what became of it. */
export function AuditTable({ path }: { path: string }) {
  const live = useLive<AuditTrail>(`${path}/audit`, Pace.summary);
  return (
    <Container header={<Header variant="h2">Orders</Header>}>
      <Loaded of={live} what="orders">
        {({ entries }) => (
          <Table
            variant="embedded"
            contentDensity="compact"
            wrapLines
            items={entries}
            trackBy="key"
            ariaLabels={{ tableLabel: "Orders" }}
            empty="Nobody has ordered anything yet."
            columnDefinitions={[
              { id: "at", header: "When", width: 130, cell: (entry) => <Ago at={entry.at} /> },
              { id: "user", header: "Who", width: 160, cell: (entry) => entry.user },
              {
                id: "command",
                header: "Order",
                isRowHeader: true,
                width: 120,
                cell: (entry) => words(entry.command),
              },
              { id: "subject", header: "For", width: 180, cell: (entry) => entry.subject_id },
              {
                id: "outcome",
                header: "Outcome",
                cell: (entry) => <Outcome entry={entry} />,
              },
            ]}
          />
        )}
      </Loaded>
    </Container>
  );
}

function Outcome({ entry }: { entry: AuditEntry }) {
  if (entry.done) {
    return <StatusIndicator type="success">Done</StatusIndicator>;
  }
  return entry.refusal === null ? (
    <StatusIndicator type="in-progress">Under way</StatusIndicator>
  ) : (
    <StatusIndicator type="stopped">{entry.refusal}</StatusIndicator>
  );
}
