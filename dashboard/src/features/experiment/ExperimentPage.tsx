import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { lazy, Suspense, useEffect } from "react";
import { useLocation, useSearchParams } from "wouter";
import { useCampaign } from "../../app/CampaignContext";
import { useHref } from "../../app/campaignChoice";
import type { ExperimentDetail } from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { Loaded } from "../../components/Loaded";
import { CodeTab } from "./CodeTab";
import { FramesTab } from "./FramesTab";
import { LogsTab } from "./LogsTab";
import { RunTab } from "./RunTab";
import { Summary } from "./Summary";

const RdTab = lazy(() => import("./RdTab"));

/** Everything about one experiment; the tab, phase and clip stand in the address. */
export default function ExperimentPage({ id }: { id: string }) {
  const path = `/experiments/${encodeURIComponent(id)}`;
  const live = useLive<ExperimentDetail>(path, (detail) =>
    isMoving(detail) ? Pace.live : Pace.summary,
  );
  const [search, setSearch] = useSearchParams();
  const [, navigate] = useLocation();
  const href = useHref();
  const campaign = useCampaign();
  const owner = live.data?.campaign_id;
  useEffect(() => {
    // A link to an experiment need not name its campaign.
    if (owner && owner !== campaign.campaign_id) {
      setSearch(
        (now) => {
          const changed = new URLSearchParams(now);
          changed.set("campaign", owner);
          return changed;
        },
        { replace: true },
      );
    }
  }, [owner, campaign.campaign_id, setSearch]);
  const tab = search.get("tab") ?? "run";
  const openTab = (next: string) =>
    setSearch((now) => {
      const changed = new URLSearchParams(now);
      changed.set("tab", next);
      return changed;
    });
  return (
    <SpaceBetween size="m">
      <BreadcrumbGroup
        ariaLabel="Breadcrumbs"
        items={[
          { text: "Experiments", href: "/experiments" },
          { text: id, href: `/experiments/${id}` },
        ]}
        onFollow={(event) => {
          event.preventDefault();
          navigate(href(event.detail.href));
        }}
      />
      {live.problem && !live.data && <Header variant="h1">{id}</Header>}
      <Loaded of={live} what="experiment">
        {(detail) => (
          <SpaceBetween size="m">
            <Summary detail={detail} />
            <Tabs
              ariaLabel="Experiment"
              activeTabId={tab}
              onChange={({ detail: change }) => openTab(change.activeTabId)}
              tabs={[
                { id: "run", label: "Run", content: <RunTab detail={detail} path={path} /> },
                {
                  id: "rd",
                  label: "Rate–distortion",
                  content: (
                    <Suspense fallback={null}>
                      <RdTab detail={detail} path={path} />
                    </Suspense>
                  ),
                },
                { id: "code", label: "Code", content: <CodeTab detail={detail} path={path} /> },
                { id: "frames", label: "Frames", content: <FramesTab path={path} /> },
                {
                  id: "logs",
                  label: "Logs",
                  content: <LogsTab path={path} isMoving={isMoving(detail)} />,
                },
              ]}
            />
          </SpaceBetween>
        )}
      </Loaded>
    </SpaceBetween>
  );
}

function isMoving({ summary }: ExperimentDetail) {
  return summary.status === "running" || summary.status === "queued";
}
