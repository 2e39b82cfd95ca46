import Select, { type SelectProps } from "@cloudscape-design/components/select";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useEffect, useRef, useState } from "react";
import { useCampaign } from "../../app/CampaignContext";
import type { ExperimentPage } from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { grouped, words } from "../../components/format";
import { pathOf, useTableQuery } from "./query";

const PAUSE_MS = 150;

const STATUSES = ["queued", "running", "needs_human", "completed", "abandoned"];
const PHASES = ["design", "deploy", "validation", "execution", "analysis", "design_next"];

function optionsOf(any: string, names: string[]): SelectProps.Option[] {
  return ["", ...names].map((value) => ({ value, label: value ? words(value) : any }));
}

const STATUS_OPTIONS = optionsOf("Any status", STATUSES);
const PHASE_OPTIONS = optionsOf("Any phase", PHASES);

function matches(total: number): string {
  return total === 1 ? "1 match" : `${grouped(total)} matches`;
}

/** What the table is narrowed to; the text goes to the server once typing pauses. */
export function TableFilters() {
  const campaign = useCampaign();
  const [query, onChange] = useTableQuery();
  // The page polls; here its answer is only looked at.
  const { data, isPrevious } = useLive<ExperimentPage>(
    pathOf(campaign.campaign_id, query),
    Pace.still,
  );
  const [text, setText] = useState(query.q);
  const asked = useRef(query.q);
  useEffect(() => {
    // The address changed by other means than this field, for example by "Clear filters".
    if (query.q !== asked.current) {
      asked.current = query.q;
      setText(query.q);
    }
  }, [query.q]);
  useEffect(() => {
    if (text === asked.current) {
      return undefined;
    }
    const timer = setTimeout(() => {
      asked.current = text;
      onChange({ q: text });
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, onChange]);
  return (
    <div className="filters">
      <div className="filters-text" data-filter>
        <TextFilter
          filteringText={text}
          filteringPlaceholder="Find by name"
          filteringAriaLabel="Filter experiments"
          countText={query.q && data && !isPrevious ? matches(data.total) : ""}
          onChange={({ detail }) => setText(detail.filteringText)}
        />
      </div>
      <Select
        ariaLabel="Status"
        options={STATUS_OPTIONS}
        selectedOption={STATUS_OPTIONS.find((one) => one.value === query.status) ?? null}
        onChange={({ detail }) => onChange({ status: detail.selectedOption.value ?? "" })}
      />
      <Select
        ariaLabel="Phase"
        options={PHASE_OPTIONS}
        selectedOption={PHASE_OPTIONS.find((one) => one.value === query.phase) ?? null}
        onChange={({ detail }) => onChange({ phase: detail.selectedOption.value ?? "" })}
      />
    </div>
  );
}
