/** How people sign in, as the deployment says in `config.json`. */
export type Configuration =
  | { sign_in: "token" }
  | {
      sign_in: "oidc";
      /** The user pool's issuer. */
      authority: string;
      client_id: string;
      /** The address of the sign-in pages. */
      sign_in_domain: string;
    };

const ADDRESS = `${import.meta.env.BASE_URL}config.json`;

export async function readConfiguration(): Promise<Configuration> {
  const answer = await fetch(ADDRESS, { cache: "no-cache" });
  if (!answer.ok) {
    throw new Error(`The dashboard's configuration could not be read (HTTP ${answer.status}).`);
  }
  return (await answer.json()) as Configuration;
}
