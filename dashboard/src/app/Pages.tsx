import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { lazy, Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";
import { ExperimentsPage } from "../features/experiments/ExperimentsPage";

const AskPage = lazy(() => import("../features/ask/AskPage"));
const CampaignPage = lazy(() => import("../features/campaign/CampaignPage"));
const ComparePage = lazy(() => import("../features/compare/ComparePage"));
const CostPage = lazy(() => import("../features/cost/CostPage"));
const ExperimentPage = lazy(() => import("../features/experiment/ExperimentPage"));
const HealthPage = lazy(() => import("../features/health/HealthPage"));
const LineagePage = lazy(() => import("../features/lineage/LineagePage"));
const ProgressPage = lazy(() => import("../features/progress/ProgressPage"));

/** The page that the address names. */
export function Pages() {
  return (
    <Suspense fallback={<Waiting />}>
      <Switch>
        <Route path="/">
          <Redirect to="/progress" replace />
        </Route>
        <Route path="/progress" component={ProgressPage} />
        <Route path="/experiments" component={ExperimentsPage} />
        <Route path="/experiments/:id">{({ id }) => <ExperimentPage key={id} id={id} />}</Route>
        <Route path="/compare" component={ComparePage} />
        <Route path="/lineage" component={LineagePage} />
        <Route path="/ask" component={AskPage} />
        <Route path="/campaign" component={CampaignPage} />
        <Route path="/cost" component={CostPage} />
        <Route path="/health" component={HealthPage} />
        <Route>
          <SpaceBetween size="m">
            <Header variant="h1">Not found</Header>
            <Alert type="warning" header="There is no such page">
              Choose one of the list of pages.
            </Alert>
          </SpaceBetween>
        </Route>
      </Switch>
    </Suspense>
  );
}

function Waiting() {
  return (
    <Box textAlign="center" padding="l">
      <Spinner size="large" />
    </Box>
  );
}
