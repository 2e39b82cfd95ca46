import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";

interface Props {
  campaign: string;
  onClose: () => void;
  onStop: () => void;
}

/** Stopping ends a running experiment, so the campaign's name has to be typed. */
export function StopModal({ campaign, onClose, onStop }: Props) {
  const [typed, setTyped] = useState("");
  return (
    <Modal
      visible
      header={`Stop campaign ${campaign}`}
      closeAriaLabel="Close"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button onClick={onClose}>Keep running</Button>
            <Button variant="primary" disabled={typed !== campaign} onClick={onStop}>
              Stop campaign
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Box>
          Every experiment that runs ends at once; a resume takes it up again. Nothing that was
          measured is lost.
        </Box>
        <FormField label={`Type ${campaign} to confirm`}>
          <Input value={typed} onChange={({ detail }) => setTyped(detail.value)} />
        </FormField>
      </SpaceBetween>
    </Modal>
  );
}
