import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { DiffView, ExperimentDetail, PromptView, SourceView } from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { DiffTable } from "../../components/DiffTable";
import { shortHash } from "../../components/format";
import { Loaded } from "../../components/Loaded";
import { Downloads } from "./Downloads";
import { Prompts } from "./Prompts";

interface Props {
  detail: ExperimentDetail;
  path: string;
}

/** What runs: the difference to its parent, the whole source, what the mind was told, the files. */
export function CodeTab({ detail, path }: Props) {
  const isMoving = detail.summary.status === "running" || detail.summary.status === "queued";
  const pace = isMoving ? Pace.list : Pace.still;
  const diff = useLive<DiffView>(`${path}/diff`, pace);
  const source = useLive<SourceView>(`${path}/source`, pace);
  const prompts = useLive<PromptView>(`${path}/prompt`, pace);
  return (
    <SpaceBetween size="m">
      <Container
        header={
          <Header variant="h2">
            {detail.parent_id ? `Changes from ${detail.parent_id}` : "Changes from the seed"}
          </Header>
        }
      >
        <Loaded of={diff} what="difference">
          {(view) => <Differences view={view} />}
        </Loaded>
      </Container>
      <Container
        header={
          <Header variant="h2" description={`Candidate ${shortHash(detail.candidate_sha256)}`}>
            Source
          </Header>
        }
      >
        <Loaded of={source} what="source">
          {(view) => <Sources view={view} />}
        </Loaded>
      </Container>
      <Container header={<Header variant="h2">Prompts and rationale</Header>}>
        <Loaded of={prompts} what="prompts">
          {(view) => <Prompts view={view} />}
        </Loaded>
      </Container>
      <Downloads path={path} pace={pace} />
    </SpaceBetween>
  );
}

function Differences({ view }: { view: DiffView }) {
  if (!view.files.length) {
    return "The source is the parent's.";
  }
  return (
    <SpaceBetween size="s">
      {view.files.map((file) => (
        <div key={file.path}>
          <Header variant="h3" counter={`(+${file.added} −${file.removed})`}>
            {file.path}
          </Header>
          <DiffTable label={`Changes of ${file.path}`} lines={file.lines} />
        </div>
      ))}
    </SpaceBetween>
  );
}

function Sources({ view }: { view: SourceView }) {
  return (
    <SpaceBetween size="xs">
      {Object.entries(view.files).map(([name, text]) => (
        <ExpandableSection key={name} headerText={name}>
          <section aria-label={`Source of ${name}`}>
            <pre className="log" tabIndex={0}>
              {text}
            </pre>
          </section>
        </ExpandableSection>
      ))}
    </SpaceBetween>
  );
}
