import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useCampaign } from "../../app/CampaignContext";
import type { QuestionList } from "../../client/models";
import { Pace, useLive } from "../../client/polling";
import { Loaded } from "../../components/Loaded";
import { AnsweredQuestion } from "./AnsweredQuestion";
import { QuestionForm } from "./QuestionForm";

/** Questions about the campaign's experiments, answered from its records. */
export default function AskPage() {
  const campaign = useCampaign();
  const path = `/campaigns/${encodeURIComponent(campaign.campaign_id)}/questions`;
  const live = useLive<QuestionList>(path, ({ questions }) =>
    questions.some((one) => one.status === "asked") ? Pace.live : Pace.summary,
  );
  return (
    <SpaceBetween size="m">
      <Header
        variant="h1"
        description="Claude answers from this campaign's records. It can look things up, and change nothing."
      >
        Ask the lab
      </Header>
      <Loaded of={live} what="questions">
        {({ available, questions }) => (
          <SpaceBetween size="m">
            {available ? (
              <QuestionForm path={path} />
            ) : (
              <Alert type="info" header="Nobody answers questions here">
                The lab has no key for Claude. With one, this page takes questions.
              </Alert>
            )}
            {questions.map((question) => (
              <AnsweredQuestion key={question.question_id} question={question} />
            ))}
            {questions.length === 0 && available && (
              <Box textAlign="center" padding="l" color="text-body-secondary">
                Nobody has asked anything yet. Ask, for example, what the best experiment changed.
              </Box>
            )}
          </SpaceBetween>
        )}
      </Loaded>
    </SpaceBetween>
  );
}
