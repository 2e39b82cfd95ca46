import ExpandableSection from "@cloudscape-design/components/expandable-section";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { PromptView } from "../../client/models";
import { dollars, words } from "../../components/format";

/** Every answer of the mind, with what it was told. */
export function Prompts({ view }: { view: PromptView }) {
  if (!view.entries.length) {
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
              ...(entry.prompt
                ? [
                    {
                      label: "Prompt",
                      value: (
                        <pre className="log" tabIndex={0}>
                          {entry.prompt}
                        </pre>
                      ),
                    },
                  ]
                : []),
            ]}
          />
        </ExpandableSection>
      ))}
    </SpaceBetween>
  );
}
