import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Table from "@cloudscape-design/components/table";
import type { CostShare } from "../../client/models";
import { dollars, grouped } from "../../components/format";
import { Numeric } from "../../components/Numeric";

interface Props {
  title: string;
  shares: readonly CostShare[];
  name?: (label: string) => string;
}

/** A part of the cost in each row, with a bar for its share. */
export function ShareTable({ title, shares, name = (label) => label }: Props) {
  const most = Math.max(0, ...shares.map((share) => share.usd));
  return (
    <Container header={<Header variant="h2">{title}</Header>}>
      <Table
        variant="embedded"
        contentDensity="compact"
        items={shares}
        trackBy="label"
        ariaLabels={{ tableLabel: title }}
        empty="Nothing yet."
        columnDefinitions={[
          { id: "label", header: "Part", isRowHeader: true, cell: (share) => name(share.label) },
          {
            id: "experiments",
            header: <Numeric>Experiments</Numeric>,
            cell: (share) => <Numeric>{grouped(share.experiments)}</Numeric>,
          },
          {
            id: "usd",
            header: <Numeric>Cost</Numeric>,
            cell: (share) => <Numeric>{dollars(share.usd)}</Numeric>,
          },
          {
            id: "bar",
            header: <span className="visually-hidden">Share</span>,
            minWidth: 80,
            cell: (share) => (
              <svg
                className="bar running"
                viewBox="0 0 100 12"
                preserveAspectRatio="none"
                aria-hidden
              >
                <rect width={most ? (100 * share.usd) / most : 0} height={12} />
              </svg>
            ),
          },
        ]}
      />
    </Container>
  );
}
