import type { CampaignView } from "../client/models";
import { grouped, MISSING, words } from "./format";
import { PageLink } from "./PageLink";

/** How many experiments of a campaign stand how, each a link to them. */
export function StatusCounts({ counts }: { counts: CampaignView["counts"] }) {
  const found = Object.entries(counts).filter(([, count]) => count > 0);
  return found.length
    ? found.map(([status, count]) => (
        <div key={status}>
          <PageLink to={`/experiments?status=${status}`}>
            {grouped(count)} {words(status).toLowerCase()}
          </PageLink>
        </div>
      ))
    : MISSING;
}
