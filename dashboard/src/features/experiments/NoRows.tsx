import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useTableQuery } from "./query";

/** What stands in the place of rows: why there is none, and the way to some. */
export function NoRows() {
  const [query, change] = useTableQuery();
  return (
    <Box textAlign="center" padding="l">
      {query.q || query.status || query.phase ? (
        <SpaceBetween size="s">
          <b>No experiment matches</b>
          <Button onClick={() => change({ q: "", status: "", phase: "" })}>Clear filters</Button>
        </SpaceBetween>
      ) : (
        "No experiment yet. Start the campaign on the page Campaign to run the first one."
      )}
    </Box>
  );
}
