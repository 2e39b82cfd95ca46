import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMutation } from "@tanstack/react-query";
import { useApi } from "../../client/ApiContext";
import { saveFile } from "../../components/saveFile";

const KEPT_MS = 60_000;

/** Saves the campaign's report for the public: one page that needs nothing beside it. */
export function ReportButton({ campaign }: { campaign: string }) {
  const api = useApi();
  const report = useMutation({
    mutationFn: async () => {
      const page = await api.getFile(`/campaigns/${encodeURIComponent(campaign)}/report`);
      const address = URL.createObjectURL(page);
      saveFile(address, `${campaign}.html`);
      setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
    },
  });
  return (
    <SpaceBetween size="xs">
      <Button iconName="download" loading={report.isPending} onClick={() => report.mutate()}>
        Public report
      </Button>
      {report.error && (
        <Alert type="error" dismissible onDismiss={report.reset}>
          {report.error.message}
        </Alert>
      )}
    </SpaceBetween>
  );
}
