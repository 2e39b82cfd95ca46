import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { Question } from "../../client/models";
import { Ago } from "../../components/Ago";
import { dollars } from "../../components/format";
import { PageLink } from "../../components/PageLink";
import { stretches } from "./citations";

/** A question with its answer, whose experiments are links. */
export function AnsweredQuestion({ question }: { question: Question }) {
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={
            <>
              {question.user}, <Ago at={question.asked_at} />
              {question.cost_usd > 0 && `, ${dollars(question.cost_usd)}`}
            </>
          }
        >
          <span className="plain-text">{question.question}</span>
        </Header>
      }
    >
      <Outcome question={question} />
    </Container>
  );
}

function Outcome({ question }: { question: Question }) {
  if (question.status === "asked") {
    return <StatusIndicator type="in-progress">Looking things up</StatusIndicator>;
  }
  if (question.status === "failed") {
    return <StatusIndicator type="error">{question.failure}</StatusIndicator>;
  }
  const cited = question.experiment_ids;
  let at = 0;
  return (
    <SpaceBetween size="s">
      <p className="plain-text">
        {stretches(question.answer ?? "", cited).map(({ text, experiment }) => {
          at += text.length;
          return experiment ? (
            <PageLink key={at} to={`/experiments/${text}`}>
              {text}
            </PageLink>
          ) : (
            <span key={at}>{text}</span>
          );
        })}
      </p>
      {cited.length > 0 && (
        <Box color="text-body-secondary">
          Rests on{" "}
          {cited.map((experiment, index) => (
            <span key={experiment}>
              {index > 0 && ", "}
              <PageLink to={`/experiments/${experiment}`}>{experiment}</PageLink>
            </span>
          ))}
        </Box>
      )}
    </SpaceBetween>
  );
}
