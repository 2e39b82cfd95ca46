import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type FormEvent, useState } from "react";

interface Props {
  wasRefused: boolean;
  hasCognito: boolean;
  onToken: (token: string) => void;
}

/** The way in: the printed token on one machine, Cognito's pages on AWS. */
export function SignIn({ wasRefused, hasCognito, onToken }: Props) {
  const [token, setToken] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim()) {
      onToken(token);
    }
  };
  return (
    <main className="gate">
      <Container header={<Header variant="h1">Sign in to Codec Lab</Header>}>
        <SpaceBetween size="m">
          {wasRefused && (
            <Alert type="warning">
              {hasCognito
                ? "Your session has ended. Sign in to come back to this page."
                : "The lab did not accept the token: it is a new one after each start."}
            </Alert>
          )}
          {hasCognito ? (
            <Button variant="primary" onClick={() => location.reload()}>
              Sign in
            </Button>
          ) : (
            <form onSubmit={submit}>
              <Form
                actions={
                  <Button variant="primary" formAction="submit" disabled={!token.trim()}>
                    Sign in
                  </Button>
                }
              >
                <FormField
                  label="Token"
                  description="It is part of the address that `lab up` and `lab run` print."
                >
                  <Input
                    type="password"
                    name="token"
                    autoComplete={false}
                    value={token}
                    onChange={({ detail }) => setToken(detail.value)}
                  />
                </FormField>
              </Form>
            </form>
          )}
        </SpaceBetween>
      </Container>
    </main>
  );
}
