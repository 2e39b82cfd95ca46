import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import type { ReactNode } from "react";
import { ApiError } from "../client/errors";
import type { Live } from "../client/polling";
import { ErrorBanner } from "./ErrorBanner";

interface Props<T> {
  of: Live<T>;
  what: string;
  children: (data: T) => ReactNode;
}

/** Content that waits for its data, says what is wrong, and keeps the last data meanwhile. */
export function Loaded<T>({ of, what, children }: Props<T>) {
  if (of.problem instanceof ApiError && of.problem.status === 404) {
    return (
      <Alert type="warning" header={`There is no such ${what}`}>
        {of.problem.message}
      </Alert>
    );
  }
  if (of.problem instanceof ApiError && of.problem.status === 403) {
    return (
      <Alert type="warning" header={`You may not see ${what}`}>
        {of.problem.message}
      </Alert>
    );
  }
  if (of.data === undefined) {
    return of.problem ? (
      <ErrorBanner of={of} what={what} />
    ) : (
      <Box textAlign="center" padding="l">
        <Spinner size="large" />
        <Box variant="p" color="text-body-secondary">
          Loading {what}
        </Box>
      </Box>
    );
  }
  return (
    <SpaceBetween size="m">
      {of.problem && <ErrorBanner of={of} what={what} />}
      {children(of.data)}
    </SpaceBetween>
  );
}
