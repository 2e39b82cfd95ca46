import type { Session } from "./session";

const STORED = "codec-lab.token";

/**
 * Takes the token out of the printed address (`#token=…`), so that it is not copied along.
 * Tells whether there was one.
 */
export function takeTokenFromAddress(): boolean {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) {
    rememberToken(token);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return Boolean(token);
}

export function rememberToken(token: string): void {
  sessionStorage.setItem(STORED, token.trim());
}

/** The session of one machine: a random token that the lab printed. */
export function printedTokenSession(): Session | null {
  if (!sessionStorage.getItem(STORED)) {
    return null;
  }
  const forget = async () => {
    sessionStorage.removeItem(STORED);
    location.reload();
  };
  return {
    token: () => sessionStorage.getItem(STORED) ?? "",
    renew: async () => false,
    signIn: forget,
    signOut: forget,
  };
}
