/** Who is signed in: the tokens of the requests, and what to do when one is refused. */
export interface Session {
  /** The token to send now. */
  token(): string;
  /** Replaces a refused token without asking; false where a person has to sign in. */
  renew(): Promise<boolean>;
  /** Signs in and comes back to the same address. */
  signIn(): Promise<void>;
  signOut(): Promise<void>;
}
