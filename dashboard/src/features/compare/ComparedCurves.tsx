import Alert from "@cloudscape-design/components/alert";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useQueries } from "@tanstack/react-query";
import { useApi } from "../../client/ApiContext";
import type { ClipResult, ExperimentDetail, ResultsView } from "../../client/models";
import { ClipControls, useClipView } from "../../components/ClipControls";
import { curvesOf } from "../../components/curves";
import { RdChart } from "../../components/RdChart";
import { ComparedTable } from "./ComparedTable";

/** An experiment with what it measured. */
export interface Compared {
  detail: ExperimentDetail;
  results: ResultsView;
}

/** The curves of several experiments on one clip, and their figures in a table. */
export function ComparedCurves({ ids }: { ids: readonly string[] }) {
  const api = useApi();
  const loaded = useQueries({
    queries: ids.map((id) => {
      const path = `/experiments/${encodeURIComponent(id)}`;
      return {
        queryKey: ["compared", id],
        queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Compared> => {
          const [detail, results] = await Promise.all([
            api.get<ExperimentDetail>(path, signal),
            api.get<ResultsView>(`${path}/results`, signal),
          ]);
          return { detail, results };
        },
      };
    }),
  });
  const failed = loaded.find((one) => one.error);
  if (failed?.error) {
    return <Alert type="error">{failed.error.message}</Alert>;
  }
  const compared = loaded.flatMap((one) => (one.data ? [one.data] : []));
  if (compared.length < ids.length) {
    return <Spinner size="large" />;
  }
  return <Shown compared={compared} />;
}

function Shown({ compared }: { compared: readonly Compared[] }) {
  const clips = commonClips(compared);
  const [view, change] = useClipView(clips);
  return (
    <SpaceBetween size="m">
      {view ? (
        <Container header={<Header variant="h2">Rate–distortion</Header>}>
          <SpaceBetween size="s">
            <ClipControls results={clips} view={view} onChange={change} />
            <RdChart
              clip={view.clip.clip}
              metric={view.metric}
              isLogarithmic={view.isLogarithmic}
              curves={curvesOf(view.clip, candidatesOn(compared, view.clip.clip))}
            />
          </SpaceBetween>
        </Container>
      ) : (
        <Alert type="info">These experiments were measured on no clip in common.</Alert>
      )}
      <ComparedTable compared={compared} />
    </SpaceBetween>
  );
}

function commonClips(compared: readonly Compared[]): ClipResult[] {
  const [first, ...others] = compared;
  return (first?.results.results ?? []).filter((clip) =>
    others.every(({ results }) => results.results.some((one) => one.clip === clip.clip)),
  );
}

function candidatesOn(compared: readonly Compared[], clip: string) {
  return compared.map(({ detail, results }) => ({
    name: detail.summary.experiment_id,
    points: results.results.find((one) => one.clip === clip)?.points ?? [],
  }));
}
