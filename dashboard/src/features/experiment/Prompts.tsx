import ExpandableSection from "@cloudscape-design/components/expandable-section";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { PromptView } from "../../client/models";
import { dollars, words } from "../../components/format";

function Told({ text }: { text: string }) {
  return (
    <pre className="log" tabIndex={0}>
      {text}
    </pre>
  );
}

/** Every answer of the mind, with what it was told. */
export function Prompts({ view }: { view: PromptView }) {
  if (!view.entries.length && !view.others.length) {
    return "No mind has answered yet.";
  }
  return (
    <SpaceBetween size="s">
      {view.entries.map((entry) => (
        <ExpandableSection
          key={`${entry.run} ${entry.number}`}
          headerText={`Run ${entry.run}, proposal ${entry.number}: ${entry.change}`}
        >
          <KeyValuePairs
            columns={1}
            items={[
              {
                label: "Mind",
                value: entry.model
                  ? `${entry.model}, ${dollars(entry.cost_usd)}`
                  : `${words(entry.mind)} search, no cost`,
              },
              { label: "Rationale", value: <p className="plain-text">{entry.hypothesis}</p> },
              ...(entry.hint
                ? [
                    {
                      label: "A person's hint",
                      value: <p className="plain-text">{entry.hint}</p>,
                    },
                  ]
                : []),
              {
                label: "Prompt",
                value: entry.prompt ? <Told text={entry.prompt} /> : entry.prompt_reason,
              },
            ]}
          />
        </ExpandableSection>
      ))}
      {view.others.map((other) => (
        <ExpandableSection
          key={`${other.at} ${other.purpose}`}
          headerText={`Run ${other.run}, ${other.purpose.replaceAll("-", " ")}: no proposal`}
        >
          <Told text={other.prompt} />
        </ExpandableSection>
      ))}
    </SpaceBetween>
  );
}
