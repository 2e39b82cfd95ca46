import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import type { ReactNode } from "react";
import { dollars } from "../../components/format";
import { Numeric } from "../../components/Numeric";

interface Figure<Share> {
  header: string;
  cell: (share: Share) => ReactNode;
}

interface Props<Share> {
  title: string;
  shares: readonly Share[];
  /** What the rows are called. */
  part?: string;
  name: (share: Share) => ReactNode;
  /** Columns between the name and the cost. */
  figures?: readonly Figure<Share>[];
  description?: string;
  empty?: string;
}

/** A part of the cost in each row, with a bar for its share. */
export function ShareTable<Share extends { usd: number }>({
  title,
  shares,
  part = "Part",
  name,
  figures = [],
  description,
  empty = "Nothing yet.",
}: Props<Share>) {
  const most = Math.max(0, ...shares.map((share) => share.usd));
  const columns: TableProps.ColumnDefinition<Share>[] = [
    { id: "name", header: part, isRowHeader: true, cell: name },
    ...figures.map(({ header, cell }) => ({
      id: header,
      header: <Numeric>{header}</Numeric>,
      cell: (share: Share) => <Numeric>{cell(share)}</Numeric>,
    })),
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
        <svg className="bar running" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden>
          <rect width={most ? (100 * share.usd) / most : 0} height={12} />
        </svg>
      ),
    },
  ];
  return (
    <Container
      header={
        <Header variant="h2" description={description}>
          {title}
        </Header>
      }
    >
      <Table
        variant="embedded"
        contentDensity="compact"
        items={shares}
        ariaLabels={{ tableLabel: title }}
        empty={empty}
        columnDefinitions={columns}
      />
    </Container>
  );
}
