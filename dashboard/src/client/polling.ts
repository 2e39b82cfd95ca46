import {
  keepPreviousData,
  QueryClient,
  type UseQueryResult,
  useQuery,
} from "@tanstack/react-query";
import { useCallback } from "react";
import { useApi } from "./ApiContext";
import { ApiError, isTransient } from "./errors";

/** Milliseconds between two looks, by what is looked at. */
export const Pace = { live: 3_000, list: 5_000, summary: 12_000, still: 0 } as const;
export type Pace = (typeof Pace)[keyof typeof Pace];

const LONGEST_PAUSE_MS = 30_000;

/** A client that backs off while the API fails, and asks nothing while the page is hidden. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: (_, error) => isTransient(error),
        retryDelay: (failures) => Math.min(1_000 * 2 ** failures, LONGEST_PAUSE_MS),
        refetchOnWindowFocus: true,
        staleTime: 2_000,
      },
      mutations: { retry: false },
    },
  });
}

/** What a page needs of a query: the last data, its age, and what is wrong now. */
export interface Live<T> {
  data: T | undefined;
  /** Whether the data are the last address's, until this one has answered. */
  isPrevious: boolean;
  /** The fault of the last look, also while the next one is being waited for. */
  problem: Error | null;
  isFirstLoad: boolean;
  isRefreshing: boolean;
  updatedAt: number;
  refresh: () => void;
}

/** Looks at an address of the API again and again; `null` looks at nothing. */
export function useLive<T>(path: string | null, pace: Pace | ((data: T) => Pace)): Live<T> {
  const api = useApi();
  const query: UseQueryResult<T> = useQuery<T>({
    queryKey: [path],
    queryFn: ({ signal }) => api.get<T>(path as string, signal),
    enabled: path !== null,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => {
      if (state.error && !isTransient(state.error)) {
        return false;
      }
      const chosen =
        typeof pace === "function" ? (state.data ? pace(state.data) : Pace.list) : pace;
      return chosen || false;
    },
    meta: { isPolled: pace !== Pace.still },
  });
  const { refetch } = query;
  const refresh = useCallback(() => void refetch({ cancelRefetch: true }), [refetch]);
  const problem = query.error ?? query.failureReason;
  const isGone = problem instanceof ApiError && !problem.isTransient;
  return {
    data: isGone ? undefined : query.data,
    isPrevious: query.isPlaceholderData,
    problem,
    isFirstLoad: query.isPending && path !== null && !problem,
    isRefreshing: query.isFetching,
    updatedAt: query.dataUpdatedAt,
    refresh,
  };
}
