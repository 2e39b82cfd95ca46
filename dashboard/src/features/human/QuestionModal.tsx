import Box from "@cloudscape-design/components/box";
import Modal from "@cloudscape-design/components/modal";
import type { AttemptList, ExperimentDetail, PromptView } from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { Loaded } from "../../components/Loaded";
import { Answer } from "./Answer";

interface Props {
  experimentId: string;
  onClose: () => void;
}

/** What a person is asked, every fix that was tried, and the answer. */
export function QuestionModal({ experimentId, onClose }: Props) {
  const path = `/experiments/${encodeURIComponent(experimentId)}`;
  // Looked at once: what a person reads while they answer must not move under their eyes.
  const detail = useLive<ExperimentDetail>(path, Pace.still);
  const attempts = useLive<AttemptList>(`${path}/attempts`, Pace.still);
  const prompts = useLive<PromptView>(`${path}/prompt`, Pace.still);
  return (
    <Modal
      visible
      size="max"
      header={`Human needed: ${experimentId}`}
      closeAriaLabel="Close"
      onDismiss={onClose}
    >
      <Loaded of={detail} what="experiment">
        {(shown) => (
          <Loaded of={attempts} what="attempts">
            {({ attempts: all }) => (
              <Answer detail={shown} attempts={all} prompts={prompts.data} onClose={onClose} />
            )}
          </Loaded>
        )}
      </Loaded>
      {detail.data === undefined && <Box padding="s" />}
    </Modal>
  );
}
