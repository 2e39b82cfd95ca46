import { createContext, useContext } from "react";
import type { ApiClient } from "./request";

export const ApiContext = createContext<ApiClient | null>(null);

/** The client of the session that is signed in. */
export function useApi(): ApiClient {
  const client = useContext(ApiContext);
  if (!client) {
    throw new Error("useApi outside of a session");
  }
  return client;
}
