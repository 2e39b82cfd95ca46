import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ExperimentDetail, ResultsView } from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { ClipControls, useClipView } from "../../components/ClipControls";
import { curvesOf } from "../../components/curves";
import { Loaded } from "../../components/Loaded";
import { RdChart } from "../../components/RdChart";
import { BdRateTable } from "./BdRateTable";
import { csvOf, saveText } from "./csv";
import { RatePointTable } from "./RatePointTable";

interface Props {
  detail: ExperimentDetail;
  path: string;
}

/** Rate–distortion: the curve of each clip beside the anchors', and the BD-rates. */
export default function RdTab({ detail, path }: Props) {
  const isRunning = detail.summary.status === "running";
  const live = useLive<ResultsView>(`${path}/results`, isRunning ? Pace.list : Pace.summary);
  return (
    <Loaded of={live} what="results">
      {(view) => <Curves id={detail.summary.experiment_id} view={view} />}
    </Loaded>
  );
}

function Curves({ id, view }: { id: string; view: ResultsView }) {
  const [shown, change] = useClipView(view.results);
  if (!shown) {
    return (
      <Container>
        <Box textAlign="center">
          Nothing was measured yet: curves appear when the phase Execute is done.
        </Box>
      </Container>
    );
  }
  const { clip, metric, isLogarithmic } = shown;
  return (
    <SpaceBetween size="m">
      <Container
        header={
          <Header
            variant="h2"
            description={`${clip.clip}, ${clip.width}×${clip.height}, ${clip.frame_count} frames`}
            actions={
              <Button
                iconName="download"
                onClick={() => saveText(`${id}.csv`, csvOf(id, view.results))}
              >
                CSV
              </Button>
            }
          >
            Rate–distortion against the anchors
          </Header>
        }
      >
        <SpaceBetween size="s">
          <ClipControls results={view.results} view={shown} onChange={change} />
          <RdChart
            clip={clip.clip}
            metric={metric}
            isLogarithmic={isLogarithmic}
            curves={curvesOf(clip, [{ name: id, points: clip.points }])}
          />
        </SpaceBetween>
      </Container>
      <Container
        header={
          <Header variant="h2" description="Negative saves rate at equal quality.">
            BD-rate by clip and anchor
          </Header>
        }
      >
        <BdRateTable view={view} metric={metric} />
      </Container>
      <Container
        header={
          <Header variant="h2" description="Encode and decode: CPU time a frame.">
            Rate points on {clip.clip}
          </Header>
        }
      >
        <RatePointTable result={clip} />
      </Container>
    </SpaceBetween>
  );
}
