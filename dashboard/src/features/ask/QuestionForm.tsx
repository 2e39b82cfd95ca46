import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import { useCommand } from "../../client/commands";
import type { Question } from "../../client/models";
import { useRefusal } from "../../client/role";

const LONGEST = 2_000;

/** Takes a question; what is written stays until it was taken. */
export function QuestionForm({ path }: { path: string }) {
  const [text, setText] = useState("");
  const command = useCommand<Question>();
  const refusal = useRefusal();
  const isTooLong = text.length > LONGEST;
  const question = text.trim();
  const ask = () => command.mutate({ path, body: { question } }, { onSuccess: () => setText("") });
  return (
    <Container>
      <SpaceBetween size="s">
        {command.error && (
          <Alert
            type="error"
            header="The question was not taken"
            dismissible
            onDismiss={command.reset}
          >
            {command.error.message}
          </Alert>
        )}
        <FormField
          stretch
          label="Question"
          constraintText={`${text.length} of ${LONGEST} characters. An answer takes up to some minutes and costs cents, paid from the campaign's budget.`}
          errorText={isTooLong ? "The question is too long." : ""}
        >
          <Textarea
            rows={3}
            value={text}
            disabled={Boolean(refusal)}
            placeholder="Which change saved most, and on which clips?"
            onChange={({ detail }) => setText(detail.value)}
          />
        </FormField>
        <Button
          variant="primary"
          loading={command.isPending}
          disabled={Boolean(refusal) || question === "" || isTooLong}
          disabledReason={refusal || (question === "" ? "Write a question first." : "")}
          onClick={ask}
        >
          Ask
        </Button>
      </SpaceBetween>
    </Container>
  );
}
