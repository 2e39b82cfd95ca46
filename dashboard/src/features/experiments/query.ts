import { useCallback } from "react";
import { useSearchParams } from "wouter";

export const PAGE_SIZE = 25;
export const DEFAULT_SORT = "-updated_at";

/** What the table shows: everything that stands in the address. */
export interface TableQuery {
  status: string;
  phase: string;
  q: string;
  sort: string;
  page: number;
}

/** The table's query in the address, and a way to change it. */
export function useTableQuery(): [TableQuery, (changes: Partial<TableQuery>) => void] {
  const [search, setSearch] = useSearchParams();
  const query: TableQuery = {
    status: search.get("status") ?? "",
    phase: search.get("phase") ?? "",
    q: search.get("q") ?? "",
    sort: search.get("sort") ?? DEFAULT_SORT,
    page: Math.max(1, Number(search.get("page")) || 1),
  };
  const change = useCallback(
    (changes: Partial<TableQuery>) =>
      setSearch(
        (now) => {
          const next = new URLSearchParams(now);
          // Another question begins at its first page.
          for (const [name, value] of Object.entries({ page: 1, ...changes })) {
            if (!value || value === 1 || (name === "sort" && value === DEFAULT_SORT)) {
              next.delete(name);
            } else {
              next.set(name, String(value));
            }
          }
          return next;
        },
        { replace: true },
      ),
    [setSearch],
  );
  return [query, change];
}

/** The address of a page of the table in the API. */
export function pathOf(campaignId: string, query: TableQuery): string {
  const search = new URLSearchParams({ sort: query.sort, limit: String(PAGE_SIZE) });
  for (const name of ["status", "phase", "q"] as const) {
    if (query[name]) {
      search.set(name, query[name]);
    }
  }
  if (query.page > 1) {
    search.set("cursor", String((query.page - 1) * PAGE_SIZE));
  }
  return `/campaigns/${encodeURIComponent(campaignId)}/experiments?${search}`;
}
