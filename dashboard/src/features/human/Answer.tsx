import Alert from "@cloudscape-design/components/alert";
import FormField from "@cloudscape-design/components/form-field";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea, { type TextareaProps } from "@cloudscape-design/components/textarea";
import { useEffect, useRef, useState } from "react";
import { useCommand } from "../../client/commands";
import { ApiError } from "../../client/errors";
import type { AnswerCommand, Attempt, ExperimentDetail, PromptView } from "../../client/models";
import { words } from "../../components/format";
import { Decisions } from "./Decisions";
import { MAX_HINT, useDraft } from "./draft";
import { FixTable } from "./FixTable";
import { fixesOf } from "./fixes";
import { Reason } from "./Reason";

interface Props {
  detail: ExperimentDetail;
  attempts: readonly Attempt[];
  prompts: PromptView | undefined;
  onClose: () => void;
}

/** The question, its evidence and the form of the answer; the version is the one first shown. */
export function Answer({ detail, attempts, prompts, onClose }: Props) {
  // Kept as first shown: the answer is to what was read, also when the lab has moved on since.
  const [seen] = useState(detail);
  const question = seen.question ?? seen.reasons.at(-1) ?? null;
  const draft = useDraft(seen.summary.experiment_id, question?.asked_at ?? "");
  const box = useRef<TextareaProps.Ref>(null);
  const command = useCommand<ExperimentDetail>();
  useEffect(() => {
    // From an effect: autoFocus would keep the focus from returning when the window closes.
    const timer = setTimeout(() => box.current?.focus());
    return () => clearTimeout(timer);
  }, []);

  if (!question) {
    return <Alert type="info">This experiment asks nothing.</Alert>;
  }
  const answer = (action: AnswerCommand["action"]) =>
    command.mutate(
      {
        path: `/experiments/${encodeURIComponent(seen.summary.experiment_id)}/answer`,
        body: {
          version: seen.summary.version,
          action,
          ...(action === "resume" ? { hint: draft.text.trim() } : {}),
        },
      },
      {
        onSuccess: () => {
          draft.forget();
          onClose();
        },
      },
    );
  const ofPhase = attempts.filter(
    (one) => one.run === seen.summary.version && one.phase === question.phase,
  );
  return (
    <SpaceBetween size="m">
      {command.error && <Refusal error={command.error} />}
      <Reason detail={seen} question={question} last={ofPhase.at(-1)} />
      <FixTable fixes={fixesOf(attempts, seen.summary.version, prompts)} isLoading={false} />
      <FormField
        stretch
        label="Hint for the mind"
        description={
          seen.mind === "offline"
            ? "The offline mind reads no hint: it goes on with its next fix. The log of orders keeps the hint with your name."
            : "It goes into the next prompt, and into the log of orders with your name."
        }
        constraintText={`${draft.text.length} of ${MAX_HINT} characters, saved as you type`}
      >
        <Textarea
          ref={box}
          rows={4}
          value={draft.text}
          onChange={({ detail: change }) => draft.write(change.value)}
        />
      </FormField>
      <Decisions
        phase={words(question.phase)}
        hasHint={Boolean(draft.text.trim())}
        sending={command.isPending ? (command.variables.body as AnswerCommand).action : null}
        onDecide={answer}
      />
    </SpaceBetween>
  );
}

function Refusal({ error }: { error: Error }) {
  if (error instanceof ApiError && error.status === 409) {
    return (
      <Alert type="error" header="Already resolved by someone else">
        {error.message} Your text is kept.
      </Alert>
    );
  }
  return (
    <Alert type="error" header="Not sent">
      {error.message} Your text is kept.
    </Alert>
  );
}
