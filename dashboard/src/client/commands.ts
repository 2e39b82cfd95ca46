import { type UseMutationResult, useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { useApi } from "./ApiContext";
import { ApiError } from "./errors";

/** An order to the API: where it goes, and what it says. */
export interface Order {
  path: string;
  body: Record<string, unknown>;
}

/**
 * Sends commands, each with a key of its own, so that sending one again does nothing twice.
 *
 * The key of an order that got no answer is kept for the next try of the same order. After an
 * answer, also a refusal, everything on the page is looked at anew.
 */
export function useCommand<Answer>(): UseMutationResult<Answer, Error, Order> {
  const api = useApi();
  const queries = useQueryClient();
  const unanswered = useRef<{ order: string; key: string } | null>(null);
  return useMutation<Answer, Error, Order>({
    mutationFn: ({ path, body }) => {
      const order = JSON.stringify([path, body]);
      if (unanswered.current?.order !== order) {
        unanswered.current = { order, key: crypto.randomUUID() };
      }
      return api.post<Answer>(path, body, unanswered.current.key);
    },
    onSettled: (_, error) => {
      if (!error || (error instanceof ApiError && !error.isTransient)) {
        unanswered.current = null;
      }
      return queries.invalidateQueries();
    },
  });
}
