import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { AnswerCommand } from "../../client/models";
import { useRefusal } from "../../client/role";

type Action = AnswerCommand["action"];

interface Props {
  phase: string;
  hasHint: boolean;
  sending: Action | null;
  onDecide: (action: Action) => void;
}

/** What a person can decide; giving an experiment up is asked twice. */
export function Decisions({ phase, hasHint, sending, onDecide }: Props) {
  const [isGivingUp, setIsGivingUp] = useState(false);
  const refusal = useRefusal();
  const isBusy = sending !== null || Boolean(refusal);
  if (isGivingUp) {
    return (
      <Box float="right">
        <SpaceBetween direction="horizontal" size="xs">
          <Box padding={{ vertical: "xxs" }}>Give this experiment up? Its record stays.</Box>
          <Button disabled={isBusy} onClick={() => setIsGivingUp(false)}>
            Keep it
          </Button>
          <Button
            variant="primary"
            loading={sending === "abandon"}
            disabled={isBusy}
            onClick={() => onDecide("abandon")}
          >
            Yes, abandon
          </Button>
        </SpaceBetween>
      </Box>
    );
  }
  return (
    <Box float="right">
      <SpaceBetween direction="horizontal" size="xs">
        <Button disabled={isBusy} onClick={() => setIsGivingUp(true)}>
          Abandon
        </Button>
        <Button
          loading={sending === "retry"}
          disabled={isBusy}
          onClick={() => onDecide("retry")}
        >{`Retry ${phase.toLowerCase()}`}</Button>
        <Button
          variant="primary"
          loading={sending === "resume"}
          disabled={isBusy || !hasHint}
          disabledReason={refusal || (hasHint ? "" : "Write a hint first.")}
          onClick={() => onDecide("resume")}
        >
          Resume with hint
        </Button>
      </SpaceBetween>
    </Box>
  );
}
