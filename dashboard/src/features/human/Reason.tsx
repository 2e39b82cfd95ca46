import Alert from "@cloudscape-design/components/alert";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Attempt, ExperimentDetail, HumanReason } from "../../client/models";
import { Ago } from "../../components/Ago";
import { dollars, words } from "../../components/format";

interface Props {
  detail: ExperimentDetail;
  question: HumanReason;
  /** The attempt that failed last. */
  last: Attempt | undefined;
}

/** Why the lab stopped: in plain words, then the error itself and the last lines it logged. */
export function Reason({ detail, question, last }: Props) {
  const log = last?.fault?.log_tail || last?.fault?.traceback || "";
  return (
    <SpaceBetween size="m">
      <KeyValuePairs
        columns={4}
        items={[
          { label: "Phase", value: words(question.phase) },
          { label: "Asked", value: <Ago at={question.asked_at} /> },
          { label: "Attempts", value: `${question.attempts} of ${detail.max_attempts}` },
          { label: "Cost so far", value: dollars(detail.summary.cost_usd) },
        ]}
      />
      <Alert type="warning" header="Why it stopped">
        <p className="plain-text">{detail.explanation ?? question.reason}</p>
      </Alert>
      <KeyValuePairs
        columns={1}
        items={[
          {
            label: "Root cause",
            value: (
              <p className="plain-text">
                <b>{question.error_type}</b>: {question.message}
              </p>
            ),
          },
          ...(log
            ? [
                {
                  label: "Last log lines",
                  value: (
                    <section aria-label="Last log lines">
                      <pre className="log log-short" tabIndex={0}>
                        {log}
                      </pre>
                    </section>
                  ),
                },
              ]
            : []),
        ]}
      />
    </SpaceBetween>
  );
}
