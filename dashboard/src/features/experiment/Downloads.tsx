import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useMutation } from "@tanstack/react-query";
import { useApi } from "../../client/ApiContext";
import type { EvidenceFile, FileList, SignedUrl } from "../../client/models";
import { type Pace, useLive } from "../../client/polling";
import { bytes, MISSING, words } from "../../components/format";
import { Loaded } from "../../components/Loaded";
import { Numeric } from "../../components/Numeric";
import { saveFile } from "../../components/saveFile";

interface Props {
  path: string;
  pace: Pace;
}

/** What decodes and proves the bitstreams comes before them. */
const FIRST = ["log", "verdict", "decoder"];

function byUse(one: EvidenceFile, other: EvidenceFile): number {
  return FIRST.indexOf(other.kind) - FIRST.indexOf(one.kind);
}

/** The files of the last execution, each by an address that soon expires. */
export function Downloads({ path, pace }: Props) {
  const live = useLive<FileList>(`${path}/files`, pace);
  const api = useApi();
  const download = useMutation({
    mutationFn: async (file: EvidenceFile) => {
      const { url } = await api.get<SignedUrl>(
        `${path}/files/${encodeURIComponent(file.name)}/url`,
      );
      saveFile(url, file.name);
    },
  });
  return (
    <Container header={<Header variant="h2">Downloads</Header>}>
      <SpaceBetween size="s">
        {download.error && <Alert type="error">{download.error.message}</Alert>}
        <Loaded of={live} what="files">
          {({ files }) => (
            <Table
              variant="embedded"
              contentDensity="compact"
              items={files.toSorted(byUse)}
              trackBy="name"
              ariaLabels={{ tableLabel: "Files" }}
              empty="There are no files yet."
              columnDefinitions={[
                {
                  id: "kind",
                  header: "File",
                  isRowHeader: true,
                  cell: (file) => words(file.kind),
                },
                { id: "clip", header: "Clip", cell: (file) => file.clip ?? MISSING },
                {
                  id: "quality",
                  header: <Numeric>Quality</Numeric>,
                  cell: (file) => <Numeric>{file.quality ?? MISSING}</Numeric>,
                },
                {
                  id: "size",
                  header: <Numeric>Size</Numeric>,
                  cell: (file) => <Numeric>{bytes(file.size_bytes)}</Numeric>,
                },
                {
                  id: "get",
                  header: "Download",
                  cell: (file) => (
                    <Button
                      variant="inline-icon"
                      iconName="download"
                      ariaLabel={`Download ${file.name}`}
                      loading={download.isPending && download.variables.name === file.name}
                      onClick={() => download.mutate(file)}
                    />
                  ),
                },
              ]}
            />
          )}
        </Loaded>
      </SpaceBetween>
    </Container>
  );
}
