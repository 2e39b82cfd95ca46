import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import type { Live } from "../client/polling";
import { Ago } from "./Ago";

/** What is wrong now, over the last data and its age. */
export function ErrorBanner({ of, what }: { of: Live<unknown>; what: string }) {
  if (!of.problem) {
    return null;
  }
  return (
    <Alert
      type="error"
      header={`Could not load ${what}`}
      action={<Button onClick={of.refresh}>Try again</Button>}
    >
      {of.problem.message}
      {of.data !== undefined && of.updatedAt > 0 && (
        <>
          {" "}
          Shown is what was received <Ago at={of.updatedAt} />.
        </>
      )}
    </Alert>
  );
}
