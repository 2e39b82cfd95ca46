import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import StatusIndicator, {
  type StatusIndicatorProps,
} from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import type { AlarmView } from "../../client/models";
import { Ago } from "../../components/Ago";

const STATES: Record<string, { type: StatusIndicatorProps.Type; text: string }> = {
  OK: { type: "success", text: "OK" },
  ALARM: { type: "error", text: "In alarm" },
  INSUFFICIENT_DATA: { type: "pending", text: "Not enough data" },
  NOT_EVALUATED: { type: "stopped", text: "Not evaluated" },
};

/** The deployment's alarms, throttling among them. */
export function AlarmTable({ alarms }: { alarms: readonly AlarmView[] }) {
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={
            alarms.some((alarm) => alarm.state === "NOT_EVALUATED")
              ? "One machine keeps the alarms of a deployment on AWS, but does not evaluate them."
              : undefined
          }
        >
          Alarms
        </Header>
      }
    >
      <Table
        variant="embedded"
        contentDensity="compact"
        wrapLines
        items={alarms}
        trackBy="name"
        ariaLabels={{ tableLabel: "Alarms" }}
        empty="This deployment has no alarms."
        columnDefinitions={[
          {
            id: "meaning",
            minWidth: 220,
            header: "Alarm",
            isRowHeader: true,
            cell: (alarm) => <span title={alarm.name}>{alarm.description || alarm.name}</span>,
          },
          {
            id: "state",
            header: "State",
            width: 170,
            minWidth: 170,
            cell: (alarm) => <State state={alarm.state} />,
          },
          { id: "since", header: "Since", width: 130, cell: (alarm) => <Ago at={alarm.since} /> },
        ]}
      />
    </Container>
  );
}

function State({ state }: { state: string }) {
  const { type, text } = STATES[state] ?? { type: "info" as const, text: state };
  return <StatusIndicator type={type}>{text}</StatusIndicator>;
}
