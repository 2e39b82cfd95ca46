import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import Table from "@cloudscape-design/components/table";
import { Ago } from "../../components/Ago";
import { DiffTable } from "../../components/DiffTable";
import { dollars, words } from "../../components/format";
import { Numeric } from "../../components/Numeric";
import { linesOf } from "../../components/unifiedDiff";
import type { TriedFix } from "./fixes";

/** Every fix that was tried, with its diff, its result and what it cost. */
export function FixTable({ fixes, isLoading }: { fixes: readonly TriedFix[]; isLoading: boolean }) {
  return (
    <Table
      variant="embedded"
      contentDensity="compact"
      wrapLines
      items={fixes}
      loading={isLoading}
      loadingText="Loading fixes"
      ariaLabels={{ tableLabel: "Fixes tried" }}
      header={
        <Header variant="h3" counter={`(${fixes.length})`}>
          Fixes tried
        </Header>
      }
      empty="No fix was tried."
      columnDefinitions={[
        {
          id: "attempt",
          header: "Attempt",
          isRowHeader: true,
          width: 130,
          cell: ({ attempt }) => `${words(attempt.phase)} ${attempt.attempt}`,
        },
        { id: "at", header: "When", width: 120, cell: ({ attempt }) => <Ago at={attempt.at} /> },
        {
          id: "change",
          header: "What the fix changed",
          minWidth: 320,
          cell: ({ attempt }) => <Change attempt={attempt} />,
        },
        {
          id: "result",
          header: "Result",
          minWidth: 220,
          cell: (fix) => <Result {...fix} />,
        },
        {
          id: "cost",
          header: <Numeric>Cost</Numeric>,
          width: 90,
          cell: ({ cost_usd }) => <Numeric>{dollars(cost_usd)}</Numeric>,
        },
      ]}
    />
  );
}

function Change({ attempt }: { attempt: TriedFix["attempt"] }) {
  return (
    <>
      {attempt.rejected_fixes.length > 0 ? (
        <p className="plain-text">
          {attempt.rejected_fixes.map((why) => `An answer was no fix: ${why}`).join("\n")}
        </p>
      ) : null}
      {attempt.fix_reason ? <p className="plain-text">{attempt.fix_reason}</p> : null}
      {attempt.fix_outcome ? <p className="plain-text">{attempt.fix_outcome}</p> : null}
      {attempt.fix_diff ? (
        <ExpandableSection variant="inline" headerText={`Diff of fix ${attempt.attempt}`}>
          <DiffTable label={`Diff of fix ${attempt.attempt}`} lines={linesOf(attempt.fix_diff)} />
        </ExpandableSection>
      ) : null}
    </>
  );
}

function Result({ attempt, next }: TriedFix) {
  if (attempt.fix_reason === null) {
    return "No fix was made.";
  }
  if (!next) {
    return "Not tried: no attempt was left.";
  }
  if (next.passed || !next.fault) {
    return "Passed";
  }
  return (
    <>
      <b>{next.fault.error_type}</b> <span className="plain-text">{next.fault.message}</span>
    </>
  );
}
