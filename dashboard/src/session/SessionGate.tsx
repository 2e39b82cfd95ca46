import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Spinner from "@cloudscape-design/components/spinner";
import { QueryClientProvider } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { App } from "../app/App";
import { useTheme } from "../app/theme";
import { ApiContext } from "../client/ApiContext";
import { makeQueryClient } from "../client/polling";
import { ApiClient } from "../client/request";
import { type Configuration, readConfiguration } from "./configuration";
import { printedTokenSession, rememberToken, takeTokenFromAddress } from "./printedToken";
import { SignIn } from "./SignIn";
import type { Session } from "./session";

const queries = makeQueryClient();

type State =
  | { at: "starting" }
  | { at: "broken"; message: string }
  | { at: "signed out"; wasRefused: boolean; configuration: Configuration }
  | { at: "signed in"; session: Session; configuration: Configuration };

async function begin(): Promise<State> {
  takeTokenFromAddress();
  const configuration = await readConfiguration();
  if (configuration.sign_in === "oidc") {
    const { cognitoSession } = await import("./cognito");
    return {
      at: "signed in",
      session: await cognitoSession(configuration),
      configuration,
    };
  }
  const session = printedTokenSession();
  return session
    ? { at: "signed in", session, configuration }
    : { at: "signed out", wasRefused: false, configuration };
}

/** Shows the dashboard to those who are signed in, and the way in to everybody else. */
export function SessionGate() {
  const theme = useTheme();
  const [state, setState] = useState<State>({ at: "starting" });
  useEffect(() => {
    begin().then(setState, (error: Error) => setState({ at: "broken", message: error.message }));
    // Pasted into a tab that shows this page already, the printed address loads nothing by itself.
    const onAddress = () => takeTokenFromAddress() && location.reload();
    addEventListener("hashchange", onAddress);
    return () => removeEventListener("hashchange", onAddress);
  }, []);
  const session = state.at === "signed in" ? state.session : null;
  const client = useMemo(
    () =>
      session &&
      new ApiClient(session, () =>
        setState((now) =>
          now.at === "signed in"
            ? { at: "signed out", wasRefused: true, configuration: now.configuration }
            : now,
        ),
      ),
    [session],
  );
  if (state.at === "broken") {
    return (
      <main className="gate">
        <Alert type="error" header="The dashboard could not start">
          {state.message}
        </Alert>
      </main>
    );
  }
  if (state.at === "signed out") {
    return (
      <SignIn
        wasRefused={state.wasRefused}
        hasCognito={state.configuration.sign_in === "oidc"}
        onToken={(token) => {
          rememberToken(token);
          begin().then(setState);
        }}
      />
    );
  }
  if (!session || !client) {
    return (
      <Box textAlign="center" padding="xxxl">
        <Spinner size="large" />
      </Box>
    );
  }
  return (
    <QueryClientProvider client={queries}>
      <ApiContext value={client}>
        <App theme={theme} onSignOut={session.signOut} />
      </ApiContext>
    </QueryClientProvider>
  );
}
