import { type User, UserManager, WebStorageStateStore } from "oidc-client-ts";
import type { Configuration } from "./configuration";
import type { Session } from "./session";

type Cognito = Extract<Configuration, { sign_in: "oidc" }>;

const HOME = `${location.origin}${import.meta.env.BASE_URL}`;

function managerOf(cognito: Cognito): UserManager {
  return new UserManager({
    authority: cognito.authority,
    client_id: cognito.client_id,
    redirect_uri: HOME,
    response_type: "code",
    scope: "openid email",
    automaticSilentRenew: true,
    userStore: new WebStorageStateStore({ store: sessionStorage }),
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
  });
}

/** Completes a sign-in that Cognito sends back, otherwise finds the session there is. */
export async function cognitoSession(cognito: Cognito): Promise<Session> {
  const manager = managerOf(cognito);
  let user = await returningUser(manager);
  manager.events.addUserLoaded((renewed) => {
    user = renewed;
  });
  const session: Session = {
    token: () => user?.access_token ?? "",
    renew: async () => {
      user = await manager.signinSilent().catch(() => null);
      return user !== null;
    },
    signIn: () => manager.signinRedirect({ state: location.pathname + location.search }),
    signOut: async () => {
      await manager.removeUser();
      const leave = new URL("/logout", cognito.sign_in_domain);
      leave.search = new URLSearchParams({
        client_id: cognito.client_id,
        logout_uri: HOME,
      }).toString();
      location.assign(leave);
    },
  };
  if (!user) {
    await session.signIn();
  }
  return session;
}

async function returningUser(manager: UserManager): Promise<User | null> {
  const query = new URLSearchParams(location.search);
  if (!query.has("code") || !query.has("state")) {
    const user = await manager.getUser();
    return user?.expired ? await manager.signinSilent().catch(() => null) : user;
  }
  const user = await manager.signinRedirectCallback();
  history.replaceState(null, "", typeof user.state === "string" ? user.state : HOME);
  return user;
}
